// SPDX-License-Identifier: MIT
/*
 * Extents that change while others claim from them: a block or a run taken out
 * of the middle, and memory that comes late. Extents are added only under the
 * lock.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/memory.h"
#include "deferred/claim.h"
#include "deferred/grow.h"
#include "deferred/memory.h"
#include "memmap/blocks.h"

/*
 * Make the claim and give what lies above it an extent of its own, keeping room
 * for @promise more. MU_ERR_BUSY: another was faster, look again. Between
 * mu_claim_begin() and mu_claim_end(): for a moment the rest is in no extent,
 * and a CPU that finds nothing waits for us.
 */
static enum mu_status cut(struct mu_deferred *deferred,
			  struct mu_pristine *pristine, struct mu_claim *claim,
			  uint64_t rest, unsigned promise)
{
	enum mu_status status = MU_OK;
	unsigned need = promise + (rest != 0), gain = 0;
	uintptr_t flags;

	if (!need)
		return mu_claim(claim) ? MU_OK : MU_ERR_BUSY;
	flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	/* The extent itself makes room if nothing else is in it. */
	if (mu_cursor_head(claim->next) == mu_cursor_tail(claim->next))
		gain = mu_extent_is_spare(pristine, claim->extent);
	if (mu_extent_room(pristine) + gain < need) {
		status = MU_ERR_FULL;
	} else if (!mu_claim(claim)) {
		status = MU_ERR_BUSY;
	} else {
		pristine->promised += promise;
		if (rest)
			mu_extent_append(
				pristine,
				claim->pfn + mu_block_pfn(claim->blocks), rest);
	}
	mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
	return status;
}

/* Claim the block and bring it to the lists. */
static enum mu_status claim_at(struct mu_deferred *deferred,
			       struct mu_pristine *pristine,
			       struct mu_claim *claim, uint64_t rest)
{
	uintptr_t irq = mu_claim_begin(deferred, pristine);
	enum mu_status status = cut(deferred, pristine, claim, rest, 0);

	if (status == MU_OK)
		mu_online_block(deferred, pristine, claim->pfn, MU_NR_ORDERS, 0,
				NULL);
	mu_claim_end(deferred, pristine, irq);
	return status;
}

static enum mu_status claim_block(struct mu_deferred *deferred,
				  struct mu_pristine *pristine, mu_pfn_t start)
{
	struct mu_claim claim;
	uint64_t rest;

	/* An iteration that claims nothing lost to another CPU. */
	while (mu_claim_peek_in(pristine, start, start + MU_BLOCK_PAGES, &claim,
				&rest)) {
		enum mu_status status = mu_memmap_back(deferred->memmap, start);

		if (status == MU_OK)
			status = claim_at(deferred, pristine, &claim, rest);
		if (status != MU_ERR_BUSY)
			return status;
	}
	/* It may be inside a page with one descriptor. */
	return mu_memmap_head(deferred->memmap, start) ? MU_OK : MU_ERR_BUSY;
}

enum mu_status mu_deferred_init_block(struct mu_deferred *deferred,
				      struct mu_zone *zone, mu_pfn_t start)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	unsigned turn = mu_look_begin(pristine);
	enum mu_status status = claim_block(deferred, pristine, start);

	mu_look_end(pristine, turn);
	return status;
}

enum mu_status mu_deferred_withdraw(struct mu_deferred *deferred,
				    struct mu_zone *zone, mu_pfn_t start,
				    mu_pfn_t end, mu_pfn_t *pfn,
				    mu_pfn_t *pages)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	struct mu_claim claim;
	uint64_t rest;

	while (mu_claim_peek_in(pristine, start, end, &claim, &rest)) {
		uintptr_t irq = mu_claim_begin(deferred, pristine);
		enum mu_status status =
			cut(deferred, pristine, &claim, rest, 1);

		if (status == MU_OK) {
			*pfn = claim.pfn;
			*pages = mu_block_pfn(claim.blocks);
			mu_buddy_drop_pristine(deferred->buddy, zone, *pages);
		}
		mu_claim_end(deferred, pristine, irq);
		if (status != MU_ERR_BUSY)
			return status;
	}
	return MU_ERR_NOT_FOUND;
}

bool mu_deferred_promise(struct mu_deferred *deferred,
			 const struct mu_zone *zone)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uintptr_t flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	bool room = mu_extent_room(pristine) > 0;

	pristine->promised += room;
	mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
	return room;
}

void mu_deferred_unpromise(struct mu_deferred *deferred,
			   const struct mu_zone *zone)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uintptr_t flags = mu_lock_irqsave(deferred->port, &pristine->lock);

	pristine->promised--;
	mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
}

void mu_deferred_add_late(struct mu_deferred *deferred, struct mu_zone *zone,
			  mu_pfn_t start, mu_pfn_t end)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uintptr_t irq = mu_claim_begin(deferred, pristine);
	uintptr_t flags;

	/* Counted before it can be claimed; a CPU that sees the count but not
	 * yet the extent sees that we are busy, or that the zone has grown
	 * since. */
	mu_buddy_grow_pristine(deferred->buddy, zone, end - start);
	flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	pristine->promised--;
	mu_extent_append(pristine, start, (end - start) >> MU_BLOCK_ORDER);
	mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
	mu_claim_end(deferred, pristine, irq);
}
