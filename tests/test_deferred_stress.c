// SPDX-License-Identifier: MIT
/*
 * Threads that allocate while others claim: nobody is refused what is there,
 * and nobody gets what another has.
 */
#include "tests/owned.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"

static _Thread_local uint64_t delay_seed;

/* Sometimes at once, sometimes after others had a turn, sometimes late. */
static void delay(void)
{
	uint64_t dice = world_random(&delay_seed, 16);

	if (dice == 0)
		usleep(30);
	else if (dice < 8)
		sched_yield();
}

/* Between claim and publication. */
static void slow_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	if (word != MU_MEMMAP_POISON)
		delay();
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
	if (word != MU_MEMMAP_POISON)
		delay();
}

/* Between being busy and the claim, and after the block is in the lists. */
static uint64_t slow_clock(void *arg)
{
	delay();
	return world_hosted_hook(arg)->clock(arg);
}

static void slow_init(struct world *world, const char *machine,
		      enum mu_policy policy)
{
	world_init(world, machine, policy);
	world_one_zone(world);
	world->config.min_free_pages = 1;
	world->config.measure = true;
	world->port.memmap_fill = slow_fill;
	world->port.clock = slow_clock;
}

/* ---- A working set that always fits ---- */

#define THREADS 4
#define HELD	5

/*
 * Each of at most THREADS * HELD pages keeps one block from being whole, and
 * node 0 has more blocks than that.
 */
#define MACHINE "2x128M/4"

struct crowd {
	_Atomic uint8_t *owned; /* one a page */
	uint64_t seed;
	unsigned steps;
	bool finish; /* thread 0 finishes the machine instead */
};

static bool crowd_thread(struct world *world, unsigned index, void *arg)
{
	static const unsigned flags[] = {0, MU_ALLOC_ATOMIC, MU_ALLOC_RESERVES,
					 MU_ALLOC_MOVABLE};
	struct crowd *crowd = arg;
	uint64_t seed = crowd->seed + index;
	mu_pfn_t pfns[HELD];
	unsigned orders[HELD], nr = 0;

	delay_seed = seed ^ 99;
	if (crowd->finish && index == 0)
		return mu_mm_finish(&world->mm, 0) == MU_OK;
	for (unsigned step = 0; step < crowd->steps; step++) {
		unsigned order = (unsigned)world_random(&seed, MU_NR_ORDERS);

		if (nr == HELD || (nr && world_random(&seed, 3) == 0)) {
			nr--;
			if (!owned_free(world, crowd->owned, pfns[nr],
					orders[nr]))
				return false;
			continue;
		}
		if (mu_alloc_pages(&world->mm.buddy,
				   (int)world_random(&seed, 2), order,
				   flags[world_random(&seed, 4)],
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

static void nobody_is_refused(void **state)
{
	uint64_t seed = world_seed(77);

	(void)state;
	for (unsigned turn = 0; turn < (TEST_TSAN ? 12 : 60); turn++) {
		struct crowd crowd = {.seed = seed + turn * 1000ull,
				      .steps = 200,
				      .finish = turn % 3};
		struct world world;
		mu_pfn_t end;

		slow_init(&world, MACHINE, MU_POLICY_DEFERRED);
		world_start(&world);
		end = world.mm.memmap.end_pfn;
		crowd.owned = calloc(end, sizeof(*crowd.owned));
		assert_non_null(crowd.owned);
		world_run(&world, THREADS + crowd.finish, crowd_thread, &crowd);
		if (crowd.finish)
			assert_int_equal(mu_deferred_stats(&world.mm.deferred)
						 .pristine_pages,
					 0);
		world_validate(&world, NULL);
		free(crowd.owned);
		world_destroy(&world);
	}
}

/* ---- The last blocks ---- */

struct fight {
	unsigned order;
	unsigned wanted; /* by each thread */
	bool finish;	 /* one more thread takes all it can */
	uint64_t seed;
	_Atomic unsigned got;
};

static bool fight_thread(struct world *world, unsigned index, void *arg)
{
	struct fight *fight = arg;

	delay_seed = fight->seed + index;
	if (fight->finish && index == 0)
		return mu_mm_finish(&world->mm, 1) == MU_OK;
	for (unsigned i = 0; i < fight->wanted; i++) {
		mu_pfn_t pfn;
		enum mu_status status =
			mu_alloc_pages(&world->mm.buddy, 0, fight->order,
				       MU_ALLOC_RESERVES, &pfn);

		if (status == MU_OK)
			atomic_fetch_add(&fight->got, 1);
		else if (status != MU_ERR_NOMEM)
			return false;
	}
	return true;
}

/* @blocks blocks, none of them ragged; no helpers, threads are its CPU. */
static unsigned fight_for(unsigned blocks, unsigned threads,
			  struct fight *fight)
{
	struct mu_census census;
	struct world world;
	char machine[32];

	snprintf(machine, sizeof(machine), "%uM@4M", blocks * 4);
	slow_init(&world, machine, MU_POLICY_LAZY);
	world_start(&world);
	world_run(&world, threads + fight->finish, fight_thread, fight);
	world_validate(&world, &census);
	assert_int_equal(census.allocated, fight->got << fight->order);
	world_destroy(&world);
	return fight->got;
}

/* As many get a block as there are blocks, if so many ask. */
static void last_blocks(void **state)
{
	uint64_t seed = world_seed(3);

	(void)state;
	for (unsigned turn = 0; turn < (TEST_TSAN ? 200 : 1000); turn++) {
		unsigned blocks = 2 + turn % 7;
		struct fight fight = {.order = MU_BLOCK_ORDER,
				      .wanted = 1 + turn / 7 % 2,
				      .finish = turn / 14 % 2,
				      .seed = seed + turn * 10ull};

		assert_int_equal(fight_for(blocks, 4, &fight),
				 MU_MIN(blocks, 4 * fight.wanted));
	}
}

/* One block, claimed by one thread, has enough for all. */
static void one_block(void **state)
{
	uint64_t seed = world_seed(4);

	(void)state;
	for (unsigned turn = 0; turn < (TEST_TSAN ? 200 : 1000); turn++) {
		unsigned order = turn % MU_BLOCK_ORDER;
		unsigned fit = 1u << (MU_BLOCK_ORDER - order);
		struct fight fight = {.order = order,
				      .wanted = MU_MAX(1, fit / 4),
				      .finish = turn / 10 % 2,
				      .seed = seed + turn * 10ull};

		assert_int_equal(fight_for(1, 4, &fight),
				 MU_MIN(fit, 4 * fight.wanted));
	}
}

/* ---- Backing that fails now and then ---- */

static _Atomic unsigned maps;

static enum mu_status flaky_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	delay();
	if (atomic_fetch_add(&maps, 1) % 3 == 1)
		return MU_ERR_NOMEM;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static bool flaky_thread(struct world *world, unsigned index, void *arg)
{
	mu_pfn_t pfns[64];
	unsigned nr = 0;

	(void)arg;
	delay_seed = index;
	for (unsigned i = 0; i < 64; i++) {
		enum mu_status status;

		if (index == 0)
			status = mu_mm_finish(&world->mm, 0);
		else
			status = mu_alloc_pages(&world->mm.buddy, 0,
						MU_BLOCK_ORDER,
						MU_ALLOC_RESERVES, &pfns[nr]);
		if (status != MU_OK && status != MU_ERR_NOMEM)
			return false;
		nr += index && status == MU_OK;
	}
	while (nr--)
		if (mu_free_pages(&world->mm.buddy, pfns[nr], MU_BLOCK_ORDER) !=
		    MU_OK)
			return false;
	return true;
}

static void flaky_backing(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 20; turn++) {
		mu_pfn_t pfns[64];
		struct world world;
		uint64_t got;

		atomic_store(&maps, turn);
		world_init_machine(&world, world_machine("256M@4M/3", 12),
				   MU_POLICY_LAZY, MU_BACK_BLOCK);
		world_one_zone(&world);
		world.port.memmap_map = flaky_map;
		world_start(&world);
		world_run(&world, 4, flaky_thread, NULL);
		world_validate(&world, NULL);
		world.port.memmap_map =
			mu_hosted_port(world.hosted)->memmap_map;
		got = world_exhaust(&world, MU_BLOCK_ORDER, MU_ALLOC_RESERVES,
				    pfns, 64);
		assert_int_equal(got, 64);
		world_free_all(&world, pfns, got, MU_BLOCK_ORDER);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_refused),
		cmocka_unit_test(last_blocks),
		cmocka_unit_test(one_block),
		cmocka_unit_test(flaky_backing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
