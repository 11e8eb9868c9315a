// SPDX-License-Identifier: MIT
/*
 * A mark that was checked is kept: between the check of a claim for huge pages
 * or a run and the claim itself other CPUs take what they can get.
 */
#include <stdlib.h>
#include "tests/world.h"

/* The other CPU: what it does at the n-th time that interrupts go off. */
static struct world world;
static unsigned left, depth;
static bool inside;
static uint64_t taken;
static mu_pfn_t *pages;

static void other_cpu(void)
{
	mu_pfn_t pfn;

	while (mu_alloc_pages(&world.mm.buddy, 0, 0, MU_ALLOC_THISNODE, &pfn) ==
	       MU_OK)
		pages[taken++] = pfn;
}

static uintptr_t irq_save(void *arg)
{
	(void)arg;
	/* With interrupts off already this CPU may be in the middle of a claim,
	 * for which the other one would wait. */
	if (left && !inside && !depth && !--left) {
		inside = true;
		other_cpu();
		inside = false;
	}
	depth += !inside;
	return 0;
}

static void irq_restore(void *arg, uintptr_t flags)
{
	(void)arg;
	(void)flags;
	depth -= !inside;
}

/* One gigantic page is pristine, 3 GiB are in the lists, and the min mark is
 * 256 MiB. */
static struct mu_zone *start(void)
{
	world_init(&world, "4G", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.min_free_pages = 65536;
	world.config.cache_pages = MU_NO_CACHES;
	world.port.irq_save = irq_save;
	world.port.irq_restore = irq_restore;
	left = depth = 0;
	taken = 0;
	world_start(&world);
	assert_int_equal(mu_init_now(&world.mm, 1u << MU_GIGANTIC_ORDER,
				     4u << MU_GIGANTIC_ORDER),
			 MU_OK);
	pages = malloc(((size_t)4 << MU_GIGANTIC_ORDER) * sizeof(*pages));
	assert_non_null(pages);
	return world_zone(&world, 0, MU_ZONE_NORMAL);
}

static void finish(void)
{
	world_free_all(&world, pages, taken, 0);
	free(pages);
	world_destroy(&world);
}

static uint64_t pages_of(const struct mu_zone *zone)
{
	return zone->free_pages + zone->pristine_pages;
}

/* At each moment at which interrupts go off another CPU takes all that it may;
 * whatever @take gets, the mark is kept. */
static void race(uint64_t (*take)(mu_pfn_t *pfn, uint64_t *size),
		 void (*give)(mu_pfn_t pfn))
{
	bool got_some = false, refused = false;

	for (unsigned when = 1;
	     when <= 12 || (when < 300 && !(got_some && refused)); when++) {
		struct mu_zone *zone = start();
		uint64_t min = zone->watermark[MU_WMARK_MIN], got, size;
		mu_pfn_t pfn;

		left = when;
		got = take(&pfn, &size);
		left = 0;
		assert_true(pages_of(zone) >= min);
		assert_int_equal(zone->held_pages, 0);
		world_validate(&world, NULL);
		got_some |= got != 0;
		/* What was refused was refused by right. */
		if (!got) {
			refused = true;
			assert_true(pages_of(zone) < min + size);
		} else {
			give(pfn);
		}
		finish();
	}
	assert_true(got_some && refused);
}

static uint64_t take_huge(mu_pfn_t *pfn, uint64_t *size)
{
	*size = MU_HUGE_PAGES;
	return mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER, 0, 1, pfn);
}

static void give_huge(mu_pfn_t pfn)
{
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, MU_HUGE_ORDER),
			 MU_OK);
}

static void huge_pages(void **state)
{
	(void)state;
	race(take_huge, give_huge);
}

static uint64_t take_two(mu_pfn_t *pfn, uint64_t *size)
{
	mu_pfn_t two[2];
	uint64_t got;

	*size = MU_HUGE_PAGES;
	got = mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER, 0, 2, two);
	*pfn = two[0];
	if (got == 2)
		give_huge(two[1]);
	return got;
}

static void two_huge_pages(void **state)
{
	(void)state;
	race(take_two, give_huge);
}

static uint64_t take_run(mu_pfn_t *pfn, uint64_t *size)
{
	*size = MU_SECTION_PAGES;
	return mu_alloc_run(&world.mm.deferred, 0, MU_SECTION_ORDER, 0, pfn) ==
	       MU_OK;
}

static void give_run(mu_pfn_t pfn)
{
	for (mu_pfn_t end = pfn + MU_SECTION_PAGES; pfn < end;
	     pfn += MU_BLOCK_PAGES)
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, pfn, MU_BLOCK_ORDER),
			MU_OK);
}

static void runs(void **state)
{
	(void)state;
	race(take_run, give_run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(two_huge_pages),
		cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
