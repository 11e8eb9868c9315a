// SPDX-License-Identifier: MIT
/*
 * start: other CPUs, by INIT and, 10 ms later, SIPI (twice, 200 us apart, for
 * those that have not answered): SDM vol. 3, "Multiple-Processor
 * Initialization". They begin in real mode, in a page below 640 KiB that has a
 * copy of trampoline.S, which identifies each by its APIC id.
 */
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define LOW_END UINT64_C(0xa0000) /* the BIOS and video memory begin there */

extern const char trampoline_start[], trampoline_end[];
extern const char trampoline_root[], trampoline_base[];

/* Read by trampoline.S, which knows its layout. */
_Static_assert(sizeof(struct start_slot) == 24, "see trampoline.S");
const struct start_slot *start_slots;
uint32_t nr_start_slots;

static mu_phys_t trampoline; /* a page below 640 KiB, or 0 */

void platform_reserve(struct mu_memblock *memblock)
{
	if (mu_memblock_phys_alloc_range(memblock, PAGE, PAGE, PAGE, LOW_END,
					 &trampoline) == MU_OK) {
		kernel.kept.base = trampoline;
		kernel.kept.size = PAGE;
		return;
	}
	trampoline = 0;
	log_warn("memblock: no page below 640 KiB is free; other CPUs "
		 "stay off");
}

void platform_find_start(void)
{
}

bool platform_can_start(uint64_t hw_id)
{
	if (!trampoline)
		return false;
	if (kernel.bare.arch.apic.x2 || hw_id <= 254)
		return true;
	log_warn("smp: CPU with APIC id %lu can be reached by an x2APIC alone, "
		 "which this machine has not",
		 hw_id);
	return false;
}

/* ---- Page tables to start with: the kernel's, and the page itself ---- */

static mu_phys_t start_tables[4];
static unsigned nr_start_tables;

/* CR3 has only 32 bits when a starting CPU loads it first. */
static mu_phys_t table_for_start(void *arg)
{
	mu_pfn_t pfn;

	(void)arg;
	if (nr_start_tables == sizeof(start_tables) / sizeof(start_tables[0]) ||
	    mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, 0, MU_ALLOC_DMA32,
			   &pfn) != MU_OK)
		return 0;
	memset(direct(pfn * PAGE), 0, PAGE);
	start_tables[nr_start_tables++] = pfn * PAGE;
	return pfn * PAGE;
}

static enum mu_status make_tables(mu_phys_t phys, mu_phys_t *root)
{
	struct bare_tables tables = kernel.tables;

	*root = table_for_start(NULL);
	if (!*root)
		return MU_ERR_NOMEM;
	memcpy(direct(*root), (const void *)kernel.tables.root, PAGE);
	tables.root = direct(*root);
	tables.new_table = table_for_start;
	return bare_map(&tables, phys, phys, PAGE, X86_PTE_PRESENT);
}

static void free_tables(void)
{
	while (nr_start_tables)
		if (mu_free_pages(&kernel.mm.buddy,
				  start_tables[--nr_start_tables] / PAGE,
				  0) != MU_OK)
			__builtin_trap();
}

static void set_word(const char *symbol, uint32_t value)
{
	char *page = direct(trampoline);

	memcpy(page + (symbol - trampoline_start), &value, sizeof(value));
}

/* After the stacks, since its page tables are a copy. */
bool platform_prepare_start(void)
{
	mu_phys_t root;

	if (make_tables(trampoline, &root) != MU_OK) {
		free_tables();
		return false;
	}
	memcpy(direct(trampoline), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	set_word(trampoline_root, (uint32_t)root);
	set_word(trampoline_base, (uint32_t)trampoline);
	return true;
}

static void send_startup(void)
{
	for (unsigned i = 0; i < nr_start_slots; i++)
		if (!smp_is_alive(i))
			x86_apic_send_startup(&kernel.bare.arch.apic,
					      (uint32_t)start_slots[i].hw_id,
					      (uint8_t)(trampoline / PAGE));
}

void platform_start(const struct start_slot *slots, unsigned nr)
{
	start_slots = slots;
	nr_start_slots = nr;
	for (unsigned i = 0; i < nr; i++)
		x86_apic_send_init(&kernel.bare.arch.apic,
				   (uint32_t)slots[i].hw_id);
	bare_clock_delay(&kernel.bare.clock, 10000);
	send_startup();
	bare_clock_delay(&kernel.bare.clock, 200);
	send_startup();
}

/* INIT leaves it waiting for a SIPI that will not come. */
void platform_give_up(const struct start_slot *slot)
{
	x86_apic_send_init(&kernel.bare.arch.apic, (uint32_t)slot->hw_id);
}

void platform_end_start(bool all)
{
	/* Else some CPU may still be about to use them. */
	if (all)
		free_tables();
	else
		kernel.held_pages += nr_start_tables;
}
