// SPDX-License-Identifier: MIT
/* Interrupts that come to threads that claim. */
#include "tests/interrupts.h"

#include <sched.h>
#include <string.h>

#include "base/bits.h"

/* A claim that takes long enough to be interrupted. */
static void slow_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
	if (word != MU_MEMMAP_POISON)
		sched_yield();
}

static void run_plan(const char *machine, unsigned order,
		     bool (*work)(struct world *world, unsigned victim))
{
	struct world world;

	world_init_machine(&world, world_machine(machine, 12), MU_POLICY_LAZY,
			   MU_BACK_BLOCK);
	world_one_zone(&world);
	world.config.min_free_pages = 1;
	world.port.memmap_fill = slow_fill;
	interrupts_run(&world, order, false, work);
}

/* Take all of it, block by block, and use some of it. */
static bool claim_and_use(struct world *world, unsigned victim)
{
	struct mu_deferred *deferred = &world->mm.deferred;
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t seed = victim + 1;

	for (unsigned i = 0; i < 32; i++) {
		unsigned order = (unsigned)world_random(&seed, MU_NR_ORDERS);
		enum mu_status status;
		mu_pfn_t pfn;

		mu_deferred_take(deferred, 0, 1, &status);
		if (status != MU_OK ||
		    mu_alloc_pages(buddy, 0, order, MU_ALLOC_RESERVES, &pfn) !=
			    MU_OK ||
		    mu_free_pages(buddy, pfn, order) != MU_OK)
			return false;
	}
	return true;
}

static void while_it_claims(void **state)
{
	(void)state;
	interrupts_catch();
	/* Until some came while they were off: else nothing was shown. */
	for (unsigned turn = 0;
	     turn < (TEST_TSAN ? 20 : 60) || !interrupts_total.late; turn++)
		run_plan("256M@4M", MU_NR_ORDERS, claim_and_use);
	interrupts_tell();
	assert_true(interrupts_total.handled > 0);
}

/*
 * Four blocks, and never more than four who want one: the two threads and their
 * handlers. All four are pristine to begin with.
 */
static bool one_at_a_time(struct world *world, unsigned victim)
{
	(void)victim;
	for (unsigned i = 0; i < 20; i++) {
		mu_pfn_t pfn;

		if (mu_alloc_pages(&world->mm.buddy, 0, MU_BLOCK_ORDER,
				   MU_ALLOC_RESERVES, &pfn) != MU_OK)
			return false;
		sched_yield();
		if (mu_free_pages(&world->mm.buddy, pfn, MU_BLOCK_ORDER) !=
		    MU_OK)
			return false;
	}
	return true;
}

static void four_blocks(void **state)
{
	(void)state;
	interrupts_catch();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 100 : 600); turn++)
		run_plan("16M@4M", MU_BLOCK_ORDER, one_at_a_time);
	interrupts_tell();
	assert_true(interrupts_total.handled > 0);
}

/*
 * One block, and a quarter of it for each of the same four. A handler that came
 * in the middle of the claim would wait for the thread that it interrupted, and
 * for ever.
 */
static bool a_quarter(struct world *world, unsigned victim)
{
	mu_pfn_t pfn;

	(void)victim;
	for (unsigned i = 0; i < 4; i++) {
		if (mu_alloc_pages(&world->mm.buddy, 0, 8, MU_ALLOC_RESERVES,
				   &pfn) != MU_OK ||
		    mu_free_pages(&world->mm.buddy, pfn, 8) != MU_OK)
			return false;
	}
	return true;
}

static void one_block(void **state)
{
	(void)state;
	interrupts_catch();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 200 : 1000); turn++)
		run_plan("4M@4M", 8, a_quarter);
	interrupts_tell();
	assert_true(interrupts_total.handled > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_claims),
		cmocka_unit_test(four_blocks),
		cmocka_unit_test(one_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
