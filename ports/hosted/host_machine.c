// SPDX-License-Identifier: MIT
/* This host, from /sys and /proc: see mu_host_machine(). */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"

/* A file of the host, whole; text is NULL when it cannot be read. */
struct file {
	char path[PATH_MAX];
	char *text;
	size_t len;
};

static bool open_file(struct file *file, const char *root, const char *fmt, ...)
	MU_PRINTF(3, 4);

static bool open_file(struct file *file, const char *root, const char *fmt, ...)
{
	char path[PATH_MAX / 2];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	(void)snprintf(file->path, sizeof(file->path), "%s%s", root, path);
	file->text = NULL;
	return mu_read_file(file->path, &file->text, &file->len, NULL) == MU_OK;
}

/* Free @file; put its path in front of the error's text. */
static enum mu_status close_file(struct file *file, enum mu_status status,
				 struct mu_error *error)
{
	if (status && error) {
		struct mu_error old = *error;

		if (old.line)
			mu_hosted_fail(error, status, "%s:%u: %s", file->path,
				       (unsigned)old.line, old.text);
		else
			mu_hosted_fail(error, status, "%s: %s", file->path,
				       old.text);
	}
	free(file->text);
	return status;
}

/* The numbers N of the entries PREFIXN of a directory, in ascending order. */
struct numbers {
	unsigned *list;
	size_t nr;
};

static int compare_numbers(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool push_number(struct numbers *numbers, unsigned number)
{
	/* Grow at each power of two. */
	if (!(numbers->nr & (numbers->nr - 1))) {
		size_t room = numbers->nr ? 2 * numbers->nr : 1;
		unsigned *more =
			realloc(numbers->list, room * sizeof(*numbers->list));

		if (!more)
			return false;
		numbers->list = more;
	}
	numbers->list[numbers->nr++] = number;
	return true;
}

static struct numbers list_numbers(const char *root, const char *dir,
				   const char *prefix)
{
	struct numbers numbers = {NULL, 0};
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	(void)snprintf(path, sizeof(path), "%s%s", root, dir);
	stream = opendir(path);
	if (!stream)
		return numbers;
	while ((entry = readdir(stream))) {
		const char *digits = entry->d_name + strlen(prefix);
		unsigned long number;
		char *end;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    *digits < '0' || *digits > '9')
			continue;
		number = strtoul(digits, &end, 10);
		if (*end || number > UINT_MAX)
			continue;
		if (!push_number(&numbers, (unsigned)number))
			break;
	}
	closedir(stream);
	if (numbers.nr)
		qsort(numbers.list, numbers.nr, sizeof(*numbers.list),
		      compare_numbers);
	return numbers;
}

/* CPUs in a list such as "0-3,8"; 0 for "" and for anything else. */
static unsigned count_cpus(const char *list)
{
	unsigned long count = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last - first >= MU_MAX_CPUS)
			return MU_MAX_CPUS + 1;
		count += last - first + 1;
		if (count > MU_MAX_CPUS)
			return MU_MAX_CPUS + 1;
		list = *end == ',' ? end + 1 : end;
	}
	return (unsigned)count;
}

/* One attribute without its newline; false when it cannot be read. */
static bool read_attribute(const char *dir, unsigned entry, const char *name,
			   char *value, size_t room)
{
	struct file file;

	if (!open_file(&file, dir, "/%u/%s", entry, name))
		return false;
	(void)snprintf(value, room, "%s", file.text);
	value[strcspn(value, "\n")] = '\0';
	free(file.text);
	return true;
}

static bool is_address(const char *text, unsigned long long *address)
{
	char *end;

	errno = 0;
	*address = strtoull(text, &end, 16);
	return isxdigit((unsigned char)*text) && !*end && !errno;
}

static enum mu_status check_entry(unsigned entry, const char *start,
				  const char *end, struct mu_error *error)
{
	unsigned long long first, last;

	if (!is_address(start, &first))
		return mu_hosted_fail(error, MU_ERR_SYNTAX,
				      "%u/start: no address in hexadecimal",
				      entry);
	if (!is_address(end, &last))
		return mu_hosted_fail(error, MU_ERR_SYNTAX,
				      "%u/end: no address in hexadecimal",
				      entry);
	if (last < first)
		return mu_hosted_fail(error, MU_ERR_SYNTAX,
				      "%u/end: below %u/start", entry, entry);
	return MU_OK;
}

/*
 * The firmware's map is a directory of three files for each range: turned into
 * lines of /proc/iomem they need no reader of their own.
 */
enum mu_status mu_machine_read_memmap(struct mu_machine *machine,
				      const char *dir, struct mu_error *error)
{
	struct numbers entries = list_numbers(dir, "", "");
	enum mu_status status = MU_ERR_NOT_FOUND, good = MU_OK;
	struct file file = {.text = NULL};
	FILE *lines = open_memstream(&file.text, &file.len);
	char start[32], end[32], type[64];
	bool all = lines && entries.nr;

	mu_hosted_fail(error, status, "no start, end and type of any range");
	for (size_t i = 0; all && !good && i < entries.nr; i++) {
		unsigned entry = entries.list[i];

		all = read_attribute(dir, entry, "start", start,
				     sizeof(start)) &&
		      read_attribute(dir, entry, "end", end, sizeof(end)) &&
		      read_attribute(dir, entry, "type", type, sizeof(type)) &&
		      fprintf(lines, "%s-%s : %s\n", start, end, type) > 0;
		if (all)
			good = check_entry(entry, start, end, error);
	}
	free(entries.list);
	if (lines && fclose(lines) == 0 && all && !good)
		status = mu_machine_read_iomem(machine, file.text, file.len,
					       error);
	free(file.text);
	return good ? good : status;
}

/* The same of the host at @root. */
static enum mu_status read_memmap(struct mu_machine *machine, const char *root,
				  struct mu_error *error)
{
	struct file dir = {.text = NULL};

	(void)snprintf(dir.path, sizeof(dir.path), "%s/sys/firmware/memmap",
		       root);
	return close_file(
		&dir, mu_machine_read_memmap(machine, dir.path, error), error);
}

static enum mu_status read_ranges(struct mu_machine *machine, const char *root,
				  struct mu_error *error)
{
	enum mu_status status = read_memmap(machine, root, error);
	struct file file;

	if (status == MU_ERR_NOT_FOUND &&
	    open_file(&file, root, "/proc/iomem")) {
		status = mu_machine_read_iomem(machine, file.text, file.len,
					       error);
		status = close_file(&file, status, error);
	}
	if (status == MU_ERR_NOT_FOUND &&
	    open_file(&file, root, "/proc/zoneinfo")) {
		status = mu_machine_read_zoneinfo(machine, file.text, file.len,
						  error);
		status = close_file(&file, status, error);
	}
	if (status == MU_ERR_NOT_FOUND)
		return mu_hosted_fail(
			error, status,
			"no memory in /sys/firmware/memmap, /proc/iomem "
			"or /proc/zoneinfo, or not to be read");
	return status;
}

/* Runs of memory blocks of one size, linked from the node's directory. */
static enum mu_status add_blocks(struct mu_machine *machine, const char *root,
				 unsigned nid, bool *found,
				 struct mu_error *error)
{
	char dir[128];
	struct numbers blocks;
	struct file file;
	uint64_t size;
	enum mu_status status = MU_OK;

	if (!open_file(&file, root,
		       "/sys/devices/system/memory/block_size_bytes"))
		return MU_OK;
	size = strtoull(file.text, NULL, 16);
	free(file.text);
	(void)snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%u",
		       nid);
	blocks = list_numbers(root, dir, "memory");
	for (size_t i = 0, next; !status && i < blocks.nr; i = next) {
		for (next = i + 1;
		     next < blocks.nr &&
		     blocks.list[next] == blocks.list[next - 1] + 1;
		     next++)
			;
		if (!size || blocks.list[next - 1] >= MU_PHYS_MAX / size) {
			status = mu_hosted_fail(
				error, MU_ERR_RANGE,
				"%s/memory%u: past the limit of %d address "
				"bits with blocks of 0x%llx bytes",
				dir, blocks.list[next - 1], MU_PHYS_BITS,
				(unsigned long long)size);
			break;
		}
		status = mu_machine_add_affinity(machine, blocks.list[i] * size,
						 (next - i) * size, (int)nid, 0,
						 error);
		*found = true;
	}
	free(blocks.list);
	return status;
}

/* A row of distances: one number for each node that is there, in their order */
static enum mu_status add_distances(struct mu_machine *machine,
				    const char *root,
				    const struct numbers *nodes, unsigned from,
				    struct mu_error *error)
{
	enum mu_status status = MU_OK;
	struct file file;
	char *at;

	if (!open_file(&file, root, "/sys/devices/system/node/node%u/distance",
		       from))
		return MU_OK;
	at = file.text;
	for (size_t i = 0; !status && i < nodes->nr; i++) {
		char *end;
		unsigned long distance = strtoul(at, &end, 10);

		if (end == at)
			break;
		at = end;
		status = mu_machine_set_distance(
			machine, (int)from, (int)nodes->list[i],
			(unsigned)(distance > UINT_MAX ? UINT_MAX : distance),
			error);
	}
	return close_file(&file, status, error);
}

/* Latencies and bandwidths of initiators in nodeN/access0. */
static enum mu_status add_perf(struct mu_machine *machine, const char *root,
			       unsigned nid, struct mu_error *error)
{
	static const char *const names[MU_NR_PERF] = {
		[MU_PERF_READ_LATENCY] = "read_latency",
		[MU_PERF_WRITE_LATENCY] = "write_latency",
		[MU_PERF_READ_BANDWIDTH] = "read_bandwidth",
		[MU_PERF_WRITE_BANDWIDTH] = "write_bandwidth",
	};
	enum mu_status status = MU_OK;
	struct numbers initiators;
	char dir[128];

	(void)snprintf(dir, sizeof(dir),
		       "/sys/devices/system/node/node%u/access0/initiators",
		       nid);
	initiators = list_numbers(root, dir, "node");
	for (unsigned what = 0; !status && what < MU_NR_PERF; what++) {
		struct file file;
		unsigned long value;

		if (!open_file(&file, root, "%s/%s", dir, names[what]))
			continue;
		value = strtoul(file.text, NULL, 10);
		for (size_t i = 0; !status && i < initiators.nr; i++)
			status = mu_machine_set_perf(
				machine, (int)initiators.list[i], (int)nid,
				(enum mu_perf)what,
				value > UINT32_MAX ? 0 : (uint32_t)value,
				error);
		status = close_file(&file, status, error);
	}
	free(initiators.list);
	return status;
}

static enum mu_status add_node(struct mu_machine *machine, const char *root,
			       const struct numbers *nodes, unsigned nid,
			       bool *blocks, struct mu_error *error)
{
	struct file file;
	unsigned cpus = 0;
	enum mu_status status;

	if (open_file(&file, root, "/sys/devices/system/node/node%u/cpulist",
		      nid)) {
		cpus = count_cpus(file.text);
		free(file.text);
	}
	status = mu_machine_add_cpus(machine, nid <= INT_MAX ? (int)nid : -1,
				     cpus, error);
	if (!status)
		status = add_blocks(machine, root, nid, blocks, error);
	if (!status)
		status = add_distances(machine, root, nodes, nid, error);
	if (!status)
		status = add_perf(machine, root, nid, error);
	return status;
}

static enum mu_status read_nodes(struct mu_machine *machine, const char *root,
				 struct mu_error *error)
{
	struct numbers nodes =
		list_numbers(root, "/sys/devices/system/node", "node");
	enum mu_status status = MU_OK;
	bool blocks = false;
	struct file file;

	for (size_t i = 0; !status && i < nodes.nr; i++)
		status = add_node(machine, root, &nodes, nodes.list[i], &blocks,
				  error);
	if (!status && !blocks && open_file(&file, root, "/proc/zoneinfo")) {
		status = mu_machine_read_zoneinfo_nodes(machine, file.text,
							file.len, error);
		if (status == MU_ERR_NOT_FOUND)
			status = MU_OK;
		status = close_file(&file, status, error);
	}
	if (!status && !mu_machine_cpus(machine) &&
	    open_file(&file, root, "/sys/devices/system/cpu/online")) {
		status = mu_machine_spread_cpus(machine, count_cpus(file.text),
						error);
		status = close_file(&file, status, error);
	}
	free(nodes.list);
	return status;
}

static void read_cmdline(struct mu_machine *machine, const char *root)
{
	struct file file;

	if (!open_file(&file, root, "/proc/cmdline"))
		return;
	mu_machine_set_cmdline(machine, file.text, strcspn(file.text, "\n"));
	free(file.text);
}

static enum mu_arch host_arch(void)
{
#if defined(__x86_64__)
	return MU_ARCH_X86_64;
#elif defined(__i386__)
	return MU_ARCH_X86;
#elif defined(__aarch64__)
	return MU_ARCH_ARM64;
#elif defined(__arm__)
	return MU_ARCH_ARM;
#elif defined(__riscv)
	return MU_ARCH_RISCV;
#elif defined(__powerpc64__)
	return MU_ARCH_PPC64;
#elif defined(__powerpc__)
	return MU_ARCH_PPC;
#elif defined(__s390__)
	return MU_ARCH_S390;
#elif defined(__mips__)
	return MU_ARCH_MIPS;
#elif defined(__loongarch__)
	return MU_ARCH_LOONGARCH;
#else
	return MU_ARCH_UNKNOWN;
#endif
}

enum mu_status mu_host_machine(struct mu_machine *machine, const char *root,
			       struct mu_error *error)
{
	long page_size = sysconf(_SC_PAGESIZE);
	enum mu_status status;

	switch (page_size) {
	case 4096:
		machine->page_shift = 12;
		break;
	case 16384:
		machine->page_shift = 14;
		break;
	case 65536:
		machine->page_shift = 16;
		break;
	default:
		return mu_hosted_fail(error, MU_ERR_UNSUPPORTED,
				      "pages of %ld bytes", page_size);
	}
	machine->arch = host_arch();
	read_cmdline(machine, root);
	status = read_ranges(machine, root, error);
	return status ? status : read_nodes(machine, root, error);
}
