/* SPDX-License-Identifier: MIT */
/*
 * claim: the one atomic primitive.
 *
 * A claim is lock-free: a CPU whose compare-and-exchange fails lost to another
 * whose succeeded. It may be made from any context, interrupts included. What
 * is claimed must be backed: the caller backs what peeking showed, then claims;
 * if another was faster, it starts again.
 *
 * Which blocks an extent holds is in its cursor and nowhere else, so a claim
 * that succeeds is valid whatever happened to the extent since it was read: it
 * may have been used up and refilled, with the same or with other blocks.
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

static inline mu_pfn_t mu_block_pfn(uint64_t block)
{
	return block << MU_BLOCK_ORDER;
}

/* A claim that could be made: @blocks from @pfn on. */
struct mu_claim {
	struct mu_extent *extent;
	uint64_t cursor; /* as it was */
	uint64_t next;	 /* as it will be */
	mu_pfn_t pfn;
	uint64_t blocks;
};

/* Peek at the next block, at a head. False when nothing is pristine. */
bool mu_claim_peek(struct mu_pristine *pristine, struct mu_claim *claim);

/* Peek at a gigantic page, at a tail; or at the last block of an extent that
 * has one before blocks that are in the way (*@in_the_way). */
bool mu_claim_peek_gigantic(struct mu_pristine *pristine,
			    struct mu_claim *claim, bool *in_the_way);

/* Only the first block of what was peeked at, at a head; or the last one, at a
 * @tail. */
void mu_claim_only_one(struct mu_claim *claim, bool tail);

/*
 * Peek at an aligned run of 2^@order pages, at a head; or at the next block of
 * an extent that has such a run after blocks that are in the way
 * (*@in_the_way).
 */
bool mu_claim_peek_run(struct mu_pristine *pristine, unsigned order,
		       struct mu_claim *claim, bool *in_the_way);

/*
 * Peek at what an extent has of [@start, @end), wherever it is. False when no
 * extent has any. *@rest is how many blocks after it leave the extent as well,
 * and need an extent of their own.
 */
bool mu_claim_peek_in(struct mu_pristine *pristine, mu_pfn_t start,
		      mu_pfn_t end, struct mu_claim *claim, uint64_t *rest);

/* Make the claim. False when another was faster. Interrupts are off. */
static inline bool mu_claim(struct mu_claim *claim)
{
	/* release: whoever finds the extent used up sees that we are busy;
	 * relaxed when it fails, since it is read again. */
	return atomic_compare_exchange_strong_explicit(
		&claim->extent->cursor, &claim->cursor, claim->next,
		memory_order_release, memory_order_relaxed);
}

/* How many more extents there is room for that was not promised; an extent that
 * is used up makes room. Under pristine->lock. */
unsigned mu_extent_room(const struct mu_pristine *pristine);

/* Does @extent make room when it is used up? Not if it is kept sorted. */
bool mu_extent_is_spare(const struct mu_pristine *pristine,
			const struct mu_extent *extent);

/* Add the @nr_blocks from @start on to the extents; there is room for one more.
 * Under pristine->lock, or early boot. */
void mu_extent_append(struct mu_pristine *pristine, mu_pfn_t start,
		      uint64_t nr_blocks);

#endif
