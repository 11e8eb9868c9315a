/* SPDX-License-Identifier: MIT */
/* poison: pages that the hardware lost, inside pages that are given back. */
#ifndef MU_BUDDY_POISON_H
#define MU_BUDDY_POISON_H

#include "memup/buddy.h"

/*
 * Give back the 2^@order pages at @pfn, which are in no list, without the
 * poisoned ones among them. Under zone->lock.
 */
void mu_zone_give_around(struct mu_buddy *buddy, struct mu_zone *zone,
			 mu_pfn_t pfn, unsigned order);

/* [@start, @end) was just made into allocations of 2^@to pages, none of them
 * marked: mark those with a poisoned page. By their holder. */
void mu_poison_mark(struct mu_buddy *buddy, mu_pfn_t start, mu_pfn_t end,
		    unsigned to);

#endif
