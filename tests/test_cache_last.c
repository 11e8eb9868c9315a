// SPDX-License-Identifier: MIT
/* Nobody is refused what lies in some cache, and no mark is passed because of
 * one. */
#include "tests/alike.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "buddy/zone.h"

#define CPUS 4
#define MOST 16384

static void up(struct world *world, const char *machine, enum mu_policy policy)
{
	world_init(world, machine, policy);
	world_one_zone(world);
	world->config.cache_pages = 600;
	world_start(world);
}

static void be(struct world *world, unsigned cpu)
{
	mu_hosted_set_cpu(world->hosted, cpu);
}

static uint64_t cached(struct world *world)
{
	return mu_zone_cached(&world->mm.buddy, &world->mm.buddy.zones[0]);
}

/* Let every CPU have a cache that is in use. */
static void warm(struct world *world)
{
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		be(world, cpu);
		for (unsigned i = 0; i < 2; i++) {
			mu_pfn_t pfn;

			assert_int_equal(
				mu_alloc_pages(&world->mm.buddy, 0, 0, 0, &pfn),
				MU_OK);
			assert_int_equal(
				mu_free_pages(&world->mm.buddy, pfn, 0), MU_OK);
		}
	}
	be(world, 0);
}

/* The last page of the machine, of every order that is cached, is in the cache
 * of CPU 0 when CPU 1 wants it. */
static void last_page(void **state)
{
	static const unsigned orders[] = {0, 1, 2, 3, MU_HUGE_ORDER};
	static mu_pfn_t pfns[MOST];

	(void)state;
	for (size_t i = 0; i < 5 * MU_ARRAY_SIZE(world_policies); i++) {
		unsigned order = orders[i % 5];
		struct world world;
		uint64_t got;
		mu_pfn_t pfn, last;

		up(&world, "64M@4M/4", world_policies[i / 5]);
		/* Without marks; else nothing is cached in a short zone. */
		world.mm.buddy.zones[0].watermark[MU_WMARK_LOW] = 0;
		world.mm.buddy.zones[0].watermark[MU_WMARK_MIN] = 0;
		mu_zone_update_mark(&world.mm.buddy.zones[0]);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		warm(&world);
		got = world_exhaust(&world, order, MU_ALLOC_RESERVES, pfns,
				    MOST);
		assert_int_equal(got << order, MOST);
		assert_int_equal(cached(&world), 0);
		last = pfns[got / 2];
		/* Into the cache: in the lists there is nothing. */
		assert_int_equal(mu_free_pages(&world.mm.buddy, last, order),
				 MU_OK);
		assert_int_equal(cached(&world), 1u << order);
		assert_int_equal(world.mm.buddy.zones[0].free_pages, 0);
		be(&world, 1);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, order,
						MU_ALLOC_RESERVES, &pfn),
				 MU_OK);
		assert_int_equal(pfn, last);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, order,
						MU_ALLOC_RESERVES, &pfn),
				 MU_ERR_NOMEM);
		world_validate(&world, NULL);
		world_free_all(&world, pfns, got, order);
		be(&world, 0);
		world_destroy(&world);
	}
}

/* All memory, page by page, by CPUs in turn, which give some back between. */
static void every_page(void **state)
{
	static mu_pfn_t pfns[MOST];
	uint64_t seed = world_seed(5);

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		uint64_t got = 0;

		up(&world, "64M@4M/4", world_policies[p]);
		for (unsigned step = 0; got < MOST; step++) {
			be(&world, (unsigned)world_random(&seed, CPUS));
			if (got && world_random(&seed, 3) == 0)
				assert_int_equal(mu_free_pages(&world.mm.buddy,
							       pfns[--got], 0),
						 MU_OK);
			else
				assert_int_equal(
					mu_alloc_pages(&world.mm.buddy, 0, 0,
						       MU_ALLOC_RESERVES,
						       &pfns[got++]),
					MU_OK);
			if (step % 4000 == 0)
				world_validate(&world, NULL);
		}
		assert_int_equal(cached(&world), 0);
		world_free_all(&world, pfns, got, 0);
		be(&world, 0);
		world_destroy(&world);
	}
}

/* A block whose pages lie in the caches of four CPUs, whole again for a fifth
 * request; and huge and gigantic ones, which only ask for the marks. */
static void whole_block(void **state)
{
	static mu_pfn_t pfns[MOST];

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		mu_pfn_t block;

		up(&world, "4M@4M/4", world_policies[p]);
		assert_int_equal(
			world_exhaust(&world, 0, MU_ALLOC_RESERVES, pfns, MOST),
			MU_BLOCK_PAGES);
		for (unsigned i = 0; i < MU_BLOCK_PAGES; i++) {
			be(&world, i % CPUS);
			assert_int_equal(
				mu_free_pages(&world.mm.buddy, pfns[i], 0),
				MU_OK);
		}
		assert_true(cached(&world) > MU_BLOCK_PAGES / 2);
		be(&world, 3);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0,
						MU_BLOCK_ORDER,
						MU_ALLOC_RESERVES, &block),
				 MU_OK);
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, block, MU_BLOCK_ORDER),
			MU_OK);
		be(&world, 0);
		world_destroy(&world);
	}
}

/* What is left when somebody is refused: exactly the mark, whoever asks and
 * wherever the pages were. */
static void marks(void **state)
{
	static const struct {
		unsigned flags;
		uint64_t left;
	} cases[] = {{0, 1000}, {MU_ALLOC_ATOMIC, 500}, {MU_ALLOC_RESERVES, 0}};
	static mu_pfn_t pfns[MOST];

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		for (unsigned scatter = 0; scatter < 2; scatter++) {
			struct mu_zone *zone;
			struct world world;
			uint64_t got = 0;

			world_init(&world, "64M/4", world_policies[p]);
			world_one_zone(&world);
			world.config.min_free_pages = 1000;
			world.config.cache_pages = 100;
			world_start(&world);
			warm(&world);
			zone = &world.mm.buddy.zones[0];
			for (unsigned i = 0; i < MU_ARRAY_SIZE(cases); i++) {
				be(&world, i);
				got += world_exhaust(&world, 0, cases[i].flags,
						     pfns + got, MOST - got);
				assert_int_equal(cached(&world), 0);
				assert_int_equal(zone->free_pages +
							 zone->pristine_pages,
						 cases[i].left);
				assert_int_equal(got, zone->managed_pages -
							      cases[i].left);
			}
			/* Some come back, to all caches, up to the low mark and
			 * above: then as many may be had again. */
			for (unsigned i = 0; scatter && i < 3000; i++) {
				be(&world, i % CPUS);
				assert_int_equal(mu_free_pages(&world.mm.buddy,
							       pfns[--got], 0),
						 MU_OK);
			}
			if (scatter) {
				assert_true(cached(&world) > 0);
				assert_int_equal(world_exhaust(&world, 0, 0,
							       pfns + got,
							       MOST - got),
						 2000);
				got += 2000;
			}
			world_free_all(&world, pfns, got, 0);
			be(&world, 0);
			world_destroy(&world);
		}
	}
}

/* A cache gives no page that must be left while another zone has some. */
static void low_mark(void **state)
{
	static mu_pfn_t pfns[MOST], more[7];

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct mu_zone *here, *there;
		uint64_t got = 0, low, left;
		struct world world;

		world_init(&world, "2x64M/4", world_policies[p]);
		world_one_zone(&world);
		world.config.min_free_pages = 2000;
		world.config.cache_pages = 100;
		world_start(&world);
		here = world_zone(&world, 0, MU_ZONE_NORMAL);
		there = world_zone(&world, 1, MU_ZONE_NORMAL);
		low = here->watermark[MU_WMARK_LOW];
		do {
			assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0,
							0, &pfns[got++]),
					 MU_OK);
			left = here->free_pages + here->pristine_pages +
			       mu_zone_cached(&world.mm.buddy, here);
		} while (left > low + 60);
		/* 80 pages to the cache of CPU 0, and 140 above the mark... */
		for (unsigned i = 0; i < 80; i++)
			assert_int_equal(
				mu_free_pages(&world.mm.buddy, pfns[--got], 0),
				MU_OK);
		assert_true(mu_zone_cached(&world.mm.buddy, here) >= 80);
		/* ... of which another takes 112 from the lists. */
		be(&world, 3);
		for (unsigned i = 0; i < 7; i++)
			assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 4,
							MU_ALLOC_RESERVES,
							&more[i]),
					 MU_OK);
		be(&world, 0);
		left = here->free_pages + here->pristine_pages +
		       mu_zone_cached(&world.mm.buddy, here);
		assert_int_equal(left, low + 28);
		assert_true(mu_zone_cached(&world.mm.buddy, here) >= 80);
		/* All that is above it, and no more. */
		for (; left > low; left--) {
			assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0,
							0, &pfns[got++]),
					 MU_OK);
			assert_ptr_equal(world_zone_of(&world, pfns[got - 1]),
					 here);
		}
		assert_int_equal(
			mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfns[got++]),
			MU_OK);
		assert_ptr_equal(world_zone_of(&world, pfns[got - 1]), there);
		world_free_all(&world, pfns, got, 0);
		world_free_all(&world, more, 7, 4);
		world_destroy(&world);
	}
}

/* Pages in caches count as free for those who take from the extents. */
static void huge_pages(void **state)
{
	struct world world;
	mu_pfn_t pfns[1400], huge;

	(void)state;
	world_init(&world, "16M@4M/4", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.min_free_pages = 2500;
	world.config.cache_pages = 1024;
	world_start(&world);
	world.mm.buddy.zones[0].watermark[MU_WMARK_LOW] = 0;
	warm(&world);
	/* 4096 pages, 2500 to be left: a huge page of 512 is all right while
	 * there are 3012. Of 3096 are 400 in a cache. */
	for (unsigned i = 0; i < 1400; i++)
		assert_int_equal(
			mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfns[i]),
			MU_OK);
	for (unsigned i = 1000; i < 1400; i++)
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfns[i], 0),
				 MU_OK);
	assert_true(cached(&world) >= 400);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER, 0,
				       1, &huge),
			 1);
	assert_int_equal(mu_free_pages(&world.mm.buddy, huge, MU_HUGE_ORDER),
			 MU_OK);
	world_free_all(&world, pfns, 1000, 0);
	world_destroy(&world);
}

/* The same requests from the same CPUs under all policies: the same answers,
 * whatever lies in caches. */
static void same_refusals_under_all(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		alike_run(world_seed(seed), "2x64M/4", CPUS, 8);
		alike_run(world_seed(seed + 10), "2x64M/4", CPUS, 64);
		alike_run(world_seed(seed + 20), "2x64M/4", CPUS, 1024);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_page),
		cmocka_unit_test(every_page),
		cmocka_unit_test(whole_block),
		cmocka_unit_test(marks),
		cmocka_unit_test(low_mark),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(same_refusals_under_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
