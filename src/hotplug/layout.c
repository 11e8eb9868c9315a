// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "hotplug/layout.h"
#include "memblock/table.h"

enum mu_status mu_layout_init(struct mu_layout *layout,
			      const struct mu_memblock *memblock,
			      unsigned page_shift,
			      const struct mu_layout_spec *spec,
			      struct mu_error *error)
{
	mu_pfn_t dma = spec->dma_limit >> page_shift;
	mu_pfn_t dma32 = spec->dma32_limit >> page_shift;

	/* In bytes: a limit below one page is a limit, too. */
	if (spec->dma32_limit && spec->dma_limit > spec->dma32_limit)
		return mu_fail(
			error, MU_ERR_RANGE, 0,
			"zones: DMA ends at 0x%llx, past DMA32 at 0x%llx",
			(unsigned long long)spec->dma_limit,
			(unsigned long long)spec->dma32_limit);
	layout->memblock = memblock;
	layout->page_shift = page_shift;
	layout->movable_start = spec->movable_start;
	layout->mirror = spec->mirror;
	layout->zone_start[MU_ZONE_DMA] = 0;
	layout->zone_end[MU_ZONE_DMA] = dma;
	layout->zone_start[MU_ZONE_DMA32] = dma;
	layout->zone_end[MU_ZONE_DMA32] = MU_MAX(dma, dma32);
	layout->zone_start[MU_ZONE_NORMAL] = MU_MAX(dma, dma32);
	layout->zone_end[MU_ZONE_NORMAL] = MU_NO_PFN;
	return MU_OK;
}

/* How the zone of some memory is chosen: by where MOVABLE begins on its node,
 * as if there were no MOVABLE, or always MOVABLE. */
enum choice { BY_NODE, KERNEL, MOVABLE };

static enum choice choice_of(const struct mu_layout *layout, unsigned flags)
{
	if (flags & MU_MEMBLOCK_MOVABLE)
		return MOVABLE;
	if (flags & MU_MEMBLOCK_KERNEL ||
	    (layout->mirror && flags & MU_MEMBLOCK_MIRROR))
		return KERNEL;
	return BY_NODE;
}

static enum choice choice_at(const struct mu_layout *layout, mu_pfn_t pfn)
{
	const struct mu_memblock_region *region = mu_table_search(
		&layout->memblock->memory, pfn << layout->page_shift);

	return choice_of(layout, region ? region->flags : 0);
}

/* The bounds of zone @type for memory whose zone is chosen that way. */
static void bounds(const struct mu_layout *layout, int nid, enum choice choice,
		   enum mu_zone_type type, mu_pfn_t *start, mu_pfn_t *end)
{
	mu_pfn_t movable = choice == BY_NODE  ? layout->movable_start[nid]
			   : choice == KERNEL ? MU_NO_PFN
					      : 0;

	if (type == MU_ZONE_MOVABLE) {
		*start = movable;
		*end = MU_NO_PFN;
	} else {
		*start = MU_MIN(layout->zone_start[type], movable);
		*end = MU_MIN(layout->zone_end[type], movable);
	}
}

void mu_layout_zone(const struct mu_layout *layout, int nid,
		    enum mu_zone_type type, mu_pfn_t *start, mu_pfn_t *end)
{
	bool kernel = layout->mirror && type != MU_ZONE_MOVABLE;

	bounds(layout, nid, kernel ? KERNEL : BY_NODE, type, start, end);
}

static enum mu_zone_type type_of(const struct mu_layout *layout, int nid,
				 enum choice choice, mu_pfn_t pfn)
{
	unsigned type = MU_NR_ZONES;
	mu_pfn_t start, end;

	do {
		type--;
		bounds(layout, nid, choice, (enum mu_zone_type)type, &start,
		       &end);
	} while (type && (pfn < start || pfn >= end));
	return (enum mu_zone_type)type;
}

enum mu_zone_type mu_layout_type(const struct mu_layout *layout, int nid,
				 mu_pfn_t pfn)
{
	return type_of(layout, nid, choice_at(layout, pfn), pfn);
}

enum mu_zone_type mu_layout_type_as(const struct mu_layout *layout, int nid,
				    unsigned flags, mu_pfn_t pfn)
{
	return type_of(layout, nid, choice_of(layout, flags), pfn);
}

struct mu_zone *mu_layout_zone_at(const struct mu_layout *layout,
				  const struct mu_buddy *buddy, int nid,
				  mu_pfn_t pfn)
{
	const struct mu_node *node = &buddy->nodes[MU_MAX(nid, 0)];

	return &buddy->zones[node->zone_id[mu_layout_type(layout, node->nid,
							  pfn)]];
}

static void cut(const struct mu_layout *layout, int nid, enum choice choice,
		mu_pfn_t start, mu_pfn_t end, mu_piece_fn fn, void *arg)
{
	for (unsigned type = 0; type < MU_NR_ZONES; type++) {
		mu_pfn_t from, to;

		bounds(layout, nid, choice, (enum mu_zone_type)type, &from,
		       &to);
		from = MU_MAX(from, start);
		to = MU_MIN(to, end);
		if (from < to)
			fn(arg, nid, (enum mu_zone_type)type, from, to);
	}
}

void mu_layout_cut(const struct mu_layout *layout, int nid, mu_pfn_t start,
		   mu_pfn_t end, mu_piece_fn fn, void *arg)
{
	if (start < end)
		cut(layout, nid, choice_at(layout, start), start, end, fn, arg);
}

void mu_layout_cut_as(const struct mu_layout *layout, int nid, unsigned flags,
		      mu_pfn_t start, mu_pfn_t end, mu_piece_fn fn, void *arg)
{
	cut(layout, nid, choice_of(layout, flags), start, end, fn, arg);
}

/*
 * Adjacent memory of one node is one run, whatever its memblock flags: flags
 * separate regions, but not pages, and a free page may lie across. Only flags
 * that choose another zone count.
 */
struct run {
	const struct mu_layout *layout;
	mu_piece_fn fn;
	void *arg;
	int nid;
	enum choice choice;
	mu_pfn_t start, end;
};

static void flush(const struct run *run)
{
	cut(run->layout, run->nid, run->choice, run->start, run->end, run->fn,
	    run->arg);
}

static void extend(struct run *run, int nid, mu_pfn_t start, mu_pfn_t end)
{
	enum choice choice;

	nid = MU_MAX(nid, 0);
	if (start >= end)
		return;
	choice = choice_at(run->layout, start);
	if (start != run->end || nid != run->nid || choice != run->choice) {
		flush(run);
		run->nid = nid;
		run->choice = choice;
		run->start = start;
	}
	run->end = end;
}

bool mu_layout_is_offline(const struct mu_layout *layout, mu_pfn_t pfn)
{
	const struct mu_memblock_region *region = mu_table_search(
		&layout->memblock->memory, pfn << layout->page_shift);

	return region && region->flags & MU_MEMBLOCK_OFFLINE;
}

void mu_layout_memory(const struct mu_layout *layout, mu_piece_fn fn, void *arg)
{
	struct run run = {.layout = layout, .fn = fn, .arg = arg};
	mu_pfn_t start, end;
	uint64_t cursor;
	int nid;

	mu_for_each_mem_pfn_range (layout->memblock, cursor, MU_NO_NODE, &start,
				   &end, &nid)
		if (!mu_layout_is_offline(layout, start))
			extend(&run, nid, start, end);
	flush(&run);
}

void mu_layout_free(const struct mu_layout *layout, mu_piece_fn fn, void *arg)
{
	struct run run = {.layout = layout, .fn = fn, .arg = arg};
	mu_phys_t mask = ((mu_phys_t)1 << layout->page_shift) - 1;
	mu_phys_t base, end;
	uint64_t cursor;
	int nid;

	mu_for_each_free_mem_range (layout->memblock, cursor, MU_NO_NODE,
				    MU_MEMBLOCK_HOTPLUG, &base, &end, &nid)
		/* Page 0 is never used, whatever memblock has. */
		extend(&run, nid,
		       MU_MAX((base + mask) >> layout->page_shift, 1),
		       end >> layout->page_shift);
	flush(&run);
}
