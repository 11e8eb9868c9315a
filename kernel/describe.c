// SPDX-License-Identifier: MIT
/*
 * describe: one struct mu_machine out of what firmware says (a map and ACPI's
 * tables, or a device tree) and the command line, all read by memup; and the
 * CPUs, which memup only counts.
 *
 * Firmware lies. A reader that fails leaves the machine undefined, so the
 * culprit is remembered and logged, and everything is read again without it.
 */
#include "kernel/exit.h"
#include "kernel/format.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "ports/bare/arch.h"

/* mu_machine_size() of MAX_MACHINE_RANGES and MAX_MACHINE_NODES; checked. */
#define TABLE_BYTES (512 * 1024)

#define LEAST_RAM (16 * MU_MIB)

static uint8_t tables[TABLE_BYTES]
	__attribute__((section(".bss.noinit"), aligned(64)));
static struct cpu_entry cpus[MU_MAX_CPUS]
	__attribute__((section(".bss.noinit")));

static bool apply_cmdline(void)
{
	static bool distrusted;
	struct mu_error error = {0};

	if (distrusted ||
	    mu_machine_apply_cmdline(&kernel.machine, kernel.info->cmdline,
				     kernel.info->cmdline_len, &error) == MU_OK)
		return true;
	log_err("command line: %s; the map is as the firmware says",
		error.text);
	distrusted = true;
	return false;
}

static bool describe(void)
{
	mu_machine_init(&kernel.machine, tables, MAX_MACHINE_RANGES,
			MAX_MACHINE_NODES);
	format(kernel.machine.source, sizeof(kernel.machine.source), "%s",
	       kernel.info->loader);
	kernel.machine.page_shift = BARE_PAGE_SHIFT;
	return platform_describe() && apply_cmdline();
}

/* Leave out memory beyond these addresses. */
static void cut_top(void)
{
	const struct mu_machine *machine = &kernel.machine;
	mu_phys_t end = platform_address_end() < DIRECT_BYTES
				? platform_address_end()
				: DIRECT_BYTES;
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

void cpu_found(uint64_t hw_id)
{
	/* Some tables name CPUs twice. */
	for (unsigned i = 0; i < kernel.nr_cpus; i++)
		if (cpus[i].hw_id == hw_id)
			return;
	if (kernel.nr_cpus < MU_MAX_CPUS)
		cpus[kernel.nr_cpus++] =
			(struct cpu_entry){.hw_id = hw_id, .nid = MU_NO_NODE};
	else
		kernel.cpus_lost++;
}

void cpu_is_on(uint64_t hw_id, int nid)
{
	for (unsigned i = 0; i < kernel.nr_cpus; i++)
		if (cpus[i].hw_id == hw_id)
			cpus[i].nid = nid;
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

static _Noreturn void give_up(const char *why)
{
	log_err("%s: this machine cannot be brought up", why);
	kernel_exit(EXIT_INPUT);
}

void describe_machine(void)
{
	struct mu_error error = {0};
	const char *complaint;
	bool no_affinities;

	if (mu_machine_size(MAX_MACHINE_RANGES, MAX_MACHINE_NODES) >
	    sizeof(tables))
		give_up("describe.c: TABLE_BYTES is too small");
	complaint = platform_find_firmware();
	if (complaint)
		give_up(complaint);
	while (!describe())
		;
	cut_top();
	no_affinities = !kernel.machine.nr_affinities;
	if (mu_machine_finish(&kernel.machine, &error) != MU_OK)
		give_up(error.text);
	platform_complain(no_affinities);
	kernel.cpus = cpus;
	platform_find_cpus();
	settle_nodes();
	if (mu_machine_ram(&kernel.machine) < LEAST_RAM) {
		log_err("%s of RAM is less than the 16 MiB that this kernel "
			"needs",
			size_text(mu_machine_ram(&kernel.machine)).text);
		kernel_exit(EXIT_INPUT);
	}
	kernel.stamps.described = arch_ticks();
}
