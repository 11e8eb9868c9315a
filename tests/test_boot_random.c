// SPDX-License-Identifier: MIT
/* Machines that nobody would build, under every policy. */
#include "tests/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

/* The pages that a model has are kept few: it is for all page sizes. */
#define MOST_PAGES 40000

/*
 * Ranges of every kind and size, of nodes that interleave, that touch or leave
 * holes, with ends at any byte; sometimes so many that memblock has to grow.
 */
static struct mu_machine *random_machine(uint64_t *seed)
{
	unsigned nr = world_random(seed, 4)
			      ? 1 + (unsigned)world_random(seed, 40)
			      : 150 + (unsigned)world_random(seed, 500);
	struct mu_machine *machine = world_empty_machine(2 * nr + 8, 8);
	unsigned nr_nodes = 1 + (unsigned)world_random(seed, 8);
	unsigned shift = 12 + 2 * (unsigned)world_random(seed, 3);
	mu_phys_t unit = (mu_phys_t)1 << world_random(seed, shift + 1);
	mu_phys_t page = (mu_phys_t)1 << shift;
	mu_phys_t at = world_random(seed, 3) * page * world_random(seed, 5000);

	machine->page_shift = shift;
	for (unsigned i = 0; i < nr; i++) {
		mu_phys_t size = world_random(seed, 2 * page * MOST_PAGES / nr);
		unsigned type =
			world_random(seed, 8)
				? MU_RANGE_RAM
				: 1 + (unsigned)world_random(
					      seed, MU_NR_RANGE_TYPES - 1);

		size -= size % unit;
		if (world_random(seed, 2))
			at += unit * world_random(seed, 1 + 200 * page / unit);
		assert_int_equal(mu_machine_add(machine, at, size,
						(enum mu_range_type)type, 0,
						NULL),
				 MU_OK);
		assert_int_equal(
			mu_machine_add_affinity(
				machine, at, size,
				(int)world_random(seed, nr_nodes),
				world_random(seed, 6)
					? 0
					: (unsigned)world_random(seed, 8),
				NULL),
			MU_OK);
		at += size;
	}
	/* One that is RAM for sure, and large enough for grown tables. */
	assert_int_equal(mu_machine_add(machine, at, 300 * page + unit,
					MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 0, 3, NULL), MU_OK);
	world_finish_machine(machine);
	return machine;
}

/* Keep some of it, as a client would keep its image. */
static void reserve_some(struct world *world, uint64_t *seed)
{
	mu_phys_t top = mu_machine_top(world->machine);

	for (uint64_t nr = world_random(seed, 6); nr > 0; nr--)
		assert_int_equal(
			mu_memblock_reserve(
				&world->mm.memblock, world_random(seed, top),
				world_random(seed, top / 30), MU_MEMBLOCK_NONE),
			MU_OK);
}

static void random_config(struct mu_config *config, uint64_t *seed,
			  mu_phys_t ram)
{
	config->dma_limit = world_random(seed, 3) * world_random(seed, ram / 4);
	config->dma32_limit =
		world_random(seed, 3)
			? config->dma_limit + world_random(seed, ram / 2)
			: 0;
	if (world_random(seed, 3) == 0)
		config->kernelcore = world_random(seed, ram);
	if (world_random(seed, 3) == 0)
		config->movablecore = world_random(seed, ram);
	config->movable_node = world_random(seed, 3) == 0;
}

/* Blocks that have memory in them, 16 KiB of descriptors each. */
static uint64_t memmap_bytes(const struct model *model)
{
	uint64_t blocks = 0;

	for (mu_pfn_t block = 0; block < model->end; block += MU_BLOCK_PAGES) {
		mu_pfn_t pfn = block;

		while (pfn < MU_MIN(model->end, block + MU_BLOCK_PAGES) &&
		       model->pages[pfn].nid < 0)
			pfn++;
		blocks += pfn < MU_MIN(model->end, block + MU_BLOCK_PAGES);
	}
	return blocks * MU_BLOCK_PAGES * sizeof(struct mu_page);
}

static void one_machine(uint64_t number, enum mu_policy policy, bool *grew)
{
	uint64_t seed = number;
	struct model model;
	struct world world;

	world_init_machine(&world, random_machine(&seed), policy,
			   world_backing());
	reserve_some(&world, &seed);
	random_config(&world.config, &seed, mu_machine_ram(world.machine));
	*grew = *grew || world.mm.memblock.memory.cnt > MU_MEMBLOCK_REGIONS;
	world_start(&world);
	model_init(&model, &world, world.mm.layout.movable_start);
	assert_int_equal(mu_mm_memmap_bytes(&world.mm), memmap_bytes(&model));
	model_check_all(&model);
	model_destroy(&model);
	world_destroy(&world);
}

static void random_machines(void **state)
{
	bool grew = false;

	(void)state;
	for (uint64_t number = 1; number <= (TEST_TSAN ? 10 : 60); number++) {
		world_seed(number);
		for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++)
			one_machine(number, world_policies[p], &grew);
	}
	assert_true(grew);
}

/* More ranges than memblock has room for at first, of odd sizes. */
static void many_ranges(void **state)
{
	(void)state;
	for (unsigned nr = 126; nr <= 1100; nr += nr < 131 ? 1 : 321) {
		struct mu_machine *machine = world_empty_machine(nr + 1, 1);
		struct model model;
		struct world world;

		/* Room for the larger tables. */
		assert_int_equal(mu_machine_add(machine, 0, MU_MIB,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		for (unsigned i = 8; i < nr + 7; i++)
			assert_int_equal(mu_machine_add(machine,
							i * 0x20000ull + 0x501,
							0x12345 + i * 3,
							MU_RANGE_RAM, 0, NULL),
					 MU_OK);
		world_finish_machine(machine);
		world_init_machine(&world, machine, MU_POLICY_LAZY,
				   world_backing());
		assert_int_equal(world.mm.memblock.memory.cnt, nr);
		world_start(&world);
		model_init(&model, &world, NULL);
		model_check_all(&model);
		model_destroy(&model);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_machines),
		cmocka_unit_test(many_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
