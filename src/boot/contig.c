// SPDX-License-Identifier: MIT
/*
 * Contiguous pages: a search for free and pristine pages by address, and the
 * taking of chosen ones, block by block.
 *
 * A block is looked at between mu_look_begin() and mu_look_end(): until then
 * its descriptors stay backed, also if it goes offline. What was found may be
 * taken by others before it is ours; then the search goes on behind it.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "buddy/memory.h"
#include "deferred/grow.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "memup/contig.h"
#include "boot/reserved.h"

/* ---- Taking ---- */

/* The pages [@start, *@end) are of one block: which zone has the first, and up
 * to where? */
static enum mu_status zone_of(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t *end,
			      struct mu_zone **zone)
{
	const struct mu_layout *layout = &mm->layout;
	mu_phys_t base = start << mm->page_shift;
	enum mu_status status = MU_OK;
	mu_pfn_t past = 0;
	int nid;

	mu_lock(mm->port, &mm->devices.lock);
	nid = mu_memblock_search_pfn_nid(&mm->memblock, start, NULL, &past);
	*end = MU_MIN(*end, MU_MAX(past, start + 1));
	if (start >= past)
		status = MU_ERR_HOLE;
	else if (mu_layout_is_offline(layout, start))
		status = MU_ERR_OFFLINE;
	else if (!start || !mu_memblock_is_map_memory(&mm->memblock, base) ||
		 mu_memblock_is_region_reserved(
			 &mm->memblock, base, (*end - start) << mm->page_shift))
		status = MU_ERR_RESERVED;
	if (status == MU_OK)
		*zone = mu_layout_zone_at(layout, &mm->buddy, nid, start);
	/* A block has few borders, and most have none. */
	while (status == MU_OK &&
	       mu_layout_zone_at(layout, &mm->buddy, nid, *end - 1) != *zone)
		--*end;
	mu_unlock(&mm->devices.lock);
	return status;
}

/* Initialise the block at @start of @zone, or wait for whoever does. */
static enum mu_status come_online(struct mu_mm *mm, struct mu_zone *zone,
				  mu_pfn_t start)
{
	for (unsigned spins = 0;; spins++) {
		bool busy = mu_deferred_is_busy(&mm->deferred, zone);
		enum mu_status status =
			mu_deferred_init_block(&mm->deferred, zone, start);

		/* No room to cut an extent in two: use up what comes first,
		 * until there is. */
		if (status == MU_ERR_FULL) {
			if (!mu_deferred_take_zone(&mm->deferred, zone, 1,
						   &status))
				return MU_ERR_NOMEM;
			continue;
		}
		/* Busy before the look, so it may be on its way. */
		if (status != MU_ERR_BUSY || !busy)
			return status;
		mu_pause(mm->port, spins);
	}
}

/* Take [@start, @end), of one block and one zone. */
static enum mu_status take_piece(struct mu_mm *mm, struct mu_zone *zone,
				 mu_pfn_t start, mu_pfn_t end, unsigned flags)
{
	struct mu_pristine *pristine = mu_pristine_of(&mm->deferred, zone);
	mu_pfn_t block = mu_align_down(start, MU_BLOCK_PAGES);
	enum mu_status status = MU_OK;
	unsigned turn = mu_look_begin(pristine);

	/* A block that has holes, or is of two zones, is online from the start.
	 */
	if (!mu_memmap_head(&mm->memmap, start))
		status = come_online(mm, zone, block);
	if (status == MU_OK)
		status = mu_buddy_take_range(&mm->buddy, zone, start, end,
					     mu_zone_min_mark(zone, flags));
	mu_look_end(pristine, turn);
	return status;
}

/* A check of all before any is freed. */
static enum mu_status check_free(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end)
{
	mu_pfn_t pfn = start;
	unsigned order;

	if (start >= end || end > mm->memmap.end_pfn)
		return MU_ERR_HOLE;
	while (mu_memblock_next_chunk(&pfn, end, MU_BLOCK_ORDER, &order)) {
		const struct mu_page *page = mu_memmap_lookup(
			&mm->memmap, pfn - ((mu_pfn_t)1 << order));

		if (!page)
			return MU_ERR_PRISTINE;
		if (mu_page_kind(page) != MU_PAGE_ALLOCATED)
			return mu_page_kind(page) == MU_PAGE_RESERVED
				       ? MU_ERR_RESERVED
				       : MU_ERR_NOT_ALLOCATED;
		if (page->order != order)
			return MU_ERR_ORDER;
		/* relaxed: the caller holds the page. */
		if (atomic_load_explicit(&page->refcount,
					 memory_order_relaxed) != 1)
			return MU_ERR_BUSY;
	}
	return MU_OK;
}

enum mu_status mu_free_contig(struct mu_mm *mm, mu_pfn_t pfn, uint64_t pages)
{
	enum mu_status status = pages > mm->memmap.end_pfn
					? MU_ERR_HOLE
					: check_free(mm, pfn, pfn + pages);
	mu_pfn_t end = pfn + pages;
	unsigned order;

	while (status == MU_OK &&
	       mu_memblock_next_chunk(&pfn, end, MU_BLOCK_ORDER, &order))
		status = mu_free_pages(&mm->buddy, pfn - ((mu_pfn_t)1 << order),
				       order);
	return status;
}

/* Free what take_all() took, piece by piece as it took them. */
static void give_back(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end)
{
	unsigned order;

	while (mu_memblock_next_chunk(&start, end, MU_BLOCK_ORDER, &order)) {
		mu_pfn_t pfn = start - ((mu_pfn_t)1 << order);
		const struct mu_page *page = mu_pfn_to_page(&mm->memmap, pfn);
		enum mu_status status;

		/* Pieces end where zones do. */
		order = page->order;
		start = pfn + ((mu_pfn_t)1 << order);
		status = mu_free_pages(&mm->buddy, pfn, order);
		/* Nobody else knows of it. */
		(void)status;
	}
}

static enum mu_status take_all(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end,
			       unsigned flags, bool shut)
{
	enum mu_status status = MU_OK;
	mu_pfn_t pfn = start;

	while (pfn < end && status == MU_OK) {
		mu_pfn_t next = mu_align_down(pfn, MU_BLOCK_PAGES);
		struct mu_zone *zone = NULL;

		next = MU_MIN(next + MU_BLOCK_PAGES, end);
		status = zone_of(mm, pfn, &next, &zone);
		if (status != MU_OK)
			break;
		if (shut)
			mu_buddy_shut(&mm->buddy, zone);
		status = take_piece(mm, zone, pfn, next, flags);
		if (shut)
			mu_buddy_open(&mm->buddy, zone);
		if (status == MU_OK)
			pfn = next;
	}
	if (status != MU_OK)
		give_back(mm, start, pfn);
	return status;
}

enum mu_status mu_alloc_range(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end,
			      unsigned flags)
{
	if (start >= end || end > mm->memmap.end_pfn)
		return MU_ERR_RANGE;
	if (flags & ~MU_ALLOC_FLAGS)
		return MU_ERR_INVALID;
	return take_all(mm, start, end, flags, true);
}

/* ---- Searching ---- */

/* A search in one zone. */
struct search {
	struct mu_mm *mm;
	struct mu_zone *zone;
	const struct mu_contig *want;
	struct mu_run run;
	mu_pfn_t found;
};

/* Look at the block at @pfn, or its part up to @to, and at all pristine ones
 * behind it; where to go on. */
static mu_pfn_t look_at(struct search *search, mu_pfn_t pfn, mu_pfn_t to,
			bool *found)
{
	struct mu_mm *mm = search->mm;
	struct mu_pristine *pristine =
		mu_pristine_of(&mm->deferred, search->zone);
	mu_pfn_t next = mu_align_down(pfn, MU_BLOCK_PAGES) + MU_BLOCK_PAGES;
	mu_pfn_t end;
	unsigned turn;

	next = MU_MIN(next, to);
	if (mu_deferred_is_pristine(&mm->deferred, search->zone, pfn, &end)) {
		next = MU_MIN(end, to);
		mu_run_add(&search->run, pfn, next);
		*found = mu_run_fits(&search->run, &search->found);
		return next;
	}
	turn = mu_look_begin(pristine);
	*found = mu_memmap_next(&mm->memmap, pfn, next) < next &&
		 mu_buddy_find_run(&mm->buddy, search->zone, pfn, next,
				   &search->run, &search->found);
	mu_look_end(pristine, turn);
	return next;
}

/* In [@from, @to), memory of one region; with the caches shut. MU_ERR_NOT_FOUND
 * when there is none. */
static enum mu_status search_region(struct search *search, mu_pfn_t from,
				    mu_pfn_t to)
{
	while (from < to) {
		bool found = false;
		enum mu_status status;

		from = look_at(search, from, to, &found);
		if (!found)
			continue;
		status = take_all(search->mm, search->found,
				  search->found + search->run.pages,
				  search->want->flags, false);
		if (status == MU_OK || status == MU_ERR_NOMEM)
			return status;
		/* Some page of it was taken meanwhile. */
		from = search->found + 1;
		search->run.start = search->run.end = 0;
	}
	return MU_ERR_NOT_FOUND;
}

static enum mu_status search_once(struct search *search, mu_pfn_t from,
				  mu_pfn_t to)
{
	enum mu_status status = MU_ERR_NOT_FOUND;
	struct mu_memory memory;

	search->run = (struct mu_run){
		.pages = search->want->pages,
		.align = MU_MAX(search->want->align, 1),
	};
	for (; status == MU_ERR_NOT_FOUND &&
	       mu_memory_next(search->mm, from, to, &memory);
	     from = memory.end)
		status = search_region(search, memory.start, memory.end);
	return status == MU_ERR_NOT_FOUND ? MU_ERR_NOMEM : status;
}

static enum mu_status search_zone(struct mu_mm *mm, struct mu_zone *zone,
				  const struct mu_contig *want, mu_pfn_t *pfn)
{
	mu_pfn_t from = (want->min + ((mu_phys_t)1 << mm->page_shift) - 1) >>
			mm->page_shift;
	mu_pfn_t to =
		want->max ? want->max >> mm->page_shift : mm->memmap.end_pfn;
	struct search search = {.mm = mm, .zone = zone, .want = want};
	enum mu_status status;

	from = MU_MAX(from, zone->start_pfn);
	to = MU_MIN(to, zone->end_pfn);
	mu_buddy_shut(&mm->buddy, zone);
	for (unsigned spins = 0;; spins++) {
		/* acquire: what is read of the zone below is no older. */
		uint64_t seen = atomic_load_explicit(&zone->growth,
						     memory_order_acquire);
		bool busy = mu_deferred_is_busy(&mm->deferred, zone);

		status = search_once(&search, from, to);
		if (status == MU_OK)
			break;
		/* A block that was on its way may have been all that was
		 * missing. */
		if (!busy && seen == atomic_load_explicit(&zone->growth,
							  memory_order_acquire))
			break;
		mu_pause(mm->port, spins);
	}
	mu_buddy_open(&mm->buddy, zone);
	*pfn = search.found;
	return status;
}

enum mu_status mu_alloc_contig(struct mu_mm *mm, const struct mu_contig *want,
			       mu_pfn_t *pfn)
{
	const unsigned zones = want->flags & (MU_ALLOC_DMA | MU_ALLOC_DMA32 |
					      MU_ALLOC_MOVABLE);
	const struct mu_buddy *buddy = &mm->buddy;
	enum mu_status status = MU_ERR_NOMEM;
	struct mu_zone *zone;
	mu_pfn_t found = 0;
	int nid = want->nid;

	if (!want->pages || (want->align && !mu_is_pow2(want->align)) ||
	    want->flags & ~MU_ALLOC_FLAGS || (zones & (zones - 1)) ||
	    (want->max && want->max <= want->min))
		return MU_ERR_INVALID;
	if (nid == MU_NO_NODE)
		nid = mu_cpu_node(mm->port, mu_cpu_id(mm->port));
	if ((unsigned)nid >= buddy->nr_nodes)
		return MU_ERR_RANGE;
	for (unsigned i = 0;
	     status != MU_OK &&
	     (zone = mu_zonelist_zone(buddy, &buddy->nodes[nid], i));
	     i++)
		if (mu_zone_is_allowed(zone, nid, want->flags))
			status = search_zone(mm, zone, want, &found);
	if (status == MU_OK)
		*pfn = found;
	return status;
}
