/* SPDX-License-Identifier: MIT */
/*
 * links: the two pfns in the descriptor of a free page.
 *
 * A link is 48 bits, so that 2^48 pages can be told apart in a descriptor of 16
 * bytes; MU_NO_PFN, all ones, ends a list.
 */
#ifndef MU_MEMMAP_LINKS_H
#define MU_MEMMAP_LINKS_H

#include "memup/memmap.h"

_Static_assert(MU_PHYS_BITS - MU_PAGE_SHIFT_MIN < 48, "a pfn fits a link");

static inline mu_pfn_t mu_page_next(const struct mu_page *page)
{
	return (mu_pfn_t)page->next_hi << 32 | page->next_lo;
}

static inline mu_pfn_t mu_page_prev(const struct mu_page *page)
{
	return (mu_pfn_t)page->prev_hi << 32 | page->prev_lo;
}

static inline void mu_page_set_next(struct mu_page *page, mu_pfn_t pfn)
{
	page->next_hi = (uint16_t)(pfn >> 32);
	page->next_lo = (uint32_t)pfn;
}

static inline void mu_page_set_prev(struct mu_page *page, mu_pfn_t pfn)
{
	page->prev_hi = (uint16_t)(pfn >> 32);
	page->prev_lo = (uint32_t)pfn;
}

#endif
