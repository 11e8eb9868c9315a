/* SPDX-License-Identifier: MIT */
/*
 * claim: the one atomic primitive.
 *
 * A claim is lock-free: a CPU whose compare-and-exchange fails lost to another
 * whose succeeded. It may be made from any context, interrupts included.
 */
#ifndef MU_DEFERRED_CLAIM_H
#define MU_DEFERRED_CLAIM_H

#include "memup/deferred.h"

/* The two halves of a cursor. */
static inline uint64_t mu_cursor_head(uint64_t cursor)
{
	return cursor & UINT32_MAX;
}

static inline uint64_t mu_cursor_tail(uint64_t cursor)
{
	return cursor >> 32;
}

static inline uint64_t mu_cursor(uint64_t head, uint64_t tail)
{
	return head | tail << 32;
}

/*
 * The block that a claim would take next, or MU_NO_PFN when none is pristine.
 * Only a guess unless it is claimed.
 */
mu_pfn_t mu_claim_peek(struct mu_pristine *pristine);

/*
 * Claim the next block: its first pfn, or MU_NO_PFN when nothing is pristine or
 * the next block is not backed (the caller peeks again). Interrupts are off.
 */
mu_pfn_t mu_claim_block(struct mu_deferred *deferred,
			struct mu_pristine *pristine);

#endif
