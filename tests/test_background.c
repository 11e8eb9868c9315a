// SPDX-License-Identifier: MIT
/*
 * The background finisher: started, paused, resumed, stopped, at any time.
 */
#include <sched.h>
#include <string.h>

#include "tests/world.h"

static uint64_t pristine(const struct world *world)
{
	return mu_deferred_stats(&world->mm.deferred).pristine_pages;
}

static void to_the_end(void **state)
{
	struct mu_background background;
	struct world world;

	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++) {
		world_up(&world, "2x512M/4", MU_POLICY_LAZY);
		assert_int_equal(mu_background_start(&background,
						     &world.mm.deferred, NULL,
						     threads),
				 MU_OK);
		while (mu_background_is_running(&background))
			sched_yield();
		assert_int_equal(pristine(&world), 0);
		mu_background_stop(&background);
		world_destroy(&world);
	}
}

/* A fill that lets nothing pass while the gate is shut. */
static struct {
	_Atomic bool shut;
	_Atomic unsigned waiting;
} gate;

static void gated_tick(void *arg)
{
	(void)arg;
	atomic_fetch_add(&gate.waiting, 1);
	while (atomic_load(&gate.shut))
		sched_yield();
	atomic_fetch_sub(&gate.waiting, 1);
}

/* Stopped with work left: the threads leave and no block is begun after it. */
static void stop_half_way(void **state)
{
	struct mu_background background;
	struct world world;
	uint64_t before, left;

	(void)state;
	world_init(&world, "4G/4", MU_POLICY_LAZY);
	world.port.watchdog = gated_tick;
	world_start(&world);
	before = pristine(&world);
	atomic_store(&gate.shut, true);
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 2),
		MU_OK);
	/* Both have done one block each and wait. */
	while (atomic_load(&gate.waiting) < 2)
		sched_yield();
	assert_true(mu_background_is_running(&background));
	mu_background_pause(&background);
	atomic_store(&gate.shut, false);
	/* Paused: whoever passes the gate sleeps. Nothing can move it on. */
	while (atomic_load(&gate.waiting))
		sched_yield();
	left = pristine(&world);
	assert_int_equal(left, before - 2 * MU_BLOCK_PAGES);
	mu_background_stop(&background);
	assert_false(mu_background_is_running(&background));
	assert_int_equal(pristine(&world), left);
	world_validate(&world, NULL);
	/* And once more, to the end. */
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 1),
		MU_OK);
	mu_background_pause(&background);
	mu_background_resume(&background);
	while (mu_background_is_running(&background))
		sched_yield();
	mu_background_stop(&background);
	assert_int_equal(pristine(&world), 0);
	world_destroy(&world);
}

/* Paused and resumed at random while others allocate. */
static bool torment(struct world *world, unsigned index, void *arg)
{
	struct mu_background *background = arg;
	uint64_t seed = index + 7;

	for (unsigned i = 0; i < 300; i++) {
		unsigned order = (unsigned)world_random(&seed, 11);
		mu_pfn_t pfn;

		if (index == 0) {
			mu_background_pause(background);
			sched_yield();
			mu_background_resume(background);
			continue;
		}
		if (mu_alloc_pages(&world->mm.buddy, 0, order, 0, &pfn) !=
			    MU_OK ||
		    mu_free_pages(&world->mm.buddy, pfn, order) != MU_OK)
			return false;
	}
	return true;
}

static void paused_at_random(void **state)
{
	struct mu_background background;
	struct world world;

	(void)state;
	world_up(&world, "4G/4", MU_POLICY_LAZY);
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 1),
		MU_OK);
	world_run(&world, 3, torment, &background);
	mu_background_stop(&background);
	world_destroy(&world);
}

static unsigned no_run_on(void *arg, const struct mu_cpumask *cpus,
			  unsigned count, void (*fn)(void *), void *fn_arg)
{
	(void)arg;
	(void)cpus;
	(void)count;
	(void)fn;
	(void)fn_arg;
	return 0;
}

static void no_threads(void **state)
{
	struct mu_background background;
	struct world world;

	(void)state;
	world_init(&world, "64M", MU_POLICY_LAZY);
	world.port.run_on = no_run_on;
	world_start(&world);
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 2),
		MU_ERR_BUSY);
	assert_false(mu_background_is_running(&background));
	mu_background_stop(&background);
	/* Nor is there anybody to help finish: the caller does it. */
	assert_int_equal(mu_mm_finish(&world.mm, 8), MU_OK);
	assert_int_equal(pristine(&world), 0);
	world_destroy(&world);
}

/* A port that promises the calls and is late with them: it has not begun any
 * when they are taken back. Of three, two; and one of them was given before. */
static struct {
	void (*fn)(void *);
	void *arg;
	unsigned promised, cancelled, most;
} late;

static unsigned late_run_on(void *arg, const struct mu_cpumask *cpus,
			    unsigned count, void (*fn)(void *), void *fn_arg)
{
	(void)arg;
	(void)cpus;
	late.fn = fn;
	late.arg = fn_arg;
	late.promised = count < late.most ? count : late.most;
	return late.promised;
}

static unsigned late_run_cancel(void *arg, void (*fn)(void *), void *fn_arg)
{
	unsigned back = 0;

	(void)arg;
	if (fn == late.fn && fn_arg == late.arg)
		back = late.promised - late.cancelled;
	late.cancelled += back;
	return back;
}

static void late_threads(void **state)
{
	struct mu_background background;
	struct world world;

	(void)state;
	for (unsigned most = 1; most <= 3; most++) {
		uint64_t before;

		memset(&late, 0, sizeof(late));
		late.most = most;
		world_init(&world, "1G", MU_POLICY_LAZY);
		world.port.run_on = late_run_on;
		world.port.run_cancel = late_run_cancel;
		world_start(&world);
		before = pristine(&world);
		assert_int_equal(mu_background_start(&background,
						     &world.mm.deferred, NULL,
						     3),
				 MU_OK);
		assert_int_equal(late.promised, most);
		assert_true(mu_background_is_running(&background));
		/* One begins after all: it does the work of all of them. */
		if (most == 3) {
			late.promised--;
			late.fn(late.arg);
			before = 0;
		}
		assert_int_equal(pristine(&world), before);
		assert_true(mu_background_is_running(&background));
		mu_background_stop(&background);
		assert_int_equal(late.cancelled, most == 3 ? 2 : most);
		assert_false(mu_background_is_running(&background));
		assert_int_equal(pristine(&world), before);
		world_destroy(&world);
	}
}

/* None wanted is none started, and no error. */
static void none_wanted(void **state)
{
	struct mu_background background;
	struct world world;
	uint64_t before;

	(void)state;
	world_up(&world, "1G", MU_POLICY_LAZY);
	before = pristine(&world);
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 0),
		MU_OK);
	assert_false(mu_background_is_running(&background));
	mu_background_stop(&background);
	assert_int_equal(pristine(&world), before);
	world_destroy(&world);
}

/* What cannot be backed stays pristine, and the threads do not spin on it. */
static enum mu_status no_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	(void)arg;
	(void)start;
	(void)end;
	return MU_ERR_NOMEM;
}

static void no_backing(void **state)
{
	struct mu_background background;
	struct world world;
	uint64_t before;

	(void)state;
	world_up(&world, "1G/2", MU_POLICY_LAZY);
	before = pristine(&world);
	world.port.memmap_map = no_map;
	assert_int_equal(
		mu_background_start(&background, &world.mm.deferred, NULL, 1),
		MU_OK);
	while (mu_background_is_running(&background))
		sched_yield();
	mu_background_stop(&background);
	assert_true(pristine(&world) > 0 && pristine(&world) <= before);
	world_destroy(&world);
}

/* A clock that stands still, and one that runs backwards: only statistics are
 * wrong. */
static uint64_t still(void *arg)
{
	(void)arg;
	return 0;
}

static uint64_t backwards(void *arg)
{
	static _Atomic uint64_t now = UINT64_MAX;

	(void)arg;
	return atomic_fetch_sub(&now, 1000);
}

static void bad_clocks(void **state)
{
	uint64_t (*const clocks[])(void *) = {still, backwards, NULL};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned p = 0; p < 3; p++) {
			struct world world;

			world_init(&world, "256M/2", world_policies[p]);
			world.config.measure = true;
			world.port.clock = clocks[i];
			world_start(&world);
			assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
			assert_int_equal(pristine(&world), 0);
			world_destroy(&world);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_end),
		cmocka_unit_test(stop_half_way),
		cmocka_unit_test(paused_at_random),
		cmocka_unit_test(no_threads),
		cmocka_unit_test(late_threads),
		cmocka_unit_test(none_wanted),
		cmocka_unit_test(no_backing),
		cmocka_unit_test(bad_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
