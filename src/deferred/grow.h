/* SPDX-License-Identifier: MIT */
/* grow: claims in a row, from one zone. */
#ifndef MU_DEFERRED_GROW_H
#define MU_DEFERRED_GROW_H

#include "deferred/claim.h"

static inline struct mu_pristine *
mu_pristine_of(const struct mu_deferred *deferred, const struct mu_zone *zone)
{
	return &deferred->zones[zone->id];
}

/*
 * Between these two a CPU may claim: interrupts are off, and others know that
 * something may be on its way. What is claimed in between comes to the lists,
 * or belongs to its client, before the end.
 */
uintptr_t mu_claim_begin(struct mu_deferred *deferred,
			 struct mu_pristine *pristine);
void mu_claim_end(struct mu_deferred *deferred, struct mu_pristine *pristine,
		  uintptr_t flags);

/*
 * Between these two a CPU may back and claim what it finds pristine, and bring
 * it online: memory that is withdrawn meanwhile keeps its backing until the
 * end. Interrupts are not changed; the pairs nest.
 */
unsigned mu_look_begin(struct mu_pristine *pristine);
void mu_look_end(struct mu_pristine *pristine, unsigned turn);

/* Count one claim of @blocks blocks in the statistics. */
void mu_claim_count(struct mu_pristine *pristine, uint64_t blocks);

/*
 * Bring the block at @start, which the caller has just claimed, to the lists.
 * Arguments and result as for mu_buddy_add_block().
 */
bool mu_online_block(struct mu_deferred *deferred, struct mu_pristine *pristine,
		     mu_pfn_t start, unsigned take, uint64_t mark,
		     mu_pfn_t *pfn);

/* Claim the one block that was peeked at, and is backed, for the lists: it is
 * in the way of something larger. Does nothing if another was faster. */
void mu_claim_away(struct mu_deferred *deferred, struct mu_pristine *pristine,
		   struct mu_claim *claim);

/*
 * Claim and initialise up to @blocks blocks of @zone, one by one, interrupts on
 * in between; returns how many. *@status is MU_ERR_NOMEM when one could not be
 * backed, else left alone.
 */
uint64_t mu_deferred_take_zone(struct mu_deferred *deferred,
			       struct mu_zone *zone, uint64_t blocks,
			       enum mu_status *status);

#endif
