// SPDX-License-Identifier: MIT
/*
 * A page is lost, in every state that a page can be in: nobody gets it from
 * then on, and all others are had as before.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/gate.h"
#include "tests/pmem.h"

#define RAM	 (64 * MU_MIB)
#define PAGES	 (RAM / PAGE)
#define ADDED	 (SECTION / PAGE)
#define FIRST	 (PLUG_AT / PAGE)
#define ANY	 (MU_ALLOC_MOVABLE | MU_ALLOC_RESERVES)
#define PFN_FREE ((mu_pfn_t)9000) /* in the middle of a block */

static struct world world;

/* @pfn is lost now; does somebody have it still? */
static bool lose(mu_pfn_t pfn)
{
	bool later = false;

	if (mu_memory_failure(&world.mm.hotplug, pfn, &later, &world.error) !=
	    MU_OK)
		fail_msg("%s", world.error.text);
	world_validate(&world, NULL);
	/* Once is enough. */
	assert_int_equal(
		mu_memory_failure(&world.mm.hotplug, pfn, NULL, &world.error),
		MU_ERR_OVERLAP);
	plug_expect_text(&world, pfn * PAGE, PAGE);
	return later;
}

static mu_pfn_t alloc(unsigned order)
{
	mu_pfn_t pfn;

	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, order, ANY, &pfn),
			 MU_OK);
	return pfn;
}

static void give(mu_pfn_t pfn, unsigned order)
{
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, order), MU_OK);
}

/* Everything that can be had is, @expected pages, and @bad is not among it. */
static void only_this_is_gone(mu_pfn_t bad, uint64_t expected)
{
	mu_pfn_t *pfns = malloc((PAGES + ADDED) * sizeof(*pfns));
	struct mu_census census;
	uint64_t nr;

	assert_non_null(pfns);
	nr = world_exhaust(&world, 0, ANY, pfns, PAGES + ADDED);
	for (uint64_t i = 0; i < nr; i++)
		assert_int_not_equal(pfns[i], bad);
	assert_int_equal(nr, expected);
	world_validate(&world, &census);
	world_free_all(&world, pfns, nr, 0);
	world_validate(&world, NULL);
	free(pfns);
}

static uint64_t poisoned(void)
{
	struct mu_census census;

	world_validate(&world, &census);
	return census.poisoned;
}

static void free_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		plug_up(&world, "64M/2", world_policies[i]);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		assert_false(lose(PFN_FREE));
		assert_int_equal(poisoned(), 1);
		only_this_is_gone(PFN_FREE, PAGES - 2);
		world_destroy(&world);
	}
}

/* Nothing comes to life for it, and nobody gets it when something does. */
static void pristine_page(void **state)
{
	uint64_t written;

	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	written = world.mm.memmap.written_pages;
	assert_int_equal(mu_page_state(&world.mm, PFN_FREE), MU_STATE_PRISTINE);
	assert_false(lose(PFN_FREE));
	assert_int_equal(world.mm.memmap.written_pages, written);
	assert_int_equal(mu_page_state(&world.mm, PFN_FREE), MU_STATE_PRISTINE);
	only_this_is_gone(PFN_FREE, PAGES - 2);
	assert_int_equal(poisoned(), 1);
	world_destroy(&world);
}

/* As many as there is room for, each in a block of its own with pristine blocks
 * around it: no page of them is handed out, in whatever way its block is
 * claimed, and no other table is used up by them. */
static void many_pristine_pages(void **state)
{
	const struct mu_limits limits = {
		.end = 6 * MU_GIB, .late = MU_GIB, .ranges = 8, .nodes = 1};
	const mu_pfn_t first = 2 * MU_GIB / PAGE + 1027;
	static mu_pfn_t pfns[1 << 10];
	struct mu_hotplug *hotplug = &world.mm.hotplug;
	mu_pfn_t pfn = 0, gigantic;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_init_late(&world, "4G", world_policies[i], &limits);
		world.config.batch = i == 1 ? MU_SECTION_BLOCKS : 0;
		world_start(&world);
		for (unsigned n = 0; n < MU_MAX_POISONED - 1; n++)
			assert_int_equal(mu_memory_failure(
						 hotplug,
						 first + n * 2 * MU_BLOCK_PAGES,
						 NULL, &world.error),
					 MU_OK);
		/* Memory still comes and goes. */
		assert_int_equal(mu_hotplug_add(hotplug, 4 * MU_GIB, SECTION, 0,
						MU_ONLINE_KERNEL, 0, NULL),
				 MU_OK);
		assert_int_equal(mu_hotplug_offline(hotplug, 4 * MU_GIB,
						    SECTION, 0, NULL),
				 MU_OK);
		/* One gigantic page has none of them; under the other policies
		 * all is initialised by now. */
		assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0,
					       MU_GIGANTIC_ORDER, 0, 1,
					       &gigantic),
				 i == 2 ? 1 : 0);
		if (i == 2) {
			assert_int_equal(gigantic, MU_GIB / PAGE);
			give(gigantic, MU_GIGANTIC_ORDER);
		}
		for (unsigned n = 0; n < 1 << 10; n++)
			if (!mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER,
					   MU_ALLOC_RESERVES, 1, &pfns[n]))
				break;
			else
				assert_int_equal(
					mu_buddy_next_poisoned(
						&world.mm.buddy, pfns[n],
						pfns[n] + MU_HUGE_PAGES),
					pfns[n] + MU_HUGE_PAGES);
		while (mu_alloc_pages(&world.mm.buddy, 0, 0, MU_ALLOC_RESERVES,
				      &pfn) == MU_OK)
			assert_int_equal(mu_buddy_next_poisoned(&world.mm.buddy,
								pfn, pfn + 1),
					 pfn + 1);
		assert_int_equal(poisoned(), MU_MAX_POISONED - 1);
		world_destroy(&world);
	}
}

/* A table that is full changes nothing, and says what it is. */
static void too_many_pages(void **state)
{
	struct mu_hotplug *hotplug = &world.mm.hotplug;
	const mu_pfn_t last = 6000 + MU_MAX_POISONED;

	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	for (mu_pfn_t pfn = 6000; pfn < last; pfn++)
		assert_false(lose(pfn));
	assert_int_equal(mu_memory_failure(hotplug, last, NULL, &world.error),
			 MU_ERR_FULL);
	plug_expect_text(&world, last * PAGE, PAGE);
	assert_int_equal(mu_memory_failure(hotplug, 6000, NULL, NULL),
			 MU_ERR_OVERLAP);
	only_this_is_gone(6000, PAGES - 1 - MU_MAX_POISONED);
	world_destroy(&world);
}

static void allocated_page(void **state)
{
	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
		mu_pfn_t pfn = alloc(order);
		mu_pfn_t bad = pfn + ((mu_pfn_t)1 << order) - 1;

		assert_true(lose(bad));
		/* Its holder goes on with it. */
		assert_int_equal(poisoned(), order);
		give(pfn, order);
		assert_int_equal(poisoned(), order + 1);
		only_this_is_gone(bad, PAGES - 2 - order);
	}
	world_destroy(&world);
}

/* In the page cache of another CPU, of each order that it keeps. */
static void cached_page(void **state)
{
	static const unsigned orders[] = {0, 1, 2, 3, MU_HUGE_ORDER};

	(void)state;
	plug_init(&world, "64M/2", MU_POLICY_LAZY);
	world.config.cache_pages = 1024;
	world_start(&world);
	/* A CPU's first turn makes its caches. */
	give(alloc(0), 0);
	for (unsigned i = 0; i < 5; i++) {
		mu_pfn_t pfn = alloc(orders[i]), bad;

		bad = pfn + ((mu_pfn_t)1 << orders[i]) / 2;
		give(pfn, orders[i]);
		assert_int_equal(
			mu_page_kind(mu_memmap_lookup(&world.mm.memmap, pfn)),
			MU_PAGE_CACHED);
		mu_hosted_set_cpu(world.hosted, 1);
		assert_false(lose(bad));
		assert_int_equal(poisoned(), i + 1);
		mu_hosted_set_cpu(world.hosted, 0);
		only_this_is_gone(bad, PAGES - 2 - i);
	}
	world_destroy(&world);
}

/* ---- Busy ---- */

static bool claim_or_lose(struct world *unused, unsigned index, void *arg)
{
	bool later = true;
	mu_pfn_t pfn;

	(void)unused, (void)arg;
	if (index == 0) {
		gate_stop_here();
		return mu_init_now(&world.mm, PFN_FREE, PFN_FREE + 1) == MU_OK;
	}
	gate_wait();
	pfn = PFN_FREE + 3;
	if (mu_page_state(&world.mm, pfn) != MU_STATE_BUSY)
		return false;
	/* Waits for that CPU, until the gate is open. */
	return mu_memory_failure(&world.mm.hotplug, pfn, &later, NULL) ==
		       MU_OK &&
	       !later && atomic_load(&gate.pauses) > 0;
}

static void busy_page(void **state)
{
	(void)state;
	plug_init(&world, "64M/2", MU_POLICY_LAZY);
	gate_reset();
	world.port.memmap_fill = gate_fill;
	world.port.pause = gate_pause;
	world_start(&world);
	world_run(&world, 2, claim_or_lose, NULL);
	assert_int_equal(poisoned(), 1);
	only_this_is_gone(PFN_FREE + 3, PAGES - 2);
	world_destroy(&world);
}

/* ---- Not the allocator's ---- */

/* A page, a part of a block, and blocks as a whole; with and without
 * descriptors. It is left out when they are freed. */
static void reserved_page(void **state)
{
	static const struct {
		mu_phys_t base, size;
	} areas[] = {{32 * MU_MIB + 64 * MU_KIB, PAGE},
		     {32 * MU_MIB + 64 * MU_KIB, MU_MIB},
		     {32 * MU_MIB, 3 * BLOCK}};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		mu_phys_t base = areas[i / 2].base, size = areas[i / 2].size;
		mu_pfn_t bad = (base + size / 2) / PAGE;

		plug_init(&world, "64M/2", MU_POLICY_LAZY);
		assert_int_equal(mu_memblock_reserve(&world.mm.memblock, base,
						     size, MU_MEMBLOCK_NONE),
				 MU_OK);
		world_start(&world);
		if (i % 2)
			assert_int_equal(mu_init_now(&world.mm, base / PAGE,
						     (base + size) / PAGE),
					 MU_OK);
		assert_false(lose(bad));
		assert_int_equal(mu_page_state(&world.mm, bad),
				 MU_STATE_RESERVED);
		only_this_is_gone(bad, PAGES - 1 - size / PAGE);
		assert_int_equal(mu_free_reserved(&world.mm, base, size),
				 MU_OK);
		only_this_is_gone(bad, PAGES - 2);
		world_destroy(&world);
	}
}

static void offline_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		mu_pfn_t bad = FIRST + 2000;
		bool hosted = i % 2;
		mu_phys_t first = PLUG_AT + (hosted ? BLOCK : 0);
		uint64_t pages = (PLUG_AT + SECTION - first) / PAGE;

		plug_up(&world, "64M/2", world_policies[i / 2]);
		plug_add_at(&world, PLUG_AT, SECTION, 0, MU_ONLINE_NO,
			    hosted ? MU_ADD_HOSTED : 0, __FILE__, __LINE__);
		assert_false(lose(bad));
		only_this_is_gone(bad, PAGES - 1);
		plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
		only_this_is_gone(bad, PAGES - 1 + pages - 1);
		/* For good: it goes and comes with its block. */
		plug_offline(&world, first, SECTION - (first - PLUG_AT));
		assert_int_equal(poisoned(), 0);
		plug_online(&world, first, SECTION - (first - PLUG_AT),
			    MU_ONLINE_KERNEL);
		only_this_is_gone(bad, PAGES - 1 + pages - 1);
		/* And with its memory, which may be other memory next time. */
		plug_offline(&world, first, SECTION - (first - PLUG_AT));
		plug_remove(&world, PLUG_AT, SECTION);
		plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
		only_this_is_gone(0, PAGES - 1 + ADDED);
		world_destroy(&world);
	}
}

/* ---- On its way ---- */

static struct {
	mu_pfn_t held, in_use, was_free, pristine;
	unsigned asked;
	enum mu_status coming;
} way;

static enum mu_status on_event(void *arg, enum mu_hotplug_event event,
			       const struct mu_hotplug_range *range)
{
	(void)arg;
	if (event == MU_GOING_ONLINE)
		way.coming =
			mu_memory_failure(&world.mm.hotplug, range->start + 5,
					  NULL, &world.error);
	return MU_OK;
}

/* Everything is isolated by now: a page that somebody has, one that nobody has,
 * and one that never had a descriptor. */
static enum mu_status on_migrate(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct mu_hotplug *hotplug = &world.mm.hotplug;
	bool later;

	(void)arg;
	way.asked++;
	if (mu_memory_failure(hotplug, way.in_use, &later, NULL) != MU_OK ||
	    !later)
		return MU_ERR_CORRUPT;
	if (mu_memory_failure(hotplug, way.was_free, &later, NULL) != MU_OK ||
	    later)
		return MU_ERR_CORRUPT;
	if (mu_memory_failure(hotplug, way.pristine, &later, NULL) != MU_OK ||
	    later)
		return MU_ERR_CORRUPT;
	return mu_free_pages(&world.mm.buddy, pfn, order);
}

static void isolated_page(void **state)
{
	static const struct mu_hotplug_ops ops = {.event = on_event,
						  .migrate = on_migrate};

	(void)state;
	memset(&way, 0, sizeof(way));
	way.coming = MU_OK;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
	world.mm.hotplug.ops = &ops;
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 1, 2,
					MU_ALLOC_THISNODE, &way.held),
			 MU_OK);
	way.in_use = way.held + 2;
	way.was_free = mu_align_down(way.held, MU_BLOCK_PAGES) + 900;
	way.pristine = FIRST + ADDED - 1;
	plug_offline(&world, PLUG_AT, SECTION);
	assert_int_equal(way.asked, 1);
	/* One more on its way back; what was lost stays so. */
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_KERNEL);
	assert_int_equal(way.coming, MU_OK);
	assert_int_equal(
		mu_memory_failure(&world.mm.hotplug, way.in_use, NULL, NULL),
		MU_ERR_OVERLAP);
	only_this_is_gone(way.was_free, PAGES - 1 + ADDED - 4);
	assert_int_equal(poisoned(), 4);
	world_destroy(&world);
}

/* ---- No RAM ---- */

static void device_page(void **state)
{
	static const struct mu_device_ops none = {.page_free = NULL};
	struct mu_hotplug *hotplug = &world.mm.hotplug;
	struct pmem pmem;

	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	pmem_one(&pmem, "pmem", PLUG_AT, 64 * MU_MIB);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	/* It is the owner's: told, and answered by him. */
	assert_int_equal(
		mu_memory_failure(hotplug, FIRST + 77, NULL, &world.error),
		MU_ERR_CORRUPT);
	plug_expect_text(&world, (FIRST + 77) * PAGE, PAGE);
	assert_non_null(strstr(world.error.text, "a device's"));
	assert_int_equal(pmem.failures, 1);
	assert_int_equal(pmem.failed_pfn, FIRST + 77);
	assert_int_equal(pmem.failed_pages, 1);
	assert_int_equal(world.mm.buddy.nr_poisoned, 0);
	pmem_remove(&world, &pmem);
	pmem.map.ops = &none;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_memory_failure(hotplug, FIRST + 77, NULL, NULL),
			 MU_ERR_UNSUPPORTED);
	assert_int_equal(mu_pagemap_remove(&pmem.map, NULL), MU_OK);
	/* A hole, inside and past the end of everything. */
	assert_int_equal(
		mu_memory_failure(hotplug, FIRST + 77, NULL, &world.error),
		MU_ERR_HOLE);
	plug_expect_text(&world, (FIRST + 77) * PAGE, PAGE);
	assert_int_equal(mu_memory_failure(hotplug, MU_TIB / PAGE, NULL, NULL),
			 MU_ERR_HOLE);
	assert_int_equal(world.mm.buddy.nr_poisoned, 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_page),
		cmocka_unit_test(pristine_page),
		cmocka_unit_test(many_pristine_pages),
		cmocka_unit_test(too_many_pages),
		cmocka_unit_test(allocated_page),
		cmocka_unit_test(cached_page),
		cmocka_unit_test(busy_page),
		cmocka_unit_test(reserved_page),
		cmocka_unit_test(offline_page),
		cmocka_unit_test(isolated_page),
		cmocka_unit_test(device_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
