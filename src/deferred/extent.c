// SPDX-License-Identifier: MIT
/*
 * A zone's extents: how they are made from free ranges, and what can be read
 * from them.
 */
#include "base/bits.h"
#include "base/string.h"
#include "buddy/memory.h"
#include "deferred/claim.h"
#include "deferred/memory.h"

void mu_deferred_init(struct mu_deferred *deferred, struct mu_buddy *buddy,
		      struct mu_pristine *zones)
{
	memset(deferred, 0, sizeof(*deferred));
	deferred->port = buddy->port;
	deferred->memmap = buddy->memmap;
	deferred->buddy = buddy;
	deferred->zones = zones;
	for (unsigned i = 0; i < buddy->nr_zones; i++)
		mu_deferred_add_zone(deferred, &buddy->zones[i]);
	buddy->source.arg = deferred;
	buddy->source.grow = mu_deferred_grow;
	buddy->source.wait = mu_deferred_wait;
}

void mu_deferred_add_zone(struct mu_deferred *deferred, struct mu_zone *zone)
{
	struct mu_pristine *pristine = &deferred->zones[zone->id];

	memset(pristine, 0, sizeof(*pristine));
	pristine->zone = zone;
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
	mu_pfn_t cut[4] = {start, mu_align_up(start, MU_GIGANTIC_PAGES),
			   mu_align_down(end, MU_GIGANTIC_PAGES), end};

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

static uint64_t snapshot(const struct mu_extent *extent)
{
	/* relaxed: the caller knows that it may be outdated. */
	return atomic_load_explicit(&extent->cursor, memory_order_relaxed);
}

static bool holds(const struct mu_extent *extent, uint64_t block, mu_pfn_t *end)
{
	uint64_t cursor = snapshot(extent);

	if (block < mu_cursor_head(cursor) || block >= mu_cursor_tail(cursor))
		return false;
	*end = mu_block_pfn(mu_cursor_tail(cursor));
	return true;
}

bool mu_deferred_is_pristine(const struct mu_deferred *deferred,
			     const struct mu_zone *zone, mu_pfn_t pfn,
			     mu_pfn_t *end)
{
	const struct mu_pristine *pristine = &deferred->zones[zone->id];
	/* acquire: an extent is complete before it is counted. */
	unsigned nr = atomic_load_explicit(&pristine->nr_extents,
					   memory_order_acquire);
	uint64_t block = pfn >> MU_BLOCK_ORDER;
	unsigned lo = 0, hi = pristine->nr_sorted;
	mu_pfn_t ignored;

	end = end ? end : &ignored;
	/* Extents are whole blocks: the answer is the same to a block's end. */
	*end = mu_block_pfn(block + 1);
	for (unsigned i = pristine->nr_sorted; i < nr; i++)
		if (holds(&pristine->extents[i], block, end))
			return true;
	/* Tails ascend, even those of used-up extents: each stays within the
	 * range that its extent was made from. */
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (mu_cursor_tail(snapshot(&pristine->extents[mid])) <= block)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < pristine->nr_sorted &&
	       holds(&pristine->extents[lo], block, end);
}

bool mu_deferred_is_busy(const struct mu_deferred *deferred,
			 const struct mu_zone *zone)
{
	/* acquire: whoever sees that nobody is busy sees the lists. */
	return atomic_load_explicit(&deferred->zones[zone->id].busy,
				    memory_order_acquire);
}

static uint64_t zone_pristine_pages(const struct mu_pristine *pristine)
{
	uint64_t blocks = 0;
	/* acquire: an extent is complete before it is counted. */
	unsigned nr = atomic_load_explicit(&pristine->nr_extents,
					   memory_order_acquire);

	for (unsigned i = 0; i < nr; i++) {
		uint64_t cursor = snapshot(&pristine->extents[i]);

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
