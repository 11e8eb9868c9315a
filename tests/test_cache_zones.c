// SPDX-License-Identifier: MIT
/* Which CPU caches pages of which zone, and how many. */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "buddy/cache.h"

/* What @cpu's cache of ordinary or of movable pages is bound to, after it has
 * allocated and freed a page with @flags near @nid a few times; MU_NO_ZONE. */
static uint16_t use(struct world *world, unsigned cpu, int nid, unsigned flags,
		    bool movable)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	const struct mu_cache *cache = &buddy->caches[2 * cpu + movable];

	mu_hosted_set_cpu(world->hosted, cpu);
	for (unsigned i = 0; i < 3; i++) {
		mu_pfn_t pfn;

		assert_int_equal(mu_alloc_pages(buddy, nid, 0, flags, &pfn),
				 MU_OK);
		assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	}
	mu_hosted_set_cpu(world->hosted, 0);
	return mu_cache_is_up(buddy, 2 * cpu) ? cache->zone : MU_NO_ZONE;
}

static unsigned high(const struct world *world, unsigned cpu)
{
	const struct mu_cache *cache = &world->mm.buddy.caches[(size_t)2 * cpu];

	assert_int_equal(cache->batch, MU_MIN(64, MU_MAX(1, cache->high / 4)));
	return cache->high;
}

/* Small zones have none; the others as their size and their CPUs say. */
static void sizes(void **state)
{
	static const struct {
		const char *machine;
		unsigned pages; /* mu_config.cache_pages */
		unsigned high;	/* 0: no cache */
	} cases[] = {
		/* 256 MiB less page 0, and with it: 16 batches of 16. */
		{"256M", 0, 0},
		{"256M@4M", 0, 256},
		/* Low marks of 640 pages and more: a quarter is 10 batches. */
		{"256M@4M/4", 0, 160},
		{"256M@4M/16", 0, 64},
		{"256M@4M/17", 0, 0},
		{"512M@4M", 0, 512},
		{"1G@4M", 0, 1024},
		{"1G@4M/64", 0, 64},
		/* 2^18 pages over 64 are 4096, one cache less than 64. */
		{"1G@4M/65", 0, 0},
		{"4G@4M/256", 0, 64},
		{"64G/16", 0, 1024},
		{"64T", 0, 1024},
		{"64T/4096", 0, 1024},
		{"64M", 10, 10},
		{"64M/8", 1, 1},
		{"64M/8", 100000, 100000},
		{"64T", MU_NO_CACHES, 0},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(cases); i++) {
		struct world world;
		uint16_t zone;

		world_init(&world, cases[i].machine, MU_POLICY_LAZY);
		world_one_zone(&world);
		world.config.cache_pages = cases[i].pages;
		world_start(&world);
		zone = use(&world, 0, 0, 0, false);
		assert_int_equal(zone, cases[i].high ? 0 : MU_NO_ZONE);
		if (cases[i].high)
			assert_int_equal(high(&world, 0), cases[i].high);
		world_destroy(&world);
	}
}

/* The numbers follow the low mark, between four batches and sixteen. */
static void by_low_mark(void **state)
{
	(void)state;
	for (uint64_t min = 64; min < 65536; min *= 2) {
		struct world world;
		uint64_t low;

		world_init(&world, "4G/4", MU_POLICY_LAZY);
		world_one_zone(&world);
		world.config.min_free_pages = min;
		world.config.cache_pages = 0;
		world_start(&world);
		low = world.mm.buddy.zones[0].watermark[MU_WMARK_LOW];
		assert_int_equal(use(&world, 0, 0, 0, false), 0);
		assert_int_equal(high(&world, 0),
				 MU_MIN(MU_MAX(low / 4, 256), 1024));
		world_destroy(&world);
	}
}

/* The node's own preferred zone and, apart from it, its MOVABLE one. */
static void whose(void **state)
{
	struct world world;
	const struct mu_node *node;
	uint16_t normal, movable;

	(void)state;
	world_init(&world, "2x128M/4", MU_POLICY_LAZY);
	world.config.dma_limit = 16 * MU_MIB;
	world.config.dma32_limit = 64 * MU_MIB;
	world.config.movablecore = 32 * MU_MIB;
	world.config.cache_pages = 64;
	world_start(&world);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		int own = mu_hosted_port(world.hosted)
				  ->cpu_node(world.hosted, cpu);

		node = &world.mm.buddy.nodes[own];
		normal = node->zone_id[MU_ZONE_NORMAL];
		movable = node->zone_id[MU_ZONE_MOVABLE];
		assert_int_not_equal(movable, MU_NO_ZONE);
		/* Another node's, or a lower zone: not for this CPU. */
		assert_int_equal(use(&world, cpu, !own, 0, false), MU_NO_ZONE);
		assert_int_equal(use(&world, cpu, 0, MU_ALLOC_DMA32, false),
				 MU_NO_ZONE);
		assert_int_equal(use(&world, cpu, 0, MU_ALLOC_DMA, false),
				 MU_NO_ZONE);
		assert_int_equal(use(&world, cpu, own, 0, false), normal);
		assert_int_equal(use(&world, cpu, own, 0, true), MU_NO_ZONE);
		assert_int_equal(use(&world, cpu, own, MU_ALLOC_MOVABLE, true),
				 movable);
		assert_int_equal(use(&world, cpu, own, MU_ALLOC_MOVABLE, false),
				 normal);
		world_validate(&world, NULL);
	}
	world_destroy(&world);
}

/* Where there is nothing above DMA32 that is the one. */
static void low_memory(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "1G/2", MU_POLICY_EAGER);
	world.config.cache_pages = 64;
	world_start(&world);
	assert_int_equal(use(&world, 1, 0, 0, false),
			 world.mm.buddy.nodes[0].zone_id[MU_ZONE_DMA32]);
	world_destroy(&world);
}

/* A CPU whose node has no memory, and one that is past the count. */
static void without(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_init(&world, "64M@4M:1/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.cache_pages = 64;
	world_start(&world);
	assert_int_equal(world.mm.buddy.nr_cpus, 2);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		int nid = mu_hosted_port(world.hosted)
				  ->cpu_node(world.hosted, cpu);

		assert_int_equal(use(&world, cpu, nid, 0, false),
				 nid == 1 ? 0 : MU_NO_ZONE);
	}
	mu_hosted_set_cpu(world.hosted, 77);
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 1, 0, 0, &pfn), MU_OK);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
	mu_hosted_set_cpu(world.hosted, 0);
	world_destroy(&world);
}

/* A port that cannot tell CPUs apart. */
static void no_cpu_id(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_init(&world, "1G/4", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.cpu_id = NULL;
	world.config.cache_pages = 64;
	world_start(&world);
	assert_int_equal(world.mm.buddy.nr_cpus, 0);
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfn), MU_OK);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
	assert_int_equal(
		mu_zone_cached(&world.mm.buddy, &world.mm.buddy.zones[0]), 0);
	world_destroy(&world);
}

static bool is_raw(const struct mu_cache *cache)
{
	const unsigned char *bytes = (const void *)cache;

	/* As world_try_start() left it. */
	for (size_t i = 0; i < sizeof(*cache); i++)
		if (bytes[i] != 0xa5)
			return false;
	return true;
}

/* Caches are made when their CPU asks, and the others never. */
static void made_on_demand(void **state)
{
	struct world world;
	const struct mu_buddy *buddy = &world.mm.buddy;

	(void)state;
	world_init(&world, "64G/4096", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.cache_pages = 64;
	world_start(&world);
	assert_int_equal(buddy->nr_cpus, 4096);
	for (unsigned i = 0; i < 2 * 4096; i++)
		assert_true(is_raw(&buddy->caches[i]));
	for (unsigned cpu = 0; cpu < 4096; cpu += 1365)
		assert_int_equal(use(&world, cpu, 0, 0, false), 0);
	for (unsigned i = 0; i < 2 * 4096; i++)
		assert_int_equal(is_raw(&buddy->caches[i]), i / 2 % 1365 != 0);
	assert_int_equal(mu_zone_cached(&world.mm.buddy, buddy->zones), 4);
	world_destroy(&world);
}

/* 4096 CPUs on one zone, each with pages in its cache: one of them wants all.
 */
static void many_cpus(void **state)
{
	mu_pfn_t *pfns = malloc(16384 * sizeof(*pfns));
	struct world world;
	uint64_t got;

	(void)state;
	assert_non_null(pfns);
	world_init(&world, "64M/4096", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.cache_pages = 4;
	world.config.min_free_pages = 1;
	world_start(&world);
	for (unsigned cpu = 0; cpu < 4096; cpu++)
		use(&world, cpu, 0, 0, false);
	assert_true(mu_zone_cached(&world.mm.buddy, world.mm.buddy.zones) >
		    4000);
	mu_hosted_set_cpu(world.hosted, 4095);
	got = world_exhaust(&world, 0, MU_ALLOC_RESERVES, pfns, 16384);
	assert_int_equal(got, 16383);
	world_free_all(&world, pfns, got, 0);
	mu_hosted_set_cpu(world.hosted, 0);
	world_destroy(&world);
	free(pfns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),	  cmocka_unit_test(by_low_mark),
		cmocka_unit_test(whose),	  cmocka_unit_test(low_memory),
		cmocka_unit_test(without),	  cmocka_unit_test(no_cpu_id),
		cmocka_unit_test(made_on_demand), cmocka_unit_test(many_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
