/* SPDX-License-Identifier: MIT */
/*
 * claim: the one atomic primitive.
 *
 * A claim is lock-free: a CPU whose compare-and-exchange fails lost to another
 * whose succeeded. It may be made from any context, interrupts included. What
 * is claimed must be backed: the caller backs what peeking showed, then claims;
 * if another was faster, it begins again.
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

/* A claim that could be made: @blocks from @pfn on. */
struct mu_claim {
	struct mu_extent *extent;
	uint64_t cursor; /* as it was */
	uint64_t next;	 /* as it will be */
	mu_pfn_t pfn;
};

/* The next block, from a head. False when nothing is pristine. */
bool mu_claim_peek(struct mu_pristine *pristine, struct mu_claim *claim);

/* A gigantic page, from a tail. False when no tail is at the end of one. */
bool mu_claim_peek_gigantic(struct mu_pristine *pristine,
			    struct mu_claim *claim);

/*
 * An aligned run of 2^@order pages, from a head; or the next block of an
 * extent that has such a run after blocks that are in the way (*@in_the_way).
 */
bool mu_claim_peek_run(struct mu_pristine *pristine, unsigned order,
		       struct mu_claim *claim, bool *in_the_way);

/*
 * The block at @pfn, from wherever it is. MU_OK; MU_ERR_BUSY when somebody has
 * claimed it, MU_ERR_NOT_FOUND when it is in no extent. *@rest is how many
 * blocks after it leave the extent with it, and need one of their own.
 */
enum mu_status mu_claim_peek_at(struct mu_pristine *pristine, mu_pfn_t pfn,
				struct mu_claim *claim,
				uint64_t *rest) MU_MUST_CHECK;

/* Make it so. False when another was faster. Interrupts are off. */
static inline bool mu_claim(struct mu_claim *claim)
{
	/* release: who finds the extent used up sees that we are busy; relaxed
	 * when it fails, since it is read again. */
	return atomic_compare_exchange_strong_explicit(
		&claim->extent->cursor, &claim->cursor, claim->next,
		memory_order_release, memory_order_relaxed);
}

/* Is there room for one more extent, that nobody was promised? Under
 * pristine->lock. */
bool mu_extent_room(const struct mu_pristine *pristine);

/* One more extent; there is room. Under pristine->lock, or early boot. */
void mu_extent_append(struct mu_pristine *pristine, mu_pfn_t start,
		      uint64_t nr_blocks);

#endif
