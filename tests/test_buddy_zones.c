// SPDX-License-Identifier: MIT
/* Which zone serves an allocation, and in what order the others do. */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define BLOCK (MU_BLOCK_PAGES << MU_PAGE_SHIFT_MIN)

/*
 * Allocate blocks near @nid with @flags until there are none. The zones that
 * they came from, in order and without repetition, must be the @nr_expected
 * ones of @expected.
 */
struct place {
	int nid;
	enum mu_zone_type type;
};

static void expect_zones(struct world *world, int nid, unsigned flags,
			 const struct place *expected, unsigned nr_expected)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	mu_pfn_t pfns[1024], pfn;
	const struct mu_zone *last = NULL;
	unsigned seen = 0;
	uint64_t nr = 0;

	while (mu_alloc_pages(buddy, nid, MU_BLOCK_ORDER,
			      flags | MU_ALLOC_RESERVES, &pfn) == MU_OK) {
		const struct mu_zone *zone = world_zone_of(world, pfn);

		assert_true(nr < MU_ARRAY_SIZE(pfns));
		pfns[nr++] = pfn;
		assert_in_range(pfn, zone->start_pfn,
				zone->end_pfn - MU_BLOCK_PAGES);
		if (zone == last)
			continue;
		if (seen < nr_expected) {
			assert_int_equal(zone->nid, expected[seen].nid);
			assert_int_equal(zone->type, expected[seen].type);
		}
		/* The one before was left empty. */
		assert_true(!last ||
			    (last->pristine_pages == 0 &&
			     last->free_area[MU_BLOCK_ORDER].nr_free == 0));
		last = zone;
		seen++;
	}
	assert_int_equal(seen, nr_expected);
	world_free_all(world, pfns, nr, MU_BLOCK_ORDER);
	world_validate(world, NULL);
}

#define EXPECT(world, nid, flags, ...)                                       \
	expect_zones(world, nid, flags, (const struct place[]){__VA_ARGS__}, \
		     sizeof((const struct place[]){__VA_ARGS__}) /           \
			     sizeof(struct place))

/* Small zones, so that small machines have them all. */
static void zones_up(struct world *world, struct mu_machine *machine,
		     enum mu_policy policy)
{
	world_init_machine(world, machine, policy, world_backing());
	world->config.dma_limit = 16 * MU_MIB;
	world->config.dma32_limit = 64 * MU_MIB;
	world->config.min_free_pages = 64;
}

static void by_flags(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;

		zones_up(&world, world_machine("128M", 12), world_policies[p]);
		world.config.movablecore = 32 * MU_MIB;
		world_start(&world);
		EXPECT(&world, 0, MU_ALLOC_MOVABLE, {0, MU_ZONE_MOVABLE},
		       {0, MU_ZONE_NORMAL}, {0, MU_ZONE_DMA32},
		       {0, MU_ZONE_DMA});
		EXPECT(&world, 0, 0, {0, MU_ZONE_NORMAL}, {0, MU_ZONE_DMA32},
		       {0, MU_ZONE_DMA});
		EXPECT(&world, 0, MU_ALLOC_DMA32, {0, MU_ZONE_DMA32},
		       {0, MU_ZONE_DMA});
		EXPECT(&world, 0, MU_ALLOC_DMA, {0, MU_ZONE_DMA});
		/* The zones are where they should be. */
		assert_int_equal(world_zone(&world, 0, MU_ZONE_DMA)->end_pfn,
				 4096);
		assert_int_equal(world_zone(&world, 0, MU_ZONE_DMA32)->end_pfn,
				 16384);
		assert_int_equal(world_zone(&world, 0, MU_ZONE_NORMAL)->end_pfn,
				 24576);
		assert_int_equal(
			world_zone(&world, 0, MU_ZONE_MOVABLE)->end_pfn, 32768);
		world_destroy(&world);
	}
}

/* Nearest node first, and there the highest zone first. */
static void by_node(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;

		zones_up(&world, world_machine("2x128M/2", 12),
			 world_policies[p]);
		world_start(&world);
		EXPECT(&world, 0, 0, {0, MU_ZONE_NORMAL}, {0, MU_ZONE_DMA32},
		       {0, MU_ZONE_DMA}, {1, MU_ZONE_NORMAL});
		EXPECT(&world, 1, 0, {1, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL},
		       {0, MU_ZONE_DMA32}, {0, MU_ZONE_DMA});
		EXPECT(&world, 1, MU_ALLOC_DMA32, {0, MU_ZONE_DMA32},
		       {0, MU_ZONE_DMA});
		EXPECT(&world, 1, MU_ALLOC_THISNODE, {1, MU_ZONE_NORMAL});
		EXPECT(&world, 0, MU_ALLOC_THISNODE, {0, MU_ZONE_NORMAL},
		       {0, MU_ZONE_DMA32}, {0, MU_ZONE_DMA});
		world_destroy(&world);
	}
}

static struct mu_machine *four_nodes(void)
{
	/* Row by row; not symmetric, as firmware may have it. */
	static const uint8_t distances[4][4] = {{10, 30, 20, 20},
						{20, 10, 20, 20},
						{40, 30, 10, 20},
						{11, 12, 12, 10}};
	struct mu_machine *machine = world_empty_machine(16, 4);

	assert_int_equal(mu_machine_read_short(machine, "4x32M/4", 7, NULL),
			 MU_OK);
	for (int from = 0; from < 4; from++)
		for (int to = 0; to < 4; to++)
			assert_int_equal(mu_machine_set_distance(
						 machine, from, to,
						 distances[from][to], NULL),
					 MU_OK);
	world_finish_machine(machine);
	return machine;
}

static void by_distance(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;

		world_init_machine(&world, four_nodes(), world_policies[p],
				   world_backing());
		world_one_zone(&world);
		world_start(&world);
		EXPECT(&world, 0, 0, {0, MU_ZONE_NORMAL}, {2, MU_ZONE_NORMAL},
		       {3, MU_ZONE_NORMAL}, {1, MU_ZONE_NORMAL});
		/* At one distance in turn, beginning after the own node. */
		EXPECT(&world, 1, 0, {1, MU_ZONE_NORMAL}, {2, MU_ZONE_NORMAL},
		       {3, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL});
		EXPECT(&world, 2, 0, {2, MU_ZONE_NORMAL}, {3, MU_ZONE_NORMAL},
		       {1, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL});
		EXPECT(&world, 3, 0, {3, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL},
		       {1, MU_ZONE_NORMAL}, {2, MU_ZONE_NORMAL});
		world_destroy(&world);
	}
}

/* Node 1 has CPUs and no memory, node 2 memory and no CPU. */
static struct mu_machine *lopsided(void)
{
	struct mu_machine *machine = world_empty_machine(16, 4);

	assert_int_equal(
		mu_machine_add(machine, 0, 64 * MU_MIB, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add(machine, 64 * MU_MIB, 64 * MU_MIB,
					MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add_affinity(machine, 0, 64 * MU_MIB, 0, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add_affinity(machine, 64 * MU_MIB,
						 64 * MU_MIB, 2, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 0, 1, NULL), MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 1, 2, NULL), MU_OK);
	assert_int_equal(mu_machine_set_distance(machine, 1, 2, 15, NULL),
			 MU_OK);
	world_finish_machine(machine);
	return machine;
}

static void memoryless(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		struct mu_buddy *buddy = &world.mm.buddy;
		mu_pfn_t pfn;

		world_init_machine(&world, lopsided(), world_policies[p],
				   world_backing());
		world_one_zone(&world);
		world_start(&world);
		assert_int_equal(buddy->nr_nodes, 3);
		assert_int_equal(buddy->nodes[1].present_pages, 0);
		assert_int_equal(buddy->nodes[1].start_pfn,
				 buddy->nodes[1].end_pfn);
		EXPECT(&world, 1, 0, {2, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL});
		assert_int_equal(
			mu_alloc_pages(buddy, 1, 0, MU_ALLOC_THISNODE, &pfn),
			MU_ERR_NOMEM);
		/* Near the CPU that runs: CPU 2 is of node 1. */
		mu_hosted_set_cpu(world.hosted, 2);
		assert_int_equal(mu_alloc_pages(buddy, MU_NO_NODE, 0, 0, &pfn),
				 MU_OK);
		assert_int_equal(world_zone_of(&world, pfn)->nid, 2);
		assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
		mu_hosted_set_cpu(world.hosted, 0);
		assert_int_equal(mu_alloc_pages(buddy, MU_NO_NODE, 0, 0, &pfn),
				 MU_OK);
		assert_int_equal(world_zone_of(&world, pfn)->nid, 0);
		assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
		/* Helpers of nodes without memory or CPUs take it all. */
		assert_int_equal(mu_mm_finish(&world.mm, 0), MU_OK);
		assert_int_equal(
			mu_deferred_stats(&world.mm.deferred).pristine_pages,
			0);
		world_destroy(&world);
	}
}

/* No machine: memory that the client put into memblock itself. */
static void without_machine(void **state)
{
	struct world world;
	struct mu_memblock *memblock = &world.mm.memblock;

	(void)state;
	world_init(&world, "2x64M/2", MU_POLICY_LAZY);
	mu_mm_init(&world.mm, &world.port);
	world_one_zone(&world);
	assert_int_equal(mu_mm_size(&world.mm), 0);
	assert_int_equal(mu_memblock_add_node(memblock, 0, 64 * MU_MIB, 0, 0),
			 MU_OK);
	assert_int_equal(mu_memblock_add(memblock, 64 * MU_MIB, 32 * MU_MIB),
			 MU_OK);
	assert_int_equal(mu_memblock_reserve(memblock, 0, 4096, 0), MU_OK);
	world_start(&world);
	/* Memory of no node is node 0's. */
	EXPECT(&world, 0, 0, {0, MU_ZONE_NORMAL});
	assert_int_equal(world_managed(&world),
			 (96 * MU_MIB - 4096) >> MU_PAGE_SHIFT_MIN);
	world_destroy(&world);
}

static void without_machine_two_nodes(void **state)
{
	struct world world;
	struct mu_memblock *memblock = &world.mm.memblock;

	(void)state;
	world_init(&world, "2x64M/2", MU_POLICY_LAZY);
	mu_mm_init(&world.mm, &world.port);
	world_one_zone(&world);
	assert_int_equal(mu_memblock_add_node(memblock, 0, 64 * MU_MIB, 2, 0),
			 MU_OK);
	assert_int_equal(
		mu_memblock_add_node(memblock, 64 * MU_MIB, 64 * MU_MIB, 0, 0),
		MU_OK);
	assert_int_equal(mu_memblock_reserve(memblock, 0, 4096, 0), MU_OK);
	world_start(&world);
	assert_int_equal(world.mm.buddy.nr_nodes, 3);
	EXPECT(&world, 2, 0, {2, MU_ZONE_NORMAL}, {0, MU_ZONE_NORMAL});
	EXPECT(&world, 0, 0, {0, MU_ZONE_NORMAL}, {2, MU_ZONE_NORMAL});
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_flags),
		cmocka_unit_test(by_node),
		cmocka_unit_test(by_distance),
		cmocka_unit_test(memoryless),
		cmocka_unit_test(without_machine),
		cmocka_unit_test(without_machine_two_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
