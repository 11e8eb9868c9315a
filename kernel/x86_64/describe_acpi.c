// SPDX-License-Identifier: MIT
/*
 * describe_acpi: the loader's map, and ACPI's tables. A table that fails is
 * passed over the next time.
 */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "kernel/x86_64/acpi.h"
#include "memup/machine_acpi.h"
#include "ports/bare/arch.h"
#include "ports/x86_64/tsc.h"

/* Sources that are not to be believed. */
static bool distrusted[MAX_TABLES];
static struct acpi acpi;

static void add_map(const struct boot_info *info)
{
	struct mu_error error;

	for (unsigned i = 0; i < info->nr_ranges; i++) {
		const struct boot_range *range = &info->ranges[i];

		if (mu_machine_add(&kernel.machine, range->base, range->size,
				   mu_range_type_e820(range->type), 0,
				   &error) != MU_OK)
			log_err("map: [0x%lx + 0x%lx]: %s; passed over",
				range->base, range->size, error.text);
	}
}

/* In the order that reading them one by one requires: see machine_acpi.h. */
static const char *const passes[][5] = {
	{"SRAT", "SLIT", "NFIT", "HMAT", NULL},
	{"APIC", "CEDT", NULL},
};

static bool is_of_pass(const struct acpi_table *table, unsigned pass)
{
	for (unsigned i = 0; passes[pass][i]; i++)
		if (!memcmp(table->name, passes[pass][i], 4))
			return true;
	return false;
}

/* False: begin again. */
static bool add_tables(void)
{
	struct mu_error error = {0};

	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < acpi.nr; i++) {
			const struct acpi_table *table = &acpi.tables[i];

			if (distrusted[i] || !is_of_pass(table, pass) ||
			    mu_machine_read_acpi(&kernel.machine, table->at,
						 table->len, &error) == MU_OK)
				continue;
			log_err("acpi: %s at 0x%lx: %s; passed over",
				table->name, table->phys, error.text);
			distrusted[i] = true;
			return false;
		}
	return true;
}

const char *platform_find_firmware(void)
{
	if (!kernel.info->nr_ranges)
		return "the loader gave no memory map";
	acpi_find(&acpi, kernel.info);
	kernel.nr_tables = acpi.nr;
	return NULL;
}

bool platform_describe(void)
{
	add_map(kernel.info);
	return add_tables();
}

static bool has_table(const char *name)
{
	for (unsigned i = 0; i < acpi.nr; i++)
		if (!distrusted[i] && !memcmp(acpi.tables[i].name, name, 4))
			return true;
	return false;
}

void platform_complain(bool no_affinities)
{
	if (no_affinities && has_table("SRAT"))
		log_warn("acpi: the SRAT names no memory; all of it is on "
			 "node 0");
}

void platform_calibrate(void)
{
	x86_clock_calibrate(&kernel.bare.clock, acpi.pm_timer);
}

/* SDM vol. 2, CPUID. */
mu_phys_t platform_address_end(void)
{
	uint32_t bits = 36;

	if (x86_cpuid(0x80000000, 0).eax >= 0x80000008)
		bits = x86_cpuid(0x80000008, 0).eax & 0xff;
	return UINT64_C(1) << bits;
}

/* ---- CPUs ---- */

static void add_cpu(void *arg, const struct mu_acpi_cpu *cpu)
{
	(void)arg;
	/* All CPUs are meant, or none. */
	if (cpu->apic_id != UINT32_MAX)
		cpu_found(cpu->apic_id);
}

static void set_node(void *arg, const struct mu_acpi_cpu *cpu)
{
	(void)arg;
	cpu_is_on(cpu->apic_id, cpu->nid);
}

static void for_each_cpu(const char *name,
			 void (*visit)(void *arg,
				       const struct mu_acpi_cpu *cpu))
{
	struct mu_error error = {0};

	for (unsigned i = 0; i < acpi.nr; i++) {
		const struct acpi_table *table = &acpi.tables[i];

		if (!distrusted[i] && !memcmp(table->name, name, 4) &&
		    mu_acpi_cpus(table->at, table->len, visit, NULL, &error) !=
			    MU_OK)
			log_err("acpi: %s: %s", name, error.text);
	}
}

/* The boot CPU's, before its APIC can be asked (SDM vol. 2, CPUID). */
static uint32_t own_apic_id(void)
{
	if (x86_cpuid(0, 0).eax >= 0xb && x86_cpuid(0xb, 0).ebx)
		return x86_cpuid(0xb, 0).edx;
	return x86_cpuid(1, 0).ebx >> 24;
}

void platform_find_cpus(void)
{
	cpu_found(own_apic_id());
	for_each_cpu("APIC", add_cpu);
	for_each_cpu("SRAT", set_node);
}
