// SPDX-License-Identifier: MIT
/*
 * Aligned runs of several blocks.
 */
#include "base/bits.h"
#include "base/port.h"
#include "buddy/huge.h"
#include "buddy/memory.h"
#include "buddy/poison.h"
#include "deferred/claim.h"
#include "deferred/grow.h"
#include "memmap/blocks.h"

/* Back every block of the run. */
static enum mu_status back_run(struct mu_deferred *deferred, mu_pfn_t start,
			       mu_pfn_t pages)
{
	enum mu_status status = MU_OK;

	for (mu_pfn_t pfn = start; status == MU_OK && pfn < start + pages;
	     pfn += MU_BLOCK_PAGES)
		status = mu_memmap_back(deferred->memmap, pfn);
	return status;
}

/* Claim a run for the caller, if the mark is kept with it: MU_HOLD_NO when it
 * is not. *@claimed: another was not faster. */
static enum mu_hold claim_run(struct mu_deferred *deferred,
			      struct mu_pristine *pristine,
			      struct mu_claim *claim, mu_pfn_t pages,
			      uint64_t mark, bool *cached, bool *claimed)
{
	struct mu_buddy *buddy = deferred->buddy;
	struct mu_zone *zone = pristine->zone;
	uintptr_t irq = mu_claim_begin(deferred, pristine);
	enum mu_hold hold = mu_zone_hold(buddy, zone, pages, mark, cached);

	*claimed = hold == MU_HELD && mu_claim(claim);
	if (*claimed) {
		mu_buddy_take_held(buddy, zone, pages);
		mu_claim_count(pristine, pages >> MU_BLOCK_ORDER);
	} else if (hold == MU_HELD) {
		mu_zone_unhold(buddy, zone, pages);
	}
	mu_claim_end(deferred, pristine, irq);
	return hold;
}

/* The run belongs to the caller alone: no allocation waits for it, so the CPU
 * does not count as busy. But callers that need descriptors wait:
 * mu_deferred_finish(), until mu_look_end(), and mu_init_now() for one of the
 * blocks, which is why a handler must not call it. */
static void init_run(struct mu_deferred *deferred,
		     const struct mu_pristine *pristine, mu_pfn_t start,
		     mu_pfn_t pages)
{
	for (mu_pfn_t pfn = start; pfn < start + pages; pfn += MU_BLOCK_PAGES) {
		uintptr_t irq = mu_irq_save(deferred->port);

		mu_memmap_init_block(deferred->memmap, pfn,
				     (uint16_t)pristine->zone->id,
				     MU_PAGE_TAIL);
		mu_mark_allocated(deferred->memmap, pfn, pfn + MU_BLOCK_PAGES,
				  MU_BLOCK_ORDER, 1);
		mu_memmap_publish(deferred->memmap, pfn);
		/* Whoever noted a page before saw neither a pristine block nor
		 * a descriptor. */
		if (mu_buddy_has_poison(deferred->buddy, pfn,
					pfn + MU_BLOCK_PAGES))
			mu_poison_mark(deferred->buddy, pfn,
				       pfn + MU_BLOCK_PAGES, MU_BLOCK_ORDER);
		mu_irq_restore(deferred->port, irq);
	}
}

/* Claim a run, all backed. It ends: each iteration takes a block out of the
 * way, loses to another CPU that took one, waits for one that is about to, or
 * shuts the caches, once. */
static enum mu_status find_run(struct mu_deferred *deferred,
			       struct mu_zone *zone, unsigned order,
			       uint64_t mark, bool *shut, mu_pfn_t *pfn)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	mu_pfn_t pages = (mu_pfn_t)1 << order;
	struct mu_claim claim;
	bool in_the_way;

	for (unsigned spins = 0;
	     mu_claim_peek_run(pristine, order, &claim, &in_the_way); spins++) {
		mu_pfn_t need = in_the_way ? MU_BLOCK_PAGES : pages;
		bool claimed, cached;

		if (!in_the_way &&
		    mu_buddy_has_poison(deferred->buddy, claim.pfn,
					claim.pfn + pages)) {
			mu_claim_only_one(&claim, false);
			in_the_way = true;
			need = MU_BLOCK_PAGES;
		}
		if (back_run(deferred, claim.pfn, need) != MU_OK)
			return MU_ERR_NOMEM;
		if (in_the_way) {
			mu_claim_away(deferred, pristine, &claim);
			continue;
		}
		*pfn = claim.pfn;
		switch (claim_run(deferred, pristine, &claim, pages, mark,
				  &cached, &claimed)) {
		case MU_HELD:
			if (claimed)
				return MU_OK;
			break;
		case MU_HOLD_WAIT:
			mu_pause(deferred->port, spins);
			break;
		case MU_HOLD_NO:
		default:
			if (!cached || *shut)
				return MU_ERR_NOMEM;
			mu_buddy_shut(deferred->buddy, zone);
			*shut = true;
		}
	}
	return MU_ERR_NOMEM;
}

static enum mu_status take_run(struct mu_deferred *deferred,
			       struct mu_zone *zone, unsigned order,
			       unsigned flags, mu_pfn_t *pfn)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uint64_t mark = mu_zone_min_mark(zone, flags);
	unsigned turn = mu_look_begin(pristine);
	bool shut = false;
	enum mu_status status =
		find_run(deferred, zone, order, mark, &shut, pfn);

	if (shut)
		mu_buddy_open(deferred->buddy, zone);
	if (status == MU_OK)
		init_run(deferred, pristine, *pfn, (mu_pfn_t)1 << order);
	mu_look_end(pristine, turn);
	return status;
}

enum mu_status mu_alloc_run(struct mu_deferred *deferred, int nid,
			    unsigned order, unsigned flags, mu_pfn_t *pfn)
{
	const struct mu_buddy *buddy = deferred->buddy;
	enum mu_status status = MU_ERR_NOMEM;
	struct mu_zone *zone;

	if (nid == MU_NO_NODE)
		nid = mu_cpu_node(deferred->port, mu_cpu_id(deferred->port));
	if (order <= MU_BLOCK_ORDER || order > MU_GIGANTIC_ORDER ||
	    (unsigned)nid >= buddy->nr_nodes)
		return MU_ERR_RANGE;
	for (unsigned i = 0;
	     status != MU_OK &&
	     (zone = mu_zonelist_zone(buddy, &buddy->nodes[nid], i));
	     i++) {
		if (mu_zone_is_allowed(zone, nid, flags))
			status = take_run(deferred, zone, order, flags, pfn);
	}
	return status;
}
