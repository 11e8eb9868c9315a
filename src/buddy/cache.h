/* SPDX-License-Identifier: MIT */
/*
 * cache: free pages of one zone for one CPU, in front of the zone's lists.
 *
 * A cache is either *bound* to a zone, and in that zone's list of caches, or
 * holds nothing. It is bound when its CPU first uses it for that zone, and
 * unbound when it is drained: so under zone->lock an empty list of caches means
 * that all free pages of the zone are in its free lists.
 */
#ifndef MU_BUDDY_CACHE_H
#define MU_BUDDY_CACHE_H

#include <stdalign.h>
#include "memup/buddy.h"

/* Orders 0 to 3 and MU_HUGE_ORDER. */
#define MU_CACHE_LISTS 5

/*
 * (K) under lock; (L) under lock and the zone's. Allocation and free only try
 * the lock, with interrupts off: a CPU's own handlers never find it taken, and
 * another thread that reports the same CPU goes to the zone. Draining waits for
 * it. It is taken before the zone's.
 */
struct mu_cache {
	alignas(64) struct mu_lock lock;
	uint16_t zone;	/* its id, or MU_NO_ZONE (L) */
	uint16_t batch; /* pages that come or go at once (L) */
	uint32_t high;	/* maximum number of pages (L) */
	uint32_t next;	/* as mu_zone.caches (L) */
	/* Pages in all lists. Written (K), read by statistics. */
	_Atomic uint32_t pages;
	/* Linked through private_data. (K) */
	mu_pfn_t head[MU_CACHE_LISTS];
};
_Static_assert(sizeof(struct mu_cache) == 64, "one cache line");

/* The order of the pages in list @list. */
static inline unsigned mu_cache_order(unsigned list)
{
	return list < MU_CACHE_LISTS - 1 ? list : MU_HUGE_ORDER;
}

/* Was the @i'th cache made? */
static inline bool mu_cache_is_up(const struct mu_buddy *buddy, unsigned i)
{
	unsigned cpu = i / 2;

	/* acquire: it was made before. */
	return atomic_load_explicit(&buddy->caches_up[cpu / 64],
				    memory_order_acquire) >>
		       (cpu % 64) &
	       1;
}

/*
 * Allocate 2^@order pages of @zone from the cache of this CPU, which is filled
 * first if it is empty. MU_NO_PFN when that is impossible: ask the zone.
 */
mu_pfn_t mu_cache_take(struct mu_buddy *buddy, struct mu_zone *zone,
		       unsigned order);

/* Put @page, which is marked as cached, into the cache of this CPU. False when
 * that is impossible: it has to go to its zone's lists. Interrupts are off. */
bool mu_cache_give(struct mu_buddy *buddy, struct mu_page *page);

/* Return @pages to the zone, or all if there are fewer; the largest first,
 * whose parts others may need most. Under the locks of both. */
void mu_cache_give_back(struct mu_buddy *buddy, struct mu_zone *zone,
			struct mu_cache *cache, uint32_t pages);

/* How many pages the caches of a zone with @managed pages may hold. */
uint64_t mu_cache_budget(const struct mu_buddy *buddy,
			 const struct mu_zone *zone, uint64_t managed);

#endif
