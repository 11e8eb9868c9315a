// SPDX-License-Identifier: MIT
/* From a machine to an allocator: zones, limits, sizes, what is refused. */
#include "tests/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

struct zone_at {
	int nid;
	enum mu_zone_type type;
	mu_phys_t start, end; /* bytes */
	mu_phys_t present;
};

static void expect_zones(struct mu_machine *machine,
			 const struct mu_config *config,
			 const struct zone_at *expected, unsigned nr)
{
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		unsigned shift = machine->page_shift;
		struct mu_machine *copy = world_empty_machine(64, 8);
		struct world world;

		copy->page_shift = shift;
		for (unsigned i = 0; i < machine->nr_ranges; i++) {
			const struct mu_range *range = &machine->ranges[i];

			assert_int_equal(mu_machine_add(copy, range->base,
							range->size,
							MU_RANGE_RAM, 0, NULL),
					 MU_OK);
			assert_int_equal(mu_machine_add_affinity(
						 copy, range->base, range->size,
						 range->nid, 0, NULL),
					 MU_OK);
		}
		world_finish_machine(copy);
		world_init_machine(&world, copy, world_policies[p],
				   world_backing());
		if (config)
			world.config = *config;
		world.config.policy = world_policies[p];
		world_start(&world);
		assert_int_equal(world.mm.buddy.nr_zones, nr);
		for (unsigned i = 0; i < nr; i++) {
			const struct mu_zone *zone = &world.mm.buddy.zones[i];

			assert_int_equal(zone->nid, expected[i].nid);
			assert_int_equal(zone->type, expected[i].type);
			assert_int_equal(zone->start_pfn << shift,
					 expected[i].start);
			assert_int_equal(zone->end_pfn << shift,
					 expected[i].end);
			assert_int_equal(zone->present_pages << shift,
					 expected[i].present);
			/* Page 0 is reserved. */
			assert_int_equal(zone->managed_pages,
					 zone->present_pages -
						 (zone->start_pfn == 0));
		}
		world_destroy(&world);
	}
	free(machine);
}

#define EXPECT(machine, config, ...)                                   \
	expect_zones(machine, config, (struct zone_at[]){__VA_ARGS__}, \
		     sizeof((struct zone_at[]){__VA_ARGS__}) /         \
			     sizeof(struct zone_at))

#define G MU_GIB
#define M MU_MIB

/* As Linux has them on x86-64, whatever the size of a page. */
static void zones(void **state)
{
	const struct mu_config none = {.dma_limit = 0};
	const struct mu_config only_dma = {.dma_limit = 1 * G};
	const struct mu_config odd = {.dma_limit = 7 * M + 5000,
				      .dma32_limit = 100 * M + 1};

	(void)state;
	for (unsigned shift = 12; shift <= 16; shift += 2) {
		mu_phys_t page = (mu_phys_t)1 << shift;

		EXPECT(world_machine("8M", shift), NULL,
		       {0, MU_ZONE_DMA, 0, 8 * M, 8 * M});
		EXPECT(world_machine("2G", shift), NULL,
		       {0, MU_ZONE_DMA, 0, 16 * M, 16 * M},
		       {0, MU_ZONE_DMA32, 16 * M, 2 * G, 2 * G - 16 * M});
		EXPECT(world_machine("3G@0+3G@4G:1", shift), NULL,
		       {0, MU_ZONE_DMA, 0, 16 * M, 16 * M},
		       {0, MU_ZONE_DMA32, 16 * M, 3 * G, 3 * G - 16 * M},
		       {1, MU_ZONE_NORMAL, 4 * G, 7 * G, 3 * G});
		EXPECT(world_machine("1G@0+1G@3G:1+2G@4G", shift), NULL,
		       {0, MU_ZONE_DMA, 0, 16 * M, 16 * M},
		       {0, MU_ZONE_DMA32, 16 * M, 4 * G, G - 16 * M},
		       {0, MU_ZONE_NORMAL, 4 * G, 6 * G, 2 * G},
		       {1, MU_ZONE_DMA32, 3 * G, 4 * G, G});
		EXPECT(world_machine("1G@5G", shift), NULL,
		       {0, MU_ZONE_NORMAL, 5 * G, 6 * G, G});
		EXPECT(world_machine("2G", shift), &none,
		       {0, MU_ZONE_NORMAL, 0, 2 * G, 2 * G});
		EXPECT(world_machine("2G", shift), &only_dma,
		       {0, MU_ZONE_DMA, 0, G, G},
		       {0, MU_ZONE_NORMAL, G, 2 * G, G});
		/* Limits inside a page: that page is above them. */
		EXPECT(world_machine("128M", shift), &odd,
		       {0, MU_ZONE_DMA, 0, mu_align_down(odd.dma_limit, page),
			mu_align_down(odd.dma_limit, page)},
		       {0, MU_ZONE_DMA32, mu_align_down(odd.dma_limit, page),
			100 * M, 100 * M - mu_align_down(odd.dma_limit, page)},
		       {0, MU_ZONE_NORMAL, 100 * M, 128 * M, 28 * M});
	}
}

/* Limits out of order: told, and the machine can still be started. */
static void bad_limits(void **state)
{
	static const struct {
		mu_phys_t dma, dma32;
	} bad[] = {
		{4 * G, 16 * M},
		{G + 65536, G},
		/* In order only as long as nobody counts in 64 KiB. */
		{60000, 8192},
		{65536, 8192},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(bad); i++) {
		struct world world;

		world_init_machine(&world, world_machine("2G", 16),
				   MU_POLICY_LAZY, world_backing());
		world.config.dma_limit = bad[i].dma;
		world.config.dma32_limit = bad[i].dma32;
		assert_int_equal(world_try_start(&world), MU_ERR_RANGE);
		assert_int_equal(world.error.status, MU_ERR_RANGE);
		assert_non_null(strstr(world.error.text, "DMA32"));
		free(world.tables);
		world.config = mu_config_default();
		world_start(&world);
		world_destroy(&world);
	}
}

static void nothing_to_start(void **state)
{
	struct mu_config config = mu_config_default();
	struct mu_machine *machine = world_empty_machine(4, 4);
	static struct mu_mm mm;
	static const struct mu_port bare;
	struct mu_error error;

	(void)state;
	mu_mm_init(&mm, &bare);
	assert_int_equal(mu_mm_size(&mm), 0);
	assert_int_equal(mu_mm_memmap_bytes(&mm), 0);
	assert_int_equal(mu_mm_start(&mm, &config, NULL, NULL, 0, &error),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(error.status, MU_ERR_NOT_FOUND);
	assert_int_equal(mu_mm_start(&mm, &config, NULL, NULL, 0, NULL),
			 MU_ERR_NOT_FOUND);

	strcpy(machine->source, "the test");
	assert_int_equal(mu_machine_add(machine, 0, G, MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_mm_add_machine(&mm, machine, &error),
			 MU_ERR_INVALID);
	assert_non_null(strstr(error.text, "the test"));
	assert_int_equal(mu_mm_size(&mm), 0);
	free(machine);
}

/* Memory, but not one page of it, or none that is free. */
static void no_page(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		struct mu_machine *machine = world_empty_machine(4, 1);

		assert_int_equal(mu_machine_add(machine,
						turn ? 0 : 64 * M + 100,
						turn ? 65536 : 65000,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		machine->page_shift = turn == 2 ? 14 : 16;
		world_finish_machine(machine);
		world_init_machine(&world, machine, world_policies[turn],
				   world_backing());
		if (turn == 2)
			assert_int_equal(mu_memblock_reserve(&world.mm.memblock,
							     5000, 50000,
							     MU_MEMBLOCK_NONE),
					 MU_OK);
		world_start(&world);
		assert_int_equal(world_managed(&world), 0);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0,
						MU_ALLOC_RESERVES, &pfn),
				 MU_ERR_NOMEM);
		assert_int_equal(mu_mm_finish(&world.mm, 0), MU_OK);
		world_destroy(&world);
	}
}

/* Page 0 stays out, also when nobody reserved it. */
static void page_zero(void **state)
{
	struct world world;
	mu_pfn_t pfns[2048];
	uint64_t got;

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		world_init(&world, "8M", world_policies[p]);
		mu_mm_init(&world.mm, &world.port);
		assert_int_equal(mu_memblock_add(&world.mm.memblock, 0, 8 * M),
				 MU_OK);
		world_start(&world);
		assert_int_equal(world_managed(&world), 2047);
		got = world_exhaust(&world, 0, MU_ALLOC_RESERVES, pfns, 2048);
		assert_int_equal(got, 2047);
		for (uint64_t i = 0; i < got; i++)
			assert_true(pfns[i] != 0);
		assert_int_equal(mu_page_state(&world.mm, 0),
				 MU_STATE_RESERVED);
		world_free_all(&world, pfns, got, 0);
		world_destroy(&world);
	}
}

/* What is zero bytes long is not there. */
static void empty_ranges(void **state)
{
	struct mu_machine *machine = world_empty_machine(16, 4);
	struct model model;
	struct world world;

	(void)state;
	for (mu_phys_t at = 0; at < 64 * M; at += 16 * M) {
		assert_int_equal(
			mu_machine_add(machine, at, 0, MU_RANGE_RAM, 0, NULL),
			MU_OK);
		assert_int_equal(mu_machine_add(machine, at + 8 * M, 5 * M,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		assert_int_equal(mu_machine_add(machine, at + 9 * M, 0,
						MU_RANGE_RESERVED, 0, NULL),
				 MU_OK);
	}
	world_finish_machine(machine);
	world_init_machine(&world, machine, MU_POLICY_LAZY, world_backing());
	world_start(&world);
	model_init(&model, &world, NULL);
	assert_int_equal(model.memory, 20 * M >> 12);
	model_check_all(&model);
	model_destroy(&model);
	world_destroy(&world);
}

/* The last page of 52 bits. */
static void top_of_memory(void **state)
{
	struct world world;
	const mu_pfn_t end = MU_PHYS_MAX >> 12;
	mu_pfn_t pfn;

	(void)state;
	if (TEST_TSAN)
		skip(); /* its shadow leaves no 16 TiB for a memmap */
	world_up(&world, "1M@8M+1G@4194303G/4", MU_POLICY_LAZY);
	assert_int_equal(world.mm.memmap.end_pfn, end);
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 10, 0, &pfn),
			 MU_OK);
	assert_int_equal(pfn, 4194303 * G >> 12);
	assert_int_equal(mu_page_state(&world.mm, end - 1), MU_STATE_PRISTINE);
	assert_int_equal(mu_mm_finish(&world.mm, 0), MU_OK);
	assert_int_equal(mu_page_state(&world.mm, end - 1), MU_STATE_ONLINE);
	assert_int_equal(mu_page_state(&world.mm, end), MU_STATE_ABSENT);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 10), MU_OK);
	world_destroy(&world);
}

/* As many nodes as there may be. */
static void many_nodes(void **state)
{
	struct mu_buddy *buddy;
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_up(&world, "1024x32M/4096", MU_POLICY_LAZY);
	buddy = &world.mm.buddy;
	assert_int_equal(buddy->nr_nodes, 1024);
	/* DMA and DMA32 share node 0; NORMAL begins with node 128. */
	assert_int_equal(buddy->nr_zones, 1025);
	for (int nid = 0; nid < 1024; nid += 31) {
		assert_int_equal(mu_alloc_pages(buddy, nid, 10, 0, &pfn),
				 MU_OK);
		assert_int_equal(pfn >> 13, nid);
		assert_int_equal(mu_free_pages(buddy, pfn, 10), MU_OK);
	}
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones),
		cmocka_unit_test(bad_limits),
		cmocka_unit_test(nothing_to_start),
		cmocka_unit_test(no_page),
		cmocka_unit_test(page_zero),
		cmocka_unit_test(empty_ranges),
		cmocka_unit_test(top_of_memory),
		cmocka_unit_test(many_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
