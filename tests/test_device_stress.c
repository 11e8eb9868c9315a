// SPDX-License-Identifier: MIT
/*
 * Registration, lookup, first touch, use and removal by many threads, beside
 * allocators that grow and free RAM in the same sections.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/pmem.h"

/* RAM ends in the middle of a block. */
#define RAM_END (1022 * MU_MIB)
#define FIRST	(RAM_END >> MU_PAGE_SHIFT_MIN)
#define UNIT	(2 * MU_MIB)
#define UNITS	UINT64_C(200)
#define PAGES	(UNITS * 512)
#define TURNS	(TEST_TSAN ? 150u : 1500u)
#define TOUCHES (TEST_TSAN ? 20000u : 400000u)

/* Those who look and those who come meet within so many times as many turns. */
#define PATIENCE 1000

static _Atomic uint64_t registered, refused, removed, busy, found, missed;

/* Has each thing that may happen to a lookup happened? The two kinds of thread
 * may run one after the other, so each goes on until it has. */
static bool met(void)
{
	return found > 0 && missed > 0;
}

/* Pages of all orders, for as long as others work. */
static bool allocate(struct world *world, unsigned index)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t seed = 77 + index;
	mu_pfn_t pfns[64];
	unsigned orders[64];
	bool ok = true;

	for (unsigned turn = 0; turn < TURNS / 4 && ok; turn++) {
		unsigned nr = 0;

		for (; nr < 64; nr++) {
			orders[nr] = (unsigned)world_random(&seed, 11);
			if (mu_alloc_pages(buddy, 0, orders[nr], 0,
					   &pfns[nr]) != MU_OK)
				break;
			ok = ok && pfns[nr] < FIRST;
		}
		while (nr--)
			ok = ok && mu_free_pages(buddy, pfns[nr], orders[nr]) ==
					   MU_OK;
	}
	return ok;
}

/* Pagemaps that come and go, where others do too. */
static bool come_and_go(struct world *world, unsigned index)
{
	uint64_t seed = 1000 + index;
	struct mu_error error;
	struct pmem pmem;

	for (unsigned turn = 0;
	     turn < TURNS || (!met() && turn < TURNS * PATIENCE); turn++) {
		unsigned unit = (unsigned)world_random(&seed, UNITS - 32);
		enum mu_status status;

		pmem_init(&pmem, "map");
		pmem_add(&pmem, RAM_END + unit * UNIT,
			 (1 + world_random(&seed, 16)) * UNIT, 0);
		pmem_add(&pmem,
			 pmem.ranges[0].base + pmem.ranges[0].size + UNIT,
			 (1 + world_random(&seed, 8)) * UNIT, 1);
		pmem.map.lazy = world_random(&seed, 2);
		pmem.map.order = world_random(&seed, 3) ? 0 : MU_HUGE_ORDER;
		status = mu_pagemap_register(&world->mm.devices, &pmem.map, 1,
					     &error);
		if (status == MU_ERR_OVERLAP) {
			refused++;
			continue;
		}
		if (status != MU_OK)
			return false;
		registered++;
		if (world_random(&seed, 3) == 0 &&
		    mu_pagemap_finish(&pmem.map, 2) != MU_OK)
			return false;
		/* It stays for a while. */
		for (unsigned i = 0; i < 100; i++) {
			mu_pfn_t pfn =
				pmem.ranges[0].start + world_random(&seed, 512);
			struct mu_page *page;

			if (mu_device_page(&pmem.map, pfn, &page) != MU_OK)
				return false;
		}
		while (world_random(&seed, 2) &&
		       (status = mu_pagemap_try_remove(&pmem.map, &error)) !=
			       MU_OK) {
			if (status != MU_ERR_BUSY)
				return false;
			busy++;
		}
		if (status != MU_OK || pmem.map.slot)
			status = mu_pagemap_remove(&pmem.map, &error);
		if (status != MU_OK)
			return false;
		removed++;
	}
	return true;
}

/* Is @page what a page of @map must be for as long as it is held? */
static bool is_sound(const struct world *world, const struct mu_pagemap *map,
		     const struct mu_page *page, mu_pfn_t pfn)
{
	mu_pfn_t head = mu_device_page_pfn(map, page);

	return mu_page_kind(page) == MU_PAGE_DEVICE &&
	       page->order == map->order && page->private_data == 0 &&
	       mu_device_page_map(&world->mm.devices, page) == map &&
	       head <= pfn && pfn < head + ((mu_pfn_t)1 << page->order);
}

static bool touch(struct world *world, unsigned index)
{
	struct mu_devices *devices = &world->mm.devices;
	uint64_t seed = 2000 + index;

	for (unsigned turn = 0;
	     turn < TOUCHES || (!met() && turn < TOUCHES * PATIENCE); turn++) {
		mu_pfn_t pfn = FIRST + world_random(&seed, PAGES);
		struct mu_pagemap *map = mu_pagemap_get(devices, pfn);
		struct mu_page *page;
		bool ok;

		mu_page_state(&world->mm, pfn);
		if (!map) {
			missed++;
			continue;
		}
		found++;
		ok = mu_device_page(map, pfn, &page) == MU_OK &&
		     is_sound(world, map, page, pfn);
		if (ok && turn % 4 == 0 &&
		    mu_device_page_take(map, pfn, &page) == MU_OK) {
			/* The page holds the map by itself now. */
			mu_pagemap_put(map);
			ok = is_sound(world, map, page, pfn) &&
			     mu_device_page_get(page);
			mu_device_page_put(map, page);
			mu_device_page_put(map, page);
		} else {
			mu_pagemap_put(map);
		}
		if (!ok)
			return false;
	}
	return true;
}

static bool work(struct world *world, unsigned index, void *arg)
{
	(void)arg;
	if (index < 2)
		return allocate(world, index);
	return index < 4 ? come_and_go(world, index) : touch(world, index);
}

static void everything(void **state)
{
	struct pmem_mark mark;
	struct world world;

	(void)state;
	pmem_world(&world, "1022M/8", 4 * MU_GIB, 12);
	pmem_mark(&world, &mark, RAM_END + UNIT, UNITS * UNIT);
	world_run(&world, 7, work, NULL);
	print_message("registered %llu, refused %llu, busy %llu, found %llu, "
		      "missed %llu\n",
		      (unsigned long long)registered,
		      (unsigned long long)refused, (unsigned long long)busy,
		      (unsigned long long)found, (unsigned long long)missed);
	assert_int_equal(registered, removed);
	assert_true(registered > 0 && met());
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims > 0, 1);
	/* Nothing of any of them is left. */
	for (mu_pfn_t pfn = mark.start; pfn < mark.end; pfn += MU_BLOCK_PAGES) {
		const struct mu_section *section =
			mu_memmap_section(&world.mm.memmap, pfn);

		assert_int_equal(mu_page_state(&world.mm, pfn),
				 MU_STATE_ABSENT);
		assert_int_equal(section->device.claimed, 0);
	}
	world_destroy(&world);
}

/* One lazy pagemap, one block: all threads touch it first. */
static struct pmem shared;

static bool touch_all(struct world *world, unsigned index, void *arg)
{
	(void)arg;
	for (mu_pfn_t pfn = FIRST; pfn < FIRST + PAGES; pfn += 512) {
		struct mu_page *page;

		if (index == 0 && pfn == FIRST + PAGES / 4 / 512 * 512 &&
		    mu_pagemap_finish(&shared.map, 2) != MU_OK)
			return false;
		if (mu_device_page(&shared.map, pfn, &page) != MU_OK ||
		    !is_sound(world, &shared.map, page, pfn))
			return false;
	}
	return true;
}

static void first_touch(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 20; turn++) {
		struct world world;

		pmem_world(&world, "1022M/8", 4 * MU_GIB, 12);
		pmem_one(&shared, "shared", RAM_END, UNITS * UNIT);
		shared.map.lazy = true;
		pmem_register(&world, &shared);
		world_run(&world, 6, touch_all, NULL);
		/* Each descriptor once. */
		assert_int_equal(mu_pagemap_stats(&shared.map).written, PAGES);
		pmem_remove(&world, &shared);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(first_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
