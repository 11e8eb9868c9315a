// SPDX-License-Identifier: MIT
/*
 * timeline: what happened, in order and with its time, and at the end one line
 * for programs: "stat: name=value ...".
 */
#include "kernel/format.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "ports/bare/arch.h"

/* What a range is, by its type of e820, in the words of Linux's log. */
static const char *name_of(uint32_t type)
{
	return mu_range_type_str(mu_range_type_e820(type));
}

static unsigned present_nodes(void)
{
	unsigned nodes = 0;

	for (unsigned i = 0; i < kernel.machine.nr_nodes; i++)
		nodes += kernel.machine.nodes[i].present;
	return nodes;
}

static void tell_map(void)
{
	const struct boot_info *info = kernel.info;
	uint64_t start = kernel.bare.clock.start;

	log_at(start, "memup: entered by %s, command line '%s'", info->loader,
	       info->cmdline);
	if (info->cmdline_cut)
		log_warn("command line: cut after %lu bytes",
			 MAX_KERNEL_CMDLINE);
	for (unsigned i = 0; i < info->nr_ranges; i++)
		/* What is empty has no last byte. */
		if (info->ranges[i].size)
			log_at(start, "BIOS-e820: [mem 0x%016lx-0x%016lx] %s",
			       info->ranges[i].base,
			       info->ranges[i].base + info->ranges[i].size - 1,
			       name_of(info->ranges[i].type));
	if (info->ranges_lost)
		log_warn("map: %u ranges did not fit", info->ranges_lost);
}

static void tell_nodes(void)
{
	const struct mu_machine *machine = &kernel.machine;

	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		uint64_t bytes = 0;
		unsigned ranges = 0;

		if (!machine->nodes[nid].present)
			continue;
		for (unsigned i = 0; i < machine->nr_ranges; i++)
			if (machine->ranges[i].nid == (int)nid &&
			    machine->ranges[i].type == MU_RANGE_RAM) {
				bytes += machine->ranges[i].size;
				ranges++;
			}
		log_at(kernel.stamps.described,
		       "node %u: %s in %u ranges, %u CPUs", nid,
		       size_text(bytes).text, ranges,
		       machine->nodes[nid].nr_cpus);
	}
}

void tell_machine(void)
{
	tell_map();
	log_at(kernel.stamps.described,
	       "machine: %s of RAM, %u ranges, %u nodes, %u CPUs, %u "
	       "tables",
	       size_text(mu_machine_ram(&kernel.machine)).text,
	       kernel.machine.nr_ranges, present_nodes(), kernel.nr_cpus,
	       kernel.nr_tables);
	tell_nodes();
	if (kernel.cpus_lost)
		log_warn("smp: %u CPUs more than there is room for stay off",
			 kernel.cpus_lost);
}

static void tell_zones(void)
{
	const struct mu_buddy *buddy = &kernel.mm.buddy;

	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		const struct mu_zone *zone = &buddy->zones[i];

		log_at(kernel.stamps.usable,
		       "zone: node %d %-7s [pfn 0x%lx-0x%lx] %s, %lu pages "
		       "free, "
		       "%lu pristine",
		       zone->nid, mu_zone_type_str(zone->type), zone->start_pfn,
		       zone->end_pfn - 1,
		       size_text(zone->managed_pages * PAGE).text,
		       zone->free_pages, zone->pristine_pages);
	}
}

void tell_memory(void)
{
	const struct mu_memblock *memblock = &kernel.mm.memblock;

	log_at(kernel.stamps.memblock,
	       "memblock: %u regions of memory, %s; %u reserved, %s",
	       memblock->memory.cnt,
	       size_text(mu_memblock_phys_mem_size(memblock)).text,
	       memblock->reserved.cnt,
	       size_text(mu_memblock_reserved_size(memblock)).text);
	log_at(kernel.stamps.mapped,
	       "paging: direct map of %s in leaves of %s, %lu page tables",
	       size_text(kernel.bare.mapped_end).text,
	       size_text(UINT64_C(1)
			 << (BARE_PAGE_SHIFT +
			     BARE_TABLE_BITS * kernel.tables.max_leaf))
		       .text,
	       kernel.page_tables);
	tell_zones();
	log_at(kernel.stamps.usable,
	       "memory: %s of %s usable after %lu.%03lu ms, %lu pages "
	       "initialised, %s kept for the memmap",
	       size_text(kernel.usable_bytes).text,
	       size_text(mu_machine_ram(&kernel.machine)).text,
	       stamp_ns(kernel.stamps.usable) / 1000000,
	       stamp_ns(kernel.stamps.usable) / 1000 % 1000, kernel.start_pages,
	       size_text(mu_backing_bytes(&kernel.bare.backing)).text);
	log_at(kernel.stamps.first_alloc,
	       "memory: first page allocated after %lu.%03lu ms",
	       stamp_ns(kernel.stamps.first_alloc) / 1000000,
	       stamp_ns(kernel.stamps.first_alloc) / 1000 % 1000);
	log_info("clock: counter at %lu.%03lu MHz, by %s",
		 kernel.bare.clock.hz / 1000000,
		 kernel.bare.clock.hz / 1000 % 1000, kernel.bare.clock.how);
}

static unsigned cpus_up(void)
{
	unsigned up = 0;

	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		up += mu_bare_is_up(&kernel.bare, i);
	return up;
}

void tell_cpus(void)
{
	log_at(kernel.stamps.cpus,
	       "smp: %u of %u CPUs are up after %lu.%03lu ms, by their %s",
	       cpus_up(), kernel.nr_cpus,
	       stamp_ns(kernel.stamps.cpus) / 1000000,
	       stamp_ns(kernel.stamps.cpus) / 1000 % 1000,
	       platform_controller());
}

void tell_growth(const char *who)
{
	static uint64_t before;
	struct mu_deferred_stats stats = mu_deferred_stats(&kernel.mm.deferred);

	log_info("growth: %s: %lu blocks claimed, %s left pristine", who,
		 stats.claims - before,
		 size_text(stats.pristine_pages * PAGE).text);
	before = stats.claims;
}

void tell_end(void)
{
	const struct stamps *stamps = &kernel.stamps;
	const struct mu_memmap *memmap = &kernel.mm.memmap;
	struct mu_deferred_stats stats = mu_deferred_stats(&kernel.mm.deferred);
	uint64_t finish = stamps->finish_to - stamps->finish_from;

	if (stats.pristine_pages)
		log_info("memory: %s stay pristine: nobody has asked for them",
			 size_text(stats.pristine_pages * PAGE).text);
	else
		log_info("memory: all online, %lu pages initialised",
			 memmap->written_pages);
	if (stats.claim_ns_max)
		log_info("memory: the longest claim took %lu ns",
			 stats.claim_ns_max);
	log_plain("stat: loader=%s policy=%s nodes=%u cpus=%u ram_bytes=%lu "
		  "tsc_hz=%lu entry_tsc=%lu",
		  kernel.info->loader, mu_policy_str(kernel.options.policy),
		  present_nodes(), cpus_up(), mu_machine_ram(&kernel.machine),
		  kernel.bare.clock.hz, kernel.bare.clock.start);
	log_plain("stat: entry_ns=0 described_ns=%lu memblock_ns=%lu "
		  "mapped_ns=%lu usable_ns=%lu first_alloc_ns=%lu cpus_ns=%lu",
		  stamp_ns(stamps->described), stamp_ns(stamps->memblock),
		  stamp_ns(stamps->mapped), stamp_ns(stamps->usable),
		  stamp_ns(stamps->first_alloc), stamp_ns(stamps->cpus));
	log_plain("stat: usable_bytes=%lu start_pages=%lu finish_from_ns=%lu "
		  "finish_to_ns=%lu finish_ns=%lu finish_pages=%lu threads=%u",
		  kernel.usable_bytes, kernel.start_pages,
		  finish ? stamp_ns(stamps->finish_from) : 0,
		  finish ? stamp_ns(stamps->finish_to) : 0,
		  bare_clock_ns(&kernel.bare.clock, finish),
		  kernel.finish_pages,
		  kernel.options.threads ? kernel.options.threads : cpus_up());
	log_plain("stat: memmap_reserved_bytes=%lu memmap_backed_bytes=%lu "
		  "descriptor_bytes=%lu pages_initialised=%lu "
		  "page_table_pages=%lu claims=%lu",
		  mu_backing_bytes(&kernel.bare.backing),
		  memmap->backed_pages * sizeof(struct mu_page),
		  sizeof(struct mu_page), memmap->written_pages,
		  kernel.page_tables, stats.claims);
}
