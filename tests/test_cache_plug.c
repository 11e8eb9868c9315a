// SPDX-License-Identifier: MIT
/* Page caches of zones that get memory, and lose it. */
#include "buddy/memory.h"
#include "tests/plug.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/lock.h"
#include "buddy/cache.h"

#define CPUS	      2
#define SECTION_PAGES (SECTION >> 12)

static void up(struct world *world, enum mu_policy policy)
{
	plug_init(world, "32M/2", policy);
	world->config.cache_pages = 64;
	world_start(world);
}

static void be(struct world *world, unsigned cpu)
{
	mu_hosted_set_cpu(world->hosted, cpu);
}

/* A section goes offline while caches have pages of it: the allocator's free
 * ones are no obstacle, wherever they are. */
static void offline(void **state)
{
	static mu_pfn_t pfns[SECTION_PAGES];
	mu_pfn_t first = PLUG_AT >> 12;

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		uint64_t got = 0, caught = 0;
		mu_pfn_t pfn;

		up(&world, world_policies[p]);
		plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_MOVABLE);
		while (mu_alloc_pages(&world.mm.buddy, 0, 0,
				      MU_ALLOC_MOVABLE | MU_ALLOC_RESERVES,
				      &pfn) == MU_OK &&
		       pfn >= first)
			pfns[got++] = pfn;
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
		assert_int_equal(got, SECTION_PAGES);
		for (uint64_t i = 0; i < got; i++) {
			be(&world, (unsigned)i % CPUS);
			assert_int_equal(
				mu_free_pages(&world.mm.buddy, pfns[i], 0),
				MU_OK);
		}
		for (uint64_t i = 0; i < got; i++)
			caught += mu_page_kind(mu_memmap_lookup(
					  &world.mm.memmap, pfns[i])) ==
				  MU_PAGE_CACHED;
		assert_true(caught > 64);
		world_validate(&world, NULL);
		plug_offline(&world, PLUG_AT, SECTION);
		/* What is left is had to the last page, by either. */
		be(&world, 1);
		while (mu_alloc_pages(&world.mm.buddy, 0, 0,
				      MU_ALLOC_MOVABLE | MU_ALLOC_RESERVES,
				      &pfn) == MU_OK) {
			assert_true(pfn < first);
			pfns[got++ - SECTION_PAGES] = pfn;
		}
		assert_int_equal(got - SECTION_PAGES, 8191);
		while (got-- > SECTION_PAGES)
			assert_int_equal(
				mu_free_pages(&world.mm.buddy,
					      pfns[got - SECTION_PAGES], 0),
				MU_OK);
		be(&world, 0);
		plug_remove(&world, PLUG_AT, SECTION);
		world_destroy(&world);
	}
}

/* ---- A block that moves while one of its pages is on its way ---- */

static struct {
	struct world *world;
	bool armed;
	mu_pfn_t block;
	enum mu_status moved;
} mover;

static struct mu_zone *zone_of_type(struct world *world, enum mu_zone_type type)
{
	struct mu_buddy *buddy = &world->mm.buddy;

	return &buddy->zones[buddy->nodes[0].zone_id[type]];
}

static unsigned move_first(void *arg)
{
	struct world *world = mover.world;

	if (mover.armed) {
		mover.armed = false;
		mover.moved = mu_buddy_move(
			&world->mm.buddy, zone_of_type(world, MU_ZONE_NORMAL),
			zone_of_type(world, MU_ZONE_ISOLATED), mover.block,
			false);
	}
	return world_hosted_hook(arg)->cpu_id(arg);
}

/* When free has found the page's zone and has not yet its cache, another CPU
 * moves the block to another zone: the page goes where the block is. */
static void moves_meanwhile(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_zone *normal, *isolated;
	const struct mu_page *page;
	mu_pfn_t pfn;

	(void)state;
	mover.world = &world;
	mover.armed = false;
	plug_init(&world, "32M/2", MU_POLICY_EAGER);
	world.config.cache_pages = 64;
	world.port.cpu_id = move_first;
	world_start(&world);
	/* Once, for the isolated zone. */
	plug_offline(&world, 16 * MU_MIB, BLOCK);
	normal = zone_of_type(&world, MU_ZONE_NORMAL);
	isolated = zone_of_type(&world, MU_ZONE_ISOLATED);
	for (unsigned turn = 0; turn < 100; turn++) {
		/* From a whole block, and with a cache that is in use. */
		do {
			assert_int_equal(mu_alloc_pages(buddy, 0, turn % 4,
							MU_ALLOC_RESERVES,
							&pfn),
					 MU_OK);
		} while (pfn < MU_BLOCK_PAGES);
		page = mu_memmap_lookup(&world.mm.memmap, pfn);
		mover.block = mu_align_down(pfn, MU_BLOCK_PAGES);
		mover.armed = true;
		assert_int_equal(mu_free_pages(buddy, pfn, turn % 4), MU_OK);
		assert_false(mover.armed);
		assert_int_equal(mover.moved, MU_OK);
		assert_int_equal(mu_page_kind(page), MU_PAGE_FREE);
		assert_int_equal(mu_page_zone(page), isolated->id);
		assert_int_equal(mu_buddy_move(buddy, isolated, normal,
					       mover.block, false),
				 MU_OK);
		world_validate(&world, NULL);
	}
	world_destroy(&world);
}

/* Memory above what a node had: its caches change to the zone that is used from
 * then on. */
static void new_zone(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn;

	(void)state;
	plug_init(&world, "32M/2", MU_POLICY_LAZY);
	world.config.dma32_limit = 4 * MU_GIB;
	world.config.cache_pages = 64;
	world_start(&world);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(mu_alloc_pages(buddy, 0, 0, 0, &pfn),
					 MU_OK);
			assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
		}
		assert_int_equal(buddy->caches[0].zone,
				 zone_of_type(&world, turn ? MU_ZONE_NORMAL
							   : MU_ZONE_DMA32)
					 ->id);
		if (!turn)
			plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
	}
	plug_offline(&world, PLUG_AT, SECTION);
	world_destroy(&world);
}

/* ---- A zone that changes its size ---- */

/* The cache of CPU 0 after it was used; NULL: it has none. */
static const struct mu_cache *used(struct world *world)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	mu_pfn_t pfn;

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mu_alloc_pages(buddy, 0, 0, 0, &pfn), MU_OK);
		assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	}
	return buddy->caches[0].zone == MU_NO_ZONE ? NULL : &buddy->caches[0];
}

/* Caches are as large as the zone is now, not as it was when they were first
 * used; when it has become too small they keep nothing. */
static void grows_and_shrinks(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;

	(void)state;
	plug_init(&world, "256M@4M", MU_POLICY_LAZY);
	world.config.cache_pages = 0;
	world_start(&world);
	assert_int_equal(used(&world)->high, 256);
	plug_add(&world, PLUG_AT, 2 * SECTION, 0, MU_ONLINE_KERNEL);
	assert_int_equal(used(&world)->high, 512);
	plug_offline(&world, PLUG_AT, SECTION);
	assert_int_equal(used(&world)->high, 384);
	plug_offline(&world, PLUG_AT + SECTION, SECTION);
	assert_int_equal(used(&world)->high, 256);
	assert_true(mu_zone_cached(buddy, &buddy->zones[0]) > 0);
	plug_offline(&world, 128 * MU_MIB, BLOCK);
	assert_int_equal(mu_zone_cached(buddy, &buddy->zones[0]), 0);
	assert_null(used(&world));
	world_destroy(&world);
}

/* ---- A zone that is preferred no more, while a cache is being bound ---- */

static struct {
	struct world *world;
	struct mu_zone *zone;
	bool armed;
} chooser;

/* Between the first look at what is preferred, and the zone's lock. */
static void prefer_another(void *arg, unsigned spins)
{
	struct mu_buddy *buddy = &chooser.world->mm.buddy;

	(void)arg, (void)spins;
	if (!chooser.armed)
		return;
	chooser.armed = false;
	chooser.zone->present_pages = 0;
	mu_unlock(&chooser.zone->lock);
	mu_node_prefer(buddy, &buddy->nodes[0]);
}

/* A cache that was bound to the old one would hold nothing of the new one for
 * as long as nobody emptied it. */
static void prefers_another(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	uint64_t present;
	mu_pfn_t pfn;

	(void)state;
	plug_init(&world, "32M/2", MU_POLICY_EAGER);
	world.config.cache_pages = 64;
	world.port.pause = prefer_another;
	world_start(&world);
	chooser.world = &world;
	chooser.zone = &buddy->zones[0];
	present = chooser.zone->present_pages;
	/* So that there are caches, but none in use. */
	assert_non_null(used(&world));
	mu_buddy_drain(buddy, chooser.zone);
	chooser.armed = true;
	mu_lock(&world.port, &chooser.zone->lock);
	assert_int_equal(mu_alloc_pages(buddy, 0, 0, 0, &pfn), MU_OK);
	assert_false(chooser.armed);
	assert_int_equal(buddy->caches[0].zone, MU_NO_ZONE);
	chooser.zone->present_pages = present;
	mu_node_prefer(buddy, &buddy->nodes[0]);
	assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	assert_non_null(used(&world));
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offline),
		cmocka_unit_test(moves_meanwhile),
		cmocka_unit_test(new_zone),
		cmocka_unit_test(grows_and_shrinks),
		cmocka_unit_test(prefers_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
