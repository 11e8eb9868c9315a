/* SPDX-License-Identifier: MIT */
/*
 * lists: a zone's free lists, linked by pfn through the descriptors. Everything
 * here needs zone->lock.
 */
#ifndef MU_BUDDY_LISTS_H
#define MU_BUDDY_LISTS_H

#include "memmap/links.h"
#include "memup/buddy.h"

/* Make @page the first of 2^@order pages of @kind; the ragged flag stays. */
static inline void mu_page_set(struct mu_page *page, enum mu_page_kind kind,
			       unsigned order)
{
	unsigned flags = mu_page_flags(page) & ~MU_PAGE_KIND;

	/* relaxed: under the lock. */
	atomic_store_explicit(&page->state, (uint8_t)(flags | kind),
			      memory_order_relaxed);
	page->order = (uint8_t)order;
}

/* The same without changing its order, which others may read. */
static inline void mu_page_set_kind(struct mu_page *page,
				    enum mu_page_kind kind)
{
	unsigned flags = mu_page_flags(page) & ~MU_PAGE_KIND;

	/* relaxed: nobody else changes it; see struct mu_page. */
	atomic_store_explicit(&page->state, (uint8_t)(flags | kind),
			      memory_order_relaxed);
}

/*
 * Change the state of @page from *@seen to @next; false, with the state in
 * *@seen, if it was another, or for no reason. RISC-V compares and exchanges
 * words of four bytes at the least, and gcc would call libatomic; then the
 * exchange also fails when order or zone changed.
 */
static inline bool mu_page_swap_state(struct mu_page *page, uint8_t *seen,
				      uint8_t next)
{
#ifdef __riscv
	/* relaxed, all of it: see the callers. The state is the low byte. */
	uint32_t first =
		atomic_load_explicit(&page->first, memory_order_relaxed);

	if ((uint8_t)first == *seen &&
	    atomic_compare_exchange_strong_explicit(
		    &page->first, &first, (first & ~UINT32_C(0xff)) | next,
		    memory_order_relaxed, memory_order_relaxed))
		return true;
	*seen = (uint8_t)first;
	return false;
#else
	/* relaxed: see the callers. */
	return atomic_compare_exchange_weak_explicit(&page->state, seen, next,
						     memory_order_relaxed,
						     memory_order_relaxed);
#endif
}

/* Under the lock, or by whoever holds the page. */
static inline void mu_page_add(struct mu_page *page, unsigned flag)
{
	/* relaxed: the holder may read it without the lock, as a hint. */
	atomic_store_explicit(&page->state,
			      (uint8_t)(mu_page_flags(page) | flag),
			      memory_order_relaxed);
}

static inline void mu_page_clear(struct mu_page *page, unsigned flag)
{
	/* relaxed: as above. */
	atomic_store_explicit(&page->state,
			      (uint8_t)(mu_page_flags(page) & ~flag),
			      memory_order_relaxed);
}

/* The lists have @free pages, or the mark has changed. */
static inline void mu_zone_spare(struct mu_zone *zone, uint64_t free)
{
	/* relaxed: as above. */
	atomic_store_explicit(&zone->spare, (int64_t)(free - zone->fast_mark),
			      memory_order_relaxed);
}

/* Count @pages more (or fewer, negative) in the lists. */
static inline void mu_zone_count(struct mu_zone *zone, int64_t pages)
{
	/* relaxed: written under the lock, a hint to all others. */
	uint64_t now =
		atomic_load_explicit(&zone->free_pages, memory_order_relaxed);

	atomic_store_explicit(&zone->free_pages, now + (uint64_t)pages,
			      memory_order_relaxed);
	mu_zone_spare(zone, now + (uint64_t)pages);
}

/* Put the free page at @pfn, of 2^@order pages, in front of its list. */
static inline void mu_list_push(const struct mu_memmap *memmap,
				struct mu_zone *zone, mu_pfn_t pfn,
				unsigned order)
{
	struct mu_free_area *area = &zone->free_area[order];
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);

	mu_page_set(page, MU_PAGE_FREE, order);
	mu_page_set_next(page, area->head);
	mu_page_set_prev(page, MU_NO_PFN);
	if (area->head != MU_NO_PFN)
		mu_page_set_prev(mu_pfn_to_page(memmap, area->head), pfn);
	area->head = pfn;
	area->nr_free++;
	mu_zone_count(zone, (int64_t)1 << order);
}

/*
 * Put the @nr blocks from @start on in front of their list, which
 * mu_memmap_init_chain() has linked to each other already.
 */
static inline void mu_list_splice(const struct mu_memmap *memmap,
				  struct mu_zone *zone, mu_pfn_t start,
				  unsigned nr)
{
	struct mu_free_area *area = &zone->free_area[MU_BLOCK_ORDER];
	mu_pfn_t last = start + (nr - 1) * MU_BLOCK_PAGES;

	if (area->head != MU_NO_PFN) {
		mu_page_set_next(mu_pfn_to_page(memmap, last), area->head);
		mu_page_set_prev(mu_pfn_to_page(memmap, area->head), last);
	}
	area->head = start;
	area->nr_free += nr;
	mu_zone_count(zone, (int64_t)nr << MU_BLOCK_ORDER);
}

/* Take the free page at @pfn out of its list. */
static inline void mu_list_remove(const struct mu_memmap *memmap,
				  struct mu_zone *zone, mu_pfn_t pfn)
{
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);
	struct mu_free_area *area = &zone->free_area[page->order];
	mu_pfn_t next = mu_page_next(page), prev = mu_page_prev(page);

	if (prev == MU_NO_PFN)
		area->head = next;
	else
		mu_page_set_next(mu_pfn_to_page(memmap, prev), next);
	if (next != MU_NO_PFN)
		mu_page_set_prev(mu_pfn_to_page(memmap, next), prev);
	area->nr_free--;
	mu_zone_count(zone, -((int64_t)1 << page->order));
}

#endif
