// SPDX-License-Identifier: MIT
/*
 * How many pages a zone keeps back. The numbers are Linux's: min_free_kbytes is
 * the square root of 16 times memory in KiB, zones get shares of it, and the
 * marks above are apart by a quarter of that, or 1/1000 of the zone.
 */
#include "base/lock.h"
#include "buddy/cache.h"
#include "buddy/memory.h"
#include "buddy/zone.h"

/* floor(sqrt(@value)), bit by bit: 32 iterations. */
static uint64_t square_root(uint64_t value)
{
	uint64_t root = 0;

	for (unsigned bit = 32; bit-- > 0;) {
		uint64_t next = root | (uint64_t)1 << bit;

		if (next * next <= value)
			root = next;
	}
	return root;
}

/* min_free_kbytes as Linux chooses it, in pages. */
static uint64_t default_min(uint64_t managed, unsigned page_shift)
{
	uint64_t kib = square_root((managed << (page_shift - 10)) * 16);

	kib = MU_MAX(kib, 128);
	kib = MU_MIN(kib, 262144);
	return kib >> (page_shift - 10);
}

/*
 * @pages * @part / @whole, rounded down. Numbers of pages have up to 40 bits,
 * so the product has up to 80: divide in two steps of 20 bits.
 */
static uint64_t share_of(uint64_t pages, uint64_t part, uint64_t whole)
{
	uint64_t high = pages * (part >> 20);
	uint64_t low = pages * (part & ((1u << 20) - 1));

	return (high / whole << 20) + ((high % whole << 20) + low) / whole;
}

/* Set the marks of one zone, whose min is @min; MOVABLE has its own. */
static void set_marks(struct mu_buddy *buddy, struct mu_zone *zone,
		      uint64_t min, uint64_t managed)
{
	uint64_t mark[MU_NR_WMARKS], step;
	uintptr_t flags;

	/* The kernel itself does not depend on MOVABLE: a small mark is enough,
	 * as in Linux. */
	if (zone->type == MU_ZONE_MOVABLE && managed)
		min = MU_MIN(MU_MAX(managed / 1024, 32), 128);
	step = MU_MAX(min / 4, managed / 1000);
	mark[MU_WMARK_MIN] = min;
	mark[MU_WMARK_LOW] = min + step;
	mark[MU_WMARK_HIGH] = min + 2 * step;
	flags = mu_lock_irqsave(buddy->port, &zone->lock);
	for (unsigned i = 0; i < MU_NR_WMARKS; i++)
		/* relaxed: under the lock, and hints to all others. */
		atomic_store_explicit(&zone->watermark[i], mark[i],
				      memory_order_relaxed);
	mu_zone_update_mark(zone);
	/* relaxed: as above. */
	atomic_store_explicit(&zone->cache_pages,
			      mu_cache_budget(buddy, zone, managed),
			      memory_order_relaxed);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	/* They get their new size when they are used again. */
	mu_buddy_drain(buddy, zone);
}

/* Under marks_lock. */
static void set_all_marks(struct mu_buddy *buddy, unsigned page_shift)
{
	uint64_t all = 0, min = buddy->min_free_pages;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (buddy->zones[i].type < MU_ZONE_MOVABLE)
			all += buddy->zones[i].managed_pages;
	if (!min)
		min = default_min(all, page_shift);
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		struct mu_zone *zone = &buddy->zones[i];
		/* Once: reserved memory may be freed meanwhile. */
		uint64_t managed = MU_MIN(zone->managed_pages, all);

		if (zone->type == MU_ZONE_MOVABLE)
			managed = zone->managed_pages;
		set_marks(buddy, zone,
			  share_of(MU_MIN(min, all), managed, MU_MAX(all, 1)),
			  managed);
	}
}

void mu_buddy_set_watermarks(struct mu_buddy *buddy, uint64_t min_free_pages,
			     unsigned page_shift)
{
	mu_lock(buddy->port, &buddy->marks_lock);
	buddy->min_free_pages = min_free_pages;
	set_all_marks(buddy, page_shift);
	mu_unlock(&buddy->marks_lock);
}

void mu_buddy_update_watermarks(struct mu_buddy *buddy, unsigned page_shift)
{
	mu_lock(buddy->port, &buddy->marks_lock);
	set_all_marks(buddy, page_shift);
	mu_unlock(&buddy->marks_lock);
}
