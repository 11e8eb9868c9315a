// SPDX-License-Identifier: MIT
/* Jobs that want the same CPU: who has it when, and for how long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>

#include "memup/padata.h"
#include "padata/helpers.h"
#include "ports/hosted/hosted.h"
#include "tests/padata_port.h"

#define JOBS	3
#define CHUNKS	100 /* by helpers, of all jobs together */
#define ENDLESS (1u << 20)
#define STEP	(MU_HELPER_TURN / 4) /* how long a chunk takes */

/*
 * Jobs with endless chunks, started one after the other by one thread, and one
 * CPU for helpers. Each chunk of a helper is noted; the test ends when there
 * are enough. Callers do nothing until then.
 */
struct turns;

struct turn_job {
	struct mu_padata_mt mt;
	struct turns *turns;
};

struct turns {
	struct turn_job jobs[JOBS];
	pthread_t caller;
	_Atomic unsigned nr;
	_Atomic bool all_started;
	unsigned char by[CHUNKS]; /* the helper alone: there is one CPU */
};

static struct turns turns;
static _Atomic uint64_t now;

static uint64_t hand_clock(void *arg)
{
	(void)arg;
	return atomic_load(&now);
}

static enum mu_status take_turns(uint64_t start, uint64_t end, void *arg)
{
	struct turn_job *job = arg;
	struct turns *t = job->turns;
	unsigned nr;

	(void)start;
	(void)end;
	if (pthread_equal(pthread_self(), t->caller)) {
		while (atomic_load(&t->nr) < CHUNKS)
			sched_yield();
		mu_padata_mt_cancel(&job->mt);
		return MU_OK;
	}
	/* The first chunk waits until there is somebody to make way for. */
	while (!atomic_load(&t->all_started))
		sched_yield();
	atomic_fetch_add(&now, STEP);
	nr = atomic_load(&t->nr);
	if (nr == CHUNKS) {
		mu_padata_mt_cancel(&job->mt);
		return MU_OK;
	}
	t->by[nr] = (unsigned char)(job - t->jobs);
	atomic_store(&t->nr, nr + 1);
	return MU_OK;
}

/* The jobs in @background are. Their helpers may be on CPU 1 alone. */
static void run_turns(const struct mu_port *port, unsigned jobs,
		      unsigned background)
{
	struct mu_cpumask cpus = {{0}};

	mu_cpumask_set(&cpus, 1);
	turns = (struct turns){.caller = pthread_self()};
	for (unsigned i = 0; i < jobs; i++) {
		struct mu_padata_mt_job job = {
			.thread_fn = take_turns,
			.fn_arg = &turns.jobs[i],
			.size = UINT64_MAX,
			.min_chunk = UINT64_MAX / ENDLESS,
			.background = background >> i & 1,
			.cpus = &cpus,
		};

		turns.jobs[i].turns = &turns;
		mu_padata_mt_start(&turns.jobs[i].mt, port, &job);
	}
	atomic_store(&turns.all_started, true);
	for (unsigned i = 0; i < jobs; i++)
		assert_int_equal(mu_padata_mt_finish(&turns.jobs[i].mt),
				 MU_ERR_CANCELLED);
	assert_int_equal(turns.nr, CHUNKS);
}

/* The chunks are by jobs in turn, @least to @most at a time. */
static void check_turns(unsigned jobs, unsigned least, unsigned most)
{
	unsigned run = 1;

	for (unsigned i = 1; i < CHUNKS; i++, run++) {
		if (turns.by[i] == turns.by[i - 1])
			continue;
		assert_int_equal(turns.by[i], (turns.by[i - 1] + 1) % jobs);
		assert_in_range(run, least, most);
		run = 0;
	}
	assert_in_range(run, 1, most);
}

/* A turn is over after MU_HELPER_TURN, at the end of a chunk. */
static void in_turn(const struct mu_port *port)
{
	for (unsigned jobs = 2; jobs <= JOBS; jobs++) {
		run_turns(port, jobs, 0);
		check_turns(jobs, 4, 5);
		/* Those in the background are fair to each other. */
		run_turns(port, jobs, (1u << jobs) - 1);
		check_turns(jobs, 4, 5);
	}
}

/* Without a clock it is over with the chunk. */
static void without_clock(const struct mu_port *port)
{
	run_turns(port, JOBS, 0);
	check_turns(JOBS, 1, 1);
}

/* A job in the background goes at once and does not come back. */
static void background(const struct mu_port *port)
{
	run_turns(port, 2, 1);
	assert_int_equal(turns.by[0], 0);
	for (unsigned i = 1; i < CHUNKS; i++)
		assert_int_equal(turns.by[i], 1);
	/* Nor does it get in the way of two others. */
	run_turns(port, 3, 2);
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_int_not_equal(turns.by[i], 1);
}

static void with_port(void (*test)(const struct mu_port *port))
{
	static const struct padata_port_config config = {.cpus = 2,
							 .later = true};
	struct padata_port pp;

	padata_port_init(&pp, &config);
	pp.port.clock = test == without_clock ? NULL : hand_clock;
	test(&pp.port);
	padata_port_destroy(&pp);
}

static void with_hosted(void (*test)(const struct mu_port *port))
{
	struct mu_hosted_config config = {.threads = 1};
	struct mu_hosted *hosted;
	struct mu_port port;

	assert_int_equal(mu_hosted_create(&hosted, NULL, &config, NULL), MU_OK);
	port = *mu_hosted_port(hosted);
	port.clock = test == without_clock ? NULL : hand_clock;
	if (port.cpu_count(port.arg) > 1)
		test(&port);
	else
		print_message("this process may use one CPU only\n");
	mu_hosted_destroy(hosted);
}

static void in_turn_port(void **state)
{
	(void)state;
	with_port(in_turn);
}

static void in_turn_hosted(void **state)
{
	(void)state;
	with_hosted(in_turn);
}

static void without_clock_port(void **state)
{
	(void)state;
	with_port(without_clock);
}

static void without_clock_hosted(void **state)
{
	(void)state;
	with_hosted(without_clock);
}

static void background_port(void **state)
{
	(void)state;
	with_port(background);
}

static void background_hosted(void **state)
{
	(void)state;
	with_hosted(background);
}

/* A job that finds no CPU gets one when another job has ended. */
static _Atomic bool first_over;
static _Atomic unsigned helped;

static enum mu_status until_over(uint64_t start, uint64_t end, void *arg)
{
	(void)start;
	(void)end;
	(void)arg;
	while (!atomic_load(&first_over))
		sched_yield();
	return MU_OK;
}

static enum mu_status until_helped(uint64_t start, uint64_t end, void *arg)
{
	struct padata_port *pp = arg;

	(void)start;
	(void)end;
	if (pp->port.cpu_id(pp))
		atomic_fetch_add(&helped, 1);
	else
		atomic_store(&first_over, true);
	while (!atomic_load(&helped))
		sched_yield();
	return MU_OK;
}

static void helped_later(void **state)
{
	static const struct padata_port_config config = {.cpus = 2,
							 .later = true};
	struct mu_padata_mt_job first = {.thread_fn = until_over, .size = 2},
				second = {.thread_fn = until_helped, .size = 2};
	struct mu_padata_mt one;
	struct padata_port pp;

	(void)state;
	padata_port_init(&pp, &config);
	second.fn_arg = &pp;
	mu_padata_mt_start(&one, &pp.port, &first);
	assert_int_equal(mu_padata_do_multithreaded(&pp.port, &second), MU_OK);
	assert_int_equal(mu_padata_mt_finish(&one), MU_OK);
	assert_int_equal(helped, 1);
	padata_port_destroy(&pp);
}

static enum mu_status nothing(uint64_t start, uint64_t end, void *arg)
{
	_Atomic unsigned *begun = arg;

	(void)start;
	(void)end;
	/* All of them have to be there. */
	atomic_fetch_add(begun, 1);
	while (atomic_load(begun) < 4)
		sched_yield();
	return MU_OK;
}

/* Every helper in the background goes idle, and no other. */
static void idle_priority(void **state)
{
	static const struct padata_port_config config = {.cpus = 4};
	_Atomic unsigned begun = 0;
	struct mu_padata_mt_job job = {
		.thread_fn = nothing, .fn_arg = &begun, .size = 4};
	struct padata_port pp;

	(void)state;
	padata_port_init(&pp, &config);
	assert_int_equal(mu_padata_do_multithreaded(&pp.port, &job), MU_OK);
	assert_int_equal(pp.went_idle, 0);
	atomic_store(&begun, 0);
	job.background = true;
	/* Those of the job before may not be idle CPUs yet. */
	pthread_mutex_lock(&pp.lock);
	while (pp.cpu[1].busy || pp.cpu[2].busy || pp.cpu[3].busy) {
		pthread_mutex_unlock(&pp.lock);
		sched_yield();
		pthread_mutex_lock(&pp.lock);
	}
	pthread_mutex_unlock(&pp.lock);
	assert_int_equal(mu_padata_do_multithreaded(&pp.port, &job), MU_OK);
	assert_int_equal(pp.went_idle, 3);
	padata_port_destroy(&pp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_turn_port),
		cmocka_unit_test(in_turn_hosted),
		cmocka_unit_test(without_clock_port),
		cmocka_unit_test(without_clock_hosted),
		cmocka_unit_test(background_port),
		cmocka_unit_test(background_hosted),
		cmocka_unit_test(helped_later),
		cmocka_unit_test(idle_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
