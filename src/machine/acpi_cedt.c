// SPDX-License-Identifier: MIT
/* CEDT: windows of CXL memory, which have nodes of their own. */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpi.h"

#define CEDT_CFMWS 1u

static bool has_affinity(const struct mu_machine *machine, mu_phys_t address)
{
	for (unsigned i = 0; i < machine->nr_affinities; i++) {
		const struct mu_range *affinity = &machine->affinities[i];

		if (affinity->base <= address &&
		    address - affinity->base < affinity->size)
			return true;
	}
	return false;
}

struct cedt {
	struct mu_machine *machine;
	unsigned windows;
};

static enum mu_status visit_cedt(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	struct cedt *cedt = arg;
	struct mu_machine *machine = cedt->machine;
	mu_phys_t base;

	if (entry->type != CEDT_CFMWS)
		return MU_OK;
	/* Each looks at all affinities: at most as many as nodes. */
	if (cedt->windows++ == MU_MAX_NODES)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "CEDT: more than %d windows", MU_MAX_NODES);
	base = mu_le64(entry->at + 8);
	if (has_affinity(machine, base))
		return MU_OK;
	/* The next node; node 0 exists even when nothing named it. */
	return mu_machine_add_affinity(machine, base, mu_le64(entry->at + 16),
				       (int)MU_MAX(machine->nr_nodes, 1u),
				       MU_RANGE_HOTPLUG, error);
}

enum mu_status mu_acpi_read_cedt(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	static const uint8_t least[] = {[CEDT_CFMWS] = 36};
	static const struct mu_acpi_shape shape = {
		.name = "CEDT",
		.fixed = MU_ACPI_HEADER,
		.type_size = 1,
		.len_at = 2,
		.len_size = 2,
		.least = least,
		.nr_least = MU_ARRAY_SIZE(least),
	};
	struct cedt cedt = {.machine = machine};

	return mu_acpi_walk(&shape, table, len, visit_cedt, &cedt, error);
}
