// SPDX-License-Identifier: MIT
/*
 * smp: all CPUs up.
 *
 * Each CPU gets a page for itself and its stacks from its own node, then all
 * are started together, in each architecture's start_*.c. One that does not
 * answer in time is marked as given up, so that it halts if it starts later,
 * and is never used.
 *
 *     OFF --started-----> ALIVE      by the CPU
 *      \----------------> GIVEN_UP   by the boot CPU, after a second
 */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/paging.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "ports/bare/arch.h"

#define TIMEOUT_NS UINT64_C(1000000000)
/* Pages: the struct, and both stacks. */
#define CPU_ORDER (BARE_PAGE_SHIFT == 12 ? 3 : 2)

_Static_assert(sizeof(struct kernel_cpu) <= PAGE, "it has a page");

enum { OFF, ALIVE, GIVEN_UP };

static struct start_slot *start_slots;
static unsigned nr_start_slots;
static _Atomic uint32_t *states; /* by slot */

static bool change(unsigned slot, uint32_t to)
{
	uint32_t seen = OFF;

	/* acq_rel: what the other side wrote before is seen. */
	return atomic_compare_exchange_strong_explicit(&states[slot], &seen, to,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

_Noreturn void smp_main(struct kernel_cpu *cpu)
{
	mu_bare_enter(&cpu->bare);
	platform_take_traps(cpu);
	/* Page tables without what was mapped to start from. */
	platform_set_tables((uintptr_t)kernel.tables.root - DIRECT_MAP);
	platform_enter_interrupts();
	/* Given up meanwhile: nobody will ever call it. */
	while (!change(cpu->slot, ALIVE))
		arch_pause();
	mu_bare_idle();
}

/* ---- Before they start ---- */

/* Allocate @bytes, zeroed, for ever; or NULL. */
static void *take_bytes(size_t bytes)
{
	unsigned order = 0;
	mu_pfn_t pfn;

	while (((size_t)PAGE << order) < bytes)
		order++;
	if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, order, 0, &pfn) !=
	    MU_OK)
		return NULL;
	kernel.held_pages += UINT64_C(1) << order;
	return memset(direct(pfn * PAGE), 0, bytes);
}

static struct kernel_cpu *make_cpu(const struct cpu_entry *entry)
{
	struct kernel_cpu *cpu;
	unsigned id = kernel.bare.nr_cpus;
	uintptr_t slot = STACKS + (uintptr_t)id * STACK_SLOT;
	mu_pfn_t pfn;

	if (mu_alloc_pages(&kernel.mm.buddy, entry->nid, CPU_ORDER, 0, &pfn) !=
	    MU_OK)
		return NULL;
	kernel.held_pages += UINT64_C(1) << CPU_ORDER;
	if (paging_map_stacks(id, (pfn + 1) * PAGE) != MU_OK)
		return NULL;
	cpu = memset(direct(pfn * PAGE), 0, sizeof(*cpu));
	cpu->stack_end = slot + STACK_AT + STACK_BYTES;
	cpu->fault_stack_end = slot + FAULT_STACK_AT + FAULT_STACK_BYTES;
	mu_bare_add_cpu(&kernel.bare, &cpu->bare, entry->hw_id, entry->nid);
	cpu->bare.client = cpu;
	return cpu;
}

/* Everything that the other CPUs need; false when there is no memory. */
static bool make_cpus(void)
{
	struct mu_bare_cpu **table =
		take_bytes(kernel.nr_cpus * sizeof(struct mu_bare_cpu *));

	start_slots = take_bytes(kernel.nr_cpus * sizeof(*start_slots));
	states = take_bytes(kernel.nr_cpus * sizeof(*states));
	if (!table || !start_slots || !states)
		return false;
	mu_bare_set_cpus(&kernel.bare, table);
	for (unsigned i = 1; i < kernel.nr_cpus; i++) {
		const struct cpu_entry *entry = &kernel.cpus[i];
		struct kernel_cpu *cpu;

		if (!platform_can_start(entry->hw_id))
			continue;
		cpu = make_cpu(entry);
		if (!cpu)
			return false;
		cpu->slot = nr_start_slots;
		start_slots[nr_start_slots++] = (struct start_slot){
			.hw_id = entry->hw_id,
			.stack_end = cpu->stack_end,
			.cpu = cpu,
		};
	}
	return true;
}

/* ---- Start ---- */

bool smp_is_alive(unsigned slot)
{
	/* acquire: pairs with change(). */
	return atomic_load_explicit(&states[slot], memory_order_acquire) ==
	       ALIVE;
}

/* Pages that platform_prepare_start() may need: page tables of all levels. */
#define START_ORDER 2

/* Prepare as many CPUs as there is memory for; returns whether any. */
static bool prepare(void)
{
	mu_pfn_t spare;
	enum mu_status kept;

	if (kernel.nr_cpus == 1)
		return false;
	/* So that CPUs do not take the memory that starting them needs, which
	 * comes after them. */
	kept = mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, START_ORDER,
			      MU_ALLOC_DMA32, &spare);
	if (!make_cpus())
		log_err("smp: there is memory for %u of %u CPUs; the others "
			"stay off",
			nr_start_slots + 1, kernel.nr_cpus);
	if (kept == MU_OK)
		kept = mu_free_pages(&kernel.mm.buddy, spare, START_ORDER);
	if (!nr_start_slots)
		return false;
	if (kept == MU_OK && platform_prepare_start())
		return true;
	log_err("smp: there is no memory to start CPUs with; all others stay "
		"off");
	return false;
}

/* Did all answer? */
static bool wait_for_all(void)
{
	uint64_t began = arch_ticks();
	bool all = true;

	for (unsigned i = 0; i < nr_start_slots; i++) {
		while (!smp_is_alive(i) &&
		       bare_clock_ns(&kernel.bare.clock, arch_ticks() - began) <
			       TIMEOUT_NS)
			arch_pause();
		if (smp_is_alive(i) || !change(i, GIVEN_UP)) {
			while (!mu_bare_is_up(&kernel.bare,
					      start_slots[i].cpu->bare.id))
				arch_pause();
			continue;
		}
		log_err("smp: the CPU with id %lu does not answer; it "
			"stays off",
			start_slots[i].hw_id);
		platform_give_up(&start_slots[i]);
		all = false;
	}
	return all;
}

void start_cpus(void)
{
	struct mu_bare *bare = &kernel.bare;

	platform_start_interrupts();
	platform_find_start();
	bare->boot_cpu.hw_id = kernel.cpus[0].hw_id;
	bare->boot_cpu.nid = kernel.cpus[0].nid;
	arch_irq_on();
	if (prepare()) {
		platform_start(start_slots, nr_start_slots);
		platform_end_start(wait_for_all());
	}
	kernel.stamps.cpus = arch_ticks();
}
