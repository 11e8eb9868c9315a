// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "buddy/zone.h"

/* floor(sqrt(@value)), by bits: 32 turns. */
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

void mu_buddy_set_watermarks(struct mu_buddy *buddy, uint64_t min_free_pages,
			     unsigned page_shift)
{
	uint64_t managed = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		if (buddy->zones[i].type != MU_ZONE_MOVABLE)
			managed += buddy->zones[i].managed_pages;
	if (!min_free_pages)
		min_free_pages = default_min(managed, page_shift);
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		struct mu_zone *zone = &buddy->zones[i];
		uint64_t *mark = zone->watermark;
		uint64_t step;

		/* MOVABLE holds nothing that the kernel itself must have: a
		 * small mark is enough, as in Linux. */
		if (zone->type == MU_ZONE_MOVABLE) {
			mark[MU_WMARK_MIN] = zone->managed_pages / 1024;
			mark[MU_WMARK_MIN] =
				MU_MIN(MU_MAX(mark[MU_WMARK_MIN], 32), 128);
		} else {
			mark[MU_WMARK_MIN] = share_of(
				MU_MIN(min_free_pages, managed),
				zone->managed_pages, MU_MAX(managed, 1));
		}
		step = MU_MAX(mark[MU_WMARK_MIN] / 4,
			      zone->managed_pages / 1000);
		mark[MU_WMARK_LOW] = mark[MU_WMARK_MIN] + step;
		mark[MU_WMARK_HIGH] = mark[MU_WMARK_LOW] + step;
		mu_zone_update_mark(zone);
	}
}
