// SPDX-License-Identifier: MIT
/*
 * The altmap: a range that hosts its own descriptors.
 *
 *   base         hosted                                first          end
 *   | reserve | ..align | 512 KiB for each section |..order| pages ...|
 *
 * A section of the memmap must be backed by one party: so only sections that
 * lie wholly in the range are hosted, all but the ends. Where a section's
 * descriptors lie is computed; nothing is allocated, and a lazy pagemap can map
 * them in any order.
 */
#include "device/internal.h"
#include "memmap/blocks.h"

#define SECTION_BYTES (MU_SECTION_PAGES * sizeof(struct mu_page))

void mu_device_whole_sections(const struct mu_device_range *range,
			      mu_pfn_t *start, mu_pfn_t *end)
{
	*start = mu_align_up(range->start, MU_SECTION_PAGES);
	*end = mu_align_down(range->end, MU_SECTION_PAGES);
	*end = MU_MAX(*start, *end);
}

/* The number of sections of @range that it hosts. */
static uint64_t hosted_sections(const struct mu_device_range *range)
{
	mu_pfn_t start, end;

	mu_device_whole_sections(range, &start, &end);
	end = MU_MIN(end, mu_align_up(range->last, MU_SECTION_PAGES));
	return start < end ? (end - start) >> MU_SECTION_ORDER : 0;
}

static enum mu_status refuse(const struct mu_devices *devices,
			     const struct mu_pagemap *map,
			     const struct mu_device_range *range,
			     mu_phys_t bytes, mu_phys_t has,
			     struct mu_error *error)
{
	return mu_fail(error, MU_ERR_NOMEM, 0,
		       "%s: 0x%llx-0x%llx: its altmap takes 0x%llx-0x%llx, "
		       "0x%llx bytes, and may have 0x%llx",
		       map->name, mu_first_byte(devices, range->start),
		       mu_last_byte(devices, range->end), (ull)range->hosted,
		       (ull)(range->hosted + bytes) - 1, (ull)bytes, (ull)has);
}

enum mu_status mu_altmap_place(const struct mu_devices *devices,
			       const struct mu_pagemap *map,
			       struct mu_device_range *range,
			       struct mu_error *error)
{
	const struct mu_altmap *altmap = &map->altmap;
	mu_phys_t page = (mu_phys_t)1 << devices->page_shift;
	mu_phys_t compound = page << map->order;
	mu_phys_t base = range->base, end = base + range->size;
	uint64_t sections = hosted_sections(range);
	mu_phys_t bytes = sections * SECTION_BYTES, first;

	if (!altmap->on)
		return MU_OK;
	if (altmap->reserve >= range->size)
		return mu_fail(error, MU_ERR_NOMEM, 0,
			       "%s: 0x%llx-0x%llx: its altmap reserves 0x%llx "
			       "bytes of 0x%llx",
			       map->name, (ull)base, (ull)end - 1,
			       (ull)altmap->reserve, (ull)range->size);
	if (!sections)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: 0x%llx-0x%llx: has an altmap, but no whole "
			       "section of 0x%llx bytes that could use it",
			       map->name, (ull)base, (ull)end - 1,
			       (ull)(page << MU_SECTION_ORDER));
	range->hosted = mu_align_up(base + altmap->reserve,
				    MU_MAX(altmap->align, page));
	if (altmap->size && bytes > altmap->size)
		return refuse(devices, map, range, bytes, altmap->size, error);
	if (range->hosted >= end || bytes > end - range->hosted)
		return refuse(devices, map, range, bytes,
			      end - MU_MIN(range->hosted, end), error);
	first = base + mu_align_up(range->hosted + bytes - base, compound);
	if (first >= end)
		return mu_fail(error, MU_ERR_NOMEM, 0,
			       "%s: 0x%llx-0x%llx: its altmap, 0x%llx-0x%llx, "
			       "leaves no page of 0x%llx bytes",
			       map->name, (ull)base, (ull)end - 1,
			       (ull)range->hosted,
			       (ull)(range->hosted + bytes) - 1, (ull)compound);
	range->first = first >> devices->page_shift;
	return MU_OK;
}

enum mu_status mu_device_back(const struct mu_pagemap *map,
			      const struct mu_device_range *range,
			      mu_pfn_t block)
{
	struct mu_memmap *memmap = map->devices->memmap;
	mu_pfn_t start, end, section = mu_align_down(block, MU_SECTION_PAGES);

	if (map->altmap.on) {
		mu_device_whole_sections(range, &start, &end);
		if (start <= section && section < end)
			return mu_memmap_back_section(
				memmap, section,
				range->hosted + (section - start) *
							sizeof(struct mu_page));
	}
	return mu_memmap_back(memmap, block);
}
