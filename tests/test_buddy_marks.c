// SPDX-License-Identifier: MIT
/* Watermarks: what an allocation must leave, and that no policy differs. */
#include "tests/alike.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static uint64_t left_in(const struct mu_zone *zone)
{
	return zone->free_pages + zone->pristine_pages;
}

/* The marks of one zone, as memup/buddy.h has them. */
static void check_marks(const struct mu_zone *zone, uint64_t min)
{
	uint64_t step = MU_MAX(min / 4, zone->managed_pages / 1000);

	assert_int_equal(zone->watermark[MU_WMARK_MIN], min);
	assert_int_equal(zone->watermark[MU_WMARK_LOW], min + step);
	assert_int_equal(zone->watermark[MU_WMARK_HIGH], min + 2 * step);
}

/* 64 MiB, min 1000: order 0 until refused, by kind of caller. */
static void exact(void **state)
{
	mu_pfn_t *pfns = malloc(16384 * sizeof(*pfns));

	(void)state;
	assert_non_null(pfns);
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		struct mu_zone *zone;
		uint64_t got;

		world_init(&world, "64M", world_policies[p]);
		world_one_zone(&world);
		world.config.min_free_pages = 1000;
		world_start(&world);
		zone = world_zone(&world, 0, MU_ZONE_NORMAL);
		check_marks(zone, 1000);
		got = world_exhaust(&world, 0, 0, pfns, 16384);
		assert_int_equal(left_in(zone), 1000);
		got += world_exhaust(&world, 0, MU_ALLOC_ATOMIC, pfns + got,
				     16384 - got);
		assert_int_equal(left_in(zone), 500);
		/* What was refused once is refused again. */
		assert_int_equal(
			world_exhaust(&world, 0, 0, pfns + got, 16384 - got),
			0);
		got += world_exhaust(&world, 0, MU_ALLOC_RESERVES, pfns + got,
				     16384 - got);
		assert_int_equal(left_in(zone), 0);
		assert_int_equal(got, zone->managed_pages);
		world_free_all(&world, pfns, got, 0);
		/* Larger orders count what they take. */
		got = world_exhaust(&world, 6, 0, pfns, 16384);
		assert_in_range(left_in(zone), 1000, 1063);
		world_free_all(&world, pfns, got, 6);
		world_destroy(&world);
	}
	free(pfns);
}

/* The low mark holds while another zone can serve; then the min marks. */
static void low_then_min(void **state)
{
	mu_pfn_t *pfns = malloc(65536 * sizeof(*pfns));

	(void)state;
	assert_non_null(pfns);
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct mu_zone *here, *there;
		struct world world;
		uint64_t got = 0, low;

		world_init(&world, "2x64M/2", world_policies[p]);
		world_one_zone(&world);
		world.config.min_free_pages = 2000;
		world_start(&world);
		here = world_zone(&world, 0, MU_ZONE_NORMAL);
		there = world_zone(&world, 1, MU_ZONE_NORMAL);
		low = here->watermark[MU_WMARK_LOW];
		while (left_in(there) == there->managed_pages)
			assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0,
							0, &pfns[got++]),
					 MU_OK);
		assert_int_equal(left_in(here), low);
		while (left_in(here) == low)
			assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0,
							0, &pfns[got++]),
					 MU_OK);
		assert_int_equal(left_in(there),
				 there->watermark[MU_WMARK_LOW]);
		got += world_exhaust(&world, 0, 0, pfns + got, 65536 - got);
		assert_int_equal(left_in(here), here->watermark[MU_WMARK_MIN]);
		assert_int_equal(left_in(there),
				 there->watermark[MU_WMARK_MIN]);
		world_free_all(&world, pfns, got, 0);
		world_destroy(&world);
	}
	free(pfns);
}

/* THISNODE goes to its own min mark and no further. */
static void thisnode(void **state)
{
	struct world world;
	struct mu_zone *here;
	mu_pfn_t pfns[16384], pfn;
	uint64_t got = 0;

	(void)state;
	world_init(&world, "2x64M/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.min_free_pages = 2000;
	world_start(&world);
	here = world_zone(&world, 0, MU_ZONE_NORMAL);
	while (mu_alloc_pages(&world.mm.buddy, 0, 0, MU_ALLOC_THISNODE, &pfn) ==
	       MU_OK)
		pfns[got++] = pfn;
	assert_int_equal(left_in(here), here->watermark[MU_WMARK_MIN]);
	assert_int_equal(world_zone(&world, 1, MU_ZONE_NORMAL)->free_pages, 0);
	world_free_all(&world, pfns, got, 0);
	world_destroy(&world);
}

static uint64_t root_of(uint64_t value)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= value)
		root++;
	return root;
}

static void defaults(void **state)
{
	static const char *const machines[] = {"4M", "512M", "40G", "64T"};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(machines); i++) {
		struct world world;
		uint64_t managed, kib;

		world_init(&world, machines[i], MU_POLICY_LAZY);
		world_one_zone(&world);
		world_start(&world);
		managed = world_managed(&world);
		kib = root_of(managed * 4 * 16);
		kib = MU_MIN(MU_MAX(kib, 128), 262144);
		check_marks(world_zone(&world, 0, MU_ZONE_NORMAL), kib / 4);
		world_destroy(&world);
	}
}

/* A zone's part of the marks is its part of the memory. */
static void in_proportion(void **state)
{
	static const struct {
		const char *machine;
		uint64_t min;
	} cases[] = {
		{"2x4G/2", 1000},
		{"2x4G/2", 1000000},
		{"4x16T/4", 262144},
		/* A quarter of 2^34 pages: the product is past 64 bits. */
		{"4x16T/4", (uint64_t)1 << 32},
		{"4x16T/4", ((uint64_t)1 << 34) - 4096},
		{"64M", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < MU_ARRAY_SIZE(cases); i++) {
		uint64_t managed, sum = 0, most;
		struct world world;

		world_init(&world, cases[i].machine, MU_POLICY_LAZY);
		world.config.min_free_pages = cases[i].min;
		world_start(&world);
		managed = world_managed(&world);
		most = MU_MIN(cases[i].min, managed);
		for (unsigned z = 0; z < world.mm.buddy.nr_zones; z++) {
			const struct mu_zone *zone = &world.mm.buddy.zones[z];
			/* To the page in a million. */
			double part = (double)most *
				      (double)zone->managed_pages /
				      (double)managed;
			double min = (double)zone->watermark[MU_WMARK_MIN];

			assert_true(min <= part + 1 + part / 1e6);
			assert_true(min >= part - 1 - part / 1e6);
			sum += zone->watermark[MU_WMARK_MIN];
			assert_true(zone->watermark[MU_WMARK_MIN] <=
				    zone->managed_pages);
		}
		assert_true(sum <= most);
		world_destroy(&world);
	}
}

/* MOVABLE does not count, and has a small mark of its own. */
static void movable(void **state)
{
	struct world world;
	const struct mu_zone *normal, *movable_zone;

	(void)state;
	world_init(&world, "1G", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.movablecore = 512 * MU_MIB;
	world.config.min_free_pages = 3000;
	world_start(&world);
	normal = world_zone(&world, 0, MU_ZONE_NORMAL);
	movable_zone = world_zone(&world, 0, MU_ZONE_MOVABLE);
	check_marks(normal, 3000);
	check_marks(movable_zone, 128);
	world_destroy(&world);
}

static void same_refusals_under_all(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		alike_run(world_seed(seed), "2x64M/2", 1, 0);
		alike_run(world_seed(seed + 100), "23M@1M+9M@33M+40M@100M:1/2",
			  1, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact),
		cmocka_unit_test(low_then_min),
		cmocka_unit_test(thisnode),
		cmocka_unit_test(defaults),
		cmocka_unit_test(in_proportion),
		cmocka_unit_test(movable),
		cmocka_unit_test(same_refusals_under_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
