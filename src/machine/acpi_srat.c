// SPDX-License-Identifier: MIT
/* SRAT: which memory, CPUs and initiators belong to which node. */
#include "machine/acpi.h"
#include "machine/number.h"

enum srat_type {
	SRAT_APIC,
	SRAT_MEMORY,
	SRAT_X2APIC,
	SRAT_GICC,
	SRAT_ITS,
	SRAT_INITIATOR,
	SRAT_PORT,
	SRAT_RINTC,
	NR_SRAT_TYPES
};

#define ENABLED		    0x1u
#define MEMORY_HOTPLUG	    0x2u
#define MEMORY_NON_VOLATILE 0x4u

static const uint8_t least[NR_SRAT_TYPES] = {
	[SRAT_APIC] = 16,  [SRAT_MEMORY] = 40, [SRAT_X2APIC] = 24,
	[SRAT_GICC] = 18,  [SRAT_ITS] = 12,    [SRAT_INITIATOR] = 32,
	[SRAT_RINTC] = 20,
};

/* Read twice: Linux numbers the nodes of CPUs and initiators first. */
struct srat {
	struct mu_machine *machine;
	bool memory; /* the second time */
	/* Revision 1 has domains of 8 bits, the rest is not defined. */
	bool narrow;
};

static enum mu_status add_initiator(const struct srat *srat, uint32_t domain,
				    unsigned cpus, struct mu_error *error)
{
	int nid = mu_acpi_node(domain);
	enum mu_status status =
		mu_machine_add_cpus(srat->machine, nid, cpus, error);

	if (!status)
		mu_machine_name_node(srat->machine, nid);
	return status;
}

/* The MADT knows the architecture better: Itanium has APICs here, too. */
static enum mu_status add_cpu(const struct srat *srat, enum mu_arch arch,
			      uint32_t domain, uint32_t flags,
			      struct mu_error *error)
{
	if (!(flags & ENABLED))
		return MU_OK;
	if (srat->machine->arch == MU_ARCH_UNKNOWN)
		srat->machine->arch = arch;
	return add_initiator(srat, domain, 1, error);
}

static enum mu_status add_memory(const struct srat *srat, const uint8_t *at,
				 struct mu_error *error)
{
	uint32_t domain = srat->narrow ? at[2] : mu_le32(at + 2);
	uint32_t flags = mu_le32(at + 28);
	int nid = mu_acpi_node(domain);
	enum mu_status status;
	unsigned ours = 0;

	if (!(flags & ENABLED))
		return MU_OK;
	if (flags & MEMORY_HOTPLUG)
		ours |= MU_RANGE_HOTPLUG;
	if (flags & MEMORY_NON_VOLATILE)
		ours |= MU_RANGE_NONVOLATILE;
	status = mu_machine_add_affinity(srat->machine, mu_le64(at + 8),
					 mu_le64(at + 16), nid, ours, error);
	if (!status)
		mu_machine_name_node(srat->machine, nid);
	return status;
}

static enum mu_status visit_srat(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	const struct srat *srat = arg;
	const uint8_t *at = entry->at;

	if ((entry->type == SRAT_MEMORY) != srat->memory)
		return MU_OK;
	switch (entry->type) {
	case SRAT_APIC:
		return add_cpu(srat, MU_ARCH_X86_64,
			       mu_acpi_srat_domain(at, srat->narrow),
			       mu_le32(at + 4), error);
	case SRAT_MEMORY:
		return add_memory(srat, at, error);
	case SRAT_X2APIC:
		return add_cpu(srat, MU_ARCH_X86_64, mu_le32(at + 4),
			       mu_le32(at + 12), error);
	case SRAT_GICC:
		return add_cpu(srat, MU_ARCH_ARM64, mu_le32(at + 2),
			       mu_le32(at + 10), error);
	case SRAT_RINTC:
		return add_cpu(srat, MU_ARCH_RISCV, mu_le32(at + 4),
			       mu_le32(at + 12), error);
	case SRAT_INITIATOR:
		if (!(mu_le32(at + 24) & ENABLED))
			return MU_OK;
		return add_initiator(srat, mu_le32(at + 4), 0, error);
	default:
		return MU_OK;
	}
}

const struct mu_acpi_shape mu_acpi_srat_shape = {
	.name = "SRAT",
	.fixed = MU_ACPI_HEADER + 12,
	.type_size = 1,
	.len_at = 1,
	.len_size = 1,
	.least = least,
	.nr_least = NR_SRAT_TYPES,
};

enum mu_status mu_acpi_read_srat(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	struct srat srat = {.machine = machine, .narrow = table[8] < 2};
	enum mu_status status = mu_acpi_walk(&mu_acpi_srat_shape, table, len,
					     visit_srat, &srat, error);

	srat.memory = true;
	return status ? status
		      : mu_acpi_walk(&mu_acpi_srat_shape, table, len,
				     visit_srat, &srat, error);
}
