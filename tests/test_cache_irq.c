// SPDX-License-Identifier: MIT
/*
 * Interrupts that come to threads in their page caches. One block in quarters,
 * and never more than four who hold something, of at most a quarter: so nobody
 * is ever refused, wherever the pages are that are not in use.
 */
#include "tests/interrupts.h"

static bool pages_and_quarters(struct world *world, unsigned victim)
{
	static const unsigned orders[] = {0, 0, 0, 0, 1, 2, 3, 8};
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t seed = victim + 1;

	for (unsigned i = 0; i < 200; i++) {
		unsigned order = orders[world_random(&seed, 8)];
		mu_pfn_t pfn;

		if (mu_alloc_pages(buddy, 0, order, MU_ALLOC_RESERVES, &pfn) !=
			    MU_OK ||
		    mu_free_pages(buddy, pfn, order) != MU_OK)
			return false;
		if (i % 16 == 15)
			mu_buddy_drain(buddy, &buddy->zones[0]);
	}
	return true;
}

static void run(const char *machine, unsigned order)
{
	interrupts_catch();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 30 : 200); turn++) {
		struct world world;

		world_init(&world, machine, MU_POLICY_LAZY);
		world_one_zone(&world);
		world.config.min_free_pages = 1;
		world.config.cache_pages = 4 + turn % 5 * 50;
		interrupts_run(&world, order, false, pages_and_quarters);
	}
	interrupts_tell();
	assert_true(interrupts_total.handled > 0);
}

static void two_cpus(void **state)
{
	(void)state;
	run("4M@4M/3", 0);
	run("4M@4M/3", 3);
	run("4M@4M/3", 8);
}

/* Threads that say that they are the same CPU. */
static void one_cpu(void **state)
{
	(void)state;
	run("4M@4M", 0);
	run("4M@4M", 3);
	run("4M@4M", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_cpus),
		cmocka_unit_test(one_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
