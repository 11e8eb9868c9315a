// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/e820.h"
#include "machine/log.h"

static const struct mark {
	const char *words;
	enum mu_log_kind kind;
	enum mu_log_map map;
} marks[] = {
	{"BIOS-e820:", MU_LOG_MAP, MU_LOG_MAP_FIRMWARE},
	{"Xen:", MU_LOG_MAP, MU_LOG_MAP_FIRMWARE},
	{"reserve setup_data:", MU_LOG_MAP, MU_LOG_MAP_EXTENDED},
	{"user:", MU_LOG_MAP, MU_LOG_MAP_USER},
	{"modified:", MU_LOG_MAP, MU_LOG_MAP_MODIFIED},
	{"Linux version ", MU_LOG_BANNER, MU_LOG_NR_MAPS},
	{"-provided physical RAM map:", MU_LOG_HEADER, MU_LOG_NR_MAPS},
	{"SRAT: Node ", MU_LOG_SRAT_MEM, MU_LOG_NR_MAPS},
	{"SRAT: PXM ", MU_LOG_SRAT_CPU, MU_LOG_NR_MAPS},
	{".... node ", MU_LOG_NODE_CPUS, MU_LOG_NR_MAPS},
	{"Booting Node ", MU_LOG_NODE_CPUS, MU_LOG_NR_MAPS},
	{"Allowing ", MU_LOG_ALLOWED, MU_LOG_NR_MAPS},
	{"Brought up ", MU_LOG_BROUGHT_UP, MU_LOG_NR_MAPS},
};

/*
 * "user:" and the like also stand in lines that have nothing to do with memory:
 * only a range makes an entry of them. After "BIOS-e820:" anything but the
 * "[gap ...]" of newer kernels is meant to be one.
 */
static bool is_entry(const struct mark *mark, struct mu_text line)
{
	uint64_t ignored;

	mu_text_blanks(&line);
	if (mark == &marks[0])
		return !mu_text_skip(&line, "[gap");
	if (mu_text_skip(&line, "[mem 0x"))
		return true;
	return !mu_text_number(&line, 16, &ignored) &&
	       mu_text_skip(&line, " - ") && mu_text_is_digit(&line, 16);
}

enum mu_log_kind mu_log_classify(struct mu_text *line, enum mu_log_map *map)
{
	for (unsigned i = 0; i < MU_ARRAY_SIZE(marks); i++) {
		struct mu_text rest = *line;

		if (!mu_text_find(&rest, marks[i].words))
			continue;
		mu_text_blanks(&rest);
		if (marks[i].kind == MU_LOG_MAP && !is_entry(&marks[i], rest))
			continue;
		*line = rest;
		*map = marks[i].map;
		return marks[i].kind;
	}
	return MU_LOG_OTHER;
}

enum mu_status mu_log_add_map(struct mu_machine *machine, struct mu_text line,
			      struct mu_error *error)
{
	struct mu_range entry;
	enum mu_status status = mu_e820_entry(&line, &entry, error);

	if (!status)
		status = mu_machine_add(machine, entry.base, entry.size,
					(enum mu_range_type)entry.type,
					entry.flags, error);
	return mu_text_failed(error, status, &line);
}

/* A node number; what is too large for any machine is left to the core. */
static bool read_node(struct mu_text *line, int *nid)
{
	uint64_t value;

	mu_text_blanks(line);
	if (mu_text_number(line, 10, &value))
		return false;
	*nid = (int)MU_MIN(value, INT_MAX);
	return true;
}

enum mu_status mu_log_add_srat_mem(struct mu_machine *machine,
				   struct mu_text line, struct mu_error *error)
{
	enum mu_status status;
	unsigned flags = 0;
	struct mu_quote quote;
	mu_phys_t base, size;
	uint64_t pxm;
	int nid;

	if (!read_node(&line, &nid) || !mu_text_skip(&line, " PXM ") ||
	    mu_text_number(&line, 10, &pxm)) {
		status = mu_fail(error, MU_ERR_SYNTAX, 0,
				 "no node and proximity domain in \"%s\"",
				 mu_text_quote(&quote, line));
		return mu_text_failed(error, status, &line);
	}
	mu_text_blanks(&line);
	status = mu_e820_range(&line, &base, &size, error);
	if (!status) {
		struct mu_text rest = line;

		if (mu_text_find(&rest, "hotplug"))
			flags |= MU_RANGE_HOTPLUG;
		rest = line;
		if (mu_text_find(&rest, "non-volatile"))
			flags |= MU_RANGE_NONVOLATILE;
		status = mu_machine_add_affinity(machine, base, size, nid,
						 flags, error);
	}
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_add_srat_cpu(struct mu_machine *machine,
				   struct mu_text line, struct mu_error *error)
{
	uint64_t pxm;
	int nid;

	/* "PXM 0 -> ITS 1 -> Node 0" is of the same shape, but no CPU. */
	if (mu_text_number(&line, 10, &pxm) || !mu_text_skip(&line, " -> ") ||
	    mu_text_skip(&line, "ITS") || !mu_text_find(&line, "-> Node ") ||
	    !read_node(&line, &nid))
		return MU_OK;
	return mu_text_failed(
		error, mu_machine_add_cpus(machine, nid, 1, error), &line);
}

/* "#0, CPUs:  #1  #2" or "  0, Processors  #1  #2". */
enum mu_status mu_log_add_node_cpus(struct mu_machine *machine,
				    struct mu_text line, struct mu_error *error)
{
	unsigned count = 0;
	int nid;

	(void)mu_text_skip(&line, "#");
	if (!read_node(&line, &nid) || !mu_text_skip(&line, ","))
		return MU_OK;
	while (mu_text_find(&line, "#"))
		count += mu_text_is_digit(&line, 10);
	return mu_text_failed(
		error, mu_machine_add_cpus(machine, nid, count, error), &line);
}

/*
 * "8 CPUs, 2 hotplug CPUs": the first counts the second. "6 present CPUs plus 2
 * hotplug CPUs": it does not. "2 nodes, 8 CPUs" or "8 CPUs".
 */
unsigned mu_log_cpu_count(struct mu_text line)
{
	uint64_t count, hotplug;

	if (mu_text_number(&line, 10, &count))
		return 0;
	if ((mu_text_skip(&line, " nodes, ") ||
	     mu_text_skip(&line, " node, ")) &&
	    mu_text_number(&line, 10, &count))
		return 0;
	if (mu_text_skip(&line, " CPUs, ") &&
	    !mu_text_number(&line, 10, &hotplug) &&
	    mu_text_skip(&line, " hotplug") && hotplug <= count)
		count -= hotplug;
	return (unsigned)MU_MIN(count, MU_MAX_CPUS + 1);
}
