/* SPDX-License-Identifier: MIT */
/* poison: pages that the hardware lost, inside of pages that are given back. */
#ifndef MU_BUDDY_POISON_H
#define MU_BUDDY_POISON_H

#include "memup/buddy.h"

/*
 * Give the 2^@order pages at @pfn, in no list, back without the poisoned ones
 * among them. Under zone->lock.
 */
void mu_zone_give_around(struct mu_buddy *buddy, struct mu_zone *zone,
			 mu_pfn_t pfn, unsigned order);

/* Of the allocations of 2^@to pages that [@start, @end) was just made into,
 * none of them marked, mark those with a poisoned page. By who holds them. */
void mu_poison_mark(struct mu_buddy *buddy, mu_pfn_t start, mu_pfn_t end,
		    unsigned to);

#endif
