/* SPDX-License-Identifier: MIT */
/*
 * padata: parallel jobs.
 *
 * A *multithreaded job* is a range of units, [start, start + size), that the
 * caller and *helpers* (calls of the port's run_on hook) cut into *chunks* and
 * take one after the other until there are none. A unit is whatever the client
 * counts: the floor knows nothing of pages.
 *
 *       start                 cursor                          start + size
 *       |----------|-----|-----|--------------------------------|
 *        caller     hlp 1 hlp 2    not taken; chunks shrink ->
 *
 * Chunks are taken from one lock-free cursor and shrink towards the end, down
 * to min_chunk, so that no thread is left alone with much to do even where some
 * units cost many times more than others.
 *
 * Helpers are a gain, never a need: with none to be had the caller does all of
 * it. That is why a job may be started from inside the thread function of
 * another however short threads are: nobody waits for a helper that has not
 * begun (its call is taken back, see run_cancel in memup/port.h).
 *
 * All state is in memory of the caller and nothing is shared between jobs, so
 * any number may run at once.
 *
 * The shape is that of struct padata_mt_job in Linux (Daniel Jordan, "padata:
 * add basic support for multithreaded jobs", 2020); the chunks are those of
 * guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on
 * Computers C-36, 1987).
 */
#ifndef MEMUP_PADATA_H
#define MEMUP_PADATA_H

#include "memup/base.h"
#include "memup/port.h"

struct mu_padata_mt_job {
	/*
	 * Work on the units [@start, @end). Called from several threads at
	 * once, never twice for one unit. A failure ends the job: no chunk is
	 * taken after it, those that other threads have are done to their end.
	 */
	enum mu_status (*thread_fn)(uint64_t start, uint64_t end, void *arg);
	void *fn_arg;

	uint64_t start;	    /* first unit */
	uint64_t size;	    /* units; 0 is a job that is done at once */
	uint64_t align;	    /* chunks begin and end on multiples of it, but for
			       the ends of the job; 0 and 1: anywhere. Any
			       number, not only a power of two */
	uint64_t min_chunk; /* units worth a helper's while; 0: 1. Only the
			       last chunk can be smaller */
	unsigned max_threads; /* with the caller; 0: as many as there are */

	/*
	 * Where helpers may run; NULL: on every CPU. Read by
	 * mu_padata_mt_start() alone. The caller stays where it is.
	 */
	const struct mu_cpumask *cpus;
};

/* How a job is cut. Private. */
struct mu_padata_chunks {
	uint64_t end;	  /* past the last unit */
	uint64_t align;	  /* at least 1 */
	uint64_t least;	  /* units, at least 1 */
	uint64_t divisor; /* a chunk is this part of what is left */
};

/*
 * A job under way, about 150 bytes. In memory of the caller, who leaves it
 * alone from start until finish has returned. All fields are private.
 */
struct mu_padata_mt {
	const struct mu_port *port;
	struct mu_padata_mt_job job;
	struct mu_padata_chunks chunks;
	/* The cursor: first unit that nobody took. Any thread of the job. */
	_Atomic uint64_t next;
	/* Calls promised by run_on that have not left. Any thread. */
	_Atomic uint32_t helpers;
	/* enum mu_status: the first failure. Any thread. */
	_Atomic uint32_t status;
};

/*
 * Start helpers on @job (which is copied) and return at once. Never fails:
 * with no helper to be had, mu_padata_mt_finish() does it all. A job that makes
 * no sense is told by mu_padata_mt_finish(), and no unit of it is touched. Not
 * with interrupts off.
 */
void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job);

/*
 * Take part until every unit is done and every helper has left. To be called
 * once for each start, by the thread that started. Returns the first failure of
 * the thread function, MU_ERR_INVALID if there is none, MU_ERR_RANGE if
 * start + size is past 2^64 - 1, or MU_OK. Not with interrupts off.
 */
enum mu_status mu_padata_mt_finish(struct mu_padata_mt *mt) MU_MUST_CHECK;

/* Both in one. */
enum mu_status
mu_padata_do_multithreaded(const struct mu_port *port,
			   const struct mu_padata_mt_job *job) MU_MUST_CHECK;

#endif /* MEMUP_PADATA_H */
