// SPDX-License-Identifier: MIT
/*
 * Pages with one descriptor, straight from the extents.
 */
#include "base/bits.h"
#include "base/port.h"
#include "buddy/memory.h"
#include "deferred/claim.h"
#include "deferred/grow.h"
#include "memmap/blocks.h"

/* Make a block into two huge pages; the second goes to the lists unless @both
 * are wanted. Returns how many the client has. */
static uint64_t make_huge(struct mu_deferred *deferred,
			  struct mu_pristine *pristine, mu_pfn_t start,
			  bool both, mu_pfn_t *pfns)
{
	mu_pfn_t second = start + MU_HUGE_PAGES;
	uint16_t zone = (uint16_t)pristine->zone->id;

	mu_memmap_init_sparse(deferred->memmap, start, zone, MU_HUGE_ORDER);
	mu_memmap_init_sparse(deferred->memmap, second, zone, MU_HUGE_ORDER);
	mu_buddy_take_pristine(deferred->buddy, pristine->zone, MU_BLOCK_PAGES);
	mu_claim_count(pristine, 1);
	pfns[0] = start;
	if (both)
		pfns[1] = second;
	/* It cannot fail: nobody else knows of the page. If it did, the client
	 * would have one more. */
	else if (mu_free_pages(deferred->buddy, second, MU_HUGE_ORDER) != MU_OK)
		return 0;
	return both ? 2 : 1;
}

static uint64_t make_gigantic(struct mu_deferred *deferred,
			      struct mu_pristine *pristine, mu_pfn_t start,
			      mu_pfn_t *pfns)
{
	mu_memmap_init_sparse(deferred->memmap, start,
			      (uint16_t)pristine->zone->id, MU_GIGANTIC_ORDER);
	mu_buddy_take_pristine(deferred->buddy, pristine->zone,
			       MU_GIGANTIC_PAGES);
	mu_claim_count(pristine, MU_GIGANTIC_PAGES >> MU_BLOCK_ORDER);
	pfns[0] = start;
	return 1;
}

/* One or two pages of one zone; 0 when it has none that may be taken. */
static uint64_t claim_some(struct mu_deferred *deferred, struct mu_zone *zone,
			   unsigned order, unsigned flags, uint64_t count,
			   mu_pfn_t *pfns)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	uint64_t mark = mu_zone_min_mark(zone, flags);
	uint64_t pages = (uint64_t)1 << order;
	bool gigantic = order == MU_GIGANTIC_ORDER, claimed = false;
	struct mu_claim claim;
	uint64_t got = 0;

	while (!claimed && mu_zone_has(deferred->buddy, zone, pages, mark)) {
		bool both = count > 1 &&
			    mu_zone_has(deferred->buddy, zone, 2 * pages, mark);
		uintptr_t irq;

		if (!(gigantic ? mu_claim_peek_gigantic(pristine, &claim)
			       : mu_claim_peek(pristine, &claim)))
			return 0;
		if (mu_memmap_back(deferred->memmap, claim.pfn) != MU_OK)
			return 0;
		irq = mu_claim_begin(deferred, pristine);
		claimed = mu_claim(&claim);
		if (claimed && gigantic)
			got = make_gigantic(deferred, pristine, claim.pfn,
					    pfns);
		else if (claimed)
			got = make_huge(deferred, pristine, claim.pfn, both,
					pfns);
		mu_claim_end(deferred, pristine, irq);
	}
	return got;
}

static uint64_t take_some(struct mu_deferred *deferred, struct mu_zone *zone,
			  unsigned order, unsigned flags, uint64_t count,
			  mu_pfn_t *pfns)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	unsigned turn = mu_look_begin(pristine);
	uint64_t got = claim_some(deferred, zone, order, flags, count, pfns);

	mu_look_end(pristine, turn);
	return got;
}

uint64_t mu_alloc_huge(struct mu_deferred *deferred, int nid, unsigned order,
		       unsigned flags, uint64_t count, mu_pfn_t *pfns)
{
	const struct mu_buddy *buddy = deferred->buddy;
	struct mu_zone *zone;
	uint64_t done = 0;

	if (nid == MU_NO_NODE)
		nid = mu_cpu_node(deferred->port, mu_cpu_id(deferred->port));
	if ((order != MU_HUGE_ORDER && order != MU_GIGANTIC_ORDER) ||
	    (unsigned)nid >= buddy->nr_nodes)
		return 0;
	for (unsigned i = 0;
	     done < count &&
	     (zone = mu_zonelist_zone(buddy, &buddy->nodes[nid], i));
	     i++) {
		uint64_t got = 1;

		if (!mu_zone_is_allowed(zone, nid, flags))
			continue;
		while (got && done < count) {
			got = take_some(deferred, zone, order, flags,
					count - done, pfns + done);
			done += got;
		}
	}
	return done;
}
