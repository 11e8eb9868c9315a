// SPDX-License-Identifier: MIT
/*
 * One zone: splitting and merging of its pages, and the pages, free, pristine
 * or held, that it counts.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "base/string.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "buddy/zone.h"
#include "memmap/blocks.h"

const char *mu_zone_type_str(enum mu_zone_type type)
{
	static const char *const names[] = {"DMA", "DMA32", "Normal", "Movable",
					    "isolated"};

	return (unsigned)type < MU_ARRAY_SIZE(names) ? names[type] : "unknown";
}

void mu_zone_init(struct mu_zone *zone, uint32_t id, int nid,
		  enum mu_zone_type type, mu_pfn_t start, mu_pfn_t end)
{
	memset(zone, 0, sizeof(*zone));
	zone->id = id;
	zone->nid = nid;
	zone->type = type;
	zone->start_pfn = start;
	zone->end_pfn = end;
	for (unsigned order = 0; order < MU_NR_ORDERS; order++)
		zone->free_area[order].head = MU_NO_PFN;
}

/*
 * The 2^@from pages at @pfn are in no list: allocate the first 2^@order of them
 * and put the rest into the lists, halves first.
 */
static void split(const struct mu_memmap *memmap, struct mu_zone *zone,
		  mu_pfn_t pfn, unsigned from, unsigned order)
{
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);

	while (from > order) {
		from--;
		mu_list_push(memmap, zone, pfn + ((mu_pfn_t)1 << from), from);
	}
	mu_page_set(page, MU_PAGE_ALLOCATED, order);
	/* relaxed: the caller publishes the page as it likes. */
	atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
	page->private_data = 0;
}

mu_pfn_t mu_zone_take(const struct mu_memmap *memmap, struct mu_zone *zone,
		      unsigned order)
{
	for (unsigned from = order; from < MU_NR_ORDERS; from++) {
		mu_pfn_t pfn = zone->free_area[from].head;

		if (pfn == MU_NO_PFN)
			continue;
		mu_list_remove(memmap, zone, pfn);
		split(memmap, zone, pfn, from, order);
		return pfn;
	}
	return MU_NO_PFN;
}

struct mu_zone *mu_page_lock_zone(struct mu_buddy *buddy,
				  const struct mu_page *page)
{
	for (;;) {
		struct mu_zone *zone = mu_page_zone_ptr(buddy, page);

		mu_lock(buddy->port, &zone->lock);
		/* Its block may be on the way to another zone. */
		if (MU_LIKELY(mu_page_zone(page) == zone->id))
			return zone;
		mu_unlock(&zone->lock);
	}
}

/* May the descriptor of @pfn, in the block of @page, be read? */
static bool readable(const struct mu_memmap *memmap, const struct mu_page *page,
		     mu_pfn_t pfn)
{
	return MU_LIKELY(!(mu_page_flags(page) & MU_PAGE_RAGGED)) ||
	       mu_memmap_online(memmap, pfn);
}

void mu_zone_give(const struct mu_memmap *memmap, struct mu_zone *zone,
		  mu_pfn_t pfn, unsigned order)
{
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);

	while (order < MU_BLOCK_ORDER) {
		mu_pfn_t other = pfn ^ ((mu_pfn_t)1 << order);
		struct mu_page *buddy = mu_pfn_to_page(memmap, other);

		/* The zone first: the other fields of another zone's page are
		 * under that zone's lock. */
		if (!readable(memmap, page, other) ||
		    mu_page_zone(buddy) != zone->id ||
		    mu_page_kind(buddy) != MU_PAGE_FREE ||
		    buddy->order != order)
			break;
		mu_list_remove(memmap, zone, other);
		/* The higher half is not the first page any more. */
		if (other < pfn) {
			mu_page_set(page, MU_PAGE_TAIL, 0);
			page = buddy;
			pfn = other;
		} else {
			mu_page_set(buddy, MU_PAGE_TAIL, 0);
		}
		order++;
	}
	mu_list_push(memmap, zone, pfn, order);
}

void mu_zone_update_mark(struct mu_zone *zone)
{
	/* relaxed: under the lock. */
	uint64_t low = atomic_load_explicit(&zone->watermark[MU_WMARK_LOW],
					    memory_order_relaxed);

	low += zone->held_pages;
	zone->fast_mark =
		low > zone->pristine_pages ? low - zone->pristine_pages : 0;
	mu_zone_spare(zone, mu_zone_free(zone));
}

void mu_zone_add_pristine(struct mu_zone *zone, uint64_t pages)
{
	zone->pristine_pages += pages;
	mu_zone_manage(zone, (int64_t)pages);
	mu_zone_update_mark(zone);
}

void mu_buddy_add_range(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, mu_pfn_t end)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_zone_manage(zone, (int64_t)(end - start));
	/* They may have been reserved. */
	for (mu_pfn_t pfn = start; pfn < end; pfn++)
		mu_page_set(mu_pfn_to_page(buddy->memmap, pfn), MU_PAGE_TAIL,
			    0);
	while (start < end) {
		unsigned order = start ? mu_ctz(start) : MU_BLOCK_ORDER;

		order = MU_MIN(order, MU_BLOCK_ORDER);
		order = MU_MIN(order, mu_log2(end - start));
		mu_zone_give(buddy->memmap, zone, start, order);
		start += (mu_pfn_t)1 << order;
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_zone_tell_growth(struct mu_zone *zone)
{
	/* release: whoever sees it sees everything that was done before. */
	atomic_fetch_add_explicit(&zone->growth, 1, memory_order_release);
}

bool mu_buddy_add_block(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, unsigned take, uint64_t mark,
			mu_pfn_t *pfn)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	uint64_t left = mu_zone_left(zone);
	bool taken =
		take < MU_NR_ORDERS && left >= ((uint64_t)1 << take) + mark;

	mu_assert(buddy->port, zone->pristine_pages >= MU_BLOCK_PAGES);
	zone->pristine_pages -= MU_BLOCK_PAGES;
	mu_zone_update_mark(zone);
	if (taken) {
		split(buddy->memmap, zone, start, MU_BLOCK_ORDER, take);
		*pfn = start;
	} else {
		mu_list_push(buddy->memmap, zone, start, MU_BLOCK_ORDER);
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return taken;
}

void mu_buddy_add_chain(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, unsigned nr)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_assert(buddy->port, zone->pristine_pages >= nr * MU_BLOCK_PAGES);
	zone->pristine_pages -= nr * MU_BLOCK_PAGES;
	mu_zone_update_mark(zone);
	mu_list_splice(buddy->memmap, zone, start, nr);
	mu_memmap_publish_chain(buddy->memmap, start, nr);
	mu_zone_tell_growth(zone);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_buddy_grow_pristine(struct mu_buddy *buddy, struct mu_zone *zone,
			    uint64_t pages)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_zone_add_pristine(zone, pages);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_buddy_drop_pristine(struct mu_buddy *buddy, struct mu_zone *zone,
			    uint64_t pages)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_assert(buddy->port, zone->pristine_pages >= pages);
	zone->pristine_pages -= pages;
	mu_zone_manage(zone, -(int64_t)pages);
	mu_zone_update_mark(zone);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

enum mu_hold mu_zone_hold(struct mu_buddy *buddy, struct mu_zone *zone,
			  uint64_t pages, uint64_t mark, bool *cached)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	uint64_t left = mu_zone_left(zone);
	enum mu_hold hold = MU_HOLD_NO;

	*cached = zone->caches;
	if (left >= pages + mark) {
		zone->held_pages += pages;
		mu_zone_update_mark(zone);
		hold = MU_HELD;
	} else if (left + zone->held_pages >= pages + mark) {
		hold = MU_HOLD_WAIT;
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return hold;
}

void mu_zone_unhold(struct mu_buddy *buddy, struct mu_zone *zone,
		    uint64_t pages)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_assert(buddy->port, zone->held_pages >= pages);
	zone->held_pages -= pages;
	mu_zone_update_mark(zone);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

/* Pristine pages, @held of them held, are not pristine any more. */
static void take_held(struct mu_buddy *buddy, struct mu_zone *zone,
		      uint64_t pages, uint64_t held)
{
	mu_assert(buddy->port,
		  zone->pristine_pages >= pages && zone->held_pages >= held);
	zone->pristine_pages -= pages;
	zone->held_pages -= held;
	mu_zone_update_mark(zone);
}

void mu_buddy_take_held(struct mu_buddy *buddy, struct mu_zone *zone,
			uint64_t pages)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	take_held(buddy, zone, pages, pages);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_buddy_take_half(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t second)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	take_held(buddy, zone, MU_BLOCK_PAGES, MU_HUGE_PAGES);
	mu_memmap_init_sparse(buddy->memmap, second, (uint16_t)zone->id,
			      MU_HUGE_ORDER);
	mu_memmap_fill_huge(buddy->memmap, second);
	mu_zone_give(buddy->memmap, zone, second, MU_HUGE_ORDER);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}
