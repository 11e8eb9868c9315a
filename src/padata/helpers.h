/* SPDX-License-Identifier: MIT */
/*
 * helpers: the threads of a job besides the caller, how they come and go.
 *
 * Leaving is the delicate part. A job lives in its caller's memory, often a
 * stack, and a helper may be scheduled arbitrarily late. So a promised call
 * counts from before it is promised until its last access to the job, and the
 * job may go away when that count is zero. The caller gets there without
 * waiting for anybody to be scheduled: calls that have not begun are taken
 * back, those that have begun find nothing to do and leave.
 *
 * A call counts twice, in the halves of one word. In the lower half it is
 * *working* until it will not touch units any more, in the upper half until it
 * will not touch the job. Usually both end together; but if its last chunk
 * failed it stays until the record of that chunk, which is on its stack, has
 * been read (undo.h).
 *
 * A helper *makes way* when a call of another job waits for its CPU: it has
 * itself called again, behind that one, and leaves. The new call may be queued
 * after the caller has taken back the queued ones; then the helper that asked
 * for it sees that no unit is left, and takes it back itself.
 */
#ifndef MU_PADATA_HELPERS_H
#define MU_PADATA_HELPERS_H

#include "memup/padata.h"

/* Parts of the count of calls; a half has room for two of every CPU. */
#define MU_CALL_WORKS 0x00000001u
#define MU_CALL_LIVES 0x00010000u
#define MU_CALL	      (MU_CALL_WORKS + MU_CALL_LIVES)
#define MU_WORKING    0x0000ffffu
#define MU_LIVING     0xffffffffu
_Static_assert(2 * MU_MAX_CPUS <= MU_WORKING, "the halves do not touch");

/* A helper for whose CPU others wait may stay this long, in nanoseconds. */
#define MU_HELPER_TURN 1000000u

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

/*
 * Asked by a helper between two chunks, which began at @since: should it leave
 * because others wait? If so another call of @fn(@mt) will replace it, unless
 * no unit is left.
 */
bool mu_helpers_make_way(struct mu_padata_mt *mt, uint64_t since,
			 void (*fn)(void *));

/* Take back the calls of @fn(@mt) that have not begun. By any thread of the job
 * when no unit is left to take. */
void mu_helpers_cancel(struct mu_padata_mt *mt, void (*fn)(void *));

/*
 * Subtract @amount from @counter, after which its owner may be gone. What the
 * thread did until then is seen by whoever returns from mu_helpers_wait() for
 * the same @part of the counter.
 */
void mu_helpers_leave(const struct mu_port *port, _Atomic uint32_t *counter,
		      uint32_t amount, uint32_t part);

/* Wait until @part of @counter is 0. */
void mu_helpers_wait(const struct mu_port *port, _Atomic uint32_t *counter,
		     uint32_t part);

#endif
