// SPDX-License-Identifier: MIT
/* Memory that does not begin and end with blocks, and zones within them. */
#include "tests/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define PAGE ((mu_phys_t)1 << MU_PAGE_SHIFT_MIN)

static void add(struct mu_machine *machine, mu_phys_t base, mu_phys_t size,
		int nid, unsigned flags)
{
	assert_int_equal(
		mu_machine_add(machine, base, size, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(
		mu_machine_add_affinity(machine, base, size, nid, flags, NULL),
		MU_OK);
}

static void check_machine(struct mu_machine *machine, enum mu_policy policy,
			  mu_phys_t dma_limit, mu_phys_t dma32_limit)
{
	struct model model;
	struct world world;

	world_init_machine(&world, machine, policy, world_backing());
	world.config.dma_limit = dma_limit;
	world.config.dma32_limit = dma32_limit;
	world_start(&world);
	model_init(&model, &world, NULL);
	model_check_all(&model);
	model_destroy(&model);
	world_destroy(&world);
}

/* One range; both of its ends at every interesting place in a block. */
static void every_end(void **state)
{
	static const mu_pfn_t at[] = {0, 1, 2, 511, 512, 513, 1022, 1023};

	(void)state;
	for (size_t a = 0; a < MU_ARRAY_SIZE(at); a++) {
		for (size_t b = 0; b < MU_ARRAY_SIZE(at); b++) {
			/* 0 to 2 whole blocks between them. */
			mu_pfn_t start = MU_BLOCK_PAGES + at[a];
			mu_pfn_t end =
				(2 + (a + b) % 3) * MU_BLOCK_PAGES + at[b];
			struct mu_machine *machine = world_empty_machine(4, 1);

			add(machine, start * PAGE, (end - start) * PAGE, 0, 0);
			world_finish_machine(machine);
			check_machine(machine, world_policies[(a + b) % 3], 0,
				      0);
		}
	}
}

/* A range within one block. */
static void inside_a_block(void **state)
{
	(void)state;
	for (mu_pfn_t start = 1; start < MU_BLOCK_PAGES; start += 73) {
		struct mu_machine *machine = world_empty_machine(4, 1);

		add(machine, start * PAGE, PAGE * (1 + start * 7 % 300), 0, 0);
		world_finish_machine(machine);
		check_machine(machine, world_policies[start % 3], 0, 0);
	}
}

/*
 * Many ranges a block, of two nodes that take turns, with holes or without,
 * whose ends need not even be those of pages.
 */
static void many_in_a_block(void **state)
{
	(void)state;
	for (uint64_t turn = 0; turn < (TEST_TSAN ? 10 : 60); turn++) {
		uint64_t seed = world_seed(turn);
		struct mu_machine *machine = world_empty_machine(256, 3);
		mu_phys_t unit = turn % 2 ? PAGE : 16, at = 0;

		for (unsigned i = 0; i < 60; i++) {
			mu_phys_t size = world_random(&seed, 4)
						 ? world_random(&seed, 300)
						 : world_random(&seed, 3000);

			size = (size + 1) * PAGE / unit * unit +
			       world_random(&seed, PAGE / unit) * unit;
			if (world_random(&seed, 2))
				at += unit * (1 + world_random(&seed, 700));
			add(machine, at, size, (int)world_random(&seed, 3), 0);
			at += size;
		}
		world_finish_machine(machine);
		check_machine(machine, world_policies[turn % 3],
			      turn % 5 ? 2 * MU_MIB + 5 * PAGE : 0,
			      turn % 4 ? 9 * MU_MIB + PAGE : 0);
	}
}

/* Ranges that touch, of one node, but told apart by their flags. */
static void flags_meet(void **state)
{
	static const mu_pfn_t at[] = {1, 512, 1000, 1024, 1536, 2049, 3072};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(at); i++) {
		for (unsigned flag = MU_RANGE_HOTPLUG; flag <= MU_RANGE_NOMAP;
		     flag <<= 1) {
			struct mu_machine *machine = world_empty_machine(4, 1);
			mu_phys_t border = at[i] * PAGE;

			add(machine, 0, border, 0, 0);
			add(machine, border, 4096 * PAGE - border, 0, flag);
			world_finish_machine(machine);
			assert_int_equal(machine->nr_ranges, 2);
			check_machine(machine, world_policies[i % 3], 0, 0);
		}
	}
}

/* Nodes, or flags, that meet in the middle of a page: the page is nobody's. */
static void meet_in_a_page(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 4; turn++) {
		struct mu_machine *machine = world_empty_machine(4, 2);
		mu_phys_t border = 1200 * PAGE + 0x800;

		/* Node 1 may have this part of a page and nothing else. */
		add(machine, PAGE, border - PAGE, 0, 0);
		add(machine, border, turn & 1 ? 0x900 : 3000 * PAGE,
		    turn & 2 ? 1 : 0, MU_RANGE_MIRROR);
		world_finish_machine(machine);
		assert_int_equal(machine->nr_ranges, 2);
		check_machine(machine, MU_POLICY_LAZY, 0, 0);
	}
}

/* With 64 KiB pages a block is 64 MiB, and DMA ends inside the first. */
static void zone_border_inside(void **state)
{
	(void)state;
	for (unsigned shift = 12; shift <= 16; shift += 2) {
		for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
			check_machine(world_machine("2x160M/2", shift),
				      world_policies[p], 16 * MU_MIB,
				      97 * MU_MIB);
			check_machine(world_machine("2x160M/2", shift),
				      world_policies[p], 64 * MU_KIB,
				      128 * MU_KIB);
		}
	}
}

/* Both sides of a border in a block allocate and free at once. */
static bool border_side(struct world *world, unsigned index, void *arg)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	const int *nid = arg;
	unsigned flags = MU_ALLOC_RESERVES | MU_ALLOC_THISNODE;
	mu_pfn_t pfns[64];

	for (unsigned turn = 0; turn < 300; turn++) {
		unsigned order = turn % 8, nr = 0;

		while (nr < 64 &&
		       mu_alloc_pages(buddy, nid[index], order,
				      flags | (nid[index] == 0 && index == 0
						       ? MU_ALLOC_DMA
						       : 0),
				      &pfns[nr]) == MU_OK)
			nr++;
		while (nr)
			if (mu_free_pages(buddy, pfns[--nr], order) != MU_OK)
				return false;
	}
	return true;
}

static void border_between_zones(void **state)
{
	int nid[2] = {0, 0};
	struct world world;

	(void)state;
	/* One block: 512 pages of DMA, 512 of NORMAL. */
	world_init_machine(&world, world_machine("64M@64M/2", 16),
			   MU_POLICY_LAZY, world_backing());
	world.config.dma_limit = 96 * MU_MIB;
	world.config.dma32_limit = 0;
	world_start(&world);
	world_run(&world, 2, border_side, nid);
	world_destroy(&world);
}

static void border_between_nodes(void **state)
{
	int nid[2] = {0, 1};
	struct world world;

	(void)state;
	/* One block: 512 pages of each node. */
	world_init(&world, "2M@4M:0+2M@6M:1/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world_start(&world);
	world_run(&world, 2, border_side, nid);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end),
		cmocka_unit_test(inside_a_block),
		cmocka_unit_test(many_in_a_block),
		cmocka_unit_test(flags_meet),
		cmocka_unit_test(meet_in_a_page),
		cmocka_unit_test(zone_border_inside),
		cmocka_unit_test(border_between_zones),
		cmocka_unit_test(border_between_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
