// SPDX-License-Identifier: MIT
/* One CPU's page cache: what goes in, what comes out, what is refused. */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "buddy/cache.h"

/* 64 MiB in one zone: block 0 is ragged (page 0), 15 blocks are whole. */
#define MACHINE "64M/4"
#define PAGES	(16 * MU_BLOCK_PAGES)
#define HIGH	64
#define BATCH	16

static void up(struct world *world, enum mu_policy policy, unsigned pages)
{
	world_init(world, MACHINE, policy);
	world_one_zone(world);
	world->config.cache_pages = pages;
	world_start(world);
}

static struct mu_zone *zone_of(struct world *world)
{
	return &world->mm.buddy.zones[0];
}

static uint64_t cached(struct world *world)
{
	return mu_zone_cached(&world->mm.buddy, zone_of(world));
}

static struct mu_page *page_of(struct world *world, mu_pfn_t pfn)
{
	struct mu_page *page = mu_memmap_lookup(&world->mm.memmap, pfn);

	assert_non_null(page);
	return page;
}

static mu_pfn_t alloc(struct world *world, unsigned order)
{
	mu_pfn_t pfn;

	assert_int_equal(mu_alloc_pages(&world->mm.buddy, 0, order,
					MU_ALLOC_RESERVES, &pfn),
			 MU_OK);
	return pfn;
}

static void give(struct world *world, mu_pfn_t pfn, unsigned order)
{
	assert_int_equal(mu_free_pages(&world->mm.buddy, pfn, order), MU_OK);
}

/* Have CPU 0 use its cache: the first time that it asks is too early. */
static void warm(struct world *world)
{
	give(world, alloc(world, 0), 0);
	give(world, alloc(world, 0), 0);
}

/* A page goes in and comes out again, and the lists do not notice. */
static void in_and_out(void **state)
{
	(void)state;
	for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
		bool cacheable = order <= 3 || order == MU_HUGE_ORDER;
		struct mu_page *page;
		struct world world;
		uint64_t free;
		mu_pfn_t pfn;

		up(&world, MU_POLICY_EAGER, 4096);
		warm(&world);
		pfn = alloc(&world, order);
		page = page_of(&world, pfn);
		page->private_data = UINT64_MAX;
		free = zone_of(&world)->free_pages + cached(&world);
		give(&world, pfn, order);
		assert_int_equal(mu_page_kind(page) == MU_PAGE_CACHED,
				 cacheable);
		assert_int_equal(zone_of(&world)->free_pages + cached(&world),
				 free + ((uint64_t)1 << order));
		world_validate(&world, NULL);
		free = zone_of(&world)->free_pages;
		if (cacheable) {
			assert_int_equal(page->order, order);
			assert_int_equal(alloc(&world, order), pfn);
			assert_int_equal(zone_of(&world)->free_pages, free);
			assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
			assert_int_equal(page->refcount, 1);
			assert_int_equal(page->private_data, 0);
			give(&world, pfn, order);
		}
		mu_buddy_drain(&world.mm.buddy, zone_of(&world));
		assert_int_equal(cached(&world), 0);
		/* As it was: page 0 alone is not free. */
		assert_int_equal(
			zone_of(&world)->free_area[MU_BLOCK_ORDER].nr_free, 15);
		world_destroy(&world);
	}
}

/* A batch at a time, and no more than the most. */
static void bounded(void **state)
{
	struct world world;
	mu_pfn_t pfns[1000];
	unsigned nr;
	uint64_t free;

	(void)state;
	up(&world, MU_POLICY_EAGER, HIGH);
	warm(&world);
	mu_buddy_drain(&world.mm.buddy, zone_of(&world));
	free = zone_of(&world)->free_pages;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(pfns); i++) {
		pfns[i] = alloc(&world, 0);
		assert_true(cached(&world) < BATCH);
		assert_int_equal((free - zone_of(&world)->free_pages) % BATCH,
				 0);
	}
	free = zone_of(&world)->free_pages + cached(&world);
	for (nr = 0; nr < 900 || cached(&world) < HIGH; nr++) {
		give(&world, pfns[nr], 0);
		assert_in_range(cached(&world), nr > HIGH ? HIGH - BATCH : 0,
				HIGH);
		assert_int_equal(zone_of(&world)->free_pages + cached(&world),
				 free + nr + 1);
	}
	world_validate(&world, NULL);
	/* Full of others, it is not filled with these. */
	pfns[0] = alloc(&world, 3);
	assert_int_equal(cached(&world), HIGH);
	give(&world, pfns[0], 3);
	assert_in_range(cached(&world), HIGH - BATCH, HIGH);
	while (nr < MU_ARRAY_SIZE(pfns))
		give(&world, pfns[nr++], 0);
	/* What is larger than a cache goes by it. */
	pfns[0] = alloc(&world, MU_HUGE_ORDER);
	give(&world, pfns[0], MU_HUGE_ORDER);
	assert_int_equal(mu_page_kind(page_of(&world, pfns[0])), MU_PAGE_FREE);
	world_destroy(&world);
}

/* When it is full the largest go first. */
static void largest_first(void **state)
{
	struct world world;
	mu_pfn_t huge, pfns[513];

	(void)state;
	up(&world, MU_POLICY_EAGER, 1024);
	warm(&world);
	huge = alloc(&world, MU_HUGE_ORDER);
	for (unsigned i = 0; i < MU_ARRAY_SIZE(pfns); i++)
		pfns[i] = alloc(&world, 0);
	mu_buddy_drain(&world.mm.buddy, zone_of(&world));
	give(&world, huge, MU_HUGE_ORDER);
	for (unsigned i = 0; i < 512; i++)
		give(&world, pfns[i], 0);
	assert_int_equal(cached(&world), 1024);
	give(&world, pfns[512], 0);
	assert_int_equal(cached(&world), 513);
	assert_int_not_equal(mu_page_kind(page_of(&world, huge)),
			     MU_PAGE_CACHED);
	world_destroy(&world);
}

/* Its buddy does not merge with a page that is in a cache. */
static void no_merging(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;

	(void)state;
	up(&world, MU_POLICY_EAGER, HIGH);
	warm(&world);
	for (mu_pfn_t which = 0; which < 2; which++) {
		mu_pfn_t pair = alloc(&world, 1);
		mu_pfn_t in_cache = pair + which, in_list = pair + !which;

		assert_int_equal(mu_split_pages(buddy, pair, 1, 0), MU_OK);
		give(&world, in_cache, 0);
		assert_int_equal(mu_page_kind(page_of(&world, in_cache)),
				 MU_PAGE_CACHED);
		/* Another CPU, which has no cache yet: to the lists. */
		mu_hosted_set_cpu(world.hosted, 1 + (unsigned)which);
		give(&world, in_list, 0);
		mu_hosted_set_cpu(world.hosted, 0);
		assert_int_equal(mu_page_kind(page_of(&world, in_list)),
				 MU_PAGE_FREE);
		assert_int_equal(page_of(&world, in_list)->order, 0);
		world_validate(&world, NULL);
		/* Together again. */
		mu_buddy_drain(buddy, zone_of(&world));
		assert_int_equal(
			zone_of(&world)->free_area[MU_BLOCK_ORDER].nr_free, 15);
	}
	world_destroy(&world);
}

/* What is in a cache is free: it cannot be freed, put or split. */
static void free_twice(void **state)
{
	static const unsigned orders[] = {0, 2, 3, MU_HUGE_ORDER};
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;

	(void)state;
	up(&world, MU_POLICY_LAZY, 4096);
	warm(&world);
	for (size_t i = 0; i < MU_ARRAY_SIZE(orders); i++) {
		mu_pfn_t pfn = alloc(&world, orders[i]);
		struct mu_page *page = page_of(&world, pfn);

		give(&world, pfn, orders[i]);
		assert_int_equal(mu_page_kind(page), MU_PAGE_CACHED);
		for (unsigned cpu = 0; cpu < 2; cpu++) {
			mu_hosted_set_cpu(world.hosted, cpu);
			assert_int_equal(mu_free_pages(buddy, pfn, orders[i]),
					 MU_ERR_NOT_ALLOCATED);
			assert_int_equal(mu_free_pages(buddy, pfn, 7),
					 MU_ERR_NOT_ALLOCATED);
			assert_int_equal(mu_free_page(buddy, page),
					 MU_ERR_NOT_ALLOCATED);
			assert_int_equal(mu_page_put(buddy, page),
					 MU_ERR_NOT_ALLOCATED);
			if (orders[i])
				assert_int_equal(mu_split_pages(buddy, pfn,
								orders[i], 0),
						 MU_ERR_NOT_ALLOCATED);
			for (mu_pfn_t tail = 1; tail < (mu_pfn_t)1 << orders[i];
			     tail++)
				assert_int_equal(
					mu_free_pages(buddy, pfn + tail, 0),
					MU_ERR_NOT_ALLOCATED);
			world_validate(&world, NULL);
		}
		mu_hosted_set_cpu(world.hosted, 0);
	}
	world_destroy(&world);
}

/* Wrong frees of a page that somebody has leave it his. */
static void free_wrongly(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_page *page;
	uint64_t before;
	mu_pfn_t pfn;

	(void)state;
	up(&world, MU_POLICY_LAZY, HIGH);
	warm(&world);
	pfn = alloc(&world, 2);
	page = page_of(&world, pfn);
	before = cached(&world);
	for (unsigned order = 0; order < MU_NR_ORDERS; order++)
		if (order != 2)
			assert_int_equal(mu_free_pages(buddy, pfn, order),
					 MU_ERR_ORDER);
	mu_page_get(page);
	assert_int_equal(mu_free_pages(buddy, pfn, 2), MU_ERR_BUSY);
	assert_int_equal(mu_free_page(buddy, page), MU_ERR_BUSY);
	assert_int_equal(mu_page_put(buddy, page), MU_OK);
	assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
	assert_int_equal(cached(&world), before);
	/* The last one puts it into the cache. */
	assert_int_equal(mu_page_put(buddy, page), MU_OK);
	assert_int_equal(mu_page_kind(page), MU_PAGE_CACHED);
	assert_int_equal(cached(&world), before + 4);
	assert_int_equal(mu_page_put(buddy, page), MU_ERR_NOT_ALLOCATED);
	/* And comes out with one reference. */
	assert_int_equal(alloc(&world, 2), pfn);
	assert_int_equal(page->refcount, 1);
	give(&world, pfn, 2);
	world_destroy(&world);
}

/* Shut: nothing stays in a cache until as many have opened. */
static void shut(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfns[4][40];

	(void)state;
	up(&world, MU_POLICY_EAGER, HIGH);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		mu_hosted_set_cpu(world.hosted, cpu);
		warm(&world);
		for (unsigned i = 0; i < 40; i++)
			pfns[cpu][i] = alloc(&world, 0);
	}
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		mu_hosted_set_cpu(world.hosted, cpu);
		for (unsigned i = 0; i < 20; i++)
			give(&world, pfns[cpu][i], 0);
	}
	assert_true(cached(&world) >= 80);
	world_validate(&world, NULL);
	mu_buddy_shut(buddy, zone_of(&world));
	mu_buddy_shut(buddy, zone_of(&world));
	assert_int_equal(cached(&world), 0);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		mu_hosted_set_cpu(world.hosted, cpu);
		for (unsigned i = 20; i < 40; i++)
			give(&world, pfns[cpu][i], 0);
		give(&world, alloc(&world, 0), 0);
		assert_int_equal(cached(&world), 0);
		if (cpu == 1)
			mu_buddy_open(buddy, zone_of(&world));
	}
	world_validate(&world, NULL);
	mu_buddy_open(buddy, zone_of(&world));
	give(&world, alloc(&world, 0), 0);
	assert_true(cached(&world) > 0);
	mu_hosted_set_cpu(world.hosted, 0);
	world_destroy(&world);
}

/* An interrupt in the middle of a drain: what its handler frees is not put
 * where it would have to be drained again. */
static struct {
	struct world *world;
	mu_pfn_t pfns[100];
	unsigned nr, in_cache;
	bool armed;
} handler;

static uintptr_t no_save(void *arg)
{
	(void)arg;
	return 0;
}

static void free_one(void *arg, uintptr_t flags)
{
	struct world *world = handler.world;
	mu_pfn_t pfn;

	(void)arg, (void)flags;
	/* Not inside of itself, and not before the zone is shut. */
	if (!handler.armed || !handler.nr || !zone_of(world)->shut)
		return;
	handler.armed = false;
	pfn = handler.pfns[--handler.nr];
	give(world, pfn, 0);
	handler.in_cache += mu_page_kind(page_of(world, pfn)) == MU_PAGE_CACHED;
	handler.armed = true;
}

static void while_it_drains(void **state)
{
	struct world world;
	mu_pfn_t pfns[HIGH];

	(void)state;
	memset(&handler, 0, sizeof(handler));
	handler.world = &world;
	world_init(&world, MACHINE, MU_POLICY_EAGER);
	world_one_zone(&world);
	world.config.cache_pages = HIGH;
	world.port.irq_save = no_save;
	world.port.irq_restore = free_one;
	world_start(&world);
	warm(&world);
	for (unsigned i = 0; i < HIGH; i++)
		pfns[i] = alloc(&world, 0);
	for (; handler.nr < 100; handler.nr++)
		handler.pfns[handler.nr] = alloc(&world, 0);
	for (unsigned i = 0; i < HIGH; i++)
		give(&world, pfns[i], 0);
	assert_true(cached(&world) > HIGH - BATCH);
	handler.armed = true;
	mu_buddy_drain(&world.mm.buddy, zone_of(&world));
	handler.armed = false;
	/* It came after each batch, at least. */
	assert_true(handler.nr <= 100 - HIGH / BATCH);
	assert_int_equal(handler.in_cache, 0);
	while (handler.nr)
		give(&world, handler.pfns[--handler.nr], 0);
	world_destroy(&world);
}

/* A lost page leaves a cache at once, and is never handed out. */
static void poison(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfns[PAGES], bad;
	bool later = true;
	uint64_t got;

	(void)state;
	up(&world, MU_POLICY_LAZY, HIGH);
	warm(&world);
	bad = alloc(&world, 3);
	give(&world, bad, 3);
	bad += 5;
	mu_hosted_set_cpu(world.hosted, 1);
	assert_int_equal(mu_buddy_poison(buddy, bad, &later), MU_OK);
	assert_false(later);
	world_validate(&world, NULL);
	/* One that somebody has goes when it is freed, past the cache. */
	warm(&world);
	pfns[0] = alloc(&world, 0);
	assert_int_equal(mu_buddy_poison(buddy, pfns[0], &later), MU_OK);
	assert_true(later);
	give(&world, pfns[0], 0);
	assert_int_equal(mu_page_kind(page_of(&world, pfns[0])),
			 MU_PAGE_POISONED);
	got = world_exhaust(&world, 0, MU_ALLOC_RESERVES, pfns, PAGES);
	assert_int_equal(got, PAGES - 3);
	for (uint64_t i = 0; i < got; i++)
		assert_int_not_equal(pfns[i], bad);
	world_free_all(&world, pfns, got, 0);
	mu_hosted_set_cpu(world.hosted, 0);
	world_destroy(&world);
}

/* The checks see what is broken. */
static void broken_books(void **state)
{
	struct world world;
	struct mu_cache *cache;
	struct mu_page *page;
	struct mu_zone *zone;
	mu_pfn_t pfn;

	(void)state;
	up(&world, MU_POLICY_EAGER, HIGH);
	warm(&world);
	zone = zone_of(&world);
	cache = &world.mm.buddy.caches[0];
	pfn = cache->head[0];
	page = page_of(&world, pfn);
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
	BREAK(page->state, MU_PAGE_RAGGED | MU_PAGE_ALLOCATED);
	BREAK(page->state, MU_PAGE_RAGGED | MU_PAGE_FREE);
	BREAK(page->order, 1);
	BREAK(page->zone, 1);
	BREAK(page->private_data, pfn);
	BREAK(cache->head[0], MU_NO_PFN);
	BREAK(cache->head[0], 0);
	BREAK(cache->head[1], pfn);
	BREAK(cache->pages, cache->pages + 1);
	BREAK(cache->pages, cache->pages - 1);
	BREAK(cache->high, 0);
	BREAK(cache->zone, MU_NO_ZONE);
	BREAK(zone->caches, 0);
	BREAK(zone->caches, 2);
	BREAK(zone->caches, 1000000);
	BREAK(zone->spare, zone->spare - 1);
	BREAK(cache->next, 1);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_and_out),
		cmocka_unit_test(bounded),
		cmocka_unit_test(largest_first),
		cmocka_unit_test(no_merging),
		cmocka_unit_test(free_twice),
		cmocka_unit_test(free_wrongly),
		cmocka_unit_test(shut),
		cmocka_unit_test(while_it_drains),
		cmocka_unit_test(poison),
		cmocka_unit_test(broken_books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
