// SPDX-License-Identifier: MIT
/*
 * describe: one struct mu_machine out of the loader's map, ACPI's tables and
 * the command line, all read by memup; and the CPUs, which memup only counts.
 *
 * Firmware lies. A reader that fails leaves the machine undefined, so the
 * culprit is remembered and logged, and everything is read again without it.
 */
#include "kernel/exit.h"
#include "kernel/format.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "memup/machine_acpi.h"
#include "ports/x86_64/asm.h"

/* mu_machine_size() of MAX_MACHINE_RANGES and MAX_MACHINE_NODES; checked. */
#define TABLE_BYTES (512 * 1024)

#define LEAST_RAM (16 * MU_MIB)

static uint8_t tables[TABLE_BYTES]
	__attribute__((section(".bss.noinit"), aligned(64)));
static struct cpu_entry cpus[MU_MAX_CPUS]
	__attribute__((section(".bss.noinit")));

/* Sources that are not to be believed. */
struct distrust {
	bool table[MAX_TABLES];
	bool cmdline;
};

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
static bool add_tables(struct distrust *distrust)
{
	struct mu_error error = {0};

	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < kernel.acpi.nr; i++) {
			const struct acpi_table *table = &kernel.acpi.tables[i];

			if (distrust->table[i] || !is_of_pass(table, pass) ||
			    mu_machine_read_acpi(&kernel.machine, table->at,
						 table->len, &error) == MU_OK)
				continue;
			log_err("acpi: %s at 0x%lx: %s; passed over",
				table->name, table->phys, error.text);
			distrust->table[i] = true;
			return false;
		}
	return true;
}

static bool apply_cmdline(struct distrust *distrust)
{
	struct mu_error error = {0};

	if (distrust->cmdline ||
	    mu_machine_apply_cmdline(&kernel.machine, kernel.info->cmdline,
				     kernel.info->cmdline_len, &error) == MU_OK)
		return true;
	log_err("command line: %s; the map is as the firmware says",
		error.text);
	distrust->cmdline = true;
	return false;
}

static _Noreturn void give_up(const char *why)
{
	log_err("%s: this machine cannot be brought up", why);
	kernel_exit(EXIT_INPUT);
}

static bool describe(struct distrust *distrust)
{
	struct mu_error error = {0};

	if (mu_machine_init(&kernel.machine, tables, sizeof(tables),
			    MAX_MACHINE_RANGES, MAX_MACHINE_NODES,
			    &error) != MU_OK)
		give_up(error.text);
	format(kernel.machine.source, sizeof(kernel.machine.source), "%s",
	       kernel.info->loader);
	add_map(kernel.info);
	return add_tables(distrust) && apply_cmdline(distrust);
}

/* Where addresses end: those of the CPU (SDM vol. 2, CPUID), or of the direct
 * map and the memmap. */
static mu_phys_t address_end(void)
{
	uint32_t bits = 36;

	if (x86_cpuid(0x80000000, 0).eax >= 0x80000008)
		bits = x86_cpuid(0x80000008, 0).eax & 0xff;
	if (bits >= 46)
		return DIRECT_BYTES;
	return UINT64_C(1) << bits;
}

/* Leave out memory beyond these addresses. */
static void cut_top(void)
{
	const struct mu_machine *machine = &kernel.machine;
	mu_phys_t end = address_end();
	struct mu_error error;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if ((range->type == MU_RANGE_RAM ||
		     range->type == MU_RANGE_PMEM) &&
		    range->base + range->size > end)
			log_warn("map: of [mem 0x%lx-0x%lx] what lies past "
				 "0x%lx has no addresses here; left out",
				 range->base, range->base + range->size - 1,
				 end - 1);
	}
	if (mu_machine_update(&kernel.machine, end, MU_PHYS_MAX - end,
			      MU_RANGE_NONE, MU_RANGE_NONE, &error) != MU_OK)
		log_err("map: %s", error.text);
}

/* ---- CPUs ---- */

static void add_cpu(void *arg, const struct mu_acpi_cpu *cpu)
{
	(void)arg;
	/* All CPUs are meant, or none. */
	if (cpu->apic_id == UINT32_MAX)
		return;
	/* The boot CPU is there already, and some tables name CPUs twice. */
	for (unsigned i = 0; i < kernel.nr_cpus; i++)
		if (cpus[i].apic_id == cpu->apic_id)
			return;
	if (kernel.nr_cpus < MU_MAX_CPUS)
		cpus[kernel.nr_cpus++] = (struct cpu_entry){
			.apic_id = cpu->apic_id, .nid = MU_NO_NODE};
	else
		kernel.cpus_lost++;
}

static void set_node(void *arg, const struct mu_acpi_cpu *cpu)
{
	(void)arg;
	for (unsigned i = 0; i < kernel.nr_cpus; i++)
		if (cpus[i].apic_id == cpu->apic_id)
			cpus[i].nid = cpu->nid;
}

static void for_each_cpu(const struct distrust *distrust, const char *name,
			 void (*visit)(void *arg,
				       const struct mu_acpi_cpu *cpu))
{
	struct mu_error error = {0};

	for (unsigned i = 0; i < kernel.acpi.nr; i++) {
		const struct acpi_table *table = &kernel.acpi.tables[i];

		if (!distrust->table[i] && !memcmp(table->name, name, 4) &&
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

static void find_cpus(const struct distrust *distrust)
{
	kernel.cpus = cpus;
	kernel.nr_cpus = 1;
	cpus[0] =
		(struct cpu_entry){.apic_id = own_apic_id(), .nid = MU_NO_NODE};
	for_each_cpu(distrust, "APIC", add_cpu);
	for_each_cpu(distrust, "SRAT", set_node);
}

/*
 * If the machine's nodes are not the firmware's (no SRAT, numa=off, numa=fake=)
 * distribute the CPUs by the machine's count for each node.
 */
static void settle_nodes(void)
{
	const struct mu_machine *machine = &kernel.machine;
	bool agree = true;
	unsigned cpu = 0;

	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		unsigned count = 0;

		for (unsigned i = 0; i < kernel.nr_cpus; i++)
			count += cpus[i].nid == (int)nid;
		agree &= count == machine->nodes[nid].nr_cpus;
	}
	for (unsigned nid = 0; !agree && nid < machine->nr_nodes; nid++)
		for (unsigned i = 0;
		     i < machine->nodes[nid].nr_cpus && cpu < kernel.nr_cpus;
		     i++)
			cpus[cpu++].nid = (int)nid;
	for (unsigned i = 0; i < kernel.nr_cpus; i++)
		if (cpus[i].nid < 0 || cpus[i].nid >= (int)machine->nr_nodes)
			cpus[i].nid = 0;
}

static bool has_table(const struct distrust *distrust, const char *name)
{
	for (unsigned i = 0; i < kernel.acpi.nr; i++)
		if (!distrust->table[i] &&
		    !memcmp(kernel.acpi.tables[i].name, name, 4))
			return true;
	return false;
}

void describe_machine(void)
{
	static struct distrust distrust;
	struct mu_error error = {0};
	bool no_affinities;

	if (!kernel.info->nr_ranges)
		give_up("the loader gave no memory map");
	acpi_find(&kernel.acpi, kernel.info);
	while (!describe(&distrust))
		;
	cut_top();
	no_affinities = !kernel.machine.nr_affinities;
	if (mu_machine_finish(&kernel.machine, &error) != MU_OK)
		give_up(error.text);
	if (no_affinities && has_table(&distrust, "SRAT"))
		log_warn("acpi: the SRAT names no memory; all of it is on "
			 "node 0");
	find_cpus(&distrust);
	settle_nodes();
	if (mu_machine_ram(&kernel.machine) < LEAST_RAM) {
		log_err("%s of RAM is less than the 16 MiB that this kernel "
			"needs",
			size_text(mu_machine_ram(&kernel.machine)).text);
		kernel_exit(EXIT_INPUT);
	}
	kernel.stamps.described = x86_tsc();
}
