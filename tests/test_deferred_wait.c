// SPDX-License-Identifier: MIT
/* A claim that takes its time: what others see of it, and who waits for it. */
#include "deferred/memory.h"
#include "tests/gate.h"
#include "tests/world.h"

#include <pthread.h>
#include <stdlib.h>

static uint64_t claims(const struct world *world)
{
	return mu_deferred_stats(&world->mm.deferred).claims;
}

static uint64_t pristine(const struct world *world)
{
	return mu_deferred_stats(&world->mm.deferred).pristine_pages;
}

static mu_pfn_t alloc(struct world *world, int nid, unsigned order)
{
	mu_pfn_t pfn = UINT64_MAX;

	assert_int_equal(mu_alloc_pages(&world->mm.buddy, nid, order,
					MU_ALLOC_RESERVES, &pfn),
			 MU_OK);
	return pfn;
}

static void give(struct world *world, mu_pfn_t pfn, unsigned order)
{
	assert_int_equal(mu_free_pages(&world->mm.buddy, pfn, order), MU_OK);
}

static enum mu_status no_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	(void)arg;
	(void)start;
	(void)end;
	return MU_ERR_NOMEM;
}

static void *claim_slowly(void *arg)
{
	struct world *world = arg;
	mu_pfn_t *pfn = malloc(sizeof(*pfn));

	mu_hosted_set_cpu(world->hosted, 1);
	gate_stop_here();
	if (!pfn || mu_alloc_pages(&world->mm.buddy, 0, 0, MU_ALLOC_RESERVES,
				   pfn) != MU_OK)
		abort();
	return pfn;
}

/* A machine of @machine in which another thread is in the middle of a claim. */
static void begin_claim(struct world *world, const char *machine,
			pthread_t *thread)
{
	gate_up(world, machine);
	gate_begin(world, claim_slowly, thread);
}

static void end_claim(struct world *world, pthread_t thread)
{
	mu_pfn_t *pfn = gate_end(thread);

	give(world, *pfn, 0);
	free(pfn);
}

static void states(void **state)
{
	struct mu_census census;
	const struct mu_zone *zone;
	struct world world;
	pthread_t thread;
	mu_pfn_t end;

	(void)state;
	begin_claim(&world, "64M@64M/2,-4M@80M", &thread);
	zone = &world.mm.buddy.zones[0];
	assert_int_equal(mu_page_state(&world.mm, 0), MU_STATE_ABSENT);
	assert_int_equal(mu_page_state(&world.mm, 16384), MU_STATE_BUSY);
	assert_int_equal(mu_page_state(&world.mm, 17407), MU_STATE_BUSY);
	assert_int_equal(mu_page_state(&world.mm, 17408), MU_STATE_PRISTINE);
	assert_int_equal(mu_page_state(&world.mm, 20480), MU_STATE_ABSENT);
	assert_int_equal(mu_page_state(&world.mm, 32768), MU_STATE_ABSENT);
	assert_int_equal(mu_page_state(&world.mm, (mu_pfn_t)1 << 52),
			 MU_STATE_ABSENT);
	assert_int_equal(mu_page_state(&world.mm, UINT64_MAX), MU_STATE_ABSENT);
	world_validate(&world, &census);
	assert_int_equal(census.busy, MU_BLOCK_PAGES);
	assert_int_equal(census.pristine, 14 * MU_BLOCK_PAGES);
	assert_true(mu_deferred_is_busy(&world.mm.deferred, zone));
	assert_false(
		mu_deferred_is_pristine(&world.mm.deferred, zone, 16400, &end));
	assert_int_equal(end, 17408);
	assert_true(
		mu_deferred_is_pristine(&world.mm.deferred, zone, 18000, &end));
	assert_int_equal(end, 20480);
	assert_false(
		mu_deferred_is_pristine(&world.mm.deferred, zone, 20481, &end));
	assert_int_equal(end, 21504);
	assert_false(
		mu_deferred_is_pristine(&world.mm.deferred, zone, 99999, NULL));
	end_claim(&world, thread);
	assert_int_equal(mu_page_state(&world.mm, 16384), MU_STATE_ONLINE);
	world_destroy(&world);
}

/* One block, and another CPU is writing it: an allocation waits for it. */
static void wait_for_the_last(void **state)
{
	struct world world;
	pthread_t thread;
	mu_pfn_t pfn;

	(void)state;
	begin_claim(&world, "4M@4M/2", &thread);
	assert_int_equal(pristine(&world), 0);
	pfn = alloc(&world, 0, 9);
	assert_true(gate.pauses > 0);
	assert_int_equal(claims(&world), 1);
	end_claim(&world, thread);
	give(&world, pfn, 9);
	world_destroy(&world);
}

/* Finish, too, returns only when nobody is busy. */
static void finish_waits(void **state)
{
	struct world world;
	pthread_t thread;

	(void)state;
	begin_claim(&world, "16M@4M/2", &thread);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	assert_true(gate.pauses > 0);
	assert_int_equal(world.mm.buddy.zones[0].growth, 4);
	end_claim(&world, thread);
	world_destroy(&world);
}

static void *run_slowly(void *arg)
{
	struct world *world = arg;
	mu_pfn_t *pfn = malloc(sizeof(*pfn));

	mu_hosted_set_cpu(world->hosted, 1);
	gate_stop_here();
	if (!pfn || mu_alloc_run(&world->mm.deferred, 0, MU_BLOCK_ORDER + 2,
				 MU_ALLOC_RESERVES, pfn) != MU_OK)
		abort();
	return pfn;
}

/* Also not with a run, whose blocks no allocation waits for. */
static void finish_waits_for_runs(void **state)
{
	struct world world;
	pthread_t thread;
	mu_pfn_t pfn, *run;

	(void)state;
	gate_up(&world, "64M@64M/2");
	gate_begin(&world, run_slowly, &thread);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	for (pfn = 16384; pfn < 32768; pfn += MU_BLOCK_PAGES)
		assert_int_equal(mu_page_state(&world.mm, pfn),
				 MU_STATE_ONLINE);
	run = gate_end(thread);
	for (unsigned i = 0; i < 4; i++)
		give(&world, *run + i * MU_BLOCK_PAGES, MU_BLOCK_ORDER);
	free(run);
	world_destroy(&world);
}

static void *free_slowly(void *arg)
{
	struct world *world = arg;

	mu_hosted_set_cpu(world->hosted, 1);
	gate_stop_here();
	if (mu_free_pages(&world->mm.buddy, MU_GIGANTIC_PAGES,
			  MU_GIGANTIC_ORDER) != MU_OK)
		abort();
	return NULL;
}

/* A gigantic page gets the descriptors that it did not have, one block after
 * the other: until then these are busy, and whoever wants one waits. */
static void while_a_gigantic_page_is_freed(void **state)
{
	struct world world;
	pthread_t thread;
	mu_pfn_t pfn;

	(void)state;
	gate_up(&world, "1G@1G/2");
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       MU_ALLOC_RESERVES, 1, &pfn),
			 1);
	assert_int_equal(pfn, MU_GIGANTIC_PAGES);
	gate_begin(&world, free_slowly, &thread);
	pfn += 5 * MU_BLOCK_PAGES;
	assert_int_equal(mu_page_state(&world.mm, pfn), MU_STATE_BUSY);
	assert_int_equal(mu_init_now(&world.mm, pfn, pfn + 1), MU_OK);
	assert_non_null(mu_memmap_lookup(&world.mm.memmap, pfn));
	gate_end(thread);
	world_destroy(&world);
}

/* An interrupt wherever they are turned on again: what does it see? */
static struct {
	struct world *world;
	mu_pfn_t pfn;
	unsigned busy, bad;
} seen;

static uintptr_t off(void *arg)
{
	(void)arg;
	return 0;
}

static void on(void *arg, uintptr_t flags)
{
	struct world *world = seen.world;
	enum mu_page_state state;
	const struct mu_page *head;

	(void)arg, (void)flags;
	if (!world)
		return;
	seen.world = NULL; /* it does not interrupt itself */
	state = mu_page_state(&world->mm, seen.pfn);
	head = mu_memmap_head(&world->mm.memmap, seen.pfn);
	seen.busy += state == MU_STATE_BUSY;
	seen.bad += state == MU_STATE_BUSY
			    ? head != NULL
			    : mu_page_kind(head) == MU_PAGE_TAIL &&
				      !mu_memmap_lookup(&world->mm.memmap,
							seen.pfn);
	seen.world = world;
}

/* As soon as the page is none, nobody is told that it is. */
static void handlers_see_no_torn_page(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, "1G@1G", MU_POLICY_LAZY);
	world_one_zone(&world);
	world.port.irq_save = off;
	world.port.irq_restore = on;
	world_start(&world);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       MU_ALLOC_RESERVES, 1, &seen.pfn),
			 1);
	seen.pfn += 5 * MU_BLOCK_PAGES;
	seen.world = &world;
	assert_int_equal(mu_free_pages(&world.mm.buddy, MU_GIGANTIC_PAGES,
				       MU_GIGANTIC_ORDER),
			 MU_OK);
	seen.world = NULL;
	assert_true(seen.busy > 5);
	assert_int_equal(seen.bad, 0);
	world_destroy(&world);
}

/* The next block cannot be backed, but one is on its way: wait for that. */
static void wait_rather_than_fail(void **state)
{
	struct world world;
	pthread_t thread;
	mu_pfn_t pfn, other;

	(void)state;
	begin_claim(&world, "8M@4M/2", &thread);
	world.port.memmap_map = no_map;
	pfn = alloc(&world, 0, 0);
	assert_int_equal(claims(&world), 1);
	end_claim(&world, thread);
	give(&world, pfn, 0);
	/* Nothing is on its way now: a whole block is too much. */
	pfn = alloc(&world, 0, 0);
	other = 55;
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, MU_BLOCK_ORDER,
					MU_ALLOC_RESERVES, &other),
			 MU_ERR_NOMEM);
	assert_int_equal(other, 55);
	give(&world, pfn, 0);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_ERR_NOMEM);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(wait_for_the_last),
		cmocka_unit_test(finish_waits),
		cmocka_unit_test(finish_waits_for_runs),
		cmocka_unit_test(while_a_gigantic_page_is_freed),
		cmocka_unit_test(handlers_see_no_torn_page),
		cmocka_unit_test(wait_rather_than_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
