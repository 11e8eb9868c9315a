/* SPDX-License-Identifier: MIT */
/*
 * helpers: the threads of a job besides the caller, how they come and go.
 *
 * The way out is where the care is. A job lives in its caller's memory, often a
 * stack, and a helper may be scheduled arbitrarily late. So a promised call
 * counts from before it is promised until its last access to the job, and the
 * job may go away when that count is zero. The caller gets there without
 * waiting for anybody to be scheduled: calls that have not begun are taken
 * back, those that have begun find nothing to do and leave.
 *
 * There are two counts. A helper is *working* until it will not touch units any
 * more; if its last chunk failed it then stays until that chunk's whereabouts,
 * which are on its stack, have been read (undo.h).
 */
#ifndef MU_PADATA_HELPERS_H
#define MU_PADATA_HELPERS_H

#include "memup/padata.h"

/*
 * Prepare @mt->cpus: those that helpers may run on, without the caller's, which
 * is busy. Returns how many.
 */
unsigned mu_helpers_init(struct mu_padata_mt *mt,
			 const struct mu_cpumask *allowed);

/*
 * Ask for @count more calls of @fn(@mt), spread over the nodes that @mt->cpus
 * has. Returns how many there will be. The caller's thread only.
 */
unsigned mu_helpers_add(struct mu_padata_mt *mt, unsigned count,
			void (*fn)(void *));

/* Take back the calls of @fn(@mt) that have not begun. The caller's thread. */
void mu_helpers_cancel(struct mu_padata_mt *mt, void (*fn)(void *));

/*
 * @count calls end their part in @counter, mt->working or mt->helpers; after
 * the latter @mt may be gone. What they did until then is seen by whoever
 * returns from mu_helpers_wait() on it.
 */
void mu_helpers_leave(const struct mu_port *port, _Atomic uint32_t *counter,
		      unsigned count);

/* Until @counter is 0. */
void mu_helpers_wait(const struct mu_port *port, _Atomic uint32_t *counter);

#endif
