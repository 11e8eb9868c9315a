// SPDX-License-Identifier: MIT
/*
 * From a claim to the free lists.
 */
#include "base/assert.h"
#include "base/port.h"
#include "deferred/claim.h"
#include "deferred/grow.h"

static void measure(struct mu_deferred *deferred, struct mu_pristine *pristine,
		    uint64_t since)
{
	uint64_t ns = mu_clock(deferred->port) - since;
	/* relaxed: a statistic. */
	uint64_t max = atomic_load_explicit(&pristine->claim_ns_max,
					    memory_order_relaxed);

	while (ns > max && !atomic_compare_exchange_weak_explicit(
				   &pristine->claim_ns_max, &max, ns,
				   memory_order_relaxed, memory_order_relaxed))
		;
}

static struct mu_pristine *pristine_of(const struct mu_deferred *deferred,
				       const struct mu_zone *zone)
{
	return &deferred->zones[zone->id];
}

/*
 * One block from claim to list, interrupts off. Returns false when there was
 * none to claim.
 */
static bool claim_one(struct mu_deferred *deferred,
		      struct mu_pristine *pristine, unsigned order,
		      uint64_t mark, bool *taken, mu_pfn_t *pfn)
{
	struct mu_zone *zone = pristine->zone;
	uint64_t since;
	mu_pfn_t block;

	/* relaxed: the claim's release comes after it. */
	atomic_fetch_add_explicit(&pristine->busy, 1, memory_order_relaxed);
	since = deferred->measure ? mu_clock(deferred->port) : 0;
	block = mu_claim_block(deferred, pristine);
	if (block != MU_NO_PFN) {
		mu_memmap_init_block(deferred->memmap, block,
				     (uint16_t)zone->id);
		mu_memmap_publish(deferred->memmap, block);
		*taken = mu_buddy_add_block(deferred->buddy, zone, block, order,
					    mark, pfn);
		/* relaxed: a statistic. */
		atomic_fetch_add_explicit(&pristine->claims, 1,
					  memory_order_relaxed);
		if (deferred->measure)
			measure(deferred, pristine, since);
	}
	/* release: who sees that nobody is busy sees what they added. */
	atomic_fetch_sub_explicit(&pristine->busy, 1, memory_order_release);
	return block != MU_NO_PFN;
}

static bool is_past(const struct mu_zone *zone, uint64_t seen)
{
	/* acquire: pairs with the release in mu_buddy_add_block(). */
	return atomic_load_explicit(&zone->grown_blocks,
				    memory_order_acquire) != seen;
}

static bool is_busy(const struct mu_pristine *pristine)
{
	/* acquire: pairs with the release in claim_one(). */
	return atomic_load_explicit(&pristine->busy, memory_order_acquire);
}

enum mu_grow mu_deferred_grow(void *arg, struct mu_zone *zone, unsigned order,
			      uint64_t mark, uint64_t seen, mu_pfn_t *pfn)
{
	struct mu_deferred *deferred = arg;
	struct mu_pristine *pristine = pristine_of(deferred, zone);
	enum mu_grow end = MU_EXHAUSTED;
	mu_pfn_t block;

	/* A turn that claims nothing lost the block to another CPU. */
	while ((block = mu_claim_peek(pristine)) != MU_NO_PFN) {
		bool taken = false, claimed;
		uintptr_t flags;

		/* Interrupts are as the caller had them: backing may take
		 * longer than a block. */
		if (mu_memmap_back(deferred->memmap, block) != MU_OK) {
			end = MU_GROW_FAILED;
			break;
		}
		flags = mu_irq_save(deferred->port);
		claimed =
			claim_one(deferred, pristine, order, mark, &taken, pfn);
		mu_irq_restore(deferred->port, flags);
		if (claimed)
			return taken || order >= MU_NR_ORDERS
				       ? MU_GREW
				       : MU_GROWN_BY_OTHER;
	}
	/* Who only grows the zone does not care what others did. */
	if (order >= MU_NR_ORDERS)
		return end;
	/*
	 * All is claimed, or what is left cannot be backed. Either somebody is
	 * busy with a block, or all that were claimed are in the lists: then
	 * some may have come after the caller looked. In this order: a claimer
	 * that is not busy any more has added. Who gets busy from now on and
	 * claims nothing lost the block to another, so this ends.
	 */
	if (is_busy(pristine))
		return is_past(zone, seen) ? MU_GROWN_BY_OTHER
					   : MU_GROWS_BY_OTHER;
	return is_past(zone, seen) ? MU_GROWN_BY_OTHER : end;
}

void mu_deferred_wait(void *arg, struct mu_zone *zone, uint64_t seen)
{
	struct mu_deferred *deferred = arg;
	const struct mu_pristine *pristine = pristine_of(deferred, zone);

	/* Somebody who is busy may have come too late to claim anything: then
	 * nothing is added, but nobody stays busy. */
	for (unsigned spins = 0; is_busy(pristine) && !is_past(zone, seen);
	     spins++)
		mu_pause(deferred->port, spins);
}

uint64_t mu_deferred_take_zone(struct mu_deferred *deferred,
			       struct mu_zone *zone, uint64_t blocks,
			       enum mu_status *status)
{
	uint64_t done = 0;

	while (done < blocks) {
		mu_pfn_t pfn;
		enum mu_grow grown = mu_deferred_grow(deferred, zone,
						      MU_NR_ORDERS, 0, 0, &pfn);

		if (grown == MU_GROW_FAILED)
			*status = MU_ERR_NOMEM;
		if (grown != MU_GREW)
			break;
		done++;
	}
	return done;
}
