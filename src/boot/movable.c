// SPDX-License-Identifier: MIT
/*
 * Where the MOVABLE zone of each node begins.
 *
 * kernelcore=N asks for N bytes that are not movable, movablecore=N for the
 * rest. Memory below the machine's highest zone is never movable and counts in
 * full; the remaining amount is shared by the nodes with memory, each from its
 * start, and what is above is MOVABLE. A node that is smaller than its share
 * gives all it has, and the rest is shared again. The order of the sharing is
 * Linux's (find_zone_movable_pfns_for_nodes()), so that the same parameters
 * make the same zones: nodes in turn, those that come last may get less.
 *
 * kernelcore=mirror depends on the memory instead: what firmware mirrors is the
 * kernel's, and MOVABLE has the rest, from the first such memory of a node at
 * or above 4 GiB on. Mirrored memory above that stays in the zone of its
 * address, so that the two are interleaved (layout.c). movable_node depends on
 * the memory, too, and takes precedence.
 * (Documentation/admin-guide/kernel-parameters.txt, kernelcore, movablecore,
 * movable_node.)
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "boot/movable.h"
#include "hotplug/layout.h"

/*
 * Raise *@start, the first pfn of node @nid that is not the kernel's, by @share
 * pages of memory, and past everything below @lowest. Returns how many.
 */
static uint64_t take(const struct mu_memblock *memblock, int nid,
		     mu_pfn_t lowest, uint64_t share, mu_pfn_t *start)
{
	uint64_t cursor, taken = 0;
	mu_pfn_t first, end;

	mu_for_each_mem_pfn_range (memblock, cursor, nid, &first, &end, NULL) {
		mu_pfn_t until;

		first = MU_MAX(first, *start);
		if (first >= end)
			continue;
		until = first + MU_MIN(share, end - first);
		until = MU_MAX(until, MU_MIN(end, lowest));
		*start = until;
		taken += until - first;
		share -= MU_MIN(share, until - first);
		if (!share && until >= lowest)
			break;
	}
	return taken;
}

/* Let the nodes with memory give @left pages to the kernel. */
static void share_out(const struct mu_mm *mm, const struct mu_node *nodes,
		      uint64_t left, mu_pfn_t lowest, mu_pfn_t *start)
{
	uint64_t nr = 0;

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		nr += nodes[nid].present_pages > 0;
	do {
		uint64_t share = left / nr;

		for (unsigned nid = 0; nid < mm->nr_nodes; nid++) {
			uint64_t given;

			if (!nodes[nid].present_pages)
				continue;
			if (left < share)
				share = left / nr;
			given = take(&mm->memblock, (int)nid, lowest, share,
				     &start[nid]);
			left -= MU_MIN(left, given);
		}
		/* At least one has given all it has, or everything is given. */
		nr--;
	} while (nr && left > nr);
}

/*
 * Where the machine's highest zone begins. Only that one gives memory to
 * MOVABLE: the lower ones are precious.
 */
static mu_pfn_t highest_zone(const struct mu_mm *mm,
			     const struct mu_config *config,
			     const struct mu_node *nodes)
{
	mu_pfn_t dma = config->dma_limit >> mm->page_shift;
	mu_pfn_t dma32 = config->dma32_limit >> mm->page_shift;
	mu_pfn_t end = 0;

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		end = MU_MAX(end, nodes[nid].end_pfn);
	if (end > MU_MAX(dma, dma32))
		return MU_MAX(dma, dma32);
	return end > dma ? dma : 0;
}

static void by_size(const struct mu_mm *mm, const struct mu_config *config,
		    const struct mu_node *nodes, mu_pfn_t *movable_start)
{
	uint64_t total = 0, core = config->kernelcore >> mm->page_shift;
	uint64_t movable = config->movablecore >> mm->page_shift;
	mu_pfn_t lowest = highest_zone(mm, config, nodes);

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		total += nodes[nid].present_pages;
	movable = mu_align_up(movable, MU_BLOCK_PAGES);
	if (movable)
		core = MU_MAX(core, total - MU_MIN(total, movable));
	if (!core || core >= total)
		return;
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		movable_start[nid] = 0;
	share_out(mm, nodes, core, lowest, movable_start);
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		movable_start[nid] =
			mu_align_up(movable_start[nid], MU_BLOCK_PAGES);
}

/* Is anything reserved in the memory of @nid? */
static bool is_in_use(const struct mu_memblock *memblock, int nid)
{
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (memblock, region) {
		if (region->nid == nid &&
		    mu_memblock_is_region_reserved(memblock, region->base,
						   region->size))
			return true;
	}
	return false;
}

enum mu_status mu_mm_movable_node(struct mu_mm *mm)
{
	struct mu_memblock *memblock = &mm->memblock;
	enum mu_status status = MU_OK;

	if (mm->hotplug_settled)
		return MU_OK;
	/* Downwards: what loses the flag may become one with those above. */
	for (unsigned i = memblock->memory.cnt; !status && i-- > 0;) {
		struct mu_memblock_region region = memblock->memory.regions[i];

		if ((region.flags & MU_MEMBLOCK_HOTPLUG) &&
		    is_in_use(memblock, region.nid))
			status = mu_memblock_clear_hotplug(
				memblock, region.base, region.size);
	}
	memblock->movable_node = true;
	mm->hotplug_settled = !status;
	return status;
}

/* MOVABLE of each node begins at its first region for which @is_movable. */
static void by_regions(const struct mu_mm *mm, mu_pfn_t *movable_start,
		       bool (*is_movable)(const struct mu_memblock_region *))
{
	mu_phys_t mask = ((mu_phys_t)1 << mm->page_shift) - 1;
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (&mm->memblock, region) {
		mu_pfn_t start = (region->base + mask) >> mm->page_shift;
		mu_pfn_t *first = &movable_start[MU_MAX(region->nid, 0)];

		start = mu_align_up(start, MU_BLOCK_PAGES);
		if (is_movable(region))
			*first = MU_MIN(*first, start);
	}
}

static bool is_hotplug(const struct mu_memblock_region *region)
{
	return region->flags & MU_MEMBLOCK_HOTPLUG;
}

static bool is_unmirrored(const struct mu_memblock_region *region)
{
	return !(region->flags & MU_MEMBLOCK_MIRROR) &&
	       region->base >= 4 * MU_GIB;
}

static bool has_mirror(const struct mu_mm *mm)
{
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (&mm->memblock, region) {
		if (region->flags & MU_MEMBLOCK_MIRROR)
			return true;
	}
	return false;
}

/* Memory at @address and above on its node is MOVABLE. */
static void from_address(const struct mu_mm *mm, mu_phys_t address,
			 mu_pfn_t *movable_start)
{
	mu_pfn_t pfn = address >> mm->page_shift, end = 0;
	int nid = mu_memblock_search_pfn_nid(&mm->memblock, pfn, NULL, &end);
	mu_pfn_t *first = &movable_start[MU_MAX(nid, 0)];

	if (end)
		*first = MU_MIN(*first, mu_align_up(pfn, MU_BLOCK_PAGES));
}

void mu_movable_lay_out(const struct mu_mm *mm, const struct mu_config *config,
			const struct mu_node *nodes, mu_pfn_t *movable_start)
{
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		movable_start[nid] = MU_NO_PFN;
	if (config->movable_node)
		by_regions(mm, movable_start, is_hotplug);
	else if (config->kernelcore_mirror && has_mirror(mm))
		by_regions(mm, movable_start, is_unmirrored);
	else if (config->kernelcore_mirror)
		mu_log(mm->port, MU_LOG_WARN,
		       "kernelcore=mirror: no memory is mirrored");
	else if (config->kernelcore || config->movablecore)
		by_size(mm, config, nodes, movable_start);
	if (config->movable_from)
		from_address(mm, config->movable_from, movable_start);
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		if (movable_start[nid] >= nodes[nid].end_pfn)
			movable_start[nid] = MU_NO_PFN;
}
