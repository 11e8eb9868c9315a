// SPDX-License-Identifier: MIT
/*
 * A zone's extents: how they are made of free ranges, and what can be read off
 * them.
 */
#include <string.h>
#include "base/bits.h"
#include "deferred/claim.h"

#define GIGANTIC_PAGES ((mu_pfn_t)1 << MU_GIGANTIC_ORDER)

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
			     struct mu_extent *extents, unsigned max)
{
	deferred->zones[zone->id].extents = extents;
	deferred->zones[zone->id].max_extents = max;
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
		if (cut[i] == cut[i + 1])
			continue;
		mu_extent_append(pristine, cut[i],
				 (cut[i + 1] - cut[i]) >> MU_BLOCK_ORDER);
		pristine->nr_sorted++;
	}
	mu_zone_add_pristine(zone, end - start);
}

static mu_pfn_t extent_end(const struct mu_extent *extent)
{
	return extent->start + (extent->nr_blocks << MU_BLOCK_ORDER);
}

/* What @extent says of @pfn, and the end of a run of which it says the same. */
static enum mu_claim_state ask(const struct mu_extent *extent, mu_pfn_t pfn,
			       mu_pfn_t *end)
{
	/* relaxed: a snapshot. */
	uint64_t cursor =
		atomic_load_explicit(&extent->cursor, memory_order_relaxed);
	mu_pfn_t head =
		extent->start + (mu_cursor_head(cursor) << MU_BLOCK_ORDER);
	mu_pfn_t tail =
		extent->start + (mu_cursor_tail(cursor) << MU_BLOCK_ORDER);

	if (pfn < extent->start || pfn >= extent_end(extent))
		return MU_NOT_IN_EXTENT;
	if (pfn >= head && pfn < tail) {
		*end = tail;
		return MU_NOT_CLAIMED;
	}
	/* Blocks after the tail may have an extent of their own by now. */
	*end = mu_align_down(pfn, MU_BLOCK_PAGES) + MU_BLOCK_PAGES;
	return MU_CLAIMED;
}

enum mu_claim_state mu_deferred_state(const struct mu_deferred *deferred,
				      const struct mu_zone *zone, mu_pfn_t pfn,
				      mu_pfn_t *end)
{
	const struct mu_pristine *pristine = &deferred->zones[zone->id];
	/* acquire: an extent is complete before it is counted. */
	unsigned nr = atomic_load_explicit(&pristine->nr_extents,
					   memory_order_acquire);
	enum mu_claim_state state = MU_NOT_IN_EXTENT;
	unsigned lo = 0, hi = pristine->nr_sorted;
	mu_pfn_t ignored;

	end = end ? end : &ignored;
	/* Extents are whole blocks: what is in none is so to a block's end. */
	*end = mu_align_down(pfn, MU_BLOCK_PAGES) + MU_BLOCK_PAGES;
	for (unsigned i = pristine->nr_sorted; i < nr; i++) {
		enum mu_claim_state said = ask(&pristine->extents[i], pfn, end);

		if (said == MU_NOT_CLAIMED)
			return said;
		if (said == MU_CLAIMED)
			state = said;
	}
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (extent_end(&pristine->extents[mid]) <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < pristine->nr_sorted) {
		enum mu_claim_state said =
			ask(&pristine->extents[lo], pfn, end);

		if (said != MU_NOT_IN_EXTENT)
			state = said;
	}
	return state;
}

static uint64_t zone_pristine_pages(const struct mu_pristine *pristine)
{
	uint64_t blocks = 0;
	/* acquire: an extent is complete before it is counted. */
	unsigned nr = atomic_load_explicit(&pristine->nr_extents,
					   memory_order_acquire);

	for (unsigned i = 0; i < nr; i++) {
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
