// SPDX-License-Identifier: MIT
/*
 * Extents that change while others claim from them: a block taken out of the
 * middle, and memory that comes late. Both add an extent, under the lock.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "deferred/claim.h"
#include "deferred/grow.h"

/* Claim the block, give what lies behind it an extent of its own, and bring it
 * to the lists. MU_ERR_BUSY: another was faster, look again. */
static enum mu_status claim_at(struct mu_deferred *deferred,
			       struct mu_pristine *pristine,
			       struct mu_claim *claim, uint64_t rest)
{
	uintptr_t irq = mu_claim_begin(deferred, pristine);
	uintptr_t flags = 0;
	enum mu_status status = MU_OK;

	/* Until the rest has its extent it is in none, and who finds nothing
	 * waits for us: we are busy. */
	if (rest)
		flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	if (rest && !mu_extent_room(pristine))
		status = MU_ERR_FULL;
	else if (!mu_claim(claim))
		status = MU_ERR_BUSY;
	else if (rest)
		mu_extent_append(pristine, claim->pfn + MU_BLOCK_PAGES, rest);
	if (rest)
		mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
	if (status == MU_OK)
		mu_online_block(deferred, pristine, claim->pfn, MU_NR_ORDERS, 0,
				NULL);
	mu_claim_end(deferred, pristine, irq);
	return status;
}

enum mu_status mu_deferred_init_block(struct mu_deferred *deferred,
				      struct mu_zone *zone, mu_pfn_t start)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	enum mu_status status = MU_OK;

	for (unsigned spins = 0; !mu_memmap_online(deferred->memmap, start);) {
		struct mu_claim claim;
		uint64_t rest;

		status = mu_claim_peek_at(pristine, start, &claim, &rest);
		if (status == MU_ERR_NOT_FOUND)
			return status;
		if (status == MU_ERR_BUSY) {
			mu_pause(deferred->port, spins++);
			continue;
		}
		status = mu_memmap_back(deferred->memmap, start);
		if (status == MU_OK)
			status = claim_at(deferred, pristine, &claim, rest);
		if (status != MU_OK && status != MU_ERR_BUSY)
			return status;
	}
	return MU_OK;
}

bool mu_deferred_promise(struct mu_deferred *deferred,
			 const struct mu_zone *zone)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uintptr_t flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	bool room = mu_extent_room(pristine);

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

	/* Counted before it can be claimed; who sees the count and not yet the
	 * extent sees that we are busy, or that the zone has grown since. */
	mu_buddy_grow_pristine(deferred->buddy, zone, end - start);
	flags = mu_lock_irqsave(deferred->port, &pristine->lock);
	pristine->promised--;
	mu_extent_append(pristine, start, (end - start) >> MU_BLOCK_ORDER);
	mu_unlock_irqrestore(deferred->port, &pristine->lock, flags);
	mu_claim_end(deferred, pristine, irq);
}
