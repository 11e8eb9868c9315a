// SPDX-License-Identifier: MIT
#include "kernel/stress.h"
#include "kernel/cpu.h"
#include "kernel/layout.h"
#include "kernel/run.h"
#include "kernel/string.h"

void stress_init(struct stress *stress, unsigned id, uint64_t budget)
{
	memset((void *)stress, 0, sizeof(*stress));
	stress->random = UINT64_C(0x9e3779b97f4a7c15) * (id + 1);
	stress->irq_random = ~stress->random;
	stress->budget = budget;
}

static void wrong(struct stress *stress, const char *what, mu_pfn_t pfn)
{
	if (!stress->wrong) {
		stress->wrong_pfn = pfn;
		stress->wrong = what;
	}
}

/* Pages that an allocation without flags may use and that nobody has claimed:
 * while there are any it must not be refused. It may not use MOVABLE. */
static uint64_t pristine_for_all(void)
{
	const struct mu_buddy *buddy = &kernel.mm.buddy;
	uint64_t pages = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (buddy->zones[i].type <= MU_ZONE_NORMAL)
			pages += buddy->zones[i].pristine_pages;
	return pages;
}

/* The first and the last word of each page say whose it is. */
static void mark(const struct stress_page *page, uint64_t whose)
{
	uint64_t *first = direct(page->pfn * PAGE);
	uint64_t words = ((uint64_t)PAGE << page->order) / sizeof(*first);

	first[0] = page->pfn ^ whose;
	first[words - 1] = ~(page->pfn ^ whose);
}

static bool is_marked(const struct stress_page *page, uint64_t whose)
{
	const uint64_t *first = direct(page->pfn * PAGE);
	uint64_t words = ((uint64_t)PAGE << page->order) / sizeof(*first);

	return first[0] == (page->pfn ^ whose) &&
	       first[words - 1] == ~(page->pfn ^ whose);
}

static void give(struct stress *stress, struct stress_page *page,
		 uint64_t whose)
{
	if (!is_marked(page, whose))
		wrong(stress, "somebody else wrote to a page", page->pfn);
	if (mu_free_pages(&kernel.mm.buddy, page->pfn, page->order) != MU_OK)
		wrong(stress, "a page cannot be freed", page->pfn);
	page->taken = false;
}

static bool take(struct stress *stress, struct stress_page *page, int nid,
		 unsigned order, unsigned flags, uint64_t whose)
{
	const struct mu_page *descriptor;

	if (mu_alloc_pages(&kernel.mm.buddy, nid, order, flags, &page->pfn) !=
	    MU_OK)
		return false;
	descriptor = mu_pfn_to_page(&kernel.mm.memmap, page->pfn);
	if (page->pfn & (((mu_pfn_t)1 << order) - 1) ||
	    descriptor->order != order || descriptor->refcount != 1 ||
	    descriptor->private_data)
		wrong(stress, "a page is not as it should be", page->pfn);
	page->order = order;
	page->taken = true;
	mark(page, whose);
	return true;
}

/* ---- The task ---- */

/* Each order half as often as the one below, the largest occasionally. */
static unsigned random_order(uint64_t *random)
{
	unsigned order = mu_ctz(random_next(random) | 1024);

	return random_below(random, 16) ? order : MU_BLOCK_ORDER;
}

static void allocate(struct stress *stress, struct stress_page *page)
{
	static const unsigned kinds[] = {
		0, 0, 0, 0, MU_ALLOC_MOVABLE, MU_ALLOC_DMA32};
	uint64_t *random = &stress->random;
	unsigned flags = kinds[random_below(random, 6)];
	unsigned order = random_order(random);
	int nid = random_below(random, 4)
			  ? MU_NO_NODE
			  : (int)random_below(random, kernel.mm.buddy.nr_nodes);

	while (order && stress->held + (UINT64_C(1) << order) > stress->budget)
		order--;
	if (take(stress, page, nid, order, flags, (uintptr_t)stress)) {
		stress->held += UINT64_C(1) << order;
		stress->allocations[order]++;
		return;
	}
	stress->refused++;
	if (flags & MU_ALLOC_DMA32)
		return;
	if (!order)
		wrong(stress, "a single page was refused", 0);
	else if (pristine_for_all())
		wrong(stress, "refused while memory was pristine", order);
}

void stress_steps(struct stress *stress, unsigned steps)
{
	for (unsigned i = 0; i < steps && !stress->wrong; i++) {
		struct stress_page *page = &stress->slots[random_below(
			&stress->random, STRESS_SLOTS)];

		if (!page->taken) {
			allocate(stress, page);
			continue;
		}
		stress->held -= UINT64_C(1) << page->order;
		give(stress, page, (uintptr_t)stress);
	}
}

void stress_end(struct stress *stress)
{
	for (unsigned i = 0; i < STRESS_SLOTS; i++)
		if (stress->slots[i].taken)
			give(stress, &stress->slots[i], (uintptr_t)stress);
	stress->held = 0;
}

/* ---- The interrupt ---- */

static void on_tick(struct kernel_cpu *cpu)
{
	struct stress *stress = cpu->tick_arg;
	uint64_t *random = &stress->irq_random;
	uint64_t whose = ~(uintptr_t)stress;

	for (unsigned i = 0; i < 4; i++) {
		struct stress_page *page = &stress->irq_slots[random_below(
			random, STRESS_IRQ_SLOTS)];

		if (page->taken)
			give(stress, page, whose);
		else if (take(stress, page, MU_NO_NODE,
			      (unsigned)random_below(random, 4),
			      MU_ALLOC_ATOMIC, whose))
			stress->irq_allocations++;
		else
			stress->refused++;
	}
	atomic_fetch_add_explicit(&stress->interrupts, 1, memory_order_relaxed);
	/* 100 to 500 us to the next one. */
	cpu->tick_ns = 100000 + random_below(random, 400000);
}

void stress_timer_on(struct stress *stress)
{
	cpu_set_timer(on_tick, stress, 50000);
}

void stress_timer_off(struct stress *stress)
{
	cpu_set_timer(NULL, NULL, 0);
	for (unsigned i = 0; i < STRESS_IRQ_SLOTS; i++)
		if (stress->irq_slots[i].taken)
			give(stress, &stress->irq_slots[i], ~(uintptr_t)stress);
}
