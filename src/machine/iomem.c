// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/sysfs.h"

/*
 * What firmware keeps, and the crash kernel where the kernel takes it out of
 * System RAM (s390).
 */
static const struct {
	const char *name;
	enum mu_range_type type;
} kept[] = {
	{"Reserved", MU_RANGE_RESERVED},
	{"reserved", MU_RANGE_RESERVED},
	{"Crash kernel", MU_RANGE_RESERVED},
	{"Unknown E820 type", MU_RANGE_RESERVED},
	{"ACPI Tables", MU_RANGE_ACPI},
	{"ACPI Non-volatile Storage", MU_RANGE_NVS},
	{"Unusable memory", MU_RANGE_UNUSABLE},
	{"Soft Reserved", MU_RANGE_SOFT_RESERVED},
	{"Persistent Memory", MU_RANGE_PMEM},
};

enum mu_range_type mu_resource_type(struct mu_text name)
{
	if (mu_text_skip(&name, "System RAM"))
		return MU_RANGE_RAM;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(kept); i++)
		if (mu_text_skip(&name, kept[i].name))
			return kept[i].type;
	return MU_RANGE_NONE;
}

static bool read_resource(struct mu_text *line, mu_phys_t *start,
			  mu_phys_t *end)
{
	mu_text_blanks(line);
	return !mu_text_number(line, 16, start) && mu_text_skip(line, "-") &&
	       !mu_text_number(line, 16, end) && mu_text_skip(line, " : ");
}

struct reader {
	struct mu_machine *machine;
	struct mu_error *error;
	/* What drivers may have onlined parts of: the upper end of the last
	 * kept range, no part of which was seen yet. */
	unsigned parent;
	unsigned ram;  /* ranges */
	size_t indent; /* of what lies in nothing else */
};

/*
 * Memory that a driver onlined lies inside what it was before: cut it out. The
 * kernel lists children upwards, so looking at one range is enough.
 */
static enum mu_status cut_parent(struct reader *reader, mu_phys_t base,
				 mu_phys_t size)
{
	struct mu_machine *machine = reader->machine;
	struct mu_range *parent, old;
	enum mu_status status;
	mu_phys_t above;

	if (reader->parent >= machine->nr_ranges)
		return MU_OK;
	parent = &machine->ranges[reader->parent];
	if (base < parent->base || base + size > parent->base + parent->size)
		return MU_OK;
	old = *parent;
	above = old.base + old.size - (base + size);
	status = mu_machine_add(machine, base + size, above,
				(enum mu_range_type)old.type, old.flags,
				reader->error);
	if (status)
		return status;
	parent->size = base - parent->base;
	if (above)
		reader->parent = machine->nr_ranges - 1;
	return MU_OK;
}

static enum mu_status add_ram(struct reader *reader, bool nested,
			      mu_phys_t base, mu_phys_t size)
{
	enum mu_status status = MU_OK;

	if (nested)
		status = cut_parent(reader, base, size);
	if (!status)
		status = mu_machine_add(reader->machine, base, size,
					MU_RANGE_RAM, 0, reader->error);
	reader->ram++;
	return status;
}

static enum mu_status add_kept(struct reader *reader, struct mu_text name,
			       bool nested, mu_phys_t base, mu_phys_t size)
{
	enum mu_range_type type = mu_resource_type(name);

	/* What lies in something else belongs to the kernel or a driver. */
	if (type == MU_RANGE_NONE || (nested && type != MU_RANGE_SOFT_RESERVED))
		return MU_OK;
	reader->parent = reader->machine->nr_ranges;
	return mu_machine_add(reader->machine, base, size, type, 0,
			      reader->error);
}

static enum mu_status read_line(struct reader *reader, struct mu_text line)
{
	const char *begin = line.at;
	mu_phys_t start, end;
	size_t indent;
	bool nested;

	mu_text_blanks(&line);
	indent = (size_t)(line.at - begin);
	if (!read_resource(&line, &start, &end))
		return MU_OK;
	/* All of it may be indented, as code is in Markdown. */
	reader->indent = MU_MIN(reader->indent, indent);
	nested = indent > reader->indent;
	/* Without privilege all addresses are 0. */
	if (!end)
		return MU_OK;
	if (end < start || end >= MU_PHYS_MAX) {
		/* Devices may lie anywhere; only memory counts. */
		if (!mu_text_skip(&line, "System RAM"))
			return MU_OK;
		return mu_fail(reader->error, MU_ERR_RANGE, 0,
			       "System RAM at 0x%llx-0x%llx ends before it "
			       "begins or past %d address bits",
			       (unsigned long long)start,
			       (unsigned long long)end, MU_PHYS_BITS);
	}
	if (mu_text_skip(&line, "System RAM"))
		return add_ram(reader, nested, start, end - start + 1);
	return add_kept(reader, line, nested, start, end - start + 1);
}

enum mu_status mu_machine_read_iomem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct reader reader = {machine, error, UINT32_MAX, 0, SIZE_MAX};
	struct mu_text rest = mu_text(text, len), line;

	while (mu_text_line(&rest, &line)) {
		enum mu_status status = read_line(&reader, line);

		if (status)
			return mu_text_failed(error, status, &line);
	}
	if (!reader.ram)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no System RAM with an address");
	return MU_OK;
}
