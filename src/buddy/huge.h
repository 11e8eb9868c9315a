/* SPDX-License-Identifier: MIT */
/* huge: writing the other descriptors of pages that had only one. */
#ifndef MU_BUDDY_HUGE_H
#define MU_BUDDY_HUGE_H

#include "memup/buddy.h"

/* Back all descriptors of the gigantic page at @pfn, or MU_ERR_NOMEM. */
enum mu_status mu_gigantic_back(struct mu_buddy *buddy,
				mu_pfn_t pfn) MU_MUST_CHECK;

/*
 * Write the descriptors of the gigantic page at @pfn, which is backed and which
 * nobody else can reach, block by block: its blocks go to the lists of @zone,
 * whose pristine_pages count them, or (@to an order) become allocations of
 * 2^@to pages with count @refs. Interrupts are off for one block at a time.
 */
#define MU_TO_LISTS MU_NR_ORDERS
void mu_gigantic_dissolve(struct mu_buddy *buddy, struct mu_zone *zone,
			  mu_pfn_t pfn, unsigned to, uint32_t refs);

/* Turn written descriptors into allocations of 2^@to pages, count @refs. */
void mu_mark_allocated(const struct mu_memmap *memmap, mu_pfn_t start,
		       mu_pfn_t end, unsigned to, uint32_t refs);

#endif
