// SPDX-License-Identifier: MIT
/*
 * Room for what comes after the start: the tables grow by as much as the limits
 * say and no more, and what is there at the start does not notice.
 */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "tests/model.h"

#define LINE	   ((size_t)64)
#define LEAF_BYTES (((size_t)1 << MU_LEAF_ORDER) * sizeof(struct mu_section))

static size_t memmap_bytes(const struct mu_limits *limits)
{
	struct mu_port port = {0};
	struct mu_memblock *memblock = calloc(1, sizeof(*memblock));
	size_t bytes;

	assert_non_null(memblock);
	mu_memblock_init(memblock, &port);
	assert_int_equal(mu_memblock_add(memblock, 0, MU_GIB), MU_OK);
	bytes = mu_memmap_size(memblock, MU_PAGE_SHIFT_MIN, limits, 0);
	free(memblock);
	return bytes;
}

static void test_memmap(void **state)
{
	struct mu_limits limits = {.end = 64 * MU_TIB};
	size_t one = memmap_bytes(NULL);
	size_t hosts = 2 * sizeof(struct mu_memmap_host);

	(void)state;
	assert_int_equal(one, 2 * LINE + LEAF_BYTES);
	/* Everything below the end. */
	assert_int_equal(memmap_bytes(&limits), 4096 + LINE + 512 * LEAF_BYTES);
	/* Half a TiB, in two ranges that may lie anywhere. */
	limits.late = 512 * MU_GIB;
	limits.ranges = 2;
	assert_int_equal(memmap_bytes(&limits),
			 4096 + LINE + (1 + 4 + 4) * LEAF_BYTES + hosts);
	/* Never more than there can be. */
	limits.end = 256 * MU_GIB;
	assert_int_equal(memmap_bytes(&limits),
			 2 * LINE + 2 * LEAF_BYTES + hosts);
	/* An end below the memory that is there is none. */
	limits = (struct mu_limits){.end = MU_MIB};
	assert_int_equal(memmap_bytes(&limits), one);
}

static void test_bad(void **state)
{
	struct mu_limits limits = {.end = MU_PHYS_MAX + 1};
	struct mu_error error = {.text = ""};
	struct mu_port port = {0};
	struct mu_mm *mm = calloc(1, sizeof(*mm));

	(void)state;
	assert_non_null(mm);
	mu_mm_init(mm, &port);
	assert_int_equal(mu_mm_set_limits(mm, &limits, &error), MU_ERR_RANGE);
	assert_non_null(strstr(error.text, "0x10000000000001"));
	limits = (struct mu_limits){.nodes = MU_MAX_NODES + 1};
	assert_int_equal(mu_mm_set_limits(mm, &limits, &error), MU_ERR_RANGE);
	assert_non_null(strstr(error.text, "1025"));
	assert_int_equal(mm->limits.nodes, 0);
	limits = (struct mu_limits){.end = MU_PHYS_MAX, .nodes = MU_MAX_NODES};
	assert_int_equal(mu_mm_set_limits(mm, &limits, NULL), MU_OK);
	free(mm);
}

/* A machine with limits is the machine without, and a hole behind it. */
static void test_start(void **state)
{
	const struct mu_limits limits = {
		.end = 64 * MU_TIB, .late = MU_TIB, .ranges = 8, .nodes = 6};
	struct mu_census plain, late;
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_up(&world, "2x64M/2", world_policies[i]);
		world_validate(&world, &plain);
		world_destroy(&world);

		world_init_late(&world, "2x64M/2", world_policies[i], &limits);
		world_start(&world);
		world_validate(&world, &late);
		assert_int_equal(late.total, limits.end >> MU_PAGE_SHIFT_MIN);
		assert_int_equal(late.hole - plain.hole,
				 late.total - plain.total);
		assert_int_equal(late.reserved, plain.reserved);
		assert_int_equal(late.free, plain.free);
		assert_int_equal(late.pristine, plain.pristine);
		/* Nodes that have nothing yet use those that have. */
		assert_int_equal(world.mm.buddy.nr_nodes, 6);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 5, 0, 0, &pfn),
				 MU_OK);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 5, 0,
						MU_ALLOC_THISNODE, &pfn),
				 MU_ERR_NOMEM);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 6, 0, 0, &pfn),
				 MU_ERR_RANGE);
		assert_int_equal(
			mu_free_pages(&world.mm.buddy,
				      (63 * MU_TIB) >> MU_PAGE_SHIFT_MIN, 0),
			MU_ERR_PRISTINE);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmap),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
