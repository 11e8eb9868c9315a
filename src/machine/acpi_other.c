// SPDX-License-Identifier: MIT
/* APIC (MADT), NFIT and CEDT: tables of which the machine takes little. */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpi.h"

/* MADT: where the flags of a CPU are, by type; none for what is no CPU. */
enum {
	MADT_APIC,
	MADT_SAPIC = 7,
	MADT_X2APIC = 9,
	MADT_GICC = 11,
	MADT_CORE_PIC = 17,
	MADT_RINTC = 24,
	NR_MADT_TYPES
};

static const uint8_t madt_flags[NR_MADT_TYPES] = {
	[MADT_APIC] = 4,  [MADT_SAPIC] = 8,	[MADT_X2APIC] = 8,
	[MADT_GICC] = 12, [MADT_CORE_PIC] = 11, [MADT_RINTC] = 4,
};

static const uint8_t madt_least[NR_MADT_TYPES] = {
	[MADT_APIC] = 8,  [MADT_SAPIC] = 16,	[MADT_X2APIC] = 16,
	[MADT_GICC] = 40, [MADT_CORE_PIC] = 15, [MADT_RINTC] = 20,
};

/* Each architecture has an interrupt controller of its own. */
static const uint8_t madt_arch[NR_MADT_TYPES] = {
	[MADT_APIC] = MU_ARCH_X86_64,	     [MADT_SAPIC] = MU_ARCH_IA64,
	[MADT_X2APIC] = MU_ARCH_X86_64,	     [MADT_GICC] = MU_ARCH_ARM64,
	[MADT_CORE_PIC] = MU_ARCH_LOONGARCH, [MADT_RINTC] = MU_ARCH_RISCV,
};

struct madt {
	unsigned cpus;
	enum mu_arch arch;
};

static enum mu_status visit_madt(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	struct madt *madt = arg;

	(void)error;
	if (entry->type >= NR_MADT_TYPES || !madt_flags[entry->type] ||
	    !(mu_le32(entry->at + madt_flags[entry->type]) & 1))
		return MU_OK;
	madt->cpus++;
	madt->arch = (enum mu_arch)madt_arch[entry->type];
	return MU_OK;
}

const struct mu_acpi_shape mu_acpi_madt_shape = {
	.name = "APIC",
	.fixed = MU_ACPI_HEADER + 8,
	.type_size = 1,
	.len_at = 1,
	.len_size = 1,
	.least = madt_least,
	.nr_least = NR_MADT_TYPES,
};

enum mu_status mu_acpi_read_madt(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	struct madt madt = {.arch = machine->arch};
	enum mu_status status = mu_acpi_walk(&mu_acpi_madt_shape, table, len,
					     visit_madt, &madt, error);

	if (status)
		return status;
	machine->arch = madt.arch;
	return mu_machine_cpus(machine)
		       ? MU_OK
		       : mu_machine_spread_cpus(machine, madt.cpus, error);
}

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
	    __builtin_memcmp(at + 16, nfit_pmem, sizeof(nfit_pmem)) != 0)
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
	/* Each looks at all affinities: no more than there can be nodes. */
	if (cedt->windows++ == MU_MAX_NODES)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "CEDT: more than %d windows", MU_MAX_NODES);
	base = mu_le64(entry->at + 8);
	if (has_affinity(machine, base))
		return MU_OK;
	/* The next node: the machine has a node 0 even when nobody named it. */
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
