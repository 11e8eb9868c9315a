// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "boot/layout.h"
#include "memblock/table.h"

enum mu_status mu_layout_init(struct mu_layout *layout, const struct mu_mm *mm,
			      const struct mu_config *config,
			      const mu_pfn_t *movable_start,
			      struct mu_error *error)
{
	mu_pfn_t dma = config->dma_limit >> mm->page_shift;
	mu_pfn_t dma32 = config->dma32_limit >> mm->page_shift;

	/* In bytes: a limit below one page is a limit, too. */
	if (config->dma32_limit && config->dma_limit > config->dma32_limit)
		return mu_fail(
			error, MU_ERR_RANGE, 0,
			"zones: DMA ends at 0x%llx, past DMA32 at 0x%llx",
			(unsigned long long)config->dma_limit,
			(unsigned long long)config->dma32_limit);
	layout->memblock = &mm->memblock;
	layout->page_shift = mm->page_shift;
	layout->movable_start = movable_start;
	layout->mirror = config->kernelcore_mirror;
	layout->zone_start[MU_ZONE_DMA] = 0;
	layout->zone_end[MU_ZONE_DMA] = dma;
	layout->zone_start[MU_ZONE_DMA32] = dma;
	layout->zone_end[MU_ZONE_DMA32] = MU_MAX(dma, dma32);
	layout->zone_start[MU_ZONE_NORMAL] = MU_MAX(dma, dma32);
	layout->zone_end[MU_ZONE_NORMAL] = MU_NO_PFN;
	return MU_OK;
}

/* Zone @type for memory that may be MOVABLE, or (@kernel) never is. */
static void bounds(const struct mu_layout *layout, int nid, bool kernel,
		   enum mu_zone_type type, mu_pfn_t *start, mu_pfn_t *end)
{
	mu_pfn_t movable = kernel ? MU_NO_PFN : layout->movable_start[nid];

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
	bounds(layout, nid, layout->mirror && type != MU_ZONE_MOVABLE, type,
	       start, end);
}

/* The memory at @pfn is never MOVABLE, wherever that begins. */
static bool is_kernel(const struct mu_layout *layout, mu_pfn_t pfn)
{
	const struct mu_memblock_region *region;

	if (!layout->mirror)
		return false;
	region = mu_table_search(&layout->memblock->memory,
				 pfn << layout->page_shift);
	return region && region->flags & MU_MEMBLOCK_MIRROR;
}

enum mu_zone_type mu_layout_type(const struct mu_layout *layout, int nid,
				 mu_pfn_t pfn)
{
	bool kernel = is_kernel(layout, pfn);
	unsigned type = MU_NR_ZONES;
	mu_pfn_t start, end;

	do {
		type--;
		bounds(layout, nid, kernel, (enum mu_zone_type)type, &start,
		       &end);
	} while (type && (pfn < start || pfn >= end));
	return (enum mu_zone_type)type;
}

struct mu_zone *mu_layout_zone_at(const struct mu_mm *mm, int nid, mu_pfn_t pfn)
{
	const struct mu_node *node = &mm->buddy.nodes[MU_MAX(nid, 0)];

	return &mm->buddy.zones[node->zone_id[mu_layout_type(&mm->layout,
							     node->nid, pfn)]];
}

void mu_layout_cut(const struct mu_layout *layout, int nid, mu_pfn_t start,
		   mu_pfn_t end, mu_piece_fn fn, void *arg)
{
	bool kernel = start < end && is_kernel(layout, start);

	for (unsigned type = 0; type < MU_NR_ZONES; type++) {
		mu_pfn_t from, to;

		bounds(layout, nid, kernel, (enum mu_zone_type)type, &from,
		       &to);
		from = MU_MAX(from, start);
		to = MU_MIN(to, end);
		if (from < to)
			fn(arg, nid, (enum mu_zone_type)type, from, to);
	}
}

/*
 * Memory that touches and has one node is one run, whatever memblock calls it:
 * flags tell regions apart, but not pages, and a free page may lie across. Only
 * what is mirrored is told from what is not, where zones depend on it.
 */
struct run {
	const struct mu_layout *layout;
	mu_piece_fn fn;
	void *arg;
	int nid;
	bool kernel;
	mu_pfn_t start, end;
};

static void flush(const struct run *run)
{
	mu_layout_cut(run->layout, run->nid, run->start, run->end, run->fn,
		      run->arg);
}

static void extend(struct run *run, int nid, mu_pfn_t start, mu_pfn_t end)
{
	bool kernel;

	nid = MU_MAX(nid, 0);
	if (start >= end)
		return;
	kernel = is_kernel(run->layout, start);
	if (start != run->end || nid != run->nid || kernel != run->kernel) {
		flush(run);
		run->nid = nid;
		run->kernel = kernel;
		run->start = start;
	}
	run->end = end;
}

void mu_layout_memory(const struct mu_layout *layout, mu_piece_fn fn, void *arg)
{
	struct run run = {.layout = layout, .fn = fn, .arg = arg};
	mu_pfn_t start, end;
	uint64_t cursor;
	int nid;

	mu_for_each_mem_pfn_range (layout->memblock, cursor, MU_NO_NODE, &start,
				   &end, &nid)
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
		/* Page 0 is nobody's, whoever filled memblock. */
		extend(&run, nid,
		       MU_MAX((base + mask) >> layout->page_shift, 1),
		       end >> layout->page_shift);
	flush(&run);
}
