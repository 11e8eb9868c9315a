/* SPDX-License-Identifier: MIT */
/*
 * links: the two pfns in the descriptor of a free page.
 *
 * A link has 48 bits, so that a descriptor of 16 bytes can link 2^48 pages;
 * MU_NO_PFN, all ones, ends a list.
 */
#ifndef MU_MEMMAP_LINKS_H
#define MU_MEMMAP_LINKS_H

#include "memup/memmap.h"

_Static_assert(MU_PHYS_BITS - MU_PAGE_SHIFT_MIN < 48, "a pfn fits a link");

/* relaxed, all four: under the zone's lock. They are atomic because they take
 * the place of the count, which may be read when a page is freed twice. */
static inline mu_pfn_t mu_page_next(const struct mu_page *page)
{
	mu_pfn_t high;

	mu_page_check(page);
	high = atomic_load_explicit(&page->next_hi, memory_order_relaxed);

	return high << 32 | page->next_lo;
}

static inline mu_pfn_t mu_page_prev(const struct mu_page *page)
{
	mu_pfn_t high;

	mu_page_check(page);
	high = atomic_load_explicit(&page->prev_hi, memory_order_relaxed);

	return high << 32 | page->prev_lo;
}

static inline void mu_page_set_next(struct mu_page *page, mu_pfn_t pfn)
{
	mu_page_check(page);
	atomic_store_explicit(&page->next_hi, (uint16_t)(pfn >> 32),
			      memory_order_relaxed);
	page->next_lo = (uint32_t)pfn;
}

static inline void mu_page_set_prev(struct mu_page *page, mu_pfn_t pfn)
{
	mu_page_check(page);
	atomic_store_explicit(&page->prev_hi, (uint16_t)(pfn >> 32),
			      memory_order_relaxed);
	page->prev_lo = (uint32_t)pfn;
}

#endif
