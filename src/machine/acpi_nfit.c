// SPDX-License-Identifier: MIT
/* NFIT: persistent memory and its nodes. */
#include "base/bits.h"
#include "base/string.h"
#include "machine/acpi.h"

#define NFIT_SPA	  0u
#define NFIT_DOMAIN_VALID 0x2u

/* System physical address ranges that are persistent memory, as stored. */
static const uint8_t nfit_pmem[16] = {0x79, 0xd3, 0xf0, 0x66, 0xf3, 0xb4,
				      0x74, 0x40, 0xac, 0x43, 0x0d, 0x33,
				      0x18, 0xb7, 0x8c, 0xdb};

static enum mu_status visit_nfit(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	struct mu_machine *machine = arg;
	const uint8_t *at = entry->at;
	uint64_t base, size;
	enum mu_status status;

	if (entry->type != NFIT_SPA ||
	    memcmp(at + 16, nfit_pmem, sizeof(nfit_pmem)) != 0)
		return MU_OK;
	base = mu_le64(at + 32);
	size = mu_le64(at + 40);
	status = mu_machine_add(machine, base, size, MU_RANGE_PMEM,
				MU_RANGE_NONVOLATILE, error);
	if (!status && mu_le16(at + 6) & NFIT_DOMAIN_VALID)
		status = mu_machine_add_affinity(machine, base, size,
						 mu_acpi_node(mu_le32(at + 12)),
						 MU_RANGE_NONVOLATILE, error);
	return status;
}

enum mu_status mu_acpi_read_nfit(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	static const uint8_t least[] = {[NFIT_SPA] = 56};
	static const struct mu_acpi_shape shape = {
		.name = "NFIT",
		.fixed = MU_ACPI_HEADER + 4,
		.type_size = 2,
		.len_at = 2,
		.len_size = 2,
		.least = least,
		.nr_least = MU_ARRAY_SIZE(least),
	};

	return mu_acpi_walk(&shape, table, len, visit_nfit, machine, error);
}
