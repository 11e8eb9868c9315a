/* SPDX-License-Identifier: MIT */
/* zone: split and merge in one zone. Everything here needs zone->lock. */
#ifndef MU_BUDDY_ZONE_H
#define MU_BUDDY_ZONE_H

#include "memup/buddy.h"

static inline uint64_t mu_zone_free(const struct mu_zone *zone)
{
	/* relaxed: exact under the lock, a hint without. */
	return atomic_load_explicit(&zone->free_pages, memory_order_relaxed);
}

/* The pages of @zone, free or pristine, that no claim holds. Under the lock.
 * Allocations leave what is held; lost pages, and memory that goes offline, may
 * leave less. */
static inline uint64_t mu_zone_left(const struct mu_zone *zone)
{
	uint64_t pages = mu_zone_free(zone) + zone->pristine_pages;

	return pages > zone->held_pages ? pages - zone->held_pages : 0;
}

/* Has @zone no memory? A hint: it may just be getting its first. */
static inline bool mu_zone_is_empty(const struct mu_zone *zone)
{
	/* relaxed: as above. */
	return !atomic_load_explicit(&zone->managed_pages,
				     memory_order_relaxed);
}

/* Count @pages more (or fewer, negative) as managed. Under the lock. */
static inline void mu_zone_manage(struct mu_zone *zone, int64_t pages)
{
	/* relaxed: written under the lock. */
	uint64_t now = atomic_load_explicit(&zone->managed_pages,
					    memory_order_relaxed);

	atomic_store_explicit(&zone->managed_pages, now + (uint64_t)pages,
			      memory_order_relaxed);
}

/* Lock the zone of @page, which is online; the page cannot change its zone
 * then. Interrupts are off. */
struct mu_zone *mu_page_lock_zone(struct mu_buddy *buddy,
				  const struct mu_page *page);

/*
 * Take 2^@order pages out of the lists and mark them allocated; returns the
 * first pfn, or MU_NO_PFN when no list has a page that large.
 */
mu_pfn_t mu_zone_take(const struct mu_memmap *memmap, struct mu_zone *zone,
		      unsigned order);

/* Give back 2^@order pages at @pfn, which are in no list, and merge them. */
void mu_zone_give(const struct mu_memmap *memmap, struct mu_zone *zone,
		  mu_pfn_t pfn, unsigned order);

/* Recompute fast_mark: after a change of the low mark or of pristine_pages. */
void mu_zone_update_mark(struct mu_zone *zone);

#endif
