// SPDX-License-Identifier: MIT
/* Limits, questions and walks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/memblock_model.h"

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

static int start(void **state)
{
	(void)state;
	mbm_start(&world, 0, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

static void trim(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, 0x1000, 0x1000)); /* aligned: stays */
	ok(mu_memblock_add(mb, 0x3800, 0x900));	 /* no whole page: goes */
	ok(mu_memblock_add(mb, 0x5001, 0x1fff)); /* ragged start */
	ok(mu_memblock_add(mb, 0x8000, 0x1001)); /* ragged end */
	ok(mu_memblock_add_node(mb, 0x9001, 0x1fff, 1, 0)); /* next to it */
	mbm_save(&world, &image);
	fails(MU_ERR_INVALID, mu_memblock_trim_memory(mb, 0));
	fails(MU_ERR_INVALID, mu_memblock_trim_memory(mb, 0x1001));
	mbm_same(&world, &image);
	ok(mu_memblock_trim_memory(mb, 0x1000));
	mbm_expect(&mb->memory, {0x1000, 0x1000, 0, -1},
		   {0x6000, 0x1000, 0, -1}, {0x8000, 0x1000, 0, -1},
		   {0xa000, 0x1000, 0, 1});
	ok(mu_memblock_trim_memory(mb, MU_PHYS_MAX));
	mbm_expect_empty(&mb->memory);
}

static void cap(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, 0x1000, 0x8000));
	ok(mu_memblock_add(mb, 0x10000, 0x8000));
	ok(mu_memblock_mark_nomap(mb, 0x1000, 0x1000));
	ok(mu_memblock_mark_nomap(mb, 0x12000, 0x4000));
	ok(mu_memblock_reserve(mb, 0, 0x6000, 0));
	ok(mu_memblock_reserve(mb, 0x11000, 0x6000, 0));
	ok(mu_memblock_cap_memory_range(mb, 0x4000, 0));
	fails(MU_ERR_RANGE, mu_memblock_cap_memory_range(mb, 1, MU_PHYS_MAX));
	ok(mu_memblock_cap_memory_range(mb, 0x4000, 0xe000));
	mbm_expect(&mb->memory, {0x1000, 0x1000, MU_MEMBLOCK_NOMAP, -1},
		   {0x4000, 0x5000, 0, -1}, {0x10000, 0x2000, 0, -1},
		   {0x12000, 0x4000, MU_MEMBLOCK_NOMAP, -1});
	mbm_expect(&mb->reserved, {0x4000, 0x2000, 0, -1},
		   {0x11000, 0x1000, 0, -1});
}

/* Linux says so and leaves what is reserved, too: the map is yet to come. */
static void cap_before_memory(void **state)
{
	(void)state;
	ok(mu_memblock_reserve(mb, 0x1000, 0x8000, 0));
	ok(mu_memblock_cap_memory_range(mb, 0x4000, 0x1000));
	mbm_expect(&mb->reserved, {0x1000, 0x8000, 0, -1});
	assert_true(mbm_logged(&world, "no memory"));
}

static void limits(void **state)
{
	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		mu_memblock_init(mb, NULL);
		ok(mu_memblock_add(mb, 0x1000, 0x4000));
		ok(mu_memblock_add(mb, 0x10000, 0x4000));
		ok(mu_memblock_add_node(mb, 0x20000, 0x4000, MU_NO_NODE,
					MU_MEMBLOCK_NOMAP));
		ok(mu_memblock_reserve(mb, 0x11000, 0x20000, 0));
		mbm_save(&world, &image);
		if (keep) {
			mu_memblock_mem_limit_remove_map(mb, 0);
			mu_memblock_mem_limit_remove_map(mb, 0xc001);
			mbm_same(&world, &image);
			mu_memblock_mem_limit_remove_map(mb, 0x6000);
			mbm_expect(&mb->memory, {0x1000, 0x4000, 0, -1},
				   {0x10000, 0x2000, 0, -1},
				   {0x20000, 0x4000, MU_MEMBLOCK_NOMAP, -1});
		} else {
			mu_memblock_enforce_memory_limit(mb, 0);
			mu_memblock_enforce_memory_limit(mb, 0xc001);
			mbm_same(&world, &image);
			mu_memblock_enforce_memory_limit(mb, 0x6000);
			mbm_expect(&mb->memory, {0x1000, 0x4000, 0, -1},
				   {0x10000, 0x2000, 0, -1});
		}
		mbm_expect(&mb->reserved, {0x11000, 0x1000, 0, -1});
	}
}

static void ask(void **state)
{
	const struct mu_memblock_type *memory = &mb->memory;
	mu_pfn_t from = 77, to = 77;

	(void)state;
	ok(mu_memblock_add_node(mb, 0x2000, 0x2000, 0, 0));
	ok(mu_memblock_add_node(mb, 0x4000, 0x2000, 1, 0));
	ok(mu_memblock_add_node(mb, 0x8000, 0x2000, 1, MU_MEMBLOCK_NOMAP));
	ok(mu_memblock_reserve(mb, 0x5000, 0x1000, 0));
	assert_int_equal(mu_memblock_start_of_DRAM(mb), 0x2000);
	assert_int_equal(mu_memblock_end_of_DRAM(mb), 0xa000);
	assert_int_equal(mu_memblock_phys_mem_size(mb), 0x6000);
	assert_int_equal(mu_memblock_reserved_size(mb), 0x1000);

	assert_false(mu_memblock_is_memory(mb, 0x1fff));
	assert_true(mu_memblock_is_memory(mb, 0x2000));
	assert_true(mu_memblock_is_memory(mb, 0x5fff));
	assert_false(mu_memblock_is_memory(mb, 0x6000));
	assert_false(mu_memblock_is_memory(mb, UINT64_MAX));
	assert_true(mu_memblock_is_memory(mb, 0x8000));
	assert_false(mu_memblock_is_map_memory(mb, 0x8000));
	assert_true(mu_memblock_is_map_memory(mb, 0x4000));
	assert_true(mu_memblock_is_reserved(mb, 0x5000));
	assert_false(mu_memblock_is_reserved(mb, 0x6000));

	assert_true(mu_memblock_is_region_memory(mb, 0x2000, 0x4000));
	assert_true(mu_memblock_is_region_memory(mb, 0x3000, 0x2000));
	assert_false(mu_memblock_is_region_memory(mb, 0x3000, 0x3001));
	assert_false(mu_memblock_is_region_memory(mb, 0x1fff, 2));
	assert_false(mu_memblock_is_region_memory(mb, 0x2000, 0x8000));
	assert_false(mu_memblock_is_region_memory(mb, 0x2000, 0));
	assert_false(mu_memblock_is_region_memory(mb, 0x2000, UINT64_MAX));
	assert_true(mu_memblock_is_region_reserved(mb, 0x4000, 0x1001));
	assert_false(mu_memblock_is_region_reserved(mb, 0x4000, 0x1000));
	assert_false(mu_memblock_is_region_reserved(mb, 0x6000, 0x1000));

	/* Before, touching, across each end, within, around, between, after. */
	assert_false(mu_memblock_overlaps_region(memory, 0, 0x1000));
	assert_false(mu_memblock_overlaps_region(memory, 0x1000, 0x1000));
	assert_true(mu_memblock_overlaps_region(memory, 0x1000, 0x1001));
	assert_true(mu_memblock_overlaps_region(memory, 0x5fff, 0x1000));
	assert_true(mu_memblock_overlaps_region(memory, 0x3000, 1));
	assert_true(mu_memblock_overlaps_region(memory, 0, 0x10000));
	assert_false(mu_memblock_overlaps_region(memory, 0x6000, 0x2000));
	assert_false(mu_memblock_overlaps_region(memory, 0xa000, 0x1000));
	assert_false(mu_memblock_overlaps_region(memory, 0x3000, 0));

	assert_int_equal(mu_memblock_search_pfn_nid(mb, 1, &from, &to), -1);
	assert_int_equal(from, 77);
	assert_int_equal(mu_memblock_search_pfn_nid(mb, 3, &from, &to), 0);
	assert_int_equal(from, 2);
	assert_int_equal(to, 4);
	assert_int_equal(mu_memblock_search_pfn_nid(mb, 4, NULL, NULL), 1);
	assert_int_equal(mu_memblock_search_pfn_nid(mb, UINT64_MAX, NULL, NULL),
			 -1);
	assert_int_equal(mu_memblock_search_pfn_nid(mb, ((mu_pfn_t)1 << 52) + 3,
						    NULL, NULL),
			 -1);
	mb->page_shift = 14;
	assert_int_equal(mu_memblock_search_pfn_nid(mb, 1, &from, &to), 1);
	assert_int_equal(from, 1);
	assert_int_equal(to, 1);
}

static void overlap_of_two(void **state)
{
	(void)state;
	assert_true(mu_memblock_addrs_overlap(0, 2, 1, 2));
	assert_true(mu_memblock_addrs_overlap(1, 2, 0, 2));
	assert_true(mu_memblock_addrs_overlap(0, 9, 3, 1));
	assert_false(mu_memblock_addrs_overlap(0, 2, 2, 2));
	assert_false(mu_memblock_addrs_overlap(2, 2, 0, 2));
}

static void loops(void **state)
{
	const struct mu_memblock_region *region;
	mu_phys_t from, to, sum = 0;
	mu_pfn_t first, past;
	unsigned turns = 0;
	uint64_t i;
	int nid;

	(void)state;
	ok(mu_memblock_add_node(mb, 0x1000, 0x3000, 0, 0));
	ok(mu_memblock_add_node(mb, 0x4000, 0x1000, 1, MU_MEMBLOCK_NOMAP));
	ok(mu_memblock_add_node(mb, 0x5800, 0x800, 1, 0));
	ok(mu_memblock_add_node(mb, 0x7800, 0x1800, 1, MU_MEMBLOCK_HOTPLUG));
	ok(mu_memblock_reserve(mb, 0, 0x2000, 0));
	ok(mu_memblock_reserve(mb, 0x8000, 0x800, 0));

	mu_for_each_mem_range (mb, i, &from, NULL)
		sum = sum * 16 + from / 0x800;
	assert_int_equal(sum, 0x2bf); /* not the NOMAP one at 0x4000 */
	sum = 0;
	mu_for_each_mem_range_rev (mb, i, &from, NULL)
		sum = sum * 16 + from / 0x800;
	assert_int_equal(sum, 0xfb2);
	sum = 0;
	mu_for_each_reserved_mem_range (mb, i, NULL, &to)
		sum = sum * 256 + to / 0x800;
	assert_int_equal(sum, 0x411);
	sum = 0;
	mu_for_each_free_mem_range (mb, i, MU_NO_NODE, 0, &from, &to, NULL) {
		sum += to - from;
		turns++;
	}
	assert_int_equal(turns, 4);
	assert_int_equal(sum, 0x2000 + 0x800 + 0x800 + 0x800);
	mu_for_each_free_mem_range_reverse (mb, i, 1, 0, &from, &to, &nid) {
		assert_int_equal(nid, 1);
		sum -= to - from;
	}
	assert_int_equal(sum, 0x2000);
	mb->movable_node = true;
	mu_for_each_free_mem_range (mb, i, 1, 0, &from, NULL, NULL)
		assert_int_equal(from, 0x5800);
	mb->movable_node = false;

	/* Whole pages only: the half page at 0x5800 is none. */
	sum = 0;
	mu_for_each_mem_pfn_range (mb, i, MU_NO_NODE, &first, &past, &nid)
		sum = sum * 4096 + first * 256 + past * 16 + (mu_phys_t)nid;
	assert_int_equal(sum, 0x140451891);
	i = MU_MEMBLOCK_LAST;
	assert_true(mu_memblock_prev_mem_pfn(mb, &i, 0, &first, &past, NULL));
	assert_int_equal(first, 1);
	assert_int_equal(past, 4);
	assert_false(mu_memblock_prev_mem_pfn(mb, &i, 0, &first, &past, NULL));
	i = MU_MEMBLOCK_LAST;
	assert_true(mu_memblock_prev_reserved(mb, &i, &from, NULL, &nid));
	assert_int_equal(from, 0x8000);
	assert_int_equal(nid, MU_NO_NODE);

	turns = 0;
	mu_for_each_mem_region (mb, region)
		turns += region->size == 0x800;
	mu_for_each_reserved_mem_region (mb, region)
		turns += region->size == 0x800 ? 4 : 0;
	assert_int_equal(turns, 5);
}

/* A cursor that has come to its end stays there. */
static void ends(void **state)
{
	uint64_t up = MU_MEMBLOCK_FIRST, down = MU_MEMBLOCK_LAST;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_false(mu_memblock_next_free(mb, &up, -1, 0, NULL, NULL,
						   NULL));
		assert_false(mu_memblock_prev_free(mb, &down, -1, 0, NULL, NULL,
						   NULL));
	}
	ok(mu_memblock_add(mb, 0, MU_PHYS_MAX));
	ok(mu_memblock_reserve(mb, 0, 0x1000, 0));
	ok(mu_memblock_reserve(mb, MU_PHYS_MAX - 1, 1, 0));
	up = MU_MEMBLOCK_FIRST;
	down = MU_MEMBLOCK_LAST;
	assert_true(mu_memblock_next_free(mb, &up, -1, 0, NULL, NULL, NULL));
	assert_true(mu_memblock_prev_free(mb, &down, -1, 0, NULL, NULL, NULL));
	for (int i = 0; i < 3; i++) {
		assert_false(mu_memblock_next_free(mb, &up, -1, 0, NULL, NULL,
						   NULL));
		assert_false(mu_memblock_prev_free(mb, &down, -1, 0, NULL, NULL,
						   NULL));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		T(trim),   T(cap),  T(cap_before_memory),
		T(limits), T(ask),  T(overlap_of_two),
		T(loops),  T(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
