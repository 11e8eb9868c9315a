// SPDX-License-Identifier: MIT
/*
 * Threads that allocate and free, each in its CPU's cache or two in one, while
 * others empty the caches: nobody gets what another has, and nobody is refused
 * what is there.
 */
#include "tests/owned.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define THREADS 4
#define HELD	16

struct crowd {
	_Atomic uint8_t *owned; /* one a page */
	uint64_t seed;
	unsigned steps;
	_Atomic unsigned working;
};

static bool use(struct world *world, struct crowd *crowd, uint64_t seed)
{
	static const unsigned flags[] = {0, MU_ALLOC_ATOMIC, MU_ALLOC_RESERVES};
	mu_pfn_t pfns[HELD];
	unsigned orders[HELD], nr = 0;

	for (unsigned step = 0; step < crowd->steps; step++) {
		unsigned order =
			world_random(&seed, 8)
				? (unsigned)world_random(&seed, 4)
				: (unsigned)world_random(&seed, MU_NR_ORDERS);

		if (nr == HELD || (nr && world_random(&seed, 2) == 0)) {
			unsigned at = (unsigned)world_random(&seed, nr);

			if (!owned_free(world, crowd->owned, pfns[at],
					orders[at]))
				return false;
			pfns[at] = pfns[--nr];
			orders[at] = orders[nr];
			continue;
		}
		if (mu_alloc_pages(&world->mm.buddy, 0, order,
				   flags[world_random(&seed, 3)],
				   &pfns[nr]) != MU_OK ||
		    !owned_take(crowd->owned, pfns[nr], order))
			return false;
		orders[nr++] = order;
	}
	while (nr--)
		if (!owned_free(world, crowd->owned, pfns[nr], orders[nr]))
			return false;
	return true;
}

/* The last two threads empty the caches, one of them keeping them so for a
 * while. */
static bool crowd_thread(struct world *world, unsigned index, void *arg)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	struct crowd *crowd = arg;
	bool ok;

	if (index < THREADS) {
		ok = use(world, crowd, crowd->seed + index);
		atomic_fetch_sub(&crowd->working, 1);
		return ok;
	}
	while (atomic_load(&crowd->working)) {
		mu_buddy_shut(buddy, &buddy->zones[0]);
		if (index > THREADS)
			sched_yield();
		if (mu_zone_cached(buddy, &buddy->zones[0]))
			return false;
		mu_buddy_open(buddy, &buddy->zones[0]);
		sched_yield();
	}
	return true;
}

static void crowd_on(const char *machine, uint64_t seed, unsigned cache_pages)
{
	struct crowd crowd = {.seed = seed,
			      .steps = TEST_TSAN ? 400 : 3000,
			      .working = THREADS};
	struct world world;

	world_init(&world, machine, MU_POLICY_LAZY);
	world_one_zone(&world);
	world.config.min_free_pages = 1;
	world.config.cache_pages = cache_pages;
	world_start(&world);
	crowd.owned = calloc(world.mm.memmap.end_pfn, sizeof(*crowd.owned));
	assert_non_null(crowd.owned);
	world_run(&world, THREADS + 2, crowd_thread, &crowd);
	world_validate(&world, NULL);
	free((void *)crowd.owned);
	world_destroy(&world);
}

/* More blocks than pages can be held: each of them breaks one at most. */
static void nobody_is_refused(void **state)
{
	uint64_t seed = world_seed(99);

	(void)state;
	for (unsigned turn = 0; turn < 10; turn++) {
		crowd_on("280M@4M/6", seed + (uint64_t)turn * 100,
			 8 + turn % 4 * 200);
		/* Two threads a CPU. */
		crowd_on("280M@4M/3", seed + (uint64_t)turn * 100 + 50,
			 8 + turn % 4 * 200);
		crowd_on("280M@4M", seed + (uint64_t)turn * 100 + 70, 64);
	}
}

/* ---- The last pages ---- */

struct fight {
	unsigned order, wanted, rounds;
	uint64_t seed;
	_Atomic unsigned refused;
};

/*
 * As many as there are can be held: so who is refused is refused wrongly. Each
 * thread holds its share, gives some back, and wants them again.
 */
static bool fight_thread(struct world *world, unsigned index, void *arg)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	struct fight *fight = arg;
	uint64_t seed = fight->seed + index;
	mu_pfn_t pfns[256];
	unsigned nr = 0;

	for (unsigned round = 0; round < fight->rounds; round++) {
		unsigned keep = (unsigned)world_random(&seed, fight->wanted);

		for (; nr < fight->wanted; nr++)
			if (mu_alloc_pages(buddy, 0, fight->order,
					   MU_ALLOC_RESERVES,
					   &pfns[nr]) != MU_OK) {
				atomic_fetch_add(&fight->refused, 1);
				return false;
			}
		while (nr > keep)
			if (mu_free_pages(buddy, pfns[--nr], fight->order) !=
			    MU_OK)
				return false;
	}
	while (nr)
		if (mu_free_pages(buddy, pfns[--nr], fight->order) != MU_OK)
			return false;
	return true;
}

static void last_pages(void **state)
{
	static const unsigned orders[] = {0, 2, 3, 5, MU_HUGE_ORDER};
	uint64_t seed = world_seed(3);

	(void)state;
	for (unsigned turn = 0; turn < (TEST_TSAN ? 60 : 300); turn++) {
		unsigned order = orders[turn % 5];
		/* A quarter of a block for each, or of two. */
		unsigned share =
			(order == MU_HUGE_ORDER ? 2048u : 1024u) / THREADS >>
			order;
		struct fight fight = {.order = order,
				      .wanted = share,
				      .rounds = 10,
				      .seed = seed + (uint64_t)turn * 10};
		struct world world;

		world_init(&world,
			   order == MU_HUGE_ORDER ? "8M@4M/4" : "4M@4M/4",
			   world_policies[turn % 3]);
		world_one_zone(&world);
		world.config.min_free_pages = 1;
		world.config.cache_pages = 1 + turn % 7 * 100;
		world_start(&world);
		world_run(&world, THREADS, fight_thread, &fight);
		assert_int_equal(fight.refused, 0);
		world_destroy(&world);
	}
}

/* ---- Freed by two at once ---- */

struct duel {
	_Atomic mu_pfn_t pfn;
	_Atomic unsigned arrived, won, lost, wrong;
	unsigned rounds;
};

static bool duel_thread(struct world *world, unsigned index, void *arg)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	struct duel *duel = arg;

	for (unsigned round = 0; round < duel->rounds; round++) {
		enum mu_status status;

		if (index == 0) {
			mu_pfn_t pfn;

			if (mu_alloc_pages(buddy, 0, 0, 0, &pfn) != MU_OK)
				return false;
			atomic_store(&duel->pfn, pfn);
		}
		atomic_fetch_add(&duel->arrived, 1);
		while (atomic_load(&duel->arrived) < 4 * round + 2)
			sched_yield();
		status = mu_free_pages(buddy, atomic_load(&duel->pfn), 0);
		if (status == MU_OK)
			atomic_fetch_add(&duel->won, 1);
		else if (status == MU_ERR_NOT_ALLOCATED)
			atomic_fetch_add(&duel->lost, 1);
		else
			atomic_fetch_add(&duel->wrong, 1);
		/* Nobody allocates before both have tried. */
		atomic_fetch_add(&duel->arrived, 1);
		while (atomic_load(&duel->arrived) < 4 * round + 4)
			sched_yield();
	}
	return true;
}

static void freed_by_two(void **state)
{
	(void)state;
	for (unsigned cpus = 1; cpus <= 2; cpus++) {
		struct duel duel = {.rounds = TEST_TSAN ? 2000 : 20000};
		struct world world;

		world_init(&world, cpus == 1 ? "64M" : "64M/2",
			   MU_POLICY_EAGER);
		world_one_zone(&world);
		world.config.cache_pages = 64;
		world_start(&world);
		world_run(&world, 2, duel_thread, &duel);
		assert_int_equal(duel.won, duel.rounds);
		assert_int_equal(duel.lost, duel.rounds);
		assert_int_equal(duel.wrong, 0);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_refused),
		cmocka_unit_test(last_pages),
		cmocka_unit_test(freed_by_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
