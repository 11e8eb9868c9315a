// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "deferred/claim.h"

/* The extent that the next claim takes from, and its cursor; NULL for none. */
static struct mu_extent *next_extent(struct mu_pristine *pristine,
				     uint64_t *cursor)
{
	/* acquire: as if this CPU had looked at the extents that another
	 * found used up; see below. */
	unsigned first =
		atomic_load_explicit(&pristine->first, memory_order_acquire);

	for (unsigned i = first; i < pristine->nr_extents; i++) {
		struct mu_extent *extent = &pristine->extents[i];

		/* acquire: who finds an extent used up sees that its last
		 * claimer is busy (claimers say so before they claim). */
		*cursor = atomic_load_explicit(&extent->cursor,
					       memory_order_acquire);
		if (mu_cursor_head(*cursor) < mu_cursor_tail(*cursor)) {
			/* release: pairs with the acquire above. An older
			 * value may overwrite a newer one: a longer walk. */
			if (i != first)
				atomic_store_explicit(&pristine->first, i,
						      memory_order_release);
			return extent;
		}
	}
	return NULL;
}

static mu_pfn_t head_pfn(const struct mu_extent *extent, uint64_t cursor)
{
	return extent->start + (mu_cursor_head(cursor) << MU_BLOCK_ORDER);
}

mu_pfn_t mu_claim_peek(struct mu_pristine *pristine)
{
	uint64_t cursor;
	const struct mu_extent *extent = next_extent(pristine, &cursor);

	return extent ? head_pfn(extent, cursor) : MU_NO_PFN;
}

mu_pfn_t mu_claim_block(struct mu_deferred *deferred,
			struct mu_pristine *pristine)
{
	struct mu_extent *extent;
	uint64_t cursor;
	mu_pfn_t block;

	do {
		extent = next_extent(pristine, &cursor);
		if (!extent)
			return MU_NO_PFN;
		block = head_pfn(extent, cursor);
		if (!mu_memmap_is_backed(deferred->memmap, block))
			return MU_NO_PFN;
		/* release: see next_extent(); relaxed when it fails, since it
		 * is read again. */
	} while (!atomic_compare_exchange_weak_explicit(
		&extent->cursor, &cursor, cursor + 1, memory_order_release,
		memory_order_relaxed));
	return block;
}
