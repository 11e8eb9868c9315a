/* SPDX-License-Identifier: MIT */
/*
 * padata: parallel jobs.
 *
 * A *multithreaded job* splits [start, start + size) into chunks that the
 * caller and helper threads take in turn until there are none. The floor knows
 * nothing of pages and needs only the port's run_on, wait, wake and pause.
 * The shape is that of struct padata_mt_job in Linux (Daniel Jordan, "padata:
 * add basic support for multithreaded jobs", 2020).
 */
#ifndef MEMUP_PADATA_H
#define MEMUP_PADATA_H

#include "memup/base.h"
#include "memup/port.h"

struct mu_padata_mt_job {
	/*
	 * Work on the units [@start, @end). Called from several threads at
	 * once, never twice for one unit. A failure ends the job: no chunk is
	 * begun after it.
	 */
	enum mu_status (*thread_fn)(uint64_t start, uint64_t end, void *arg);
	void *fn_arg;

	uint64_t start;	    /* first unit */
	uint64_t size;	    /* units; 0 is a job that is done at once */
	uint64_t align;	    /* chunks begin and end on multiples of it, but for
			       the ends of the job; 0 and 1: anywhere */
	uint64_t min_chunk; /* units worth a helper's while; 0: 1 */
	unsigned max_threads; /* with the caller; 0: as many as there are */

	/* Where helpers may run; NULL: on every CPU. */
	const struct mu_cpumask *cpus;
};

/*
 * A job under way. In memory of the caller, who leaves it alone from start to
 * finish.
 */
struct mu_padata_mt {
	const struct mu_port *port;
	struct mu_padata_mt_job job;
	_Atomic uint64_t next;	  /* first unit that nobody took */
	_Atomic uint32_t helpers; /* helpers that have not left */
	_Atomic uint32_t status;  /* enum mu_status: the first failure */
	unsigned started;
	uint64_t chunk;
};

/*
 * Start helpers on @job (which is copied) and return at once. Never fails:
 * with no helper to be had, mu_padata_mt_finish() does it all.
 */
void mu_padata_mt_start(struct mu_padata_mt *mt, const struct mu_port *port,
			const struct mu_padata_mt_job *job);

/*
 * Take part until every unit is done and every helper has left. Returns the
 * first failure of the thread function, or MU_OK. Not in interrupt context.
 */
enum mu_status mu_padata_mt_finish(struct mu_padata_mt *mt) MU_MUST_CHECK;

/* Both in one. */
enum mu_status
mu_padata_do_multithreaded(const struct mu_port *port,
			   const struct mu_padata_mt_job *job) MU_MUST_CHECK;

#endif /* MEMUP_PADATA_H */
