// SPDX-License-Identifier: MIT
/* One zone: split and merge, what a page says, what cannot be freed. */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

/* 64 MiB in one zone: block 0 is ragged (page 0), 15 blocks are whole. */
#define MACHINE	 "64M"
#define PAGES	 (16 * MU_BLOCK_PAGES)
#define PAST_END PAGES

static void up(struct world *world, enum mu_policy policy)
{
	world_init(world, MACHINE, policy);
	world_one_zone(world);
	/* What is looked at here are the lists. */
	world->config.cache_pages = MU_NO_CACHES;
	world_start(world);
}

/* The lengths of the lists of the only zone. */
static void lists(const struct world *world, uint64_t nr_free[MU_NR_ORDERS])
{
	for (unsigned order = 0; order < MU_NR_ORDERS; order++)
		nr_free[order] =
			world->mm.buddy.zones[0].free_area[order].nr_free;
}

static struct mu_page *page_of(struct world *world, mu_pfn_t pfn)
{
	struct mu_page *page = mu_memmap_lookup(&world->mm.memmap, pfn);

	assert_non_null(page);
	return page;
}

static mu_pfn_t alloc(struct world *world, unsigned order, unsigned flags)
{
	mu_pfn_t pfn = UINT64_MAX;

	assert_int_equal(
		mu_alloc_pages(&world->mm.buddy, 0, order, flags, &pfn), MU_OK);
	assert_int_equal(pfn & (((mu_pfn_t)1 << order) - 1), 0);
	return pfn;
}

/* What a fresh page of 2^@order says, and its tails. */
static void check_fresh(struct world *world, mu_pfn_t pfn, unsigned order)
{
	const struct mu_page *page = page_of(world, pfn);

	assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
	assert_int_equal(page->order, order);
	assert_int_equal(page->refcount, 1);
	assert_int_equal(page->private_data, 0);
	assert_int_equal(mu_page_nid(&world->mm.buddy, page), 0);
	for (mu_pfn_t tail = 1; tail < (mu_pfn_t)1 << order; tail++)
		assert_int_equal(mu_page_kind(page_of(world, pfn + tail)),
				 MU_PAGE_TAIL);
}

/*
 * Every order until there is none, twice: the lists are then as they were when
 * all was online and free.
 */
static void every_order(void **state)
{
	mu_pfn_t *pfns = malloc(PAGES * sizeof(*pfns));

	(void)state;
	assert_non_null(pfns);
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		uint64_t before[MU_NR_ORDERS], after[MU_NR_ORDERS];
		struct world world;

		up(&world, world_policies[p]);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		lists(&world, before);
		/* 1 + 2 + 4 + ... + 512: all of block 0 but page 0. */
		for (unsigned order = 0; order < MU_BLOCK_ORDER; order++)
			assert_int_equal(before[order], 1);
		assert_int_equal(before[MU_BLOCK_ORDER], 15);
		for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
			uint64_t fit = (PAGES >> order) - 1;
			uint64_t got = world_exhaust(
				&world, order, MU_ALLOC_RESERVES, pfns, PAGES);

			assert_int_equal(got, fit);
			for (uint64_t i = 0; i < got; i++)
				check_fresh(&world, pfns[i], order);
			world_validate(&world, NULL);
			world_free_all(&world, pfns, got, order);
			lists(&world, after);
			assert_memory_equal(before, after, sizeof(before));
		}
		world_destroy(&world);
	}
	free(pfns);
}

/* The smallest page that is large enough is split, and no other. */
static void split(void **state)
{
	(void)state;
	for (unsigned order = 0; order < MU_BLOCK_ORDER; order++) {
		uint64_t before[MU_NR_ORDERS], after[MU_NR_ORDERS];
		struct world world;
		mu_pfn_t first, second;

		up(&world, MU_POLICY_EAGER);
		/* Block 0 has one page of every order but the highest. */
		lists(&world, before);
		first = alloc(&world, order, MU_ALLOC_RESERVES);
		assert_int_equal(first, (mu_pfn_t)1 << order);
		before[order]--;
		lists(&world, after);
		assert_memory_equal(before, after, sizeof(before));
		/* Now the next larger one is split. */
		second = alloc(&world, order, MU_ALLOC_RESERVES);
		if (order + 1 < MU_BLOCK_ORDER) {
			assert_int_equal(second, (mu_pfn_t)2 << order);
			before[order + 1]--;
			before[order]++;
			lists(&world, after);
			assert_memory_equal(before, after, sizeof(before));
		}
		assert_int_equal(mu_free_pages(&world.mm.buddy, first, order),
				 MU_OK);
		assert_int_equal(mu_free_pages(&world.mm.buddy, second, order),
				 MU_OK);
		world_destroy(&world);
	}
}

/* A block in single pages, freed in a random order, is a block again. */
static void merge(void **state)
{
	uint64_t seed = world_seed(11);

	(void)state;
	for (unsigned turn = 0; turn < 20; turn++) {
		mu_pfn_t pfns[MU_BLOCK_PAGES], block;
		struct world world;
		uint64_t end[MU_NR_ORDERS], start[MU_NR_ORDERS];

		up(&world, MU_POLICY_EAGER);
		lists(&world, start);
		for (unsigned order = 0; order < MU_BLOCK_ORDER; order++)
			(void)alloc(&world, order, MU_ALLOC_RESERVES);
		for (unsigned i = 0; i < MU_BLOCK_PAGES; i++)
			pfns[i] = alloc(&world, 0, MU_ALLOC_RESERVES);
		block = mu_align_down(pfns[0], MU_BLOCK_PAGES);
		for (unsigned i = MU_BLOCK_PAGES; i > 0; i--) {
			unsigned at = (unsigned)world_random(&seed, i);
			mu_pfn_t pfn = pfns[at];

			assert_int_equal(mu_align_down(pfn, MU_BLOCK_PAGES),
					 block);
			pfns[at] = pfns[i - 1];
			assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0),
					 MU_OK);
			if (i % 128 == 0)
				world_validate(&world, NULL);
		}
		for (unsigned order = 0; order < MU_BLOCK_ORDER; order++) {
			assert_int_equal(mu_free_pages(&world.mm.buddy,
						       (mu_pfn_t)1 << order,
						       order),
					 MU_OK);
		}
		lists(&world, end);
		assert_memory_equal(start, end, sizeof(start));
		world_destroy(&world);
	}
}

/* The halves of a page are freed one by one when it was allocated so. */
static void tails_become_tails(void **state)
{
	struct world world;
	mu_pfn_t low, high;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	/* 512 of block 0, in two halves; merged from either side. */
	for (unsigned turn = 0; turn < 2; turn++) {
		(void)alloc(&world, 8, MU_ALLOC_RESERVES);
		low = alloc(&world, 8, MU_ALLOC_RESERVES);
		high = alloc(&world, 8, MU_ALLOC_RESERVES);
		assert_int_equal(low, 512);
		assert_int_equal(high, 768);
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, turn ? high : low, 8),
			MU_OK);
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, turn ? low : high, 8),
			MU_OK);
		check_fresh(&world, alloc(&world, 9, MU_ALLOC_RESERVES), 9);
		assert_int_equal(mu_free_pages(&world.mm.buddy, 512, 9), MU_OK);
		assert_int_equal(mu_free_pages(&world.mm.buddy, 256, 8), MU_OK);
		world_validate(&world, NULL);
	}
	world_destroy(&world);
}

static void bad_requests(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn = 77;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	assert_int_equal(mu_alloc_pages(buddy, 0, MU_NR_ORDERS, 0, &pfn),
			 MU_ERR_RANGE);
	assert_int_equal(mu_alloc_pages(buddy, 0, UINT32_MAX, 0, &pfn),
			 MU_ERR_RANGE);
	assert_int_equal(mu_alloc_pages(buddy, 1, 0, 0, &pfn), MU_ERR_RANGE);
	assert_int_equal(mu_alloc_pages(buddy, -2, 0, 0, &pfn), MU_ERR_RANGE);
	assert_int_equal(mu_alloc_pages(buddy, MU_MAX_NODES, 0, 0, &pfn),
			 MU_ERR_RANGE);
	assert_int_equal(mu_alloc_pages(buddy, 0, 0, MU_ALLOC_FLAGS + 1, &pfn),
			 MU_ERR_INVALID);
	assert_int_equal(mu_alloc_pages(buddy, 0, 0,
					MU_ALLOC_DMA | MU_ALLOC_DMA32, &pfn),
			 MU_ERR_INVALID);
	assert_int_equal(mu_alloc_pages(buddy, 0, 0,
					MU_ALLOC_DMA | MU_ALLOC_MOVABLE, &pfn),
			 MU_ERR_INVALID);
	assert_int_equal(pfn, 77);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims, 0);
	assert_int_equal(mu_alloc_pages(buddy, MU_NO_NODE, 0, 0, &pfn), MU_OK);
	assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	world_destroy(&world);
}

static void bad_frees(void **state)
{
	static const mu_pfn_t past[] = {PAST_END, PAST_END + 1, MU_NO_PFN,
					(mu_pfn_t)1 << 52, UINT64_MAX};
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	pfn = alloc(&world, 4, 0);
	for (size_t i = 0; i < MU_ARRAY_SIZE(past); i++)
		assert_int_equal(mu_free_pages(buddy, past[i], 0), MU_ERR_HOLE);
	/* Page 0 is reserved, the last block pristine. */
	assert_int_equal(mu_free_pages(buddy, 0, 0), MU_ERR_PRISTINE);
	assert_int_equal(mu_free_pages(buddy, PAGES - 1, 0), MU_ERR_PRISTINE);
	for (unsigned order = 0; order < 20; order++)
		if (order != 4)
			assert_int_equal(mu_free_pages(buddy, pfn, order),
					 MU_ERR_ORDER);
	assert_int_equal(mu_free_pages(buddy, pfn, UINT32_MAX), MU_ERR_ORDER);
	/* Tails, of whatever order one takes them for. */
	for (mu_pfn_t tail = pfn + 1; tail < pfn + 16; tail++)
		assert_int_equal(mu_free_pages(buddy, tail, 0),
				 MU_ERR_NOT_ALLOCATED);
	/* Free, as a whole and inside. */
	assert_int_equal(mu_free_pages(buddy, 512, 9), MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_free_pages(buddy, 513, 0), MU_ERR_NOT_ALLOCATED);
	world_validate(&world, NULL);
	assert_int_equal(mu_free_pages(buddy, pfn, 4), MU_OK);
	assert_int_equal(mu_free_pages(buddy, pfn, 4), MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_free_page(buddy, page_of(&world, pfn)),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_page_put(buddy, page_of(&world, pfn)),
			 MU_ERR_NOT_ALLOCATED);
	world_destroy(&world);
}

static void bad_pointer(enum mu_status (*give)(struct mu_buddy *buddy,
					       struct mu_page *page))
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_page *pages, mine;
	mu_pfn_t pfn;

	memset(&mine, 0, sizeof(mine));
	up(&world, MU_POLICY_LAZY);
	pages = world.mm.memmap.pages;
	pfn = alloc(&world, 0, 0);
	assert_int_equal(give(buddy, NULL), MU_ERR_HOLE);
	assert_int_equal(give(buddy, &mine), MU_ERR_HOLE);
	assert_int_equal(give(buddy, pages + PAST_END), MU_ERR_HOLE);
	assert_int_equal(give(buddy, (struct mu_page *)(UINTPTR_MAX & ~15ull)),
			 MU_ERR_HOLE);
	/* Inside a descriptor. */
	assert_int_equal(
		give(buddy, (struct mu_page *)((uintptr_t)(pages + pfn) + 8)),
		MU_ERR_HOLE);
	assert_int_equal(give(buddy, pages + PAGES - 1), MU_ERR_PRISTINE);
	assert_int_equal(give(buddy, pages), MU_ERR_PRISTINE);
	world_validate(&world, NULL);
	assert_int_equal(give(buddy, pages + pfn), MU_OK);
	world_destroy(&world);
}

static void bad_pointers(void **state)
{
	(void)state;
	bad_pointer(mu_free_page);
	bad_pointer(mu_page_put);
}

/* A reserved page that has a descriptor, as a client may want it. */
static void free_of_reserved(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;

	(void)state;
	up(&world, MU_POLICY_LAZY);
	assert_int_equal(mu_init_now(&world.mm, 0, 1), MU_OK);
	assert_int_equal(mu_free_pages(buddy, 0, 0), MU_ERR_RESERVED);
	assert_int_equal(mu_free_page(buddy, page_of(&world, 0)),
			 MU_ERR_RESERVED);
	assert_int_equal(mu_page_put(buddy, page_of(&world, 0)),
			 MU_ERR_RESERVED);
	/* Its buddy does not merge with it. */
	assert_int_equal(alloc(&world, 0, 0), 1);
	assert_int_equal(mu_free_pages(buddy, 1, 0), MU_OK);
	world_validate(&world, NULL);
	assert_int_equal(mu_page_kind(page_of(&world, 0)), MU_PAGE_RESERVED);
	world_destroy(&world);
}

static void references(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_page *page;
	uint64_t free;
	mu_pfn_t pfn;

	(void)state;
	up(&world, MU_POLICY_EAGER);
	free = buddy->zones[0].free_pages;
	pfn = alloc(&world, 3, 0);
	page = page_of(&world, pfn);
	page->private_data = UINT64_MAX;
	mu_page_get(page);
	assert_int_equal(page->refcount, 2);
	assert_int_equal(mu_free_pages(buddy, pfn, 3), MU_ERR_BUSY);
	assert_int_equal(mu_free_page(buddy, page), MU_ERR_BUSY);
	assert_int_equal(page->refcount, 2);
	assert_int_equal(mu_page_put(buddy, page), MU_OK);
	assert_int_equal(page->refcount, 1);
	assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
	assert_int_equal(buddy->zones[0].free_pages, free - 8);
	assert_int_equal(mu_page_put(buddy, page_of(&world, pfn + 1)),
			 MU_ERR_NOT_ALLOCATED);
	/* The last one frees it. */
	assert_int_equal(mu_page_put(buddy, page), MU_OK);
	assert_int_equal(buddy->zones[0].free_pages, free);
	assert_int_equal(mu_page_put(buddy, page), MU_ERR_NOT_ALLOCATED);
	/* What a client left in it is not there for the next. */
	assert_int_equal(alloc(&world, 3, 0), pfn);
	check_fresh(&world, pfn, 3);
	assert_int_equal(mu_page_put(buddy, page), MU_OK);
	world_destroy(&world);
}

/* The checks see what is broken: else no test here would prove anything. */
static void broken_books(void **state)
{
	struct world world;
	struct mu_zone *zone;
	struct mu_page *page;
	mu_pfn_t pfn;

	(void)state;
	up(&world, MU_POLICY_EAGER);
	zone = &world.mm.buddy.zones[0];
	pfn = alloc(&world, 5, 0);
#define BREAK(lvalue, value)                                                 \
	do {                                                                 \
		__typeof__(lvalue) old = (lvalue);                           \
		(lvalue) = (value);                                          \
		assert_int_equal(mu_validate(&world.mm, NULL, &world.error), \
				 MU_ERR_CORRUPT);                            \
		assert_true(world.error.text[0] != 0);                       \
		(lvalue) = old;                                              \
		world_validate(&world, NULL);                                \
	} while (0)
	page = page_of(&world, zone->free_area[MU_BLOCK_ORDER].head);
	BREAK(page->state, MU_PAGE_ALLOCATED);
	BREAK(page->state, MU_PAGE_TAIL);
	BREAK(page->order, 9);
	BREAK(page->zone, 1);
	BREAK(page->prev_lo, 3);
	BREAK(page->next_lo, 0);
	page = page_of(&world, pfn);
	BREAK(page->state, MU_PAGE_RAGGED | MU_PAGE_FREE);
	BREAK(page->order, 4);
	BREAK(page->order, 6);
	page = page_of(&world, pfn + 3);
	BREAK(page->state, MU_PAGE_RAGGED | MU_PAGE_FREE);
	BREAK(zone->free_area[0].nr_free, 0);
	BREAK(zone->free_area[0].nr_free, 2);
	BREAK(zone->free_area[3].head, 1);
	BREAK(zone->free_pages, zone->free_pages + 1);
	BREAK(zone->pristine_pages, MU_BLOCK_PAGES);
	BREAK(zone->managed_pages, zone->managed_pages - 1);
	BREAK(world.mm.memmap.written_pages, 1);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 5), MU_OK);
	world_destroy(&world);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(mu_zone_type_str(MU_ZONE_DMA), "DMA");
	assert_string_equal(mu_zone_type_str(MU_ZONE_DMA32), "DMA32");
	assert_string_equal(mu_zone_type_str(MU_ZONE_NORMAL), "Normal");
	assert_string_equal(mu_zone_type_str(MU_ZONE_MOVABLE), "Movable");
	assert_non_null(mu_zone_type_str(MU_NR_ZONES));
	assert_string_equal(mu_policy_str(MU_POLICY_LAZY), "lazy");
	assert_non_null(mu_policy_str((enum mu_policy)99));
	assert_string_equal(mu_page_state_str(MU_STATE_BUSY), "busy");
	assert_non_null(mu_page_state_str((enum mu_page_state)99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order),
		cmocka_unit_test(split),
		cmocka_unit_test(merge),
		cmocka_unit_test(tails_become_tails),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(bad_frees),
		cmocka_unit_test(bad_pointers),
		cmocka_unit_test(free_of_reserved),
		cmocka_unit_test(references),
		cmocka_unit_test(broken_books),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
