// SPDX-License-Identifier: MIT
/*
 * Multithreaded jobs: threads, cursor and the way out.
 *
 * The way out is where the care is. The job lives in the caller's memory, often
 * its stack, and a helper may be scheduled arbitrarily late. So a promised call
 * counts from before it is promised until its last access to the job, and
 * finish returns only when that count is zero. It gets there without waiting
 * for anybody to be scheduled: calls that have not begun are taken back, those
 * that have begun find the cursor at the end and leave.
 *
 * A thread waits only for threads that are inside a thread function of the job
 * it started itself. Such waits follow the nesting of jobs, which has no
 * cycles, so jobs inside jobs cannot deadlock.
 */
#include "base/assert.h"
#include "base/port.h"
#include "padata/chunk.h"

/* Take the next chunk, [*@start, *@end), or return false. */
static bool take(struct mu_padata_mt *mt, uint64_t *start, uint64_t *end)
{
	/* relaxed: the cursor hands out numbers and publishes nothing. What
	 * they stand for was published by run_on, and what was done with it is
	 * published by leave(). */
	*start = atomic_load_explicit(&mt->next, memory_order_relaxed);
	do {
		if (*start == mt->chunks.end)
			return false;
		*end = mu_chunk_end(&mt->chunks, *start);
	} while (!atomic_compare_exchange_weak_explicit(&mt->next, start, *end,
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

/* End the job with @status: what nobody took yet is never taken. */
static void stop(struct mu_padata_mt *mt, enum mu_status status)
{
	uint32_t ok = MU_OK;

	/* relaxed: read after the acquire in mu_wait(), see leave(). */
	atomic_compare_exchange_strong_explicit(
		&mt->status, &ok, (uint32_t)status, memory_order_relaxed,
		memory_order_relaxed);
	atomic_store_explicit(&mt->next, mt->chunks.end, memory_order_relaxed);
}

static void work(struct mu_padata_mt *mt)
{
	uint64_t start, end;

	while (take(mt, &start, &end)) {
		enum mu_status status =
			mt->job.thread_fn(start, end, mt->job.fn_arg);

		if (status)
			stop(mt, status);
		mu_watchdog(mt->port);
	}
}

/* @count helpers leave; @mt may be gone when this returns. */
static void leave(struct mu_padata_mt *mt, unsigned count)
{
	const struct mu_port *port = mt->port;
	_Atomic uint32_t *helpers = &mt->helpers;

	/* release: what this helper did happens before finish sees it gone. The
	 * other helpers' decrements keep the release sequence alive. */
	if (atomic_fetch_sub_explicit(helpers, count, memory_order_release) ==
	    count)
		mu_wake(port, helpers);
}

static void helper(void *arg)
{
	struct mu_padata_mt *mt = arg;

	work(mt);
	leave(mt, 1);
}

/* The CPUs that helpers of @job may run on, but for that of the caller. */
static void helper_cpus(struct mu_cpumask *cpus, const struct mu_port *port,
			const struct mu_padata_mt_job *job)
{
	unsigned count = MU_MIN(mu_cpu_count(port), MU_MAX_CPUS);
	unsigned here = mu_cpu_id(port);

	*cpus = (struct mu_cpumask){{0}};
	for (unsigned cpu = 0; cpu < count; cpu++)
		if (cpu != here &&
		    (!job->cpus || mu_cpumask_test(job->cpus, cpu)))
			mu_cpumask_set(cpus, cpu);
}

static void start_helpers(struct mu_padata_mt *mt,
			  const struct mu_cpumask *cpus, unsigned count)
{
	unsigned got;

	/* Counted first: a call may come and go before run_on returns. relaxed:
	 * nobody else can see the job yet. */
	atomic_store_explicit(&mt->helpers, count, memory_order_relaxed);
	got = mu_run_on(mt->port, cpus, count, helper, mt);
	mu_assert(mt->port, got <= count);
	if (got < count)
		leave(mt, count - got);
}

static enum mu_status check(const struct mu_padata_mt_job *job)
{
	if (!job->thread_fn)
		return MU_ERR_INVALID;
	if (job->size > UINT64_MAX - job->start)
		return MU_ERR_RANGE;
	return MU_OK;
}

void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job)
{
	enum mu_status status = check(job);
	struct mu_cpumask cpus;
	unsigned threads;

	mt->port = port;
	mt->job = *job;
	mt->job.cpus = NULL;
	if (status)
		mt->job.size = 0; /* nothing to take */
	helper_cpus(&cpus, port, job);
	threads = mu_cpumask_weight(&cpus) + 1;
	if (job->max_threads)
		threads = MU_MIN(threads, job->max_threads);
	threads = mu_chunks_worth(&mt->job, threads);
	mu_chunks_init(&mt->chunks, &mt->job, threads);
	/* relaxed: run_on publishes them. */
	atomic_init(&mt->next, mt->job.start);
	atomic_init(&mt->helpers, 0);
	atomic_init(&mt->status, (uint32_t)status);
	if (threads > 1)
		start_helpers(mt, &cpus, threads - 1);
}

enum mu_status mu_padata_mt_finish(struct mu_padata_mt *mt)
{
	unsigned unborn;
	uint32_t left;

	work(mt);
	/* relaxed: only this thread adds helpers. */
	if (atomic_load_explicit(&mt->helpers, memory_order_relaxed)) {
		unborn = mu_run_cancel(mt->port, helper, mt);
		if (unborn)
			leave(mt, unborn);
	}
	/* acquire: pairs with the release in leave(). */
	while ((left = atomic_load_explicit(&mt->helpers,
					    memory_order_acquire)))
		mu_wait(mt->port, &mt->helpers, left);
	return (enum mu_status)atomic_load_explicit(&mt->status,
						    memory_order_relaxed);
}

enum mu_status mu_padata_do_multithreaded(const struct mu_port *port,
					  const struct mu_padata_mt_job *job)
{
	struct mu_padata_mt mt;

	mu_padata_mt_start(&mt, port, job);
	return mu_padata_mt_finish(&mt);
}
