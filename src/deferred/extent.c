// SPDX-License-Identifier: MIT
/*
 * A zone's extents: how they are made of free ranges, and what can be read off
 * them.
 */
#include <string.h>
#include "base/bits.h"
#include "deferred/claim.h"

/* 1 GiB with 4 KiB pages: where extents are cut. */
#define GIGANTIC_PAGES ((mu_pfn_t)1 << 18)

void mu_deferred_init(struct mu_deferred *deferred, struct mu_buddy *buddy,
		      struct mu_pristine *zones)
{
	memset(deferred, 0, sizeof(*deferred));
	deferred->port = buddy->port;
	deferred->memmap = buddy->memmap;
	deferred->buddy = buddy;
	deferred->zones = zones;
	for (unsigned i = 0; i < buddy->nr_zones; i++) {
		memset(&zones[i], 0, sizeof(zones[i]));
		zones[i].zone = &buddy->zones[i];
	}
	buddy->source.arg = deferred;
	buddy->source.grow = mu_deferred_grow;
	buddy->source.wait = mu_deferred_wait;
}

void mu_deferred_set_extents(struct mu_deferred *deferred,
			     const struct mu_zone *zone,
			     struct mu_extent *extents)
{
	deferred->zones[zone->id].extents = extents;
}

static mu_pfn_t extent_end(const struct mu_extent *extent)
{
	return extent->start + (extent->nr_blocks << MU_BLOCK_ORDER);
}

void mu_deferred_add(struct mu_deferred *deferred, struct mu_zone *zone,
		     mu_pfn_t start, mu_pfn_t end)
{
	struct mu_pristine *pristine = &deferred->zones[zone->id];
	mu_pfn_t cut[4] = {start, mu_align_up(start, GIGANTIC_PAGES),
			   mu_align_down(end, GIGANTIC_PAGES), end};

	/* No whole gigantic run inside: nothing to keep aligned. */
	if (cut[1] >= cut[2])
		cut[1] = cut[2] = start;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_extent *extent =
			&pristine->extents[pristine->nr_extents];

		if (cut[i] == cut[i + 1])
			continue;
		extent->start = cut[i];
		extent->nr_blocks = (cut[i + 1] - cut[i]) >> MU_BLOCK_ORDER;
		atomic_init(&extent->cursor, mu_cursor(0, extent->nr_blocks));
		pristine->nr_extents++;
	}
	mu_zone_add_pristine(zone, end - start);
}

enum mu_claim_state mu_deferred_state(const struct mu_deferred *deferred,
				      const struct mu_zone *zone, mu_pfn_t pfn,
				      mu_pfn_t *end)
{
	const struct mu_pristine *pristine = &deferred->zones[zone->id];
	unsigned lo = 0, hi = pristine->nr_extents;
	const struct mu_extent *extent;
	uint64_t cursor;
	mu_pfn_t head, tail, ignored;

	end = end ? end : &ignored;
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (extent_end(&pristine->extents[mid]) <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	extent = &pristine->extents[lo];
	if (lo == pristine->nr_extents) {
		*end = MU_NO_PFN;
		return MU_NOT_IN_EXTENT;
	}
	if (extent->start > pfn) {
		*end = extent->start;
		return MU_NOT_IN_EXTENT;
	}
	/* relaxed: a snapshot. */
	cursor = atomic_load_explicit(&extent->cursor, memory_order_relaxed);
	head = extent->start + (mu_cursor_head(cursor) << MU_BLOCK_ORDER);
	tail = extent->start + (mu_cursor_tail(cursor) << MU_BLOCK_ORDER);
	if (pfn >= head && pfn < tail) {
		*end = tail;
		return MU_NOT_CLAIMED;
	}
	*end = pfn < head ? head : extent_end(extent);
	return MU_CLAIMED;
}

static uint64_t zone_pristine_pages(const struct mu_pristine *pristine)
{
	uint64_t blocks = 0;

	for (unsigned i = 0; i < pristine->nr_extents; i++) {
		/* relaxed: a snapshot. */
		uint64_t cursor = atomic_load_explicit(
			&pristine->extents[i].cursor, memory_order_relaxed);

		blocks += mu_cursor_tail(cursor) - mu_cursor_head(cursor);
	}
	return blocks << MU_BLOCK_ORDER;
}

struct mu_deferred_stats mu_deferred_stats(const struct mu_deferred *deferred)
{
	struct mu_deferred_stats stats = {0, 0, 0};

	for (unsigned i = 0; i < deferred->buddy->nr_zones; i++) {
		const struct mu_pristine *pristine = &deferred->zones[i];
		/* relaxed: statistics. */
		uint64_t max = atomic_load_explicit(&pristine->claim_ns_max,
						    memory_order_relaxed);

		stats.claims += atomic_load_explicit(&pristine->claims,
						     memory_order_relaxed);
		stats.claim_ns_max = MU_MAX(stats.claim_ns_max, max);
		stats.pristine_pages += zone_pristine_pages(pristine);
	}
	return stats;
}
