// SPDX-License-Identifier: MIT
/*
 * "Exhausted" must have been true at one moment: what models/deferred.pml found
 * to be wrong once, each at the step where it went wrong.
 */
#include <pthread.h>
#include "tests/gate.h"
#include "tests/world.h"

/*
 * The source of a zone, with somebody else's work between the moment when an
 * allocation has found the lists short and the moment when it looks at the
 * extents.
 */
static struct {
	enum mu_grow (*grow)(void *arg, struct mu_zone *zone, unsigned order,
			     uint64_t mark, uint64_t seen, mu_pfn_t *pfn);
	struct world *world;
	void (*work)(struct world *world);
} between;

static enum mu_grow grow_after_work(void *arg, struct mu_zone *zone,
				    unsigned order, uint64_t mark,
				    uint64_t seen, mu_pfn_t *pfn)
{
	void (*work)(struct world *) = between.work;

	between.work = NULL;
	if (work)
		work(between.world);
	return between.grow(arg, zone, order, mark, seen, pfn);
}

static void set_between(struct world *world, void (*work)(struct world *world))
{
	/* The first walk over the zones is refused by the mark, so that there
	 * is no other that makes good what one does wrong. */
	world->mm.buddy.zones[0].watermark[MU_WMARK_LOW] = UINT32_MAX;
	world->mm.buddy.zones[0].watermark[MU_WMARK_MIN] = 0;
	between.grow = world->mm.buddy.source.grow;
	between.world = world;
	between.work = work;
	world->mm.buddy.source.grow = grow_after_work;
}

static mu_pfn_t huge;

static void claim_half(struct world *world)
{
	assert_int_equal(mu_alloc_huge(&world->mm.deferred, 0, MU_HUGE_ORDER,
				       MU_ALLOC_RESERVES, 1, &huge),
			 1);
}

/* Another claims the last block, keeps one half and puts the other into the
 * lists, and is done before we look: there is half a block for us. */
static void half_of_the_last_block(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_init(&world, "4M@4M", MU_POLICY_LAZY);
	world_one_zone(&world);
	world_start(&world);
	set_between(&world, claim_half);
	assert_int_equal(
		mu_alloc_pages(&world.mm.buddy, 0, 0, MU_ALLOC_RESERVES, &pfn),
		MU_OK);
	assert_null(between.work);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 0), MU_OK);
	assert_int_equal(mu_free_pages(&world.mm.buddy, huge, MU_HUGE_ORDER),
			 MU_OK);
	world_destroy(&world);
}

static void take_all(struct world *world)
{
	assert_int_equal(
		mu_deferred_take(&world->mm.deferred, 0, UINT64_MAX, NULL), 3);
}

/* The same with helpers, in batches and one by one. */
static void all_blocks_by_helpers(void **state)
{
	(void)state;
	for (unsigned batch = 0; batch <= 32; batch += 16) {
		struct world world;
		mu_pfn_t pfn;

		world_init(&world, "12M@4M", MU_POLICY_LAZY);
		world_one_zone(&world);
		world.config.batch = batch;
		world_start(&world);
		set_between(&world, take_all);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0,
						MU_BLOCK_ORDER, 0, &pfn),
				 MU_OK);
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, pfn, MU_BLOCK_ORDER),
			MU_OK);
		world_destroy(&world);
	}
}

static uint64_t growth_at_lock; /* when interrupts were last turned off */

static uintptr_t note_growth(void *arg)
{
	(void)arg;
	if (between.world->started)
		growth_at_lock = between.world->mm.buddy.zones[0].growth;
	return 0;
}

static void no_restore(void *arg, uintptr_t flags)
{
	(void)arg, (void)flags;
}

/*
 * Memory that comes late is counted, then gets its extent, under the last lock
 * that mu_free_reserved() takes with interrupts off, and only then has the zone
 * grown: who looked for the extent too early looks again.
 */
static void late_memory_is_told_of_last(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "16M@4M", MU_POLICY_LAZY);
	world_one_zone(&world);
	between.world = &world;
	world.port.irq_save = note_growth;
	world.port.irq_restore = no_restore;
	assert_int_equal(
		mu_memblock_reserve(&world.mm.memblock, 8 << 20, 4 << 20, 0),
		MU_OK);
	world_start(&world);
	assert_int_equal(mu_free_reserved(&world.mm, 8 << 20, 4 << 20), MU_OK);
	assert_true(world.mm.buddy.zones[0].growth > growth_at_lock);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).pristine_pages,
			 4 * MU_BLOCK_PAGES);
	world_destroy(&world);
}

/* Who brings everything online waits for who is in the middle of a claim: what
 * that one leaves may have to be taken as well. */
static void *init_slowly(void *arg)
{
	struct world *world = arg;

	mu_hosted_set_cpu(world->hosted, 1);
	gate_stop_here();
	return mu_init_now(&world->mm, 1024, 2048) == MU_OK ? NULL : arg;
}

static void taking_waits_for_claims(void **state)
{
	struct world world;
	pthread_t thread;

	(void)state;
	gate_up(&world, "4M@4M/2");
	gate_begin(&world, init_slowly, &thread);
	assert_int_equal(
		mu_deferred_take(&world.mm.deferred, 0, UINT64_MAX, NULL), 0);
	assert_true(atomic_load(&gate.pauses) > 0);
	assert_null(gate_end(thread));
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_the_last_block),
		cmocka_unit_test(all_blocks_by_helpers),
		cmocka_unit_test(late_memory_is_told_of_last),
		cmocka_unit_test(taking_waits_for_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
