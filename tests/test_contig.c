// SPDX-License-Identifier: MIT
/*
 * Contiguous pages: exactly as many as were asked for, from free and from
 * pristine memory, and failing only when there is no such run.
 */
#include <stdlib.h>
#include <string.h>
#include "memup/contig.h"
#include "tests/world.h"

#define PAGE 4096

static struct world world;

static uint64_t allocated(void)
{
	struct mu_census census;

	world_validate(&world, &census);
	return census.allocated;
}

/* The call that must work. */
static mu_pfn_t get(uint64_t pages, uint64_t align)
{
	struct mu_contig want = {
		.pages = pages, .align = align, .flags = MU_ALLOC_RESERVES};
	uint64_t before = allocated();
	mu_pfn_t pfn = 0;

	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_OK);
	assert_int_equal(pfn % (align ? align : 1), 0);
	assert_int_equal(allocated() - before, pages);
	return pfn;
}

static void give(mu_pfn_t pfn, uint64_t pages)
{
	assert_int_equal(mu_free_contig(&world.mm, pfn, pages), MU_OK);
}

/* Again and again, as a driver that is loaded and unloaded. */
static void again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_up(&world, "512M", world_policies[i]);
		for (unsigned n = 0; n < 40; n++)
			give(get(32 * MU_MIB / PAGE, 1024), 8192);
		assert_int_equal(allocated(), 0);
		world_destroy(&world);
	}
}

/* n and no more, whatever n is. */
static void any_number(void **state)
{
	static const uint64_t numbers[] = {1,	 2,    3,    33,   1023,
					   1024, 1025, 1500, 8200, 9999};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		mu_pfn_t pfn[10];

		world_up(&world, "512M", world_policies[i]);
		for (unsigned n = 0; n < 10; n++)
			pfn[n] = get(numbers[n], n % 2 ? 1 : 64);
		for (unsigned n = 0; n < 10; n++)
			give(pfn[n], numbers[n]);
		assert_int_equal(allocated(), 0);
		world_destroy(&world);
	}
}

/* Each part can be freed by itself. */
static void in_parts(void **state)
{
	mu_pfn_t pfn, middle;

	(void)state;
	world_up(&world, "512M", MU_POLICY_LAZY);
	pfn = get(4096, 1024);
	middle = pfn + 1024;
	give(middle, 2048);
	assert_int_equal(mu_free_contig(&world.mm, pfn, 4096),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_free_contig(&world.mm, pfn, 1000), MU_ERR_ORDER);
	assert_int_equal(mu_free_contig(&world.mm, world.mm.memmap.end_pfn, 1),
			 MU_ERR_HOLE);
	assert_int_equal(mu_free_contig(&world.mm, pfn, UINT64_MAX),
			 MU_ERR_HOLE);
	assert_int_equal(allocated(), 2048);
	give(pfn, 1024);
	give(pfn + 3072, 1024);
	world_destroy(&world);
}

/* Between addresses, and on a node. */
static void within(void **state)
{
	struct mu_contig want = {.pages = 3000,
				 .align = 4,
				 .min = 100 * MU_MIB + 1,
				 .max = 200 * MU_MIB,
				 .flags = MU_ALLOC_RESERVES};
	mu_pfn_t pfn, second;

	(void)state;
	world_up(&world, "2x256M", MU_POLICY_LAZY);
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_OK);
	assert_int_equal(pfn, 100 * MU_MIB / PAGE + 4);
	want.min = 0;
	want.max = 0;
	want.nid = 1;
	want.flags |= MU_ALLOC_THISNODE;
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &second), MU_OK);
	assert_true(second >= 256 * MU_MIB / PAGE);
	give(pfn, 3000);
	give(second, 3000);
	/* Larger than what lies there. */
	want.pages = 256 * MU_MIB / PAGE;
	want.min = 300 * MU_MIB;
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_ERR_NOMEM);
	assert_int_equal(allocated(), 0);
	world_destroy(&world);
}

static void chosen(void **state)
{
	struct mu_mm *mm = &world.mm;
	mu_pfn_t at = 77 * MU_MIB / PAGE + 5;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		world_init(&world, "256M", world_policies[i]);
		assert_int_equal(mu_memblock_reserve(&mm->memblock,
						     120 * MU_MIB, PAGE, 0),
				 MU_OK);
		world_start(&world);
		assert_int_equal(mu_alloc_range(mm, at, at + 3333, 0), MU_OK);
		assert_int_equal(allocated(), 3333);
		/* Taken, in part too. */
		assert_int_equal(mu_alloc_range(mm, at - 10, at + 1, 0),
				 MU_ERR_BUSY);
		assert_int_equal(mu_alloc_range(mm, at + 3332, at + 9000, 0),
				 MU_ERR_BUSY);
		assert_int_equal(allocated(), 3333);
		assert_int_equal(mu_alloc_range(mm, 110 * MU_MIB / PAGE,
						130 * MU_MIB / PAGE, 0),
				 MU_ERR_RESERVED);
		assert_int_equal(mu_alloc_range(mm, 0, 4, 0), MU_ERR_RESERVED);
		assert_int_equal(mu_alloc_range(mm, 5, 5, 0), MU_ERR_RANGE);
		assert_int_equal(mu_alloc_range(mm, 5, 1 << 20, 0),
				 MU_ERR_RANGE);
		assert_int_equal(mu_alloc_range(mm, 5, 6, 0x8000),
				 MU_ERR_INVALID);
		assert_int_equal(allocated(), 3333);
		/* Across the border of two zones. */
		assert_int_equal(mu_alloc_range(mm, 15 * MU_MIB / PAGE,
						17 * MU_MIB / PAGE,
						MU_ALLOC_RESERVES),
				 MU_OK);
		give(15 * MU_MIB / PAGE, 512);
		give(at, 3333);
		assert_int_equal(allocated(), 0);
		world_destroy(&world);
	}
}

static void bad_arguments(void **state)
{
	static const struct mu_contig wrong[] = {
		{.pages = 0},
		{.pages = 1, .align = 3},
		{.pages = 1, .flags = 0x8000},
		{.pages = 1, .flags = MU_ALLOC_DMA | MU_ALLOC_DMA32},
		{.pages = 1, .min = 8192, .max = 8192},
	};
	struct mu_contig want = {.pages = 1, .nid = 9};
	mu_pfn_t pfn = 123;

	(void)state;
	world_up(&world, "64M", MU_POLICY_LAZY);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(mu_alloc_contig(&world.mm, &wrong[i], &pfn),
				 MU_ERR_INVALID);
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_ERR_RANGE);
	want.nid = 0;
	want.pages = UINT64_MAX;
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_ERR_NOMEM);
	assert_int_equal(pfn, 123);
	world_destroy(&world);
}

/* The min mark is kept. */
static void mark(void **state)
{
	struct mu_contig want = {.pages = 20000};
	struct mu_zone *zone;
	uint64_t min;
	mu_pfn_t pfn;
	unsigned got = 0;

	(void)state;
	world_init(&world, "256M", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.min_free_pages = 10000;
	world_start(&world);
	zone = world_zone(&world, 0, MU_ZONE_NORMAL);
	min = zone->watermark[MU_WMARK_MIN];
	while (mu_alloc_contig(&world.mm, &want, &pfn) == MU_OK)
		got++;
	assert_int_equal(got, 2);
	assert_true(zone->free_pages + zone->pristine_pages >= min);
	want.flags = MU_ALLOC_RESERVES;
	assert_int_equal(mu_alloc_contig(&world.mm, &want, &pfn), MU_OK);
	world_validate(&world, NULL);
	world_destroy(&world);
}

/* ---- Against a bitmap ---- */

#define PAGES (64 * MU_MIB / PAGE)
#define HELD  400

static bool used[PAGES];

/* The lowest run in the bitmap; PAGES when there is none. */
static mu_pfn_t lowest(uint64_t pages, uint64_t align)
{
	for (mu_pfn_t start = 0; start + pages <= PAGES; start += align) {
		mu_pfn_t pfn = start;

		while (pfn < start + pages && !used[pfn])
			pfn++;
		if (pfn == start + pages)
			return start;
	}
	return PAGES;
}

static void mark_used(mu_pfn_t pfn, uint64_t pages, bool is)
{
	for (mu_pfn_t at = pfn; at < pfn + pages; at++) {
		assert_int_equal(used[at], !is);
		used[at] = is;
	}
}

static void against_a_bitmap(void **state)
{
	static struct {
		mu_pfn_t pfn;
		uint64_t pages;
	} held[HELD];
	struct mu_mm *mm = &world.mm;
	unsigned nr = 0, failed = 0;
	uint64_t seed = 4711;

	(void)state;
	world_init(&world, "64M", MU_POLICY_LAZY);
	world_one_zone(&world);
	assert_int_equal(mu_memblock_reserve(&mm->memblock, 33 * MU_MIB, MU_MIB,
					     MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	memset(used, 0, sizeof(used));
	used[0] = true;
	mark_used(33 * MU_MIB / PAGE, MU_MIB / PAGE, true);
	for (unsigned i = 0; i < 3000; i++) {
		struct mu_contig want = {
			.pages = 1 + world_random(&seed, 1u << (1 + i % 12)),
			.align = (uint64_t)1 << world_random(&seed, 8),
			.flags = MU_ALLOC_RESERVES,
		};
		mu_pfn_t pfn = 0, expected;

		if (nr == HELD || (nr && world_random(&seed, 100) < 45)) {
			unsigned at = (unsigned)world_random(&seed, nr);

			mark_used(held[at].pfn, held[at].pages, false);
			give(held[at].pfn, held[at].pages);
			held[at] = held[--nr];
			continue;
		}
		expected = lowest(want.pages, want.align);
		if (mu_alloc_contig(mm, &want, &pfn) != MU_OK) {
			assert_int_equal(expected, PAGES);
			failed++;
			continue;
		}
		assert_int_equal(pfn, expected);
		mark_used(pfn, want.pages, true);
		held[nr].pfn = pfn;
		held[nr++].pages = want.pages;
		if (i % 100 == 0)
			world_validate(&world, NULL);
	}
	assert_true(failed > 20);
	while (nr--)
		give(held[nr].pfn, held[nr].pages);
	assert_int_equal(allocated(), 0);
	world_destroy(&world);
}

/* ---- Together with everybody else ---- */

static bool torment(struct world *unused, unsigned index, void *arg)
{
	uint64_t seed = index + 1;

	(void)unused, (void)arg;
	for (unsigned i = 0; i < 400; i++) {
		struct mu_contig want = {.pages = 1 + world_random(&seed, 3000),
					 .align = (uint64_t)1
						  << world_random(&seed, 11)};
		mu_pfn_t pfn, other;

		if (mu_alloc_pages(&world.mm.buddy, 0, i % 11, 0, &other) ==
			    MU_OK &&
		    mu_free_pages(&world.mm.buddy, other, i % 11) != MU_OK)
			return false;
		if (index < 2 &&
		    mu_alloc_contig(&world.mm, &want, &pfn) == MU_OK &&
		    mu_free_contig(&world.mm, pfn, want.pages) != MU_OK)
			return false;
	}
	return true;
}

static void all_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		world_up(&world, "512M/4",
			 i ? MU_POLICY_LAZY : MU_POLICY_EAGER);
		world_run(&world, 4, torment, NULL);
		assert_int_equal(allocated(), 0);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(again),
		cmocka_unit_test(any_number),
		cmocka_unit_test(in_parts),
		cmocka_unit_test(within),
		cmocka_unit_test(chosen),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(mark),
		cmocka_unit_test(against_a_bitmap),
		cmocka_unit_test(all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
