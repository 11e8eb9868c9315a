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
	mu_claim_count(pristine, 1);
	pfns[0] = start;
	if (both) {
		mu_memmap_init_sparse(deferred->memmap, second, zone,
				      MU_HUGE_ORDER);
		pfns[1] = second;
		mu_buddy_take_held(deferred->buddy, pristine->zone,
				   MU_BLOCK_PAGES);
		return 2;
	}
	mu_buddy_take_half(deferred->buddy, pristine->zone, second);
	return 1;
}

static uint64_t make_gigantic(struct mu_deferred *deferred,
			      struct mu_pristine *pristine, mu_pfn_t start,
			      mu_pfn_t *pfns)
{
	mu_memmap_init_sparse(deferred->memmap, start,
			      (uint16_t)pristine->zone->id, MU_GIGANTIC_ORDER);
	mu_buddy_take_held(deferred->buddy, pristine->zone, MU_GIGANTIC_PAGES);
	mu_claim_count(pristine, MU_GIGANTIC_PAGES >> MU_BLOCK_ORDER);
	pfns[0] = start;
	return 1;
}

/* What a call wants of one zone, and may take. */
struct want {
	struct mu_zone *zone;
	unsigned order;
	uint64_t mark; /* pages that must be left */
	bool shut;     /* the zone's caches are */
};

/* Hold two pages if @both are wanted and may be taken, or one: how many. */
static uint64_t hold(struct mu_deferred *deferred, const struct want *want,
		     bool both, enum mu_hold *answer, bool *cached)
{
	uint64_t pages = (uint64_t)1 << want->order;

	for (uint64_t nr = both ? 2 : 1; nr; nr--) {
		*answer = mu_zone_hold(deferred->buddy, want->zone, nr * pages,
				       want->mark, cached);
		if (*answer == MU_HELD)
			return nr;
	}
	return 0;
}

/*
 * Claim what was peeked at, if the mark is kept with it. MU_HOLD_NO: it would
 * not be; else *@got is how many the client has, 0 when another was faster.
 */
static enum mu_hold claim_held(struct mu_deferred *deferred,
			       const struct want *want, struct mu_claim *claim,
			       bool both, bool *cached, uint64_t *got,
			       mu_pfn_t *pfns)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, want->zone);
	uintptr_t irq = mu_claim_begin(deferred, pristine);
	enum mu_hold answer;
	uint64_t held = hold(deferred, want, both, &answer, cached);

	if (held && !mu_claim(claim))
		mu_zone_unhold(deferred->buddy, want->zone,
			       held << want->order);
	else if (held && want->order == MU_GIGANTIC_ORDER)
		*got = make_gigantic(deferred, pristine, claim->pfn, pfns);
	else if (held)
		*got = make_huge(deferred, pristine, claim->pfn, held == 2,
				 pfns);
	mu_claim_end(deferred, pristine, irq);
	return answer;
}

/* One or two pages of one zone; 0 when it has none that may be taken. */
static uint64_t claim_some(struct mu_deferred *deferred, struct want *want,
			   uint64_t count, mu_pfn_t *pfns)
{
	struct mu_pristine *pristine = mu_pristine_of(deferred, want->zone);
	bool gigantic = want->order == MU_GIGANTIC_ORDER;
	struct mu_claim claim;
	uint64_t got = 0;

	for (unsigned spins = 0; !got; spins++) {
		enum mu_hold answer;
		bool cached, away = false;

		if (!(gigantic ? mu_claim_peek_gigantic(pristine, &claim, &away)
			       : mu_claim_peek(pristine, &claim)))
			return 0;
		/* A page with a lost one in it is not handed out. */
		if (!away && mu_buddy_has_poison(
				     deferred->buddy, claim.pfn,
				     claim.pfn + mu_block_pfn(claim.blocks))) {
			mu_claim_only_one(&claim, gigantic);
			away = true;
		}
		if (mu_memmap_back(deferred->memmap, claim.pfn) != MU_OK)
			return 0;
		if (away) {
			mu_claim_away(deferred, pristine, &claim);
			continue;
		}
		answer =
			claim_held(deferred, want, &claim,
				   !gigantic && count > 1, &cached, &got, pfns);
		if (answer == MU_HOLD_WAIT) {
			/* The other claim may fail. */
			mu_pause(deferred->port, spins);
		} else if (answer == MU_HOLD_NO) {
			if (!cached || want->shut)
				return 0;
			mu_buddy_shut(deferred->buddy, want->zone);
			want->shut = true;
		}
	}
	return got;
}

static uint64_t take_some(struct mu_deferred *deferred, struct mu_zone *zone,
			  unsigned order, unsigned flags, uint64_t count,
			  mu_pfn_t *pfns)
{
	struct want want = {
		.zone = zone,
		.order = order,
		.mark = mu_zone_min_mark(zone, flags),
	};
	struct mu_pristine *pristine = mu_pristine_of(deferred, zone);
	unsigned turn = mu_look_begin(pristine);
	uint64_t got = claim_some(deferred, &want, count, pfns);

	if (want.shut)
		mu_buddy_open(deferred->buddy, zone);
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
