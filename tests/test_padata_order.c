// SPDX-License-Identifier: MIT
/*
 * Serialised jobs by the million: order under random delays, completion out of
 * order and from elsewhere, masks and CPUs that change all the time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

#if defined(__SANITIZE_THREAD__)
#define SLOW 8
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLOW 8
#endif
#endif
#ifndef SLOW
#define SLOW 1
#endif

#define SHELLS	   4 /* the last one is shared by the submitters */
#define SUBMITTERS 2
#define RING	   32 /* jobs of one submitter in one shell */

struct job {
	struct mu_padata_priv padata;
	struct stream *stream;
	_Atomic bool under_way;
	uint64_t number, result;
	uint64_t seed;
};

/* What one submitter sends through one shell. */
struct stream {
	struct order *order;
	struct mu_padata_shell *shell;
	struct job ring[RING];
	uint64_t sent;
	uint64_t expected; /* plain: serial() calls are ordered */
};

struct order {
	struct padata_port pp;
	struct mu_padata_instance *instance;
	struct mu_padata_shell *shell[SHELLS];
	uint64_t served[SHELLS]; /* plain, also for the shared one */
	struct stream stream[SUBMITTERS][SHELLS];
	uint64_t jobs; /* of a stream */
	_Atomic(struct mu_padata_priv *) held;
	_Atomic uint64_t rejected;
	_Atomic bool over;
};

static struct order order;

/* Let go of a job that was held back, if there is one. */
static void swap_held(struct order *o, struct mu_padata_priv *padata)
{
	padata = atomic_exchange(&o->held, padata);
	if (padata)
		mu_padata_do_serial(padata);
}

static void parallel(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);
	uint64_t dice = padata_random(&job->seed);

	for (volatile unsigned spin = dice >> 16 & 63; spin; spin--)
		;
	if (dice % 4096 == 0)
		usleep((useconds_t)(dice >> 16) & 63);
	job->result = job->number * 3 + 1;
	/* Now and then another thread completes it, much later. */
	if (dice % 16 == 1)
		swap_held(job->stream->order, padata);
	else
		mu_padata_do_serial(padata);
}

static void serial(struct mu_padata_priv *padata)
{
	struct job *job = MU_CONTAINER(padata, struct job, padata);
	struct stream *stream = job->stream;
	struct order *o = stream->order;

	padata_check(job->number == stream->expected);
	padata_check(job->result == job->number * 3 + 1);
	for (unsigned s = 0; s < SHELLS; s++)
		if (stream->shell == o->shell[s])
			o->served[s]++;
	stream->expected++;
	atomic_store(&job->under_way, false);
}

static void submit(struct stream *stream, uint64_t *seed)
{
	struct order *o = stream->order;
	struct job *job = &stream->ring[stream->sent % RING];
	unsigned cb = (unsigned)(padata_random(seed) % 5);
	enum mu_status status;

	/* The ring is full: then nothing may be held back for ever. */
	while (atomic_load(&job->under_way)) {
		swap_held(o, NULL);
		sched_yield();
	}
	atomic_store(&job->under_way, true);
	job->number = stream->sent++;
	for (;;) {
		status =
			mu_padata_do_parallel(stream->shell, &job->padata, &cb);
		if (!status)
			return;
		padata_check(status == MU_ERR_INVALID);
		atomic_fetch_add(&o->rejected, 1);
		sched_yield();
	}
}

static void *submitter(void *arg)
{
	struct stream *streams = arg;
	struct order *o = streams->order;
	uint64_t seed = (uint64_t)(streams - &o->stream[0][0]) + 1;

	for (uint64_t i = 0; i < o->jobs * SHELLS; i++) {
		unsigned s = (unsigned)(padata_random(&seed) % SHELLS);

		while (streams[s].sent == o->jobs)
			s = (s + 1) % SHELLS;
		submit(&streams[s], &seed);
	}
	return NULL;
}

/* Masks and CPUs change all the time; now and then there is none. */
static void *changer(void *arg)
{
	struct order *o = arg;
	uint64_t seed = 77;

	while (!atomic_load(&o->over)) {
		uint64_t dice = padata_random(&seed);
		unsigned cpus = o->pp.config.cpus;
		struct mu_cpumask mask = {{dice >> 32 & ((1u << cpus) - 1)}};

		padata_check(!mu_padata_set_cpumask(
			o->instance, (enum mu_padata_mask)(dice & 1), &mask));
		padata_check(!mu_padata_set_online(o->instance,
						   (unsigned)(dice >> 8) % cpus,
						   dice >> 16 & 1));
		usleep(100);
	}
	return NULL;
}

static void run(const struct padata_port_config *config, uint64_t jobs,
		unsigned limit, bool change)
{
	struct order *o = &order;
	pthread_t thread[SUBMITTERS + 1];

	memset(o, 0, sizeof(*o));
	o->jobs = jobs / SLOW / SHELLS / SUBMITTERS;
	padata_port_init(&o->pp, config);
	o->instance = padata_instance(&o->pp, limit);
	for (unsigned s = 0; s < SHELLS; s++)
		o->shell[s] = padata_shell(o->instance);
	for (unsigned i = 0; i < SUBMITTERS * SHELLS * RING; i++) {
		struct stream *stream =
			&o->stream[i / RING / SHELLS][i / RING % SHELLS];
		struct job *job = &stream->ring[i % RING];

		job->padata.parallel = parallel;
		job->padata.serial = serial;
		job->stream = stream;
		job->seed = i;
		stream->order = o;
		stream->shell = o->shell[i / RING % SHELLS];
	}
	for (unsigned i = 0; i < SUBMITTERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, submitter,
						o->stream[i]),
				 0);
	if (change)
		assert_int_equal(
			pthread_create(&thread[SUBMITTERS], NULL, changer, o),
			0);
	for (unsigned i = 0; i < SUBMITTERS; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&o->over, true);
	if (change) {
		pthread_join(thread[SUBMITTERS], NULL);
		assert_true(o->rejected);
	}
	for (unsigned s = 0; s < SHELLS; s++) {
		while (mu_padata_shell_fini(o->shell[s]) == MU_ERR_BUSY) {
			swap_held(o, NULL);
			sched_yield();
		}
		assert_int_equal(o->served[s], SUBMITTERS * o->jobs);
		for (unsigned i = 0; i < SUBMITTERS; i++)
			assert_int_equal(o->stream[i][s].expected, o->jobs);
		free(o->shell[s]);
	}
	assert_int_equal(mu_padata_instance_fini(o->instance), MU_OK);
	free(o->instance);
	padata_port_destroy(&o->pp);
}

static void idle_cpus(void **state)
{
	static const struct padata_port_config config = {.cpus = 5};

	(void)state;
	run(&config, 500000, 0, false);
}

static void queues(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 5, .kind = PADATA_PORT_QUEUE};

	(void)state;
	run(&config, 200000, 64, false);
}

static void no_threads(void **state)
{
	static const struct padata_port_config config = {.cpus = 1};

	(void)state;
	run(&config, 300000, 0, false);
}

static void late_threads(void **state)
{
	static const struct padata_port_config config = {
		.cpus = 4, .kind = PADATA_PORT_QUEUE, .delay_us = 100};

	(void)state;
	run(&config, 20000, 8, false);
}

static void changing_masks(void **state)
{
	static const struct padata_port_config
		idle = {.cpus = 5},
		queue = {.cpus = 5, .kind = PADATA_PORT_QUEUE};

	(void)state;
	run(&idle, 200000, 0, true);
	run(&queue, 100000, 16, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_cpus),
		cmocka_unit_test(queues),
		cmocka_unit_test(no_threads),
		cmocka_unit_test(late_threads),
		cmocka_unit_test(changing_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
