// SPDX-License-Identifier: MIT
/* Multithreaded jobs on real threads: every unit once, nobody left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "memup/padata.h"
#include "tests/padata_port.h"

/* Units of a job, not atomic on purpose: ThreadSanitizer sees two threads at
 * one unit, and that finish does not order them before its return. */
struct units {
	uint64_t start;
	uint8_t *done;
	const struct mu_port *port;
	_Atomic unsigned running, most;
	_Atomic unsigned nested;
	uint64_t fail_at;
};

static enum mu_status count_units(uint64_t start, uint64_t end, void *arg)
{
	struct units *units = arg;
	unsigned running = atomic_fetch_add(&units->running, 1) + 1;
	unsigned most = atomic_load(&units->most);

	while (running > most &&
	       !atomic_compare_exchange_weak(&units->most, &most, running))
		;
	for (uint64_t unit = start; unit != end; unit++)
		units->done[unit - units->start]++;
	atomic_fetch_sub(&units->running, 1);
	if (units->fail_at >= start && units->fail_at < end)
		return MU_ERR_NOMEM;
	return MU_OK;
}

static void run_once(const struct mu_port *port, struct mu_padata_mt_job job)
{
	struct units units = {.start = job.start, .fail_at = UINT64_MAX};

	units.done = calloc(job.size + 1, 1);
	assert_non_null(units.done);
	job.thread_fn = count_units;
	job.fn_arg = &units;
	assert_int_equal(mu_padata_do_multithreaded(port, &job), MU_OK);
	for (uint64_t i = 0; i < job.size; i++)
		assert_int_equal(units.done[i], 1);
	assert_int_equal(units.done[job.size], 0);
	assert_int_equal(units.running, 0);
	if (job.max_threads)
		assert_true(units.most <= job.max_threads);
	free(units.done);
}

static const struct padata_port_config configs[] = {
	{.cpus = 1},
	{.cpus = 4},
	{.cpus = 4, .kind = PADATA_PORT_QUEUE},
	{.cpus = 6, .most = 1},
	{.cpus = 4, .delay_us = 200},
	{.cpus = 4, .delay_us = 200, .kind = PADATA_PORT_QUEUE},
	{.cpus = 3, .later = true, .leaving = true},
};

static void every_unit_once(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		struct padata_port pp;

		padata_port_init(&pp, &configs[c]);
		for (unsigned i = 0; i < 300; i++) {
			struct mu_padata_mt_job job = {
				.size = padata_random(&seed) % 5000,
				.align = padata_random(&seed) % 70,
				.min_chunk = padata_random(&seed) % 200,
				.max_threads =
					(unsigned)(padata_random(&seed) % 6),
			};

			job.start = i % 2 ? padata_random(&seed) % 100
					  : UINT64_MAX - job.size;
			run_once(&pp.port, job);
		}
		padata_port_destroy(&pp);
	}
}

/* A port with no hook at all: the caller does it alone. */
static void no_helpers(void **state)
{
	static const struct mu_port bare;

	(void)state;
	run_once(&bare, (struct mu_padata_mt_job){.size = 1000});
	run_once(&bare, (struct mu_padata_mt_job){.size = 0});
}

static void bad_jobs(void **state)
{
	static const struct mu_port bare;
	struct units units = {.start = 0};
	struct mu_padata_mt_job job = {.size = 1};

	(void)state;
	assert_int_equal(mu_padata_do_multithreaded(&bare, &job),
			 MU_ERR_INVALID);
	/* Touching a unit would be a NULL dereference. */
	job = (struct mu_padata_mt_job){.thread_fn = count_units,
					.fn_arg = &units,
					.start = 2,
					.size = UINT64_MAX - 1};
	assert_int_equal(mu_padata_do_multithreaded(&bare, &job), MU_ERR_RANGE);
}

static void failure_ends_the_job(void **state)
{
	struct padata_port pp;

	(void)state;
	padata_port_init(&pp, &configs[1]);
	for (unsigned i = 0; i < 100; i++) {
		static uint8_t done[100000];
		struct units units = {.done = done, .fail_at = i};
		struct mu_padata_mt_job job = {.thread_fn = count_units,
					       .fn_arg = &units,
					       .size = sizeof(done),
					       .min_chunk = 10};

		memset(done, 0, sizeof(done));
		assert_int_equal(mu_padata_do_multithreaded(&pp.port, &job),
				 MU_ERR_NOMEM);
		for (size_t u = 0; u < sizeof(done); u++)
			assert_true(done[u] <= 1);
		assert_true(done[i]);
		if (i == 0)
			continue;
		/* Alone, it is the first chunk and no other. */
		memset(done, 0, sizeof(done));
		job.max_threads = 1;
		job.min_chunk = 50000;
		assert_int_equal(mu_padata_do_multithreaded(&pp.port, &job),
				 MU_ERR_NOMEM);
		assert_int_equal(done[49999], 1);
		assert_int_equal(done[50000], 0);
	}
	padata_port_destroy(&pp);
}

static void several_at_once(void **state)
{
	static struct mu_padata_mt mt[8];
	static struct units units[8];
	static uint8_t done[8][3000];
	uint64_t seed = 7;

	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		struct padata_port pp;

		padata_port_init(&pp, &configs[c]);
		for (unsigned round = 0; round < 50; round++) {
			for (unsigned i = 0; i < 8; i++) {
				struct mu_padata_mt_job job = {
					.thread_fn = count_units,
					.fn_arg = &units[i],
					.size = padata_random(&seed) % 3001};

				units[i].done = done[i];
				units[i].fail_at = UINT64_MAX;
				memset(done[i], 0, job.size);
				mu_padata_mt_start(&mt[i], &pp.port, &job);
			}
			for (unsigned k = 0; k < 8; k++) {
				unsigned i = (k * 5 + round) % 8;

				assert_int_equal(mu_padata_mt_finish(&mt[i]),
						 MU_OK);
				for (unsigned u = 0; u < mt[i].job.size; u++)
					assert_int_equal(done[i][u], 1);
			}
		}
		padata_port_destroy(&pp);
	}
}

/* Every unit of the outer job is a job, and every unit of that too. */
static enum mu_status nest(uint64_t start, uint64_t end, void *arg)
{
	struct units *units = arg;

	for (uint64_t unit = start; unit != end; unit++) {
		struct mu_padata_mt_job job = {.thread_fn = nest,
					       .fn_arg = units,
					       .start = unit * 16,
					       .size = 16};

		if (unit >= 65536)
			atomic_fetch_add(&units->nested, 1);
		else if (mu_padata_do_multithreaded(units->port, &job))
			return MU_ERR_CORRUPT;
	}
	return MU_OK;
}

static void jobs_in_jobs(void **state)
{
	(void)state;
	for (size_t c = 0; c < MU_ARRAY_SIZE(configs); c++) {
		struct padata_port pp;
		struct units units = {.port = &pp.port};
		struct mu_padata_mt_job job = {.thread_fn = nest,
					       .fn_arg = &units,
					       .start = 16,
					       .size = 4};

		padata_port_init(&pp, &configs[c]);
		assert_int_equal(mu_padata_do_multithreaded(&pp.port, &job),
				 MU_OK);
		assert_int_equal(units.nested, 4 * 4096);
		padata_port_destroy(&pp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_once),
		cmocka_unit_test(no_helpers),
		cmocka_unit_test(bad_jobs),
		cmocka_unit_test(failure_ends_the_job),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(jobs_in_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
