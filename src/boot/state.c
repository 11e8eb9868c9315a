// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/lock.h"
#include "boot/layout.h"

const char *mu_page_state_str(enum mu_page_state state)
{
	static const char *const names[] = {"absent", "reserved", "pristine",
					    "busy",   "online",	  "device"};

	return (unsigned)state < MU_ARRAY_SIZE(names) ? names[state]
						      : "unknown";
}

/* The zone that the memory at @pfn, of node @nid, belongs to. */
static const struct mu_zone *zone_at(const struct mu_mm *mm, int nid,
				     mu_pfn_t pfn)
{
	const struct mu_node *node = &mm->buddy.nodes[MU_MAX(nid, 0)];

	return &mm->buddy.zones[node->zone_id[mu_layout_type(&mm->layout,
							     node->nid, pfn)]];
}

/* Memory in no extent: is its page reserved, in part or whole? */
static enum mu_page_state state_outside(struct mu_mm *mm, mu_pfn_t pfn)
{
	mu_phys_t base = pfn << mm->page_shift;
	mu_phys_t size = (mu_phys_t)1 << mm->page_shift;
	uintptr_t flags = mu_lock_irqsave(mm->port, &mm->reserved_lock);
	/* Page 0 is nobody's, whoever filled memblock. */
	bool reserved =
		!pfn ||
		mu_memblock_is_region_reserved(&mm->memblock, base, size) ||
		!mu_memblock_is_map_memory(&mm->memblock, base);

	mu_unlock_irqrestore(mm->port, &mm->reserved_lock, flags);
	return reserved ? MU_STATE_RESERVED : MU_STATE_ONLINE;
}

enum mu_page_state mu_page_state(struct mu_mm *mm, mu_pfn_t pfn)
{
	mu_pfn_t end = 0;
	/* A page that is only partly in one region is memory of no node. */
	int nid = mu_memblock_search_pfn_nid(&mm->memblock, pfn, NULL, &end);

	if (pfn >= end)
		return mu_device_find(&mm->devices, pfn, &end, &end)
			       ? MU_STATE_DEVICE
			       : MU_STATE_ABSENT;
	switch (mu_deferred_state(&mm->deferred, zone_at(mm, nid, pfn), pfn,
				  NULL)) {
	case MU_NOT_CLAIMED:
		return MU_STATE_PRISTINE;
	case MU_CLAIMED:
		return mu_memmap_head(&mm->memmap, pfn) ? MU_STATE_ONLINE
							: MU_STATE_BUSY;
	case MU_NOT_IN_EXTENT:
	default:
		return state_outside(mm, pfn);
	}
}
