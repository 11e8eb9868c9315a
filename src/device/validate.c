// SPDX-License-Identifier: MIT
/*
 * What must be true of device memory when nobody is changing it.
 */
#include "device/internal.h"

/* One pagemap, while its descriptors are walked. */
struct walk {
	const struct mu_devices *devices;
	struct mu_pagemap *map;
	struct mu_device_range *range;
	uint64_t written, used;
	struct mu_error *error;
};

static enum mu_status corrupt(const struct walk *walk, mu_pfn_t at,
			      const char *what)
{
	return mu_fail(walk->error, MU_ERR_CORRUPT, 0,
		       "%s: 0x%llx-0x%llx: descriptor 0x%llx of its memmap: %s",
		       walk->map->name,
		       mu_first_byte(walk->devices, walk->range->start),
		       mu_last_byte(walk->devices, walk->range->end), (ull)at,
		       what);
}

/* The descriptors of a block that is ready. */
static enum mu_status walk_block(struct walk *walk, mu_pfn_t block)
{
	const struct mu_pagemap *map = walk->map;
	mu_pfn_t at = MU_MAX(block, walk->range->start);
	mu_pfn_t end = MU_MIN(block + MU_BLOCK_PAGES, walk->range->last);
	uint64_t slot = (uint64_t)(map->slot - walk->devices->slots);

	if (!mu_memmap_is_backed(walk->devices->memmap, block))
		return corrupt(walk, block, "ready, but not backed");
	for (; at < end; at++) {
		const struct mu_page *page =
			mu_pfn_to_page(walk->devices->memmap, at);

		if (mu_page_kind(page) != MU_PAGE_DEVICE ||
		    page->order != map->order || mu_page_zone(page) != slot)
			return corrupt(walk, at, "is not as it was written");
		/* relaxed: quiet. */
		walk->used += atomic_load_explicit(&page->refcount,
						   memory_order_relaxed) != 0;
		walk->written++;
	}
	return MU_OK;
}

/* All blocks of the range whose masks are there. */
static enum mu_status walk_range(struct walk *walk)
{
	struct mu_device_range *range = walk->range;
	mu_pfn_t begin = mu_device_blocks_start(walk->map, range);
	mu_pfn_t stop = mu_device_blocks_end(range);
	mu_pfn_t block = mu_align_down(range->start, MU_BLOCK_PAGES);
	mu_pfn_t next;

	for (; block < range->end; block = next) {
		uint32_t bit, claimed, ready;
		struct mu_claims *claims =
			mu_device_claims(walk->map, range, block, &bit);
		enum mu_status status = MU_OK;

		next = block + MU_BLOCK_PAGES;
		if (!claims) {
			next = mu_memmap_section_end(walk->devices->memmap,
						     block);
			/* The last block has masks of its own. */
			next = MU_MIN(next, mu_align_down(range->end,
							  MU_BLOCK_PAGES));
			continue;
		}
		/* relaxed: quiet. */
		claimed = atomic_load_explicit(&claims->claimed,
					       memory_order_relaxed);
		ready = atomic_load_explicit(&claims->ready,
					     memory_order_relaxed);
		if ((claimed ^ ready) & bit)
			return corrupt(walk, block, "busy for ever");
		if (ready & bit && (block < begin || block >= stop))
			return corrupt(walk, block, "nobody may write it");
		if (ready & bit)
			status = walk_block(walk, block);
		if (status != MU_OK)
			return status;
	}
	return MU_OK;
}

static enum mu_status check_map(const struct mu_devices *devices,
				struct mu_pagemap *map, struct mu_error *error)
{
	struct walk walk = {.devices = devices, .map = map, .error = error};
	/* relaxed: quiet. */
	uint64_t refs =
		atomic_load_explicit(&map->slot->refs, memory_order_relaxed) &
		~MU_DEVICE_DEAD;
	uint64_t written =
		atomic_load_explicit(&map->written, memory_order_relaxed);

	for (unsigned i = 0; i < map->nr_ranges; i++) {
		enum mu_status status;

		walk.range = &map->ranges[i];
		status = mu_device_check_ram(devices, map, walk.range, error);
		if (status == MU_OK)
			status = walk_range(&walk);
		if (status != MU_OK)
			return status == MU_ERR_OVERLAP ? MU_ERR_CORRUPT
							: status;
	}
	if (walk.written != written)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%s: %llu descriptors were written, the walk "
			       "found %llu",
			       map->name, (ull)written, (ull)walk.written);
	if (walk.used > refs)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%s: %llu pages are in use, but it is held %llu "
			       "times",
			       map->name, (ull)walk.used, (ull)refs);
	return MU_OK;
}

enum mu_status mu_devices_validate(struct mu_devices *devices, uint64_t *pages,
				   struct mu_error *error)
{
	unsigned nr = mu_device_lines(devices);
	mu_pfn_t before = 0;
	uint64_t sum = 0;

	for (unsigned i = 0; i < nr; i++) {
		struct mu_device_line line = mu_device_line(devices, i);
		struct mu_pagemap *map = line.slot->map;
		enum mu_status status = MU_OK;

		if (line.start < before || line.start >= line.end)
			return mu_fail(error, MU_ERR_CORRUPT, 0,
				       "devices: line %u of the table, pfns "
				       "0x%llx to 0x%llx, is not in order",
				       i, (ull)line.start, (ull)line.end);
		if (!map || map->slot != line.slot ||
		    line.range >= map->nr_ranges ||
		    map->ranges[line.range].start != line.start ||
		    map->ranges[line.range].end != line.end)
			return mu_fail(error, MU_ERR_CORRUPT, 0,
				       "devices: line %u of the table, pfns "
				       "0x%llx to 0x%llx, is of no pagemap",
				       i, (ull)line.start, (ull)line.end);
		if (!line.range)
			status = check_map(devices, map, error);
		if (status != MU_OK)
			return status;
		before = line.end;
		sum += line.end - line.start;
	}
	if (pages)
		*pages = sum;
	return MU_OK;
}
