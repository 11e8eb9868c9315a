// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/text.h"

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

static bool read_resource(struct mu_text *line, mu_phys_t *start,
			  mu_phys_t *end)
{
	mu_text_blanks(line);
	return !mu_text_number(line, 16, start) && mu_text_skip(line, "-") &&
	       !mu_text_number(line, 16, end) && mu_text_skip(line, " : ");
}

/* Memory that a driver onlined lies inside what it was before. */
static enum mu_status add_ram(struct mu_machine *machine, bool nested,
			      mu_phys_t base, mu_phys_t size,
			      struct mu_error *error)
{
	enum mu_status status = MU_OK;

	if (nested)
		status = mu_machine_update(machine, base, size, MU_RANGE_NONE,
					   MU_RANGE_NONE, error);
	if (!status)
		status = mu_machine_add(machine, base, size, MU_RANGE_RAM, 0,
					error);
	return status;
}

static enum mu_status add_kept(struct mu_machine *machine, struct mu_text name,
			       bool nested, mu_phys_t base, mu_phys_t size,
			       struct mu_error *error)
{
	for (unsigned i = 0; i < MU_ARRAY_SIZE(kept); i++) {
		/* What lies in something else the kernel took, or a driver. */
		if (nested && kept[i].type != MU_RANGE_SOFT_RESERVED)
			continue;
		if (mu_text_skip(&name, kept[i].name))
			return mu_machine_add(machine, base, size, kept[i].type,
					      0, error);
	}
	return MU_OK;
}

enum mu_status mu_machine_read_iomem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error)
{
	struct mu_text rest = mu_text(text, len), line;
	unsigned ram = 0;

	while (mu_text_line(&rest, &line)) {
		bool nested = !mu_text_empty(&line) && *line.at == ' ';
		mu_phys_t start, end;
		enum mu_status status;

		if (!read_resource(&line, &start, &end) || !end)
			continue;
		if (end < start || end >= MU_PHYS_MAX) {
			/* Devices may lie anywhere; only memory counts. */
			if (!mu_text_skip(&line, "System RAM"))
				continue;
			status = mu_fail(error, MU_ERR_RANGE, 0,
					 "System RAM at 0x%llx-0x%llx",
					 (unsigned long long)start,
					 (unsigned long long)end);
		} else if (mu_text_skip(&line, "System RAM")) {
			status = add_ram(machine, nested, start,
					 end - start + 1, error);
			ram++;
		} else {
			status = add_kept(machine, line, nested, start,
					  end - start + 1, error);
		}
		if (status)
			return mu_text_failed(error, status, &line);
	}
	if (!ram)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no System RAM with an address");
	return MU_OK;
}
