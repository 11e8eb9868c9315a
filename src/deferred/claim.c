// SPDX-License-Identifier: MIT
/*
 * Claims: which blocks of which extent could be taken, and extents that get
 * more.
 */
#include "base/bits.h"
#include "deferred/claim.h"

static unsigned nr_extents(const struct mu_pristine *pristine)
{
	/* acquire: an extent is complete before it is counted. */
	return atomic_load_explicit(&pristine->nr_extents,
				    memory_order_acquire);
}

/* The hint: the first extent that may have something left. */
static uint64_t load_first(const struct mu_pristine *pristine)
{
	/* acquire: as if this CPU had itself looked at the extents that another
	 * found used up; pairs with the release in mu_claim_peek(). */
	return atomic_load_explicit(&pristine->first, memory_order_acquire);
}

static unsigned first_extent(const struct mu_pristine *pristine)
{
	return (unsigned)(load_first(pristine) & UINT32_MAX);
}

static uint64_t load_cursor(const struct mu_extent *extent)
{
	/* acquire: whoever finds an extent used up sees that its last claimer
	 * is busy (claimers say so before they claim). */
	return atomic_load_explicit(&extent->cursor, memory_order_acquire);
}

/* Prepare the claim of [@from, @to), blocks at one end of the cursor. */
static bool propose(struct mu_claim *claim, struct mu_extent *extent,
		    uint64_t cursor, uint64_t from, uint64_t to)
{
	bool head = from == mu_cursor_head(cursor);

	claim->extent = extent;
	claim->cursor = cursor;
	claim->next = head ? mu_cursor(to, mu_cursor_tail(cursor))
			   : mu_cursor(mu_cursor_head(cursor), from);
	claim->pfn = mu_block_pfn(from);
	claim->blocks = to - from;
	return true;
}

bool mu_claim_peek(struct mu_pristine *pristine, struct mu_claim *claim)
{
	uint64_t seen = load_first(pristine);
	unsigned first = (unsigned)(seen & UINT32_MAX);
	unsigned nr = nr_extents(pristine);

	for (unsigned i = first; i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t head = mu_cursor_head(cursor);

		if (head >= mu_cursor_tail(cursor))
			continue;
		/* release: see load_first(); relaxed when it fails: some extent
		 * was refilled, and nothing is known about the first ones. */
		if (i != first)
			atomic_compare_exchange_strong_explicit(
				&pristine->first, &seen, seen - first + i,
				memory_order_release, memory_order_relaxed);
		return propose(claim, extent, cursor, head, head + 1);
	}
	return false;
}

void mu_claim_only_one(struct mu_claim *claim, bool tail)
{
	uint64_t head = mu_cursor_head(claim->cursor);
	uint64_t end = mu_cursor_tail(claim->cursor);

	if (tail)
		propose(claim, claim->extent, claim->cursor, end - 1, end);
	else
		propose(claim, claim->extent, claim->cursor, head, head + 1);
}

bool mu_claim_peek_gigantic(struct mu_pristine *pristine,
			    struct mu_claim *claim, bool *in_the_way)
{
	const uint64_t blocks = (uint64_t)1
				<< (MU_GIGANTIC_ORDER - MU_BLOCK_ORDER);
	unsigned nr = nr_extents(pristine);

	for (unsigned i = first_extent(pristine); i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t tail = mu_cursor_tail(cursor);
		uint64_t end = mu_align_down(tail, blocks);

		if (end < mu_cursor_head(cursor) + blocks)
			continue;
		*in_the_way = end != tail;
		return propose(claim, extent, cursor,
			       *in_the_way ? tail - 1 : end - blocks, tail);
	}
	return false;
}

bool mu_claim_peek_run(struct mu_pristine *pristine, unsigned order,
		       struct mu_claim *claim, bool *in_the_way)
{
	const uint64_t blocks = (uint64_t)1 << (order - MU_BLOCK_ORDER);
	unsigned nr = nr_extents(pristine);

	for (unsigned i = first_extent(pristine); i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t head = mu_cursor_head(cursor);
		uint64_t tail = mu_cursor_tail(cursor);
		uint64_t run = mu_align_up(head, blocks);

		if (head >= tail || run + blocks > tail)
			continue;
		*in_the_way = run != head;
		return propose(claim, extent, cursor, head,
			       head + (*in_the_way ? 1 : blocks));
	}
	return false;
}

bool mu_claim_peek_in(struct mu_pristine *pristine, mu_pfn_t start,
		      mu_pfn_t end, struct mu_claim *claim, uint64_t *rest)
{
	uint64_t from = start >> MU_BLOCK_ORDER, to = end >> MU_BLOCK_ORDER;
	unsigned nr = nr_extents(pristine);

	for (unsigned i = 0; i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t head = mu_cursor_head(cursor);
		uint64_t tail = mu_cursor_tail(cursor);
		uint64_t first = MU_MAX(head, from), end_in = MU_MIN(tail, to);

		if (first >= end_in)
			continue;
		*rest = first == head ? 0 : tail - end_in;
		return propose(claim, extent, cursor, first, end_in);
	}
	return false;
}

static bool is_used_up(uint64_t cursor)
{
	return mu_cursor_head(cursor) >= mu_cursor_tail(cursor);
}

bool mu_extent_is_spare(const struct mu_pristine *pristine,
			const struct mu_extent *extent)
{
	return extent >= pristine->extents + pristine->nr_sorted;
}

unsigned mu_extent_room(const struct mu_pristine *pristine)
{
	unsigned nr = nr_extents(pristine);
	unsigned room = pristine->max_extents - nr;

	for (unsigned i = pristine->nr_sorted; i < nr; i++)
		room += is_used_up(load_cursor(&pristine->extents[i]));
	return room - MU_MIN(room, pristine->promised);
}

/* Choose the extent for the blocks [@from, @to): one that ends or begins there,
 * one that is used up, or a new one after all others. */
static unsigned choose(const struct mu_pristine *pristine, uint64_t from,
		       uint64_t to)
{
	unsigned nr = nr_extents(pristine), chosen = nr;

	for (unsigned i = pristine->nr_sorted; i < nr; i++) {
		uint64_t cursor = load_cursor(&pristine->extents[i]);

		if (is_used_up(cursor))
			chosen = MU_MIN(chosen, i);
		else if (mu_cursor_tail(cursor) == from ||
			 mu_cursor_head(cursor) == to)
			return i;
	}
	return chosen;
}

/* Add [@from, @to) to @extent. False when it changed meanwhile. */
static bool put(struct mu_extent *extent, uint64_t from, uint64_t to)
{
	uint64_t cursor = load_cursor(extent);
	uint64_t next = mu_cursor(from, to);

	if (!is_used_up(cursor) && mu_cursor_tail(cursor) == from)
		next = mu_cursor(mu_cursor_head(cursor), to);
	else if (!is_used_up(cursor) && mu_cursor_head(cursor) == to)
		next = mu_cursor(from, mu_cursor_tail(cursor));
	else if (!is_used_up(cursor))
		return false;
	/* release: what was done to the memory comes before; with the acquire
	 * in load_cursor() it passes on what the last claimers released. */
	return atomic_compare_exchange_strong_explicit(
		&extent->cursor, &cursor, next, memory_order_release,
		memory_order_relaxed);
}

/* Extent @i, which may lie before the hint, has something left. */
static void move_first_back(struct mu_pristine *pristine, unsigned i)
{
	/* relaxed: only changed by compare-and-exchange. */
	uint64_t seen =
		atomic_load_explicit(&pristine->first, memory_order_relaxed);
	uint64_t next;

	/* The high half counts, so that a CPU that looked at the extents before
	 * this does not move the hint forward. */
	do {
		next = (seen >> 32) + 1;
		next = next << 32 | MU_MIN(seen & UINT32_MAX, i);
	} while (!atomic_compare_exchange_weak_explicit(
		&pristine->first, &seen, next, memory_order_release,
		memory_order_relaxed));
}

void mu_extent_append(struct mu_pristine *pristine, mu_pfn_t start,
		      uint64_t nr_blocks)
{
	uint64_t from = start >> MU_BLOCK_ORDER, to = from + nr_blocks;
	unsigned nr = nr_extents(pristine), i;

	/* An attempt fails only if another CPU claimed from the extent. */
	do {
		i = choose(pristine, from, to);
		if (i == nr)
			atomic_init(&pristine->extents[i].cursor, 0);
	} while (!put(&pristine->extents[i], from, to));
	if (i < nr)
		move_first_back(pristine, i);
	else
		/* release: see nr_extents(). */
		atomic_store_explicit(&pristine->nr_extents, nr + 1,
				      memory_order_release);
}
