// SPDX-License-Identifier: MIT
/* The CPUs of MADT and SRAT one by one, for kernels that start them. */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/acpi.h"

#define ENABLED 0x1u

struct walk {
	void (*visit)(void *arg, const struct mu_acpi_cpu *cpu);
	void *arg;
	bool narrow; /* see acpi_srat.c */
};

static void tell(const struct walk *walk, uint32_t flags, uint32_t apic_id,
		 int32_t nid)
{
	const struct mu_acpi_cpu cpu = {.apic_id = apic_id, .nid = nid};

	if (flags & ENABLED)
		walk->visit(walk->arg, &cpu);
}

static enum mu_status visit_madt(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	const uint8_t *at = entry->at;

	(void)error;
	if (entry->type == 0)
		tell(arg, mu_le32(at + 4), at[3], MU_NO_NODE);
	else if (entry->type == 9)
		tell(arg, mu_le32(at + 8), mu_le32(at + 4), MU_NO_NODE);
	return MU_OK;
}

static enum mu_status visit_srat(void *arg, const struct mu_acpi_entry *entry,
				 struct mu_error *error)
{
	const struct walk *walk = arg;
	const uint8_t *at = entry->at;

	(void)error;
	if (entry->type == 0)
		tell(walk, mu_le32(at + 4), at[3],
		     mu_acpi_node(mu_acpi_srat_domain(at, walk->narrow)));
	else if (entry->type == 2)
		tell(walk, mu_le32(at + 12), mu_le32(at + 8),
		     mu_acpi_node(mu_le32(at + 4)));
	return MU_OK;
}

enum mu_status mu_acpi_cpus(const void *table, size_t len,
			    void (*visit)(void *arg,
					  const struct mu_acpi_cpu *cpu),
			    void *arg, struct mu_error *error)
{
	struct walk walk = {.visit = visit, .arg = arg};
	size_t own_len;
	enum mu_status status =
		mu_acpi_check_table(table, len, &own_len, error);

	if (status)
		return status;
	if (!memcmp(table, "APIC", 4))
		return mu_acpi_walk(&mu_acpi_madt_shape, table, own_len,
				    visit_madt, &walk, error);
	walk.narrow = ((const uint8_t *)table)[8] < 2;
	if (!memcmp(table, "SRAT", 4))
		return mu_acpi_walk(&mu_acpi_srat_shape, table, own_len,
				    visit_srat, &walk, error);
	return mu_fail(error, MU_ERR_NOT_FOUND, 0,
		       "neither an APIC table nor an SRAT");
}
