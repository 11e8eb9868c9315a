// SPDX-License-Identifier: MIT
/*
 * Pages that are chosen by their address: free ones are found, and taken out of
 * the lists, a block at a time.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "buddy/zone.h"

/* The first descriptor of the free page of @zone that @pfn is in, or NULL.
 * Under the lock. */
static struct mu_page *free_page_of(const struct mu_memmap *memmap,
				    const struct mu_zone *zone, mu_pfn_t pfn)
{
	for (unsigned order = 0; order <= MU_BLOCK_ORDER; order++) {
		mu_pfn_t head = mu_align_down(pfn, (mu_pfn_t)1 << order);
		struct mu_page *page = mu_memmap_lookup(memmap, head);

		if (page && mu_page_zone(page) == zone->id &&
		    mu_page_kind(page) == MU_PAGE_FREE &&
		    pfn - head < (mu_pfn_t)1 << page->order)
			return page;
	}
	return NULL;
}

static mu_pfn_t end_of(const struct mu_memmap *memmap,
		       const struct mu_page *page)
{
	return mu_page_to_pfn(memmap, page) + ((mu_pfn_t)1 << page->order);
}

/* Is it part of a page that somebody has, which ends after @pfn? Then where it
 * ends; else the next page. */
static mu_pfn_t past_used(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	const struct mu_page *page = mu_memmap_lookup(memmap, pfn);

	if (page && mu_page_kind(page) == MU_PAGE_ALLOCATED)
		return pfn + ((mu_pfn_t)1 << page->order);
	return pfn + 1;
}

bool mu_run_fits(const struct mu_run *run, mu_pfn_t *start)
{
	*start = mu_align_up(run->start, run->align);
	return *start >= run->start && *start < run->end &&
	       run->end - *start >= run->pages;
}

void mu_run_add(struct mu_run *run, mu_pfn_t start, mu_pfn_t end)
{
	if (run->end != start)
		run->start = start;
	run->end = end;
}

bool mu_buddy_find_run(struct mu_buddy *buddy, struct mu_zone *zone,
		       mu_pfn_t from, mu_pfn_t to, struct mu_run *run,
		       mu_pfn_t *start)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	bool found = false;

	while (from < to && !found) {
		const struct mu_page *page =
			free_page_of(buddy->memmap, zone, from);
		mu_pfn_t next;

		if (page) {
			next = MU_MIN(end_of(buddy->memmap, page), to);
			mu_run_add(run, from, next);
			found = mu_run_fits(run, start);
		} else {
			next = past_used(buddy->memmap, from);
		}
		from = next;
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return found;
}

/* Give [@start, @end), in no list, back to them. */
static void give(struct mu_buddy *buddy, struct mu_zone *zone, mu_pfn_t start,
		 mu_pfn_t end)
{
	unsigned order;

	while (mu_memblock_next_chunk(&start, end, MU_BLOCK_ORDER, &order))
		mu_zone_give(buddy->memmap, zone,
			     start - ((mu_pfn_t)1 << order), order);
}

/* All pages of [@start, @end) are free: take them. Under the lock. */
static void take(struct mu_buddy *buddy, struct mu_zone *zone, mu_pfn_t start,
		 mu_pfn_t end)
{
	struct mu_memmap *memmap = buddy->memmap;
	mu_pfn_t pfn = start;
	unsigned order;

	while (pfn < end) {
		struct mu_page *page = free_page_of(memmap, zone, pfn);
		mu_pfn_t first = mu_page_to_pfn(memmap, page);
		mu_pfn_t past = end_of(memmap, page);

		mu_list_remove(memmap, zone, first);
		mu_page_set(page, MU_PAGE_TAIL, 0);
		give(buddy, zone, first, MU_MAX(first, start));
		give(buddy, zone, MU_MIN(end, past), past);
		pfn = past;
	}
	for (pfn = start;
	     mu_memblock_next_chunk(&pfn, end, MU_BLOCK_ORDER, &order);) {
		struct mu_page *page =
			mu_pfn_to_page(memmap, pfn - ((mu_pfn_t)1 << order));

		mu_page_set(page, MU_PAGE_ALLOCATED, order);
		/* relaxed: the caller publishes the page as it likes. */
		atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
		page->private_data = 0;
	}
}

enum mu_status mu_buddy_take_range(struct mu_buddy *buddy, struct mu_zone *zone,
				   mu_pfn_t start, mu_pfn_t end, uint64_t mark)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	enum mu_status status = MU_OK;
	mu_pfn_t pfn = start;

	while (pfn < end && status == MU_OK) {
		const struct mu_page *page =
			free_page_of(buddy->memmap, zone, pfn);

		if (page)
			pfn = end_of(buddy->memmap, page);
		else
			status = MU_ERR_BUSY;
	}
	if (status == MU_OK && mu_zone_left(zone) < end - start + mark)
		status = MU_ERR_NOMEM;
	if (status == MU_OK)
		take(buddy, zone, start, end);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return status;
}
