// SPDX-License-Identifier: MIT
/* How many threads a job gets, and where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>

#include "base/bits.h"
#include "padata/chunk.h"
#include "padata/progress.h"
#include "padata/ramp.h"
#include "tests/padata_port.h"

static void mul_div(void **state)
{
	uint64_t seed = 3;

	(void)state;
	assert_true(mu_mul_div(1, 1, 0) == UINT64_MAX);
	assert_true(mu_mul_div(UINT64_MAX, UINT64_MAX, UINT64_MAX) ==
		    UINT64_MAX);
	assert_true(mu_mul_div(UINT64_MAX, UINT64_MAX, 1) == UINT64_MAX);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t a = padata_random(&seed) >> padata_random(&seed) % 64;
		uint64_t b = padata_random(&seed) >> padata_random(&seed) % 64;
		uint64_t c = padata_random(&seed) >> padata_random(&seed) % 64;
		unsigned __int128 exact;

		c |= 1;
		exact = (unsigned __int128)a * b / c;
		if (exact > UINT64_MAX)
			exact = UINT64_MAX;
		assert_true(mu_mul_div(a, b, c) == (uint64_t)exact);
	}
}

/*
 * A job in simulated time. Up to the knee threads do not disturb each other and
 * a unit takes 1000; past it all of them together are as fast as the knee, or
 * slower by @harm percent for every thread past it. @work is the clock of a
 * thread that is never disturbed.
 */
#define MOST 64
struct simulation {
	unsigned most, knee, harm;
	struct mu_padata_chunks chunks;
	struct mu_padata_ramp ramp;
	uint64_t next, now, work;
	uint64_t holds[MOST], ends[MOST]; /* units in hand, done when @work */
};

static void sim_take(struct simulation *sim, unsigned thread)
{
	uint64_t end;

	if (sim->next == sim->chunks.end || thread >= sim->ramp.threads)
		return;
	end = mu_chunk_end(&sim->chunks, sim->next);
	sim->holds[thread] = end - sim->next;
	sim->ends[thread] = sim->work + sim->holds[thread] * 1000;
	sim->next = end;
}

static void sim_open_window(struct simulation *sim, uint64_t done)
{
	if (sim->next != sim->chunks.end)
		mu_ramp_open(&sim->ramp, sim->now, done,
			     mu_chunk_end(&sim->chunks, sim->next) - sim->next);
}

/* Go to the next moment when a chunk is done; returns by whom, or MOST. */
static unsigned sim_advance(struct simulation *sim)
{
	unsigned first = MOST;
	uint64_t threads = 0, fast, work;

	for (unsigned t = 0; t < sim->most; t++) {
		if (!sim->holds[t])
			continue;
		threads++;
		if (first == MOST || sim->ends[t] < sim->ends[first])
			first = t;
	}
	if (first == MOST)
		return MOST;
	fast = MU_MIN(threads, MU_MAX(sim->knee, 1u));
	work = sim->ends[first] - sim->work;
	sim->work += work;
	sim->now += work * threads / fast *
		    (100 + (threads - fast) * sim->harm) / 100;
	return first;
}

static void simulate(struct simulation *sim, uint64_t size)
{
	struct mu_padata_mt_job job = {.size = size};
	uint64_t done = 0;
	unsigned thread;

	mu_chunks_init(&sim->chunks, &job, sim->most);
	assert_true(mu_chunks_guided(&sim->chunks, size));
	mu_ramp_init(&sim->ramp, sim->most, true);
	for (unsigned t = 0; t < sim->most; t++)
		sim_take(sim, t);
	sim_open_window(sim, 0);
	while ((thread = sim_advance(sim)) != MOST) {
		done += sim->holds[thread];
		sim->holds[thread] = 0;
		if (thread == 0 && !sim->ramp.settled &&
		    mu_ramp_step(&sim->ramp, sim->now, done)) {
			for (unsigned t = 1; t < sim->most; t++)
				if (!sim->holds[t])
					sim_take(sim, t);
			sim_open_window(sim, done);
		}
		sim_take(sim, thread);
	}
	assert_int_equal(done, size);
}

/* Work that scales gets every thread, and waits little for them. */
static void scaling_gets_all(void **state)
{
	(void)state;
	for (unsigned most = 1; most <= MOST; most++) {
		struct simulation sim = {.most = most, .knee = most};

		simulate(&sim, 1000000);
		assert_int_equal(sim.ramp.threads, most);
		/* 1000 a unit and thread, and a fifth more at worst. */
		assert_true(sim.now >= (uint64_t)1000000000 / most);
		assert_true(sim.now < (uint64_t)1200000000 / most);
	}
}

/* Work bound by memory: the doubling that passes the knee is the last. */
static void stops_at_the_knee(void **state)
{
	(void)state;
	for (unsigned knee = 1; knee <= MOST; knee++) {
		struct simulation sim = {.most = MOST, .knee = knee};

		simulate(&sim, 1000000);
		assert_true(sim.ramp.settled);
		if (knee <= 32)
			assert_int_equal(sim.ramp.threads, 32);
		if (knee >= 40)
			assert_int_equal(sim.ramp.threads, MOST);
		assert_true(sim.now < (uint64_t)1200000000 / knee);
	}
}

/* Threads that harm are sent home. */
static void goes_back(void **state)
{
	struct simulation sim = {.most = MOST, .knee = 16, .harm = 3};

	(void)state;
	simulate(&sim, 3000000);
	assert_int_equal(sim.ramp.threads, 16);
	sim = (struct simulation){.most = MOST, .knee = 32, .harm = 3};
	simulate(&sim, 3000000);
	assert_int_equal(sim.ramp.threads, 32);
}

static void who_measures(void **state)
{
	struct mu_padata_ramp ramp;

	(void)state;
	mu_ramp_init(&ramp, 64, false);
	assert_int_equal(ramp.threads, 64);
	assert_true(ramp.settled);
	mu_ramp_init(&ramp, 64, true);
	assert_int_equal(ramp.threads, 16);
	assert_false(ramp.settled);
	for (unsigned most = 1; most <= 2; most++) {
		mu_ramp_init(&ramp, most, true);
		assert_int_equal(ramp.threads, most);
		assert_true(ramp.settled);
	}
}

/* A machine whose CPUs are on nodes as told, and a run_on that notes. */
struct notes {
	unsigned cpus, here;
	const uint8_t *node;
	unsigned calls, refuse;
	struct mu_cpumask asked[2];
};

static unsigned note_count(void *arg)
{
	return ((struct notes *)arg)->cpus;
}

static unsigned note_id(void *arg)
{
	return ((struct notes *)arg)->here;
}

static int note_node(void *arg, unsigned cpu)
{
	return ((struct notes *)arg)->node[cpu];
}

static unsigned note_run_on(void *arg, const struct mu_cpumask *cpus,
			    unsigned count, void (*fn)(void *), void *fn_arg)
{
	struct notes *notes = arg;

	assert_true(notes->calls < 2);
	notes->asked[notes->calls++] = *cpus;
	if (notes->calls == 1)
		count -= MU_MIN(count, notes->refuse);
	/* Late calls find nothing to do; here they come early. */
	for (unsigned i = 0; i < count; i++)
		fn(fn_arg);
	return count;
}

static enum mu_status nothing(uint64_t start, uint64_t end, void *arg)
{
	(void)start;
	(void)end;
	(void)arg;
	return MU_OK;
}

static void spread_over_nodes(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		uint8_t node[96];
		unsigned weight[5] = {0}, on[5] = {0}, left = 0;
		struct notes notes = {.node = node};
		struct mu_port port = {.arg = &notes,
				       .cpu_count = note_count,
				       .cpu_id = note_id,
				       .cpu_node = note_node,
				       .run_on = note_run_on};
		struct mu_cpumask allowed = {{0}};
		struct mu_padata_mt_job job = {.thread_fn = nothing,
					       .size = 100000,
					       .cpus = &allowed,
					       .all_at_once = true};
		unsigned helpers;

		notes.cpus = 1 + (unsigned)(padata_random(&seed) % 96);
		notes.here = (unsigned)(padata_random(&seed) % notes.cpus);
		notes.refuse = (unsigned)(padata_random(&seed) % 3);
		for (unsigned cpu = 0; cpu < 96; cpu++) {
			/* Uneven nodes. */
			node[cpu] = (uint8_t)(padata_random(&seed) %
					      (1 + padata_random(&seed) % 5));
			if (padata_random(&seed) % 4)
				mu_cpumask_set(&allowed, cpu);
		}
		for (unsigned cpu = 0; cpu < notes.cpus; cpu++)
			if (mu_cpumask_test(&allowed, cpu) && cpu != notes.here)
				weight[node[cpu]]++, left++;
		job.max_threads = 1 + (unsigned)(padata_random(&seed) % 100);
		helpers = MU_MIN(left, job.max_threads - 1);

		assert_int_equal(mu_padata_do_multithreaded(&port, &job),
				 MU_OK);
		if (!helpers) {
			assert_int_equal(notes.calls, 0);
			continue;
		}
		assert_int_equal(mu_cpumask_weight(&notes.asked[0]), helpers);
		for (unsigned cpu = 0; cpu < MU_MAX_CPUS; cpu++) {
			if (!mu_cpumask_test(&notes.asked[0], cpu))
				continue;
			assert_true(cpu < notes.cpus && cpu != notes.here);
			assert_true(mu_cpumask_test(&allowed, cpu));
			/* Refused CPUs are not asked again. */
			assert_false(notes.calls > 1 &&
				     mu_cpumask_test(&notes.asked[1], cpu));
			on[node[cpu]]++;
		}
		/* In turn: with the caller, nodes with CPUs to spare have the
		 * same number of threads to within one, no other has more. */
		on[node[notes.here]]++;
		weight[node[notes.here]]++;
		for (unsigned a = 0; a < 5; a++)
			for (unsigned b = 0; b < 5; b++)
				assert_true(on[a] <= on[b] + 1 ||
					    on[b] == weight[b]);
	}
}

/* Helpers that are too many leave with the chunk they have. */
struct gate {
	struct mu_padata_mt mt;
	_Atomic unsigned waiting;
	_Atomic bool first_open, open;
	_Atomic uint64_t units;
};

static enum mu_status gated(uint64_t start, uint64_t end, void *arg)
{
	struct gate *gate = arg;
	unsigned before = atomic_fetch_add(&gate->waiting, 1);

	while (before < 3 ? !atomic_load(&gate->first_open)
			  : !atomic_load(&gate->open))
		sched_yield();
	atomic_fetch_add(&gate->units, end - start);
	return MU_OK;
}

static void helpers_leave(void **state)
{
	static const struct padata_port_config config = {.cpus = 4};
	static struct gate gate;
	struct mu_padata_mt_job job = {.thread_fn = gated,
				       .fn_arg = &gate,
				       .size = 100000,
				       .all_at_once = true};
	struct mu_padata_progress progress;
	struct padata_port pp;

	(void)state;
	padata_port_init(&pp, &config);
	mu_padata_mt_start(&gate.mt, &pp.port, &job);
	while (atomic_load(&gate.waiting) < 3)
		sched_yield();
	atomic_store(&gate.mt.excess, 2);
	atomic_store(&gate.first_open, true);
	/* Two of the three leave, the third waits with its next chunk. */
	do {
		sched_yield();
		mu_padata_mt_progress(&gate.mt, &progress);
	} while (progress.threads != 2);
	while (atomic_load(&gate.waiting) != 4)
		sched_yield();
	atomic_store(&gate.open, true);
	assert_int_equal(mu_padata_mt_finish(&gate.mt), MU_OK);
	assert_int_equal(gate.units, job.size);
	padata_port_destroy(&pp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mul_div),
		cmocka_unit_test(scaling_gets_all),
		cmocka_unit_test(stops_at_the_knee),
		cmocka_unit_test(goes_back),
		cmocka_unit_test(who_measures),
		cmocka_unit_test(spread_over_nodes),
		cmocka_unit_test(helpers_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
