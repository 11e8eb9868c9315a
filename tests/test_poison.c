// SPDX-License-Identifier: MIT
/*
 * Pages that the hardware lost: taken out at once where they are free, when
 * they come back where somebody has them, and never handed out again.
 */
#include "tests/world.h"

#include <stdlib.h>

static void small_world(struct world *world, enum mu_policy policy,
			const char *text)
{
	world_init(world, text, policy);
	world_one_zone(world);
	world_start(world);
}

static mu_pfn_t alloc(struct world *world, unsigned order)
{
	mu_pfn_t pfn;

	assert_int_equal(mu_alloc_pages(&world->mm.buddy, 0, order,
					MU_ALLOC_RESERVES, &pfn),
			 MU_OK);
	return pfn;
}

/* Poison @pfn; is it taken out only later? */
static bool poison(struct world *world, mu_pfn_t pfn)
{
	bool later = false;

	assert_int_equal(mu_buddy_poison(&world->mm.buddy, pfn, &later), MU_OK);
	assert_int_equal(mu_buddy_next_poisoned(&world->mm.buddy, pfn, pfn + 1),
			 pfn);
	return later;
}

static uint64_t poisoned(struct world *world)
{
	struct mu_census census;

	world_validate(world, &census);
	return census.poisoned;
}

/* Everything there is, page by page: none of it is @bad. */
static void drain(struct world *world, mu_pfn_t bad, uint64_t expected)
{
	mu_pfn_t *pfns = malloc(world->mm.memmap.end_pfn * sizeof(*pfns));
	uint64_t nr;

	assert_non_null(pfns);
	nr = world_exhaust(world, 0, MU_ALLOC_RESERVES, pfns,
			   world->mm.memmap.end_pfn);
	assert_int_equal(nr, expected);
	for (uint64_t i = 0; i < nr; i++)
		assert_int_not_equal(pfns[i], bad);
	world_free_all(world, pfns, nr, 0);
	free(pfns);
}

static void free_page(void **state)
{
	struct world world;
	uint64_t managed;

	(void)state;
	small_world(&world, MU_POLICY_EAGER, "32M");
	managed = world_managed(&world);
	for (mu_pfn_t pfn = 4096; pfn < 4106; pfn++) {
		assert_false(poison(&world, pfn));
		assert_int_equal(poisoned(&world), pfn - 4095);
	}
	assert_int_equal(world_managed(&world), managed - 10);
	drain(&world, 4100, managed - 10);
	assert_int_equal(poisoned(&world), 10);
	world_destroy(&world);
}

static void allocated_page(void **state)
{
	struct world world;
	uint64_t managed;

	(void)state;
	small_world(&world, MU_POLICY_LAZY, "32M");
	managed = world_managed(&world);
	for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
		mu_pfn_t pfn = alloc(&world, order);
		mu_pfn_t bad = pfn + ((mu_pfn_t)1 << order) / 2;

		assert_true(poison(&world, bad));
		/* Somebody has it still. */
		assert_int_equal(poisoned(&world), order);
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, order),
				 MU_OK);
		assert_int_equal(poisoned(&world), order + 1);
		assert_int_equal(mu_free_pages(&world.mm.buddy, bad, 0),
				 MU_ERR_NOT_ALLOCATED);
	}
	drain(&world, 0, managed - MU_NR_ORDERS);
	world_destroy(&world);
}

/* Pages that are split hand the mark on to those that have the poison. */
static void split(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	small_world(&world, MU_POLICY_LAZY, "32M");
	pfn = alloc(&world, MU_BLOCK_ORDER);
	poison(&world, pfn + 5);
	poison(&world, pfn + 700);
	assert_int_equal(mu_split_pages(&world.mm.buddy, pfn, MU_BLOCK_ORDER,
					MU_HUGE_ORDER),
			 MU_OK);
	assert_int_equal(mu_split_pages(&world.mm.buddy, pfn, MU_HUGE_ORDER, 1),
			 MU_OK);
	for (mu_pfn_t at = pfn; at < pfn + MU_HUGE_PAGES; at += 2) {
		assert_int_equal(mu_free_pages(&world.mm.buddy, at, 1), MU_OK);
		assert_int_equal(world.mm.buddy.zones[0].poisoned_pages,
				 at >= pfn + 4);
	}
	assert_int_equal(poisoned(&world), 1);
	assert_int_equal(mu_page_put(&world.mm.buddy,
				     mu_pfn_to_page(&world.mm.memmap,
						    pfn + MU_HUGE_PAGES)),
			 MU_OK);
	assert_int_equal(poisoned(&world), 2);
	world_destroy(&world);
}

/* Pages with one descriptor: the others are written when they come back. */
static void sparse(void **state)
{
	struct world world;
	struct mu_deferred *deferred = &world.mm.deferred;
	mu_pfn_t huge[2], gigantic[2];

	(void)state;
	small_world(&world, MU_POLICY_LAZY, "3G");
	assert_int_equal(mu_alloc_huge(deferred, 0, MU_HUGE_ORDER, 0, 2, huge),
			 2);
	assert_int_equal(
		mu_alloc_huge(deferred, 0, MU_GIGANTIC_ORDER, 0, 2, gigantic),
		2);
	assert_true(poison(&world, huge[1] + 100));
	for (unsigned i = 0; i < 2; i++) {
		assert_true(poison(&world, gigantic[i]));
		assert_true(poison(&world, gigantic[i] + 100000));
		assert_true(
			poison(&world, gigantic[i] + MU_GIGANTIC_PAGES - 1));
	}
	assert_int_equal(poisoned(&world), 0);
	assert_int_equal(mu_free_pages(&world.mm.buddy, huge[0], MU_HUGE_ORDER),
			 MU_OK);
	assert_int_equal(poisoned(&world), 0);
	assert_int_equal(mu_free_pages(&world.mm.buddy, huge[1], MU_HUGE_ORDER),
			 MU_OK);
	assert_int_equal(poisoned(&world), 1);
	assert_int_equal(
		mu_free_pages(&world.mm.buddy, gigantic[0], MU_GIGANTIC_ORDER),
		MU_OK);
	assert_int_equal(poisoned(&world), 4);
	assert_int_equal(mu_split_pages(&world.mm.buddy, gigantic[1],
					MU_GIGANTIC_ORDER, MU_BLOCK_ORDER),
			 MU_OK);
	for (mu_pfn_t pfn = gigantic[1]; pfn < gigantic[1] + MU_GIGANTIC_PAGES;
	     pfn += MU_BLOCK_PAGES)
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, pfn, MU_BLOCK_ORDER),
			MU_OK);
	assert_int_equal(poisoned(&world), 7);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	world_destroy(&world);
}

static void refused(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn;
	bool later;

	(void)state;
	small_world(&world, MU_POLICY_LAZY, "32M");
	assert_int_equal(
		mu_buddy_poison(buddy, world.mm.memmap.end_pfn, &later),
		MU_ERR_HOLE);
	assert_int_equal(mu_buddy_poison(buddy, 5000, &later), MU_ERR_PRISTINE);
	pfn = alloc(&world, MU_BLOCK_ORDER);
	for (mu_pfn_t i = 0; i < MU_MAX_POISONED; i++)
		poison(&world, pfn + i);
	assert_int_equal(mu_buddy_poison(buddy, pfn + 7, &later),
			 MU_ERR_OVERLAP);
	assert_int_equal(mu_buddy_poison(buddy, pfn + 700, &later),
			 MU_ERR_FULL);
	assert_int_equal(mu_free_pages(buddy, pfn, MU_BLOCK_ORDER), MU_OK);
	assert_int_equal(poisoned(&world), MU_MAX_POISONED);
	assert_int_equal(mu_buddy_next_poisoned(buddy, 0, 1 << 20), pfn);
	assert_int_equal(
		mu_buddy_next_poisoned(buddy, pfn + MU_MAX_POISONED, 1 << 20),
		1 << 20);
	world_destroy(&world);
}

/* Allocations, frees and poison at random; a page that was poisoned and is in
 * nobody's hands never comes back. */
#define HELD 64

static bool torment(struct world *world, unsigned index, void *arg)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	struct {
		mu_pfn_t pfn;
		unsigned order;
	} held[HELD] = {{0}};
	uint64_t seed = index + 77;

	(void)arg;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned at = (unsigned)world_random(&seed, HELD);
		bool later;

		if (index == 0 && i % 200 == 0) {
			mu_pfn_t pfn = world_random(&seed, 8192);
			enum mu_status status =
				mu_buddy_poison(buddy, pfn, &later);

			if (status != MU_OK && status != MU_ERR_OVERLAP &&
			    status != MU_ERR_PRISTINE)
				return false;
		}
		if (held[at].pfn) {
			if (mu_free_pages(buddy, held[at].pfn,
					  held[at].order) != MU_OK)
				return false;
			held[at].pfn = 0;
		} else {
			held[at].order = (unsigned)world_random(&seed, 7);
			if (mu_alloc_pages(buddy, 0, held[at].order,
					   MU_ALLOC_RESERVES,
					   &held[at].pfn) != MU_OK)
				held[at].pfn = 0;
		}
	}
	for (unsigned i = 0; i < HELD; i++)
		if (held[i].pfn &&
		    mu_free_pages(buddy, held[i].pfn, held[i].order) != MU_OK)
			return false;
	return true;
}

static void at_random(void **state)
{
	struct world world;
	uint64_t lost;

	(void)state;
	small_world(&world, MU_POLICY_EAGER, "32M/4");
	world_run(&world, 4, torment, NULL);
	lost = poisoned(&world);
	assert_int_equal(lost, world.mm.buddy.nr_poisoned);
	assert_true(lost > 50);
	drain(&world, world.mm.buddy.poisoned[0], world_managed(&world));
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_page), cmocka_unit_test(allocated_page),
		cmocka_unit_test(split),     cmocka_unit_test(sparse),
		cmocka_unit_test(refused),   cmocka_unit_test(at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
