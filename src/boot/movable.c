// SPDX-License-Identifier: MIT
/*
 * Where the MOVABLE zone of each node begins.
 *
 * kernelcore=N asks for N bytes that are not movable, movablecore=N for the
 * rest. Each node with memory gives an equal share of kernelcore from its start
 * and what is above is MOVABLE; a node that is smaller than its share gives all
 * it has, and what is missing is shared again by the others. (Linux: Documen-
 * tation/admin-guide/kernel-parameters.txt, kernelcore, movablecore,
 * movable_node.)
 */
#include "base/bits.h"
#include "boot/layout.h"

/* Raise every node's share to the same level until they add up to @pages. */
static void share_out(const struct mu_node *nodes, unsigned nr_nodes,
		      uint64_t pages, uint64_t *share)
{
	uint64_t level = 0, left = pages;

	for (unsigned nid = 0; nid < nr_nodes; nid++)
		share[nid] = 0;
	for (;;) {
		uint64_t nr_open = 0, step;

		for (unsigned nid = 0; nid < nr_nodes; nid++)
			nr_open += nodes[nid].present_pages > level;
		if (!nr_open || !left)
			return;
		/* Rounded up: the last page's worth is nobody's loss. */
		step = (left + nr_open - 1) / nr_open;
		level += step;
		left = pages;
		for (unsigned nid = 0; nid < nr_nodes; nid++) {
			share[nid] = MU_MIN(level, nodes[nid].present_pages);
			left -= MU_MIN(left, share[nid]);
		}
	}
}

/* The pfn below which node @nid has @pages pages of memory. */
static mu_pfn_t pfn_after(const struct mu_memblock *memblock, int nid,
			  uint64_t pages)
{
	mu_pfn_t start, end, last = 0;
	uint64_t cursor;

	mu_for_each_mem_pfn_range (memblock, cursor, nid, &start, &end, NULL) {
		if (end - start >= pages)
			return start + pages;
		pages -= end - start;
		last = end;
	}
	return last;
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
		    const struct mu_node *nodes, mu_pfn_t *movable_start,
		    uint64_t *share)
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
	share_out(nodes, mm->nr_nodes, core, share);
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++) {
		mu_pfn_t start = pfn_after(&mm->memblock, (int)nid, share[nid]);

		movable_start[nid] =
			mu_align_up(MU_MAX(start, lowest), MU_BLOCK_PAGES);
	}
}

static void by_hotplug(const struct mu_mm *mm, mu_pfn_t *movable_start)
{
	mu_phys_t mask = ((mu_phys_t)1 << mm->page_shift) - 1;
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (&mm->memblock, region) {
		mu_pfn_t start = (region->base + mask) >> mm->page_shift;
		mu_pfn_t *first = &movable_start[MU_MAX(region->nid, 0)];

		start = mu_align_up(start, MU_BLOCK_PAGES);
		if (region->flags & MU_MEMBLOCK_HOTPLUG)
			*first = MU_MIN(*first, start);
	}
}

void mu_layout_movable(const struct mu_mm *mm, const struct mu_config *config,
		       const struct mu_node *nodes, mu_pfn_t *movable_start,
		       uint64_t *scratch)
{
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		movable_start[nid] = MU_NO_PFN;
	if (config->movable_node)
		by_hotplug(mm, movable_start);
	else if (config->kernelcore || config->movablecore)
		by_size(mm, config, nodes, movable_start, scratch);
	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		if (movable_start[nid] >= nodes[nid].end_pfn)
			movable_start[nid] = MU_NO_PFN;
}
