// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "deferred/claim.h"

static unsigned nr_extents(const struct mu_pristine *pristine)
{
	/* acquire: an extent is complete before it is counted. */
	return atomic_load_explicit(&pristine->nr_extents,
				    memory_order_acquire);
}

/* The first extent that may have something left. */
static unsigned first_extent(const struct mu_pristine *pristine)
{
	/* acquire: as if this CPU had looked at the extents that another
	 * found used up; pairs with the release in mu_claim_peek(). */
	return atomic_load_explicit(&pristine->first, memory_order_acquire);
}

static uint64_t load_cursor(const struct mu_extent *extent)
{
	/* acquire: who finds an extent used up sees that its last claimer is
	 * busy (claimers say so before they claim). */
	return atomic_load_explicit(&extent->cursor, memory_order_acquire);
}

static mu_pfn_t pfn_of(const struct mu_extent *extent, uint64_t block)
{
	return extent->start + (block << MU_BLOCK_ORDER);
}

static bool from_head(struct mu_extent *extent, uint64_t cursor,
		      uint64_t blocks, struct mu_claim *claim)
{
	claim->extent = extent;
	claim->cursor = cursor;
	claim->next = cursor + blocks;
	claim->pfn = pfn_of(extent, mu_cursor_head(cursor));
	return true;
}

bool mu_claim_peek(struct mu_pristine *pristine, struct mu_claim *claim)
{
	unsigned first = first_extent(pristine), nr = nr_extents(pristine);

	for (unsigned i = first; i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);

		if (mu_cursor_head(cursor) >= mu_cursor_tail(cursor))
			continue;
		/* release: see first_extent(). An older value may overwrite a
		 * newer one: a longer walk. */
		if (i != first)
			atomic_store_explicit(&pristine->first, i,
					      memory_order_release);
		return from_head(extent, cursor, 1, claim);
	}
	return false;
}

bool mu_claim_peek_gigantic(struct mu_pristine *pristine,
			    struct mu_claim *claim)
{
	const mu_pfn_t pages = (mu_pfn_t)1 << MU_GIGANTIC_ORDER;
	const uint64_t blocks = pages >> MU_BLOCK_ORDER;
	unsigned nr = nr_extents(pristine);

	for (unsigned i = first_extent(pristine); i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t head = mu_cursor_head(cursor);
		uint64_t tail = mu_cursor_tail(cursor);

		if (tail < head + blocks || pfn_of(extent, tail) & (pages - 1))
			continue;
		claim->extent = extent;
		claim->cursor = cursor;
		claim->next = mu_cursor(head, tail - blocks);
		claim->pfn = pfn_of(extent, tail - blocks);
		return true;
	}
	return false;
}

bool mu_claim_peek_run(struct mu_pristine *pristine, unsigned order,
		       struct mu_claim *claim, bool *in_the_way)
{
	const mu_pfn_t pages = (mu_pfn_t)1 << order;
	unsigned nr = nr_extents(pristine);

	for (unsigned i = first_extent(pristine); i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		mu_pfn_t head = pfn_of(extent, mu_cursor_head(cursor));
		mu_pfn_t tail = pfn_of(extent, mu_cursor_tail(cursor));
		mu_pfn_t run = mu_align_up(head, pages);

		if (head >= tail || run + pages > tail)
			continue;
		*in_the_way = run != head;
		return from_head(extent, cursor,
				 *in_the_way ? 1 : pages >> MU_BLOCK_ORDER,
				 claim);
	}
	return false;
}

enum mu_status mu_claim_peek_at(struct mu_pristine *pristine, mu_pfn_t pfn,
				struct mu_claim *claim, uint64_t *rest)
{
	enum mu_status status = MU_ERR_NOT_FOUND;
	unsigned nr = nr_extents(pristine);

	for (unsigned i = 0; i < nr; i++) {
		struct mu_extent *extent = &pristine->extents[i];
		uint64_t cursor = load_cursor(extent);
		uint64_t head = mu_cursor_head(cursor);
		uint64_t tail = mu_cursor_tail(cursor);
		uint64_t block = (pfn - extent->start) >> MU_BLOCK_ORDER;

		if (pfn < extent->start || block >= extent->nr_blocks)
			continue;
		/* An extent that was cut has the rest in a later one. */
		status = MU_ERR_BUSY;
		if (block < head || block >= tail)
			continue;
		claim->extent = extent;
		claim->cursor = cursor;
		claim->pfn = pfn;
		*rest = block == head ? 0 : tail - block - 1;
		claim->next =
			block == head ? cursor + 1 : mu_cursor(head, block);
		return MU_OK;
	}
	return status;
}

bool mu_extent_room(const struct mu_pristine *pristine)
{
	/* relaxed: written under the lock, which the caller holds. */
	return atomic_load_explicit(&pristine->nr_extents,
				    memory_order_relaxed) +
		       pristine->promised <
	       pristine->max_extents;
}

void mu_extent_append(struct mu_pristine *pristine, mu_pfn_t start,
		      uint64_t nr_blocks)
{
	/* relaxed: as above. */
	unsigned nr = atomic_load_explicit(&pristine->nr_extents,
					   memory_order_relaxed);
	struct mu_extent *extent = &pristine->extents[nr];

	extent->start = start;
	extent->nr_blocks = nr_blocks;
	atomic_init(&extent->cursor, mu_cursor(0, nr_blocks));
	/* release: see nr_extents(). */
	atomic_store_explicit(&pristine->nr_extents, nr + 1,
			      memory_order_release);
}
