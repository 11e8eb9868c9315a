/* SPDX-License-Identifier: MIT */
/*
 * serial: instances and shells.
 *
 * An instance is two masks and a count. A shell is a list of jobs in the order
 * in which they came and at most one *server*, a thread that calls serial() for
 * the first job as long as that is done:
 *
 *	 head -> job 1  job 2  job 3  job 4     appended by do_parallel
 *	         DONE   DONE   -      DONE      marked by do_serial
 *	         `- the server is here, goes on to 2, and ends before 3
 *
 * Whoever marks the first job while there is no server becomes the server. It
 * moves to the callback CPU of the job by having itself called there; where the
 * port cannot do that it stays where it is. So there is one thread at a time,
 * its successor gets all it did through the lock or through run_on, and nobody
 * waits.
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
	/* Promised calls of parallel() that have not left; any thread. */
	_Atomic uint32_t in_flight;
	_Atomic uint32_t shells; /* any thread */
};

/*
 * If jobs may be submitted: copy where parallel() may run to @cpus, replace
 * *@cb_cpu if it is not usable.
 */
bool mu_serial_open(struct mu_padata_instance *instance,
		    struct mu_cpumask *cpus, unsigned *cb_cpu);

/* Where @cpu was asked for, serial() runs there; MU_NOWHERE if no CPU can. */
unsigned mu_serial_cpu(struct mu_padata_instance *instance, unsigned cpu);

/* Count one more call of parallel(), unless there are as many as may be. */
bool mu_serial_admit(struct mu_padata_instance *instance);

#endif
