// SPDX-License-Identifier: MIT
/*
 * One zone, checked from the allocator's side: lists and caches hold what they
 * claim, and the zone's counters are their sums. All other pages are checked by
 * mu_validate() of the floor boot.
 */
#include "base/fmt.h"
#include "base/lock.h"
#include "buddy/cache.h"
#include "buddy/lists.h"
#include "buddy/zone.h"

typedef unsigned long long ull;

static enum mu_status corrupt(struct mu_error *error,
			      const struct mu_zone *zone, const char *what,
			      unsigned order, uint64_t is, uint64_t should)
{
	return mu_fail(error, MU_ERR_CORRUPT, 0,
		       "node %d zone %s order %u: %s is %llu, not %llu",
		       zone->nid, mu_zone_type_str(zone->type), order, what,
		       (ull)is, (ull)should);
}

/* Every page of one list: what it says, where it is, who points to it. */
static enum mu_status check_list(const struct mu_memmap *memmap,
				 const struct mu_zone *zone, unsigned order,
				 struct mu_error *error)
{
	const struct mu_free_area *area = &zone->free_area[order];
	mu_pfn_t prev = MU_NO_PFN, pfn = area->head;
	uint64_t found = 0;

	for (; pfn != MU_NO_PFN; found++) {
		const struct mu_page *page;

		/* A cycle would never end. */
		if (found == area->nr_free)
			return corrupt(error, zone, "length of the list", order,
				       found + 1, area->nr_free);
		if (pfn < zone->start_pfn || pfn >= zone->end_pfn)
			return corrupt(error, zone, "pfn in the list", order,
				       pfn, zone->start_pfn);
		if (!mu_memmap_online(memmap, pfn))
			return corrupt(error, zone, "pristine pfn in the list",
				       order, pfn, 0);
		page = mu_pfn_to_page(memmap, pfn);
		if (mu_page_kind(page) != MU_PAGE_FREE)
			return corrupt(error, zone, "kind of a free page",
				       order, mu_page_kind(page), MU_PAGE_FREE);
		if (page->order != order)
			return corrupt(error, zone, "order of a free page",
				       order, page->order, order);
		if (mu_page_zone(page) != zone->id)
			return corrupt(error, zone, "zone of a free page",
				       order, mu_page_zone(page), zone->id);
		if (mu_page_prev(page) != prev)
			return corrupt(error, zone, "back link", order,
				       mu_page_prev(page), prev);
		if (pfn & (((mu_pfn_t)1 << order) - 1))
			return corrupt(error, zone, "misaligned pfn", order,
				       pfn, 0);
		prev = pfn;
		pfn = mu_page_next(page);
	}
	if (found != area->nr_free)
		return corrupt(error, zone, "length of the list", order, found,
			       area->nr_free);
	return MU_OK;
}

/* Every page of the cache: what it says, where it is. */
static enum mu_status check_cache(const struct mu_memmap *memmap,
				  const struct mu_zone *zone,
				  const struct mu_cache *cache,
				  struct mu_error *error)
{
	uint64_t pages = 0;

	for (unsigned list = 0; list < MU_CACHE_LISTS; list++) {
		unsigned order = mu_cache_order(list);
		mu_pfn_t pfn = cache->head[list];

		while (pfn != MU_NO_PFN) {
			const struct mu_page *page;

			pages += (mu_pfn_t)1 << order;
			/* A cycle would never end. */
			if (pages > cache->pages)
				return corrupt(error, zone, "pages in a cache",
					       order, pages, cache->pages);
			if (!mu_memmap_online(memmap, pfn))
				return corrupt(error, zone,
					       "pristine pfn in a cache", order,
					       pfn, 0);
			page = mu_pfn_to_page(memmap, pfn);
			if (mu_page_kind(page) != MU_PAGE_CACHED)
				return corrupt(error, zone,
					       "kind of a cached page", order,
					       mu_page_kind(page),
					       MU_PAGE_CACHED);
			if (page->order != order)
				return corrupt(error, zone,
					       "order of a cached page", order,
					       page->order, order);
			if (mu_page_zone(page) != zone->id)
				return corrupt(error, zone,
					       "zone of a cached page", order,
					       mu_page_zone(page), zone->id);
			pfn = page->private_data;
		}
	}
	if (pages != cache->pages)
		return corrupt(error, zone, "pages in a cache", 0, pages,
			       cache->pages);
	if (pages > cache->high)
		return corrupt(error, zone, "most pages in a cache", 0, pages,
			       cache->high);
	return MU_OK;
}

/* Caches that are in the list of @zone are bound to it, and no others. Under
 * its lock. */
static enum mu_status check_bound(const struct mu_buddy *buddy,
				  const struct mu_zone *zone,
				  struct mu_error *error)
{
	uint64_t listed = 0, bound = 0;
	uint32_t at = zone->caches;

	for (unsigned i = 0; i < 2 * buddy->nr_cpus; i++)
		bound += mu_cache_is_up(buddy, i) &&
			 buddy->caches[i].zone == zone->id;
	for (; at && listed <= bound; at = buddy->caches[at - 1].next) {
		if (at > 2 * buddy->nr_cpus || !mu_cache_is_up(buddy, at - 1) ||
		    buddy->caches[at - 1].zone != zone->id)
			return corrupt(error, zone, "cache in the list", 0, at,
				       0);
		listed++;
	}
	if (listed != bound)
		return corrupt(error, zone, "length of the list of caches", 0,
			       listed, bound);
	return MU_OK;
}

static enum mu_status check_caches(struct mu_buddy *buddy,
				   const struct mu_zone *zone,
				   struct mu_error *error)
{
	enum mu_status status = MU_OK;

	for (unsigned i = 0; status == MU_OK && i < 2 * buddy->nr_cpus; i++) {
		struct mu_cache *cache = &buddy->caches[i];
		uintptr_t flags;

		if (!mu_cache_is_up(buddy, i))
			continue;
		flags = mu_lock_irqsave(buddy->port, &cache->lock);
		if (cache->zone == zone->id)
			status = check_cache(buddy->memmap, zone, cache, error);
		else if (cache->zone == MU_NO_ZONE && cache->pages)
			status = corrupt(error, zone, "pages in nobody's cache",
					 0, cache->pages, 0);
		mu_unlock_irqrestore(buddy->port, &cache->lock, flags);
	}
	return status;
}

enum mu_status mu_zone_validate(struct mu_buddy *buddy, struct mu_zone *zone,
				struct mu_error *error)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	enum mu_status status = MU_OK;
	uint64_t free = 0;

	for (unsigned order = 0; status == MU_OK && order < MU_NR_ORDERS;
	     order++) {
		status = check_list(buddy->memmap, zone, order, error);
		free += zone->free_area[order].nr_free << order;
	}
	if (status == MU_OK && free != mu_zone_free(zone))
		status = corrupt(error, zone, "count of free pages", 0,
				 mu_zone_free(zone), free);
	if (status == MU_OK &&
	    free + zone->pristine_pages > zone->managed_pages)
		status = corrupt(error, zone, "count of managed pages", 0,
				 zone->managed_pages,
				 free + zone->pristine_pages);
	if (status == MU_OK && zone->spare != (int64_t)(free - zone->fast_mark))
		status = corrupt(error, zone, "pages to spare", 0,
				 (uint64_t)zone->spare, free - zone->fast_mark);
	if (status == MU_OK)
		status = check_bound(buddy, zone, error);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	if (status == MU_OK)
		status = check_caches(buddy, zone, error);
	return status;
}
