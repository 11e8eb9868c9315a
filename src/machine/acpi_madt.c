// SPDX-License-Identifier: MIT
/* MADT, whose signature is APIC: CPUs, and what they are. */
#include "machine/acpi.h"

/* Where the flags of a CPU are, by type; none for other structures. */
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
