// SPDX-License-Identifier: MIT
/*
 * Reserved memory gets descriptors on request, or under the eager policy: in a
 * ragged block page by page, elsewhere the whole block, since a block without
 * an end of a range in it is entirely reserved.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "memblock/table.h"
#include "memmap/blocks.h"
#include "memup/boot.h"
#include "boot/reserved.h"

/* Is the page at @pfn reserved-noinit? Under late_lock. O(log n). */
static bool is_noinit(const struct mu_mm *mm, mu_pfn_t pfn)
{
	const struct mu_memblock_region *region =
		mu_table_search(&mm->memblock.reserved, pfn << mm->page_shift);

	return region && region->flags & MU_MEMBLOCK_RSRV_NOINIT;
}

static bool is_wanted(const struct mu_mm *mm, mu_pfn_t pfn, bool noinit)
{
	return !mu_memmap_online(&mm->memmap, pfn) &&
	       (noinit || !is_noinit(mm, pfn));
}

/* The first wanted page in [@start, @end), or @end. */
static mu_pfn_t first_wanted(const struct mu_mm *mm, mu_pfn_t start,
			     mu_pfn_t end, bool noinit)
{
	while (start < end && !is_wanted(mm, start, noinit))
		start++;
	return start;
}

/* The wanted descriptors of a ragged block, run by run. */
static void init_runs(struct mu_mm *mm, const struct mu_zone *zone,
		      mu_pfn_t start, mu_pfn_t end, bool noinit)
{
	for (mu_pfn_t pfn = start; pfn < end; pfn++) {
		mu_pfn_t from = pfn;

		while (pfn < end && is_wanted(mm, pfn, noinit))
			pfn++;
		if (from < pfn)
			mu_memmap_init_ragged(&mm->memmap, from, pfn,
					      (uint16_t)zone->id,
					      MU_PAGE_RESERVED);
	}
}

enum mu_status mu_reserved_init(struct mu_mm *mm, const struct mu_zone *zone,
				mu_pfn_t start, mu_pfn_t end, bool noinit)
{
	mu_pfn_t block = mu_align_down(start, MU_BLOCK_PAGES);
	enum mu_status status;

	/* Then it was written as a whole. */
	if (!mu_memmap_is_ragged(&mm->memmap, block) &&
	    mu_memmap_online(&mm->memmap, block))
		return MU_OK;
	start = first_wanted(mm, start, end, noinit);
	if (start == end)
		return MU_OK;
	status = mu_memmap_back(&mm->memmap, block);
	if (status != MU_OK)
		return status;
	if (mu_memmap_is_ragged(&mm->memmap, block)) {
		init_runs(mm, zone, start, end, noinit);
	} else {
		/* All of it, noinit neighbours too. */
		mu_memmap_init_block(&mm->memmap, block, (uint16_t)zone->id,
				     MU_PAGE_RESERVED);
		mu_memmap_publish(&mm->memmap, block);
	}
	return MU_OK;
}

void mu_each_block(mu_pfn_t start, mu_pfn_t end,
		   void (*fn)(void *arg, mu_pfn_t start, mu_pfn_t end),
		   void *arg)
{
	while (start < end) {
		mu_pfn_t next = mu_align_down(start, MU_BLOCK_PAGES);

		next = MU_MIN(next + MU_BLOCK_PAGES, end);
		fn(arg, start, next);
		start = next;
	}
}

/* ---- mu_init_now() ---- */

struct init {
	struct mu_mm *mm;
	struct mu_zone *zone;
	enum mu_status status;
};

/* Part of a block that is reserved, or ragged. */
static void init_reserved(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct init *init = arg;

	if (init->status == MU_OK)
		init->status = mu_reserved_init(init->mm, init->zone, start,
						end, false);
}

static void init_piece(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct init *init = arg;
	struct mu_buddy *buddy = &init->mm->buddy;

	init->zone = &buddy->zones[buddy->nodes[nid].zone_id[type]];
	mu_each_block(start, end, init_reserved, init);
}

/* Early boot: what is not the allocator's is reserved. */
enum mu_status mu_reserved_init_all(struct mu_mm *mm)
{
	struct init init = {.mm = mm, .status = MU_OK};

	mu_layout_memory(&mm->layout, init_piece, &init);
	return init.status;
}

bool mu_memory_next(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end,
		    struct mu_memory *memory)
{
	const struct mu_memblock_type *regions = &mm->memblock.memory;
	mu_pfn_t first, last;
	uint64_t cursor;
	int nid;
	bool found = false;

	mu_lock(mm->port, &mm->devices.lock);
	mu_for_each_mem_pfn_range (&mm->memblock, cursor, MU_NO_NODE, &first,
				   &last, &nid) {
		if (last <= start)
			continue;
		start = MU_MAX(first, start);
		found = start < end;
		if (found)
			*memory = (struct mu_memory){
				.start = start,
				.end = MU_MIN(last, end),
				.nid = MU_MAX(nid, 0),
				.flags =
					mu_table_search(regions,
							start << mm->page_shift)
						->flags,
			};
		break;
	}
	mu_unlock(&mm->devices.lock);
	return found;
}

/* Is the page at @pfn, which is memory, reserved or NOMAP? */
static bool is_reserved(const struct mu_mm *mm, mu_pfn_t pfn)
{
	mu_phys_t base = pfn << mm->page_shift;

	return mu_memblock_is_region_reserved(&mm->memblock, base,
					      (mu_phys_t)1 << mm->page_shift) ||
	       !mu_memblock_is_map_memory(&mm->memblock, base);
}

/* Everything in the ragged block at @start, up to @end, is reserved or has its
 * descriptors already. Under late_lock. */
static void init_ragged(struct init *init, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = init->mm;
	struct mu_memory memory;

	for (; mu_memory_next(mm, start, end, &memory); start = memory.end)
		mu_layout_cut_as(&mm->layout, memory.nid, memory.flags,
				 memory.start, memory.end, init_piece, init);
}

/* What a block is whose pages are all alike. */
enum block { NOTHING, RESERVED, OURS };

static enum block look_at(struct init *init, mu_pfn_t pfn)
{
	struct mu_mm *mm = init->mm;
	mu_pfn_t past = 0;
	enum block is = NOTHING;
	int nid;

	mu_lock(mm->port, &mm->devices.lock);
	nid = mu_memblock_search_pfn_nid(&mm->memblock, pfn, NULL, &past);
	/* A hole? Or by now offline. */
	if (pfn < past && !mu_layout_is_offline(&mm->layout, pfn)) {
		init->zone =
			mu_layout_zone_at(&mm->layout, &mm->buddy, nid, pfn);
		is = is_reserved(mm, pfn) ? RESERVED : OURS;
	}
	mu_unlock(&mm->devices.lock);
	return is;
}

/*
 * Initialise [@start, @end), part of one block. What is reserved stays so under
 * late_lock. What is the allocator's may go meanwhile: it is claimed from its
 * extent, or not at all. MU_ERR_BUSY: look again.
 */
static void init_part(struct init *init, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = init->mm;
	mu_pfn_t block = mu_align_down(start, MU_BLOCK_PAGES);
	enum block is = NOTHING;

	init->status = MU_OK;
	mu_lock(mm->port, &mm->late_lock);
	if (mu_memmap_is_ragged(&mm->memmap, block))
		init_ragged(init, start, end);
	else
		is = look_at(init, start);
	if (is == RESERVED)
		init_reserved(init, start, end);
	mu_unlock(&mm->late_lock);
	if (is == OURS)
		init->status = mu_deferred_init_block(&mm->deferred, init->zone,
						      block);
}

static void wait_and_init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct init *init = arg;

	if (init->status != MU_OK)
		return;
	for (unsigned spins = 0;; spins++) {
		init_part(init, start, end);
		if (init->status != MU_ERR_BUSY)
			return;
		mu_pause(init->mm->port, spins);
	}
}

enum mu_status mu_init_now(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end)
{
	struct init init = {.mm = mm, .status = MU_OK};
	struct mu_memory memory;
	int only = MU_NO_NODE;
	mu_pfn_t pfn;

	if (start >= end || end > mm->memmap.end_pfn)
		return MU_ERR_RANGE;
	for (pfn = start; mu_memory_next(mm, pfn, end, &memory);
	     pfn = memory.end) {
		if (only != MU_NO_NODE && only != memory.nid)
			return MU_ERR_RANGE;
		only = memory.nid;
	}
	for (pfn = start; mu_memory_next(mm, pfn, end, &memory);
	     pfn = memory.end)
		mu_each_block(memory.start, memory.end, wait_and_init, &init);
	return init.status;
}
