// SPDX-License-Identifier: MIT
/*
 * Room for what comes after the start: the tables grow by as much as the limits
 * say and no more, and what is there at the start does not notice.
 */
#include "memmap/blocks.h"
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/model.h"

#define PAGE	   ((mu_phys_t)1 << MU_PAGE_SHIFT_MIN)
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

/* Whole sections, to the end of memory or of the limits. */
static void test_span(void **state)
{
	static const struct {
		mu_phys_t size, end;
		uint64_t sections;
	} cases[] = {
		{PAGE, 0, 1},
		{128 * MU_MIB, 0, 1},
		{128 * MU_MIB + 1, 0, 2},
		{MU_GIB, 0, 8},
		{MU_GIB, MU_MIB, 8},
		{MU_GIB, MU_TIB, 8192},
		{MU_GIB, MU_PHYS_MAX, MU_PHYS_MAX / (128 * MU_MIB)},
	};
	static const struct mu_port port;
	static struct mu_mm mm;

	(void)state;
	mu_mm_init(&mm, &port);
	assert_int_equal(mu_mm_memmap_span(&mm), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_limits limits = {.end = cases[i].end};

		mu_mm_init(&mm, &port);
		assert_int_equal(
			mu_memblock_add(&mm.memblock, 0, cases[i].size), MU_OK);
		assert_int_equal(mu_mm_set_limits(&mm, &limits, NULL), MU_OK);
		assert_int_equal(mu_mm_memmap_span(&mm),
				 cases[i].sections * MU_SECTION_PAGES *
					 sizeof(struct mu_page));
	}
}

/* Nothing is written behind the span, wherever memory ends in its block. */
static void test_past_span(void **state)
{
	static const mu_phys_t sizes[] = {256 * MU_MIB, 257 * MU_MIB,
					  259 * MU_MIB + 1, PAGE * 3};
	struct mu_config config = mu_config_default();
	static const struct mu_port port;
	static struct mu_mm mm;

	(void)state;
	config.policy = MU_POLICY_EAGER;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t span;
		void *tables;
		char *memmap;

		mu_mm_init(&mm, &port);
		assert_int_equal(mu_memblock_add(&mm.memblock, 0, sizes[i]),
				 MU_OK);
		span = (size_t)mu_mm_memmap_span(&mm);
		memmap = mmap(NULL, span + PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(memmap != MAP_FAILED);
		assert_int_equal(mprotect(memmap + span, PAGE, PROT_NONE), 0);
		tables = aligned_alloc(64, mu_mm_size(&mm));
		assert_int_equal(mu_mm_start(&mm, &config, (void *)memmap,
					     tables, mu_mm_size(&mm), NULL),
				 MU_OK);
		assert_int_equal(mu_validate(&mm, NULL, NULL), MU_OK);
		munmap(memmap, span + PAGE);
		free(tables);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmap),	  cmocka_unit_test(test_bad),
		cmocka_unit_test(test_start),	  cmocka_unit_test(test_span),
		cmocka_unit_test(test_past_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
