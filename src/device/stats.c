// SPDX-License-Identifier: MIT
/*
 * What a pagemap costs.
 */
#include "device/internal.h"

/* Bytes behind the descriptors of the blocks [@start, @end). */
static uint64_t backed_bytes(const struct mu_memmap *memmap, mu_pfn_t start,
			     mu_pfn_t end)
{
	uint64_t blocks = 0;

	while (start < end) {
		const struct mu_section *section =
			mu_memmap_section(memmap, start);
		mu_pfn_t next = mu_memmap_section_end(memmap, start);

		next = MU_MIN(next, end);
		/* relaxed: a snapshot. */
		if (section)
			blocks += mu_popcount(
				atomic_load_explicit(&section->backed,
						     memory_order_relaxed) &
				mu_block_bits(start, next));
		start = next;
	}
	return (blocks << MU_BLOCK_ORDER) * sizeof(struct mu_page);
}

static void add_range(struct mu_pagemap_stats *stats,
		      const struct mu_pagemap *map,
		      const struct mu_device_range *range)
{
	const struct mu_memmap *memmap = map->devices->memmap;
	mu_pfn_t first, last;

	stats->pages += range->end - range->start;
	stats->reserved += range->first - range->start;
	stats->descriptors += range->last - range->start;
	stats->backed += backed_bytes(
		memmap, mu_align_down(range->start, MU_BLOCK_PAGES),
		mu_align_up(range->end, MU_BLOCK_PAGES));
	if (!map->altmap.on)
		return;
	mu_device_whole_sections(range, &first, &last);
	stats->hosted += backed_bytes(memmap, first, last);
}

struct mu_pagemap_stats mu_pagemap_stats(const struct mu_pagemap *map)
{
	struct mu_pagemap_stats stats = {0};

	for (unsigned i = 0; i < map->nr_ranges; i++)
		add_range(&stats, map, &map->ranges[i]);
	stats.backed -= stats.hosted;
	/* relaxed: a statistic. */
	stats.written =
		atomic_load_explicit(&map->written, memory_order_relaxed);
	stats.wait_ns = map->wait_ns;
	stats.lock_ns = map->lock_ns;
	return stats;
}
