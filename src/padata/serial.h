/* SPDX-License-Identifier: MIT */
/*
 * serial: instances and shells.
 *
 * An instance is two masks and a list of jobs that wait for a CPU. *Runners*,
 * calls that the port promised, take them off the list until there are none. A
 * submitter puts its job there and asks for one more runner; if it cannot get
 * one, a runner that is under way takes the job, and if there is none the
 * submitter does what waits. A shell is a list of jobs in order of submission
 * and at most one *server*, a thread that calls serial() for the first job as
 * long as that is done:
 *
 *	 head -> job 1  job 2  job 3  job 4     appended by do_parallel
 *	         DONE   DONE   -      DONE      marked by do_serial
 *	         `- the server is here, goes on to 2, and ends before 3
 *
 * Whoever marks the first job while there is no server becomes the server. It
 * moves to the callback CPU of the job by having itself called there; if the
 * port cannot do that it stays where it is. So there is one thread at a time,
 * its successor sees all that it did through the lock or through run_on, and
 * nobody waits.
 *
 * The locks are leaves, never one inside the other, held for a few loads and
 * stores (and a scan of a mask), never while a callback or a hook runs.
 */
#ifndef MU_PADATA_SERIAL_H
#define MU_PADATA_SERIAL_H

#include "base/lock.h"
#include "memup/padata.h"

#define MU_NOWHERE MU_MAX_CPUS

struct mu_padata_instance {
	const struct mu_port *port; /* never changes */
	unsigned cpus;		    /* never changes */
	unsigned limit;		    /* never changes */
	struct mu_lock lock;	    /* all masks */
	struct mu_cpumask online;
	struct mu_cpumask wanted[MU_PADATA_NR_MASKS];
	struct mu_cpumask usable[MU_PADATA_NR_MASKS]; /* wanted and on line */
	unsigned weight[MU_PADATA_NR_MASKS];	      /* of usable */
	/* Jobs for parallel() on other CPUs, under lock: how many, of these
	 * the ones that nobody has yet, and the runners that will look there
	 * once more before they leave. */
	unsigned in_flight;
	struct mu_padata_priv *waiting, **waiting_tail; /* oldest first */
	unsigned runners;
	/* Promised calls of a runner that have not left; any thread. */
	_Atomic uint32_t calls;
	_Atomic uint32_t shells; /* any thread */
};

/*
 * True if jobs may be submitted: copies the CPUs for parallel() to @cpus, and
 * replaces *@cb_cpu if it is not usable.
 */
bool mu_serial_open(struct mu_padata_instance *instance,
		    struct mu_cpumask *cpus, unsigned *cb_cpu);

/* The CPU on which serial() runs if @cpu was requested; or MU_NOWHERE. */
unsigned mu_serial_cpu(struct mu_padata_instance *instance, unsigned cpu);

/*
 * Have parallel() of @padata called on one of @cpus. False if the limit of jobs
 * is reached: then nothing happened.
 */
bool mu_serial_run(struct mu_padata_instance *instance,
		   struct mu_padata_priv *padata, struct mu_cpumask *cpus);

#endif
