// SPDX-License-Identifier: MIT
/*
 * sysfs: a text with many small files in it is read twice: a row of distances
 * makes sense only once the nodes are known.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/sysfs.h"

enum what {
	OTHER,
	MAP_START,
	MAP_END,
	MAP_TYPE,
	NODE_MEMINFO,
	NODE_CPULIST,
	NODE_CPUMAP,
	NODE_DISTANCE,
};

struct file {
	enum what what;
	uint64_t index; /* of the range, or the node */
};

static const struct {
	const char *name;
	enum what what;
} names[] = {
	{"start", MAP_START},	     {"end", MAP_END},
	{"type", MAP_TYPE},	     {"meminfo", NODE_MEMINFO},
	{"cpulist", NODE_CPULIST},   {"cpumap", NODE_CPUMAP},
	{"distance", NODE_DISTANCE},
};

static bool is(struct mu_text text, const char *word)
{
	return mu_text_skip(&text, word) && mu_text_empty(&text);
}

/* Cut the last component off @path. */
static struct mu_text last_part(struct mu_text *path)
{
	struct mu_text part = *path;

	part.at = part.end;
	while (part.at > path->at && part.at[-1] != '/')
		part.at--;
	path->end = part.at - (part.at > path->at);
	return part;
}

/* ".../memmap/0/start", "./0/start", ".../node0/cpulist" */
static struct file classify(struct mu_text path)
{
	struct file file = {OTHER, 0};
	struct mu_text name = last_part(&path);
	struct mu_text dir = last_part(&path), parent = last_part(&path);
	enum what what = OTHER;

	for (unsigned i = 0; i < MU_ARRAY_SIZE(names); i++)
		if (is(name, names[i].name))
			what = names[i].what;
	if (what >= NODE_MEMINFO && !mu_text_skip(&dir, "node"))
		return file;
	if (what < NODE_MEMINFO && !mu_text_empty(&parent) &&
	    !is(parent, "memmap") && !is(parent, "."))
		return file;
	if (mu_text_number(&dir, 10, &file.index) || !mu_text_empty(&dir))
		return file;
	file.what = what;
	return file;
}

/* "==> PATH <==", what is in it follows. */
static bool is_title(struct mu_text line, struct file *file)
{
	struct mu_text path;

	if (!mu_text_skip(&line, "==> "))
		return false;
	path = line;
	if (!mu_text_find(&line, " <=="))
		return false;
	path.end = line.at - 4;
	*file = classify(path);
	return true;
}

/* "PATH:VALUE"; moves @line to the value. */
static bool has_path(struct mu_text *line, struct file *file)
{
	struct mu_text path = *line;

	if (!mu_text_find(line, ":"))
		return false;
	path.end = line->at - 1;
	*file = classify(path);
	return file->what != OTHER;
}

bool mu_sysfs_tells(struct mu_text line)
{
	struct file file;

	if (is_title(line, &file))
		return file.what != OTHER;
	return has_path(&line, &file);
}

/* One range, as far as its files were read. */
struct range {
	bool begun;
	uint64_t index;
	bool has_start, has_end;
	uint64_t start, end;
	enum mu_range_type type;
	struct mu_text line; /* of its first file */
};

struct reader {
	struct mu_machine *machine;
	struct mu_error *error;
	bool survey; /* the first time */
	bool has_map, has_nodes, has_cpulists;
	struct file title; /* of the file that lines without a path are in */
	struct range range;
	mu_phys_t next; /* where the next node begins */
};

static enum mu_status expected(const struct reader *reader, const char *what,
			       struct mu_text value)
{
	struct mu_quote quote;

	return mu_fail(reader->error, MU_ERR_SYNTAX, 0,
		       "expected %s, not \"%s\"", what,
		       mu_text_quote(&quote, value));
}

/* ---- The firmware's map ---- */

/* Add the current range, or fail if it is incomplete. */
static enum mu_status end_range(struct reader *reader)
{
	struct range *range = &reader->range;
	enum mu_status status = MU_OK;

	if (!range->begun)
		return MU_OK;
	range->begun = false;
	if (!range->has_start || !range->has_end ||
	    range->type == MU_RANGE_NONE)
		status = mu_fail(reader->error, MU_ERR_SYNTAX, 0,
				 "range %llu has no start, end and type one "
				 "after the other",
				 (unsigned long long)range->index);
	else if (range->end < range->start || range->end >= MU_PHYS_MAX)
		status = mu_fail(reader->error, MU_ERR_RANGE, 0,
				 "range %llu, 0x%llx-0x%llx, ends before it "
				 "begins or is past the limit of %d address "
				 "bits",
				 (unsigned long long)range->index,
				 (unsigned long long)range->start,
				 (unsigned long long)range->end, MU_PHYS_BITS);
	else
		status = mu_machine_add(reader->machine, range->start,
					range->end - range->start + 1,
					range->type, 0, reader->error);
	return mu_text_failed(reader->error, status, &range->line);
}

static enum mu_status read_address(const struct reader *reader,
				   struct mu_text value, uint64_t *address,
				   bool *has)
{
	struct mu_text rest = value;

	if (mu_text_number(&rest, 16, address) || !mu_text_empty(&rest))
		return expected(reader, "an address", value);
	*has = true;
	return MU_OK;
}

static enum mu_status read_map(struct reader *reader, const struct file *file,
			       struct mu_text value)
{
	struct range *range = &reader->range;

	if (range->begun && range->index != file->index) {
		enum mu_status status = end_range(reader);

		if (status)
			return status;
	}
	if (!range->begun)
		*range = (struct range){
			.begun = true, .index = file->index, .line = value};
	if (file->what == MAP_START)
		return read_address(reader, value, &range->start,
				    &range->has_start);
	if (file->what == MAP_END)
		return read_address(reader, value, &range->end,
				    &range->has_end);
	range->type = mu_resource_type(value);
	if (range->type == MU_RANGE_NONE)
		return expected(reader, "a type such as System RAM", value);
	return MU_OK;
}

/* ---- Nodes ---- */

/* "Node 0 MemTotal:       125508468 kB", among others. */
static enum mu_status read_meminfo(struct reader *reader, int nid,
				   struct mu_text value)
{
	struct mu_text rest = value;
	enum mu_status status;
	uint64_t kib;

	if (!mu_text_find(&rest, "MemTotal:") || reader->has_map)
		return MU_OK;
	mu_text_blanks(&rest);
	if (mu_text_number(&rest, 10, &kib) || !mu_text_skip(&rest, " kB"))
		return expected(reader, "MemTotal in kB", value);
	if (kib >= MU_PHYS_MAX / MU_KIB)
		return mu_fail(reader->error, MU_ERR_RANGE, 0,
			       "%llu kB are past the limit of %d address bits",
			       (unsigned long long)kib, MU_PHYS_BITS);
	status = mu_machine_add(reader->machine, reader->next, kib * MU_KIB,
				MU_RANGE_RAM, 0, reader->error);
	if (!status)
		status = mu_machine_add_affinity(reader->machine, reader->next,
						 kib * MU_KIB, nid, 0,
						 reader->error);
	reader->next += kib * MU_KIB;
	return status;
}

/* "00000000,0000ffff" */
static enum mu_status read_cpumap(const struct reader *reader, int nid,
				  struct mu_text value)
{
	struct mu_text rest = value;
	unsigned cpus = 0;

	for (; !mu_text_empty(&rest) && cpus <= MU_MAX_CPUS; rest.at++) {
		struct mu_text digit = {rest.at, rest.at + 1, 0};
		uint64_t bits;

		if (*rest.at == ',' || *rest.at == ' ')
			continue;
		if (mu_text_number(&digit, 16, &bits))
			return expected(reader, "a mask of CPUs", value);
		cpus += mu_popcount(bits);
	}
	return mu_machine_add_cpus(reader->machine, nid, cpus, reader->error);
}

static enum mu_status read_cpulist(const struct reader *reader, int nid,
				   struct mu_text value)
{
	struct mu_text rest = value;
	unsigned cpus = mu_text_count_list(&rest);

	if (cpus <= MU_MAX_CPUS && !mu_text_empty(&rest))
		return expected(reader, "a list of CPUs", value);
	return mu_machine_add_cpus(reader->machine, nid, cpus, reader->error);
}

/* How many numbers there are; UINT32_MAX if something else is among them. */
static unsigned count_numbers(struct mu_text value)
{
	unsigned count = 0;
	uint64_t ignored;

	for (mu_text_blanks(&value); !mu_text_empty(&value);
	     mu_text_blanks(&value), count++)
		if (mu_text_number(&value, 10, &ignored))
			return UINT32_MAX;
	return count;
}

static unsigned count_present(const struct mu_machine *machine)
{
	unsigned count = 0;

	for (unsigned nid = 0; nid < machine->nr_nodes; nid++)
		count += machine->nodes[nid].present;
	return count;
}

/*
 * "10 21 31": of the nodes there are, or of all up to the highest where some
 * have no files.
 */
static enum mu_status read_distances(const struct reader *reader, int from,
				     struct mu_text value)
{
	struct mu_machine *machine = reader->machine;
	unsigned count = count_numbers(value);
	bool all = count == machine->nr_nodes;
	enum mu_status status = MU_OK;

	if (count == UINT32_MAX)
		return expected(reader, "distances", value);
	if (!all && count != count_present(machine))
		return MU_OK;
	for (unsigned to = 0; !status && to < machine->nr_nodes; to++) {
		uint64_t distance = 0;

		if (!all && !machine->nodes[to].present)
			continue;
		mu_text_blanks(&value);
		if (mu_text_number(&value, 10, &distance))
			break;
		status = mu_machine_set_distance(
			machine, from, (int)to,
			(unsigned)MU_MIN(distance, UINT32_MAX), reader->error);
	}
	return status;
}

static enum mu_status read_node(struct reader *reader, const struct file *file,
				struct mu_text value)
{
	int nid = (int)MU_MIN(file->index, INT32_MAX);

	switch (file->what) {
	case NODE_MEMINFO:
		return read_meminfo(reader, nid, value);
	case NODE_CPULIST:
		return read_cpulist(reader, nid, value);
	case NODE_CPUMAP:
		return reader->has_cpulists ? MU_OK
					    : read_cpumap(reader, nid, value);
	default:
		return read_distances(reader, nid, value);
	}
}

/* ---- All of it ---- */

/* What there is, by the names of files. */
static enum mu_status survey(struct reader *reader, const struct file *file)
{
	if (file->what == OTHER)
		return MU_OK;
	reader->has_cpulists |= file->what == NODE_CPULIST;
	if (file->what < NODE_MEMINFO) {
		reader->has_map = true;
		return MU_OK;
	}
	reader->has_nodes = true;
	return mu_machine_add_cpus(reader->machine,
				   (int)MU_MIN(file->index, INT32_MAX), 0,
				   reader->error);
}

static enum mu_status read_line(struct reader *reader, struct mu_text line)
{
	struct file file = {OTHER, 0};

	if (is_title(line, &file)) {
		reader->title = file;
		return reader->survey ? survey(reader, &file) : MU_OK;
	}
	if (reader->title.what != OTHER)
		file = reader->title;
	else if (!has_path(&line, &file))
		return MU_OK;
	if (reader->survey)
		return survey(reader, &file);
	/* Files end with a line end, and commands add an empty line. */
	mu_text_blanks(&line);
	if (mu_text_empty(&line))
		return MU_OK;
	return file.what < NODE_MEMINFO ? read_map(reader, &file, line)
					: read_node(reader, &file, line);
}

enum mu_status mu_machine_read_sysfs(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct reader reader = {.machine = machine, .error = error};
	enum mu_status status = MU_OK;

	for (unsigned pass = 0; !status && pass < 2; pass++) {
		struct mu_text rest = mu_text(text, len), line;

		reader.survey = !pass;
		reader.title = (struct file){OTHER, 0};
		while (!status && mu_text_line(&rest, &line)) {
			status = read_line(&reader, line);
			if (status && error && !error->line)
				error->line = line.line;
		}
	}
	if (!status)
		status = end_range(&reader);
	if (!status && !reader.has_map && !reader.has_nodes)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no memmap/N/start, no nodeN/meminfo in it");
	return status;
}
