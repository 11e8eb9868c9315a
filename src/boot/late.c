// SPDX-License-Identifier: MIT
/*
 * Reserved memory that becomes the allocator's while it runs.
 *
 * Slow work (backing, descriptors) is done under late_lock alone, while the
 * memory is still reserved. Then it changes hands under the hotplug lock, piece
 * by piece: a page that is lost was either noted before and is left out, or is
 * found in the allocator.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "base/lock.h"
#include "buddy/memory.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "memmap/blocks.h"
#include "memup/boot.h"
#include "boot/reserved.h"

struct late {
	struct mu_mm *mm;
	struct mu_zone *zone;
	enum mu_status status;
};

/* Take [@start, @end) out of memblock's reserved table. */
static enum mu_status unreserve(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end)
{
	uintptr_t flags = mu_lock_irqsave(mm->port, &mm->reserved_lock);
	enum mu_status status =
		mu_memblock_phys_free(&mm->memblock, start << mm->page_shift,
				      (end - start) << mm->page_shift);

	mu_unlock_irqrestore(mm->port, &mm->reserved_lock, flags);
	return status;
}

/* Hand over [@start, @end), which has descriptors, except poisoned pages. */
static void hand_over(struct late *late, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = late->mm;

	mu_lock(mm->port, &mm->devices.lock);
	while (start < end && late->status == MU_OK) {
		mu_pfn_t bad = mu_buddy_next_poisoned(&mm->buddy, start, end);

		if (start < bad)
			late->status = unreserve(mm, start, bad);
		if (start < bad && late->status == MU_OK)
			mu_buddy_add_range(&mm->buddy, late->zone, start, bad);
		start = bad + 1;
	}
	mu_unlock(&mm->devices.lock);
}

/* Part of a block, or one that has descriptors: its pages come online. */
static void free_part(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct late *late = arg;
	struct mu_mm *mm = late->mm;

	if (late->status == MU_OK)
		late->status = mu_memmap_back(
			&mm->memmap, mu_align_down(start, MU_BLOCK_PAGES));
	if (late->status == MU_OK)
		late->status =
			mu_reserved_init(mm, late->zone, start, end, true);
	if (late->status == MU_OK)
		hand_over(late, start, end);
}

/* Whole blocks without descriptors become one more extent, for which there is
 * room. False if a page was lost meanwhile. */
static bool hand_over_blocks(struct late *late, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = late->mm;
	bool sound;

	mu_lock(mm->port, &mm->devices.lock);
	sound = mu_buddy_next_poisoned(&mm->buddy, start, end) == end;
	if (sound)
		late->status = unreserve(mm, start, end);
	if (sound && late->status == MU_OK)
		mu_deferred_add_late(&mm->deferred, late->zone, start, end);
	else
		mu_deferred_unpromise(&mm->deferred, late->zone);
	mu_unlock(&mm->devices.lock);
	return sound;
}

/* If they cannot become an extent they come online like parts. */
static void free_blocks(struct late *late, mu_pfn_t start, mu_pfn_t end)
{
	if (!mu_deferred_promise(&late->mm->deferred, late->zone) ||
	    !hand_over_blocks(late, start, end))
		mu_each_block(start, end, free_part, late);
}

static bool is_untouched(const struct mu_mm *mm, mu_pfn_t block)
{
	return !mu_memmap_is_ragged(&mm->memmap, block) &&
	       !mu_memmap_online(&mm->memmap, block);
}

static void free_piece(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct late *late = arg;
	struct mu_mm *mm = late->mm;

	late->zone = &mm->buddy.zones[mm->buddy.nodes[nid].zone_id[type]];
	while (start < end && late->status == MU_OK) {
		mu_pfn_t next = mu_align_down(start, MU_BLOCK_PAGES);

		next = MU_MIN(next + MU_BLOCK_PAGES, end);
		if (next - start < MU_BLOCK_PAGES || !is_untouched(mm, start)) {
			free_part(late, start, next);
		} else {
			while (next + MU_BLOCK_PAGES <= end &&
			       is_untouched(mm, next))
				next += MU_BLOCK_PAGES;
			free_blocks(late, start, next);
		}
		start = next;
	}
}

/* Memory of one region without its poisoned pages, which stay reserved. */
static void free_around(struct late *late, const struct mu_memory *memory)
{
	struct mu_mm *mm = late->mm;
	mu_pfn_t start = memory->start;

	while (start < memory->end) {
		mu_pfn_t bad =
			mu_buddy_next_poisoned(&mm->buddy, start, memory->end);

		if (start < bad)
			mu_layout_cut_as(&mm->layout, memory->nid,
					 memory->flags, start, bad, free_piece,
					 late);
		start = bad + 1;
	}
}

/* Check that all of it is usable memory and reserved. Under the hotplug lock.
 */
static enum mu_status check(const struct mu_mm *mm, mu_phys_t base,
			    mu_phys_t size)
{
	const struct mu_memblock *mb = &mm->memblock;
	const struct mu_memblock_region *region;
	mu_phys_t start, end;
	uint64_t cursor;

	if (!mu_memblock_is_region_memory(mb, base, size))
		return MU_ERR_HOLE;
	mu_for_each_mem_region (mb, region) {
		if (region->flags & (MU_MEMBLOCK_NOMAP | MU_MEMBLOCK_OFFLINE) &&
		    region->base < base + size &&
		    base < region->base + region->size)
			return MU_ERR_HOLE;
	}
	mu_for_each_free_mem_range (mb, cursor, MU_NO_NODE, MU_MEMBLOCK_HOTPLUG,
				    &start, &end, NULL) {
		if (start < base + size && base < end)
			return MU_ERR_NOT_ALLOCATED;
	}
	return MU_OK;
}

enum mu_status mu_free_reserved(struct mu_mm *mm, mu_phys_t base,
				mu_phys_t size)
{
	mu_phys_t mask = ((mu_phys_t)1 << mm->page_shift) - 1;
	struct late late = {.mm = mm, .status = MU_OK};
	struct mu_memory memory;
	mu_pfn_t start, end;

	if (mu_wraps(base, size) || base + size > mm->memmap.end_pfn
							  << mm->page_shift)
		return MU_ERR_RANGE;
	/* Page 0 stays out. */
	start = MU_MAX((base + mask) >> mm->page_shift, 1);
	end = (base + size) >> mm->page_shift;
	if (start >= end)
		return MU_OK;
	/* One at a time, or two could free the same range. */
	mu_lock(mm->port, &mm->late_lock);
	mu_lock(mm->port, &mm->devices.lock);
	late.status = check(mm, start << mm->page_shift,
			    (end - start) << mm->page_shift);
	mu_unlock(&mm->devices.lock);
	/* Meanwhile it stays reserved, and its regions stay. */
	for (; late.status == MU_OK && mu_memory_next(mm, start, end, &memory);
	     start = memory.end)
		free_around(&late, &memory);
	mu_unlock(&mm->late_lock);
	return late.status;
}
