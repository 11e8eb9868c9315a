// SPDX-License-Identifier: MIT
/*
 * Multithreaded jobs: the cursor and the loop around it.
 *
 * A thread waits only for threads that are inside a thread function of the job
 * it started itself. Such waits follow the nesting of jobs, which has no
 * cycles, so jobs inside jobs cannot deadlock.
 *
 * Whatever ends a job early does so by moving the cursor to the end. Chunks
 * taken before are completed, so "how much was taken" is the one fact from
 * which all else follows: the job is complete if it is the size of the job.
 */
#include "base/bits.h"
#include "base/port.h"
#include "padata/chunk.h"
#include "padata/helpers.h"
#include "padata/ramp.h"
#include "padata/undo.h"

_Static_assert(offsetof(struct mu_padata_mt, port) == MU_CACHE_LINE,
	       "what threads write is not in the line of what they read");

/* Take the next chunk, [*@start, *@end), or return false. */
static bool take(struct mu_padata_mt *mt, uint64_t *start, uint64_t *end)
{
	/* relaxed: the cursor hands out numbers and publishes nothing. The data
	 * behind them was published by run_on, and the results are published by
	 * mu_helpers_leave(). */
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

void mu_padata_mt_cancel(struct mu_padata_mt *mt)
{
	/* relaxed: as in take(). It never moves back from there. */
	atomic_store_explicit(&mt->next, mt->chunks.end, memory_order_relaxed);
}

/*
 * Take and do one chunk. If that fails, remember it in @failed. Returns whether
 * there was one.
 */
static bool work(struct mu_padata_mt *mt, struct mu_padata_failed *failed)
{
	const struct mu_padata_mt_job *job = &mt->job;
	uint32_t none = MU_OK, status;
	uint64_t start, end;

	if (job->deadline && mu_clock(mt->port) >= job->deadline)
		mu_padata_mt_cancel(mt);
	if (!take(mt, &start, &end))
		return false;
	status = (uint32_t)job->thread_fn(start, end, job->fn_arg);
	if (status) {
		/* relaxed: read after the wait for those working. */
		atomic_compare_exchange_strong_explicit(
			&mt->status, &none, status, memory_order_relaxed,
			memory_order_relaxed);
		mu_padata_mt_cancel(mt);
		*failed = (struct mu_padata_failed){.start = start, .end = end};
		mu_undo_except(mt, failed);
	} else {
		/* relaxed: a number; final only after that same wait. */
		atomic_fetch_add_explicit(&mt->done, end - start,
					  memory_order_relaxed);
	}
	mu_watchdog(mt->port);
	return true;
}

/* Is this helper one too many? */
static bool should_leave(struct mu_padata_mt *mt)
{
	/* relaxed: a count of permits that publishes nothing. */
	uint32_t excess =
		atomic_load_explicit(&mt->excess, memory_order_relaxed);

	while (excess)
		if (atomic_compare_exchange_weak_explicit(
			    &mt->excess, &excess, excess - 1,
			    memory_order_relaxed, memory_order_relaxed))
			return true;
	return false;
}

static void helper(void *arg)
{
	struct mu_padata_mt *mt = arg;
	const struct mu_port *port = mt->port;
	uint64_t since = port->run_waits ? mu_clock(port) : 0;
	struct mu_padata_failed failed = {0};

	if (mt->job.background)
		mu_go_idle(port);
	/* relaxed: the caller only compares it with a number. */
	atomic_fetch_add_explicit(&mt->begun, 1, memory_order_relaxed);
	while (work(mt, &failed) && !failed.end && !should_leave(mt)) {
		if (!mu_helpers_make_way(mt, since, helper))
			continue;
		atomic_fetch_sub_explicit(&mt->begun, 1, memory_order_relaxed);
		break;
	}
	if (!failed.end) {
		mu_helpers_leave(port, &mt->calls, MU_CALL, MU_WORKING);
		return;
	}
	mu_helpers_leave(port, &mt->calls, MU_CALL_WORKS, MU_WORKING);
	mu_undo_stay(mt);
	mu_helpers_leave(port, &mt->calls, MU_CALL_LIVES, MU_LIVING);
}

static void open_window(struct mu_padata_mt *mt)
{
	/* relaxed: a measurement. */
	uint64_t next = atomic_load_explicit(&mt->next, memory_order_relaxed);
	uint64_t done = atomic_load_explicit(&mt->done, memory_order_relaxed);

	if (next != mt->chunks.end)
		mu_ramp_open(&mt->ramp, mu_clock(mt->port), done,
			     mu_chunk_end(&mt->chunks, next) - next);
}

/* The caller, between two chunks: more threads, or fewer? */
static void adjust(struct mu_padata_mt *mt)
{
	struct mu_padata_ramp *ramp = &mt->ramp;
	unsigned threads = ramp->threads;

	/* relaxed: measurements. */
	if (atomic_load_explicit(&mt->begun, memory_order_relaxed) + 1 <
	    threads) {
		open_window(mt);
		return;
	}
	if (!mu_ramp_step(
		    ramp, mu_clock(mt->port),
		    atomic_load_explicit(&mt->done, memory_order_relaxed)))
		return;
	if (ramp->threads > threads) {
		threads += mu_helpers_add(mt, ramp->threads - threads, helper);
		if (threads < ramp->threads)
			ramp->settled = true; /* there are no more */
	} else if (ramp->threads < threads) {
		/* relaxed: see should_leave(). */
		atomic_store_explicit(&mt->excess, threads - ramp->threads,
				      memory_order_relaxed);
	}
	open_window(mt);
}

static enum mu_status check(const struct mu_padata_mt_job *job)
{
	if (!job->thread_fn)
		return MU_ERR_INVALID;
	if (job->size > UINT64_MAX - job->start)
		return MU_ERR_RANGE;
	return MU_OK;
}

/* @watched: others can ask for its progress. */
static void start(struct mu_padata_mt *mt, const struct mu_port *port,
		  const struct mu_padata_mt_job *job, bool watched)
{
	enum mu_status status = check(job);
	unsigned most, got;

	mt->port = port;
	mt->job = *job;
	mt->job.cpus = NULL;
	if (status)
		mt->job.size = 0; /* nothing to take */
	mt->started = watched ? mu_clock(port) : 0;
	/* run_on publishes all of this to the helpers. */
	atomic_init(&mt->next, mt->job.start);
	atomic_init(&mt->done, 0);
	atomic_init(&mt->failed, NULL);
	atomic_init(&mt->calls, 0);
	atomic_init(&mt->begun, 0);
	atomic_init(&mt->excess, 0);
	atomic_init(&mt->status, (uint32_t)status);
	atomic_init(&mt->undone, 0);

	most = mu_helpers_init(mt, job->cpus) + 1;
	if (job->max_threads)
		most = MU_MIN(most, job->max_threads);
	most = mu_chunks_worth(&mt->job, most);
	mu_chunks_init(&mt->chunks, &mt->job, most);
	/* Two threads are all at once in any case. */
	mu_ramp_init(&mt->ramp, most,
		     most > 2 && port->clock && !job->all_at_once &&
			     mu_chunks_guided(&mt->chunks, mt->job.size));
	got = mu_helpers_add(mt, mt->ramp.threads - 1, helper);
	if (got + 1 < mt->ramp.threads)
		mt->ramp.settled = true;
	if (!mt->ramp.settled)
		open_window(mt);
}

void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job)
{
	start(mt, port, job, true);
}

/* All units were done, or undone. */
static enum mu_status end(struct mu_padata_mt *mt)
{
	/* relaxed: ordered by the wait for those that worked. */
	enum mu_status status = (enum mu_status)atomic_load_explicit(
		&mt->status, memory_order_relaxed);
	uint64_t done = atomic_load_explicit(&mt->done, memory_order_relaxed);

	if (!status && done != mt->job.size)
		status = MU_ERR_CANCELLED;
	if (status && mt->job.undo_fn)
		mu_undo(mt);
	return status;
}

enum mu_status mu_padata_mt_finish(struct mu_padata_mt *mt)
{
	struct mu_padata_failed failed = {0};
	enum mu_status status;

	while (work(mt, &failed))
		if (!mt->ramp.settled)
			adjust(mt);
	mu_helpers_cancel(mt, helper);
	mu_helpers_wait(mt->port, &mt->calls, MU_WORKING);
	status = end(mt);
	mu_undo_over(mt);
	mu_helpers_wait(mt->port, &mt->calls, MU_LIVING);
	return status;
}

enum mu_status mu_padata_do_multithreaded(const struct mu_port *port,
					  const struct mu_padata_mt_job *job)
{
	_Alignas(MU_CACHE_LINE) struct mu_padata_mt mt;

	start(&mt, port, job, false);
	return mu_padata_mt_finish(&mt);
}
