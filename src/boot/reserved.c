// SPDX-License-Identifier: MIT
/*
 * Reserved memory gets descriptors when somebody asks, or under the eager
 * policy: in a ragged block page by page, elsewhere the whole block, since a
 * block without an end of a range in it is reserved altogether.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "hotplug/layout.h"
#include "memup/boot.h"
#include "boot/reserved.h"

/* Is the page at @pfn reserved-noinit? Under reserved_lock. O(log n). */
static bool is_noinit(const struct mu_mm *mm, mu_pfn_t pfn)
{
	const struct mu_memblock_type *type = &mm->memblock.reserved;
	mu_phys_t addr = pfn << mm->page_shift;
	unsigned lo = 0, hi = type->cnt;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		const struct mu_memblock_region *region = &type->regions[mid];

		if (region->base + region->size <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < type->cnt && type->regions[lo].base <= addr &&
	       type->regions[lo].flags & MU_MEMBLOCK_RSRV_NOINIT;
}

static bool is_wanted(const struct mu_mm *mm, mu_pfn_t pfn)
{
	return !mu_memmap_online(&mm->memmap, pfn) && !is_noinit(mm, pfn);
}

/* The first wanted page in [@start, @end), or @end. */
static mu_pfn_t first_wanted(const struct mu_mm *mm, mu_pfn_t start,
			     mu_pfn_t end)
{
	while (start < end && !is_wanted(mm, start))
		start++;
	return start;
}

/* The wanted descriptors of a ragged block, run by run. */
static void init_runs(struct mu_mm *mm, const struct mu_zone *zone,
		      mu_pfn_t start, mu_pfn_t end)
{
	for (mu_pfn_t pfn = start; pfn < end; pfn++) {
		mu_pfn_t from = pfn;

		while (pfn < end && is_wanted(mm, pfn))
			pfn++;
		if (from < pfn)
			mu_memmap_init_ragged(&mm->memmap, from, pfn,
					      (uint16_t)zone->id,
					      MU_PAGE_RESERVED);
	}
}

enum mu_status mu_reserved_init(struct mu_mm *mm, const struct mu_zone *zone,
				mu_pfn_t start, mu_pfn_t end)
{
	mu_pfn_t block = mu_align_down(start, MU_BLOCK_PAGES);
	enum mu_status status = MU_OK;
	uintptr_t flags;

	/* Then it was written as a whole. */
	if (!mu_memmap_is_ragged(&mm->memmap, block) &&
	    mu_memmap_online(&mm->memmap, block))
		return MU_OK;
	flags = mu_lock_irqsave(mm->port, &mm->reserved_lock);
	start = first_wanted(mm, start, end);
	if (start < end)
		status = mu_memmap_back(&mm->memmap, block);
	if (start < end && status == MU_OK) {
		if (mu_memmap_is_ragged(&mm->memmap, block)) {
			init_runs(mm, zone, start, end);
		} else {
			/* All of it, noinit neighbours too. */
			mu_memmap_init_block(&mm->memmap, block,
					     (uint16_t)zone->id,
					     MU_PAGE_RESERVED);
			mu_memmap_publish(&mm->memmap, block);
		}
	}
	mu_unlock_irqrestore(mm->port, &mm->reserved_lock, flags);
	return status;
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
		init->status =
			mu_reserved_init(init->mm, init->zone, start, end);
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

/* Is the page at @pfn, which is memory, reserved or NOMAP? */
static bool is_reserved(const struct mu_mm *mm, mu_pfn_t pfn)
{
	mu_phys_t base = pfn << mm->page_shift;

	return mu_memblock_is_region_reserved(&mm->memblock, base,
					      (mu_phys_t)1 << mm->page_shift) ||
	       !mu_memblock_is_map_memory(&mm->memblock, base);
}

/* The ragged block at @block, between @start and @end. */
static void init_ragged(struct init *init, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = init->mm;
	mu_pfn_t first, last;
	uint64_t cursor;
	int nid;

	mu_for_each_mem_pfn_range (&mm->memblock, cursor, MU_NO_NODE, &first,
				   &last, &nid) {
		first = MU_MAX(first, start);
		last = MU_MIN(last, end);
		if (first < last)
			mu_layout_cut(&mm->layout, MU_MAX(nid, 0), first, last,
				      init_piece, init);
	}
}

/* What is in [@start, @end), part of one block. Under the hotplug lock, so that
 * it stays reserved or the allocator's. MU_ERR_BUSY: try again. */
static void init_part(struct init *init, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_mm *mm = init->mm;
	mu_pfn_t block = mu_align_down(start, MU_BLOCK_PAGES), past = 0;
	int nid = mu_memblock_search_pfn_nid(&mm->memblock, start, NULL, &past);

	init->status = MU_OK;
	if (mu_memmap_is_ragged(&mm->memmap, block)) {
		init_ragged(init, start, end);
		return;
	}
	/* A hole? Or by now offline. */
	if (start >= past || mu_layout_is_offline(&mm->layout, start))
		return;
	init->zone = mu_layout_zone_at(&mm->layout, &mm->buddy, nid, start);
	if (is_reserved(mm, block))
		init_reserved(init, start, end);
	else
		init->status = mu_deferred_init_block(&mm->deferred, init->zone,
						      block);
}

static void wait_and_init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct init *init = arg;
	struct mu_mm *mm = init->mm;

	if (init->status != MU_OK)
		return;
	for (unsigned spins = 0;; spins++) {
		mu_lock(mm->port, &mm->devices.lock);
		init_part(init, start, end);
		mu_unlock(&mm->devices.lock);
		if (init->status != MU_ERR_BUSY)
			return;
		mu_pause(mm->port, spins);
	}
}

/* The next memory in [*@start, @end), of one region. */
static bool next_memory(struct mu_mm *mm, mu_pfn_t *start, mu_pfn_t end,
			mu_pfn_t *last, int *nid)
{
	mu_pfn_t first;
	uint64_t cursor;
	bool found = false;

	mu_lock(mm->port, &mm->devices.lock);
	mu_for_each_mem_pfn_range (&mm->memblock, cursor, MU_NO_NODE, &first,
				   last, nid) {
		if (*last <= *start)
			continue;
		*start = MU_MAX(first, *start);
		*last = MU_MIN(*last, end);
		found = *start < *last;
		break;
	}
	mu_unlock(&mm->devices.lock);
	return found;
}

enum mu_status mu_init_now(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end)
{
	struct init init = {.mm = mm, .status = MU_OK};
	int nid, only = MU_NO_NODE;
	mu_pfn_t pfn, last;

	if (start >= end || end > mm->memmap.end_pfn)
		return MU_ERR_RANGE;
	for (pfn = start; next_memory(mm, &pfn, end, &last, &nid); pfn = last) {
		if (only != MU_NO_NODE && only != MU_MAX(nid, 0))
			return MU_ERR_RANGE;
		only = MU_MAX(nid, 0);
	}
	for (pfn = start; next_memory(mm, &pfn, end, &last, &nid); pfn = last)
		mu_each_block(pfn, last, wait_and_init, &init);
	return init.status;
}
