// SPDX-License-Identifier: MIT
/*
 * What one page is, from all sources: the devices' table, memblock, the zone's
 * extents, the memmap.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "memup/boot.h"

const char *mu_page_state_str(enum mu_page_state state)
{
	static const char *const names[] = {"absent", "reserved", "pristine",
					    "busy",   "online",	  "device",
					    "offline"};

	return (unsigned)state < MU_ARRAY_SIZE(names) ? names[state]
						      : "unknown";
}

enum mu_page_state mu_page_state(struct mu_mm *mm, mu_pfn_t pfn)
{
	mu_phys_t base = pfn << mm->page_shift;
	mu_phys_t size = (mu_phys_t)1 << mm->page_shift;
	enum mu_page_state state = MU_STATE_BUSY;
	mu_pfn_t end = 0;
	uintptr_t flags;
	int nid;

	if (mu_device_find(&mm->devices, pfn, &end, &end))
		return MU_STATE_DEVICE;
	if (pfn >= mm->memmap.end_pfn)
		return MU_STATE_ABSENT;
	/* Until the end: meanwhile the allocator's memory stays backed. */
	flags = mu_lock_irqsave(mm->port, &mm->reserved_lock);
	nid = mu_memblock_search_pfn_nid(&mm->memblock, pfn, NULL, &end);
	/* A page that is only partly in one region belongs to no node; page 0
	 * is never used, whatever memblock has. */
	if (pfn >= end)
		state = MU_STATE_ABSENT;
	else if (mu_layout_is_offline(&mm->layout, pfn))
		state = MU_STATE_OFFLINE;
	else if (!pfn ||
		 mu_memblock_is_region_reserved(&mm->memblock, base, size) ||
		 !mu_memblock_is_map_memory(&mm->memblock, base))
		state = MU_STATE_RESERVED;
	else if (mu_deferred_is_pristine(
			 &mm->deferred,
			 mu_layout_zone_at(&mm->layout, &mm->buddy, nid, pfn),
			 pfn, NULL))
		state = MU_STATE_PRISTINE;
	else if (mu_memmap_head(&mm->memmap, pfn))
		state = MU_STATE_ONLINE;
	mu_unlock_irqrestore(mm->port, &mm->reserved_lock, flags);
	return state;
}

enum mu_status mu_pfn_to_online_page(struct mu_mm *mm, mu_pfn_t pfn,
				     struct mu_page **page)
{
	for (;;) {
		struct mu_page *found;

		switch (mu_page_state(mm, pfn)) {
		case MU_STATE_ABSENT:
			return MU_ERR_HOLE;
		case MU_STATE_PRISTINE:
			return MU_ERR_PRISTINE;
		case MU_STATE_BUSY:
			return MU_ERR_BUSY;
		case MU_STATE_DEVICE:
			return MU_ERR_NOT_FOUND;
		case MU_STATE_OFFLINE:
			return MU_ERR_OFFLINE;
		case MU_STATE_RESERVED:
			found = mu_memmap_lookup(&mm->memmap, pfn);
			if (!found)
				return MU_ERR_RESERVED;
			break;
		case MU_STATE_ONLINE:
			found = mu_memmap_head(&mm->memmap, pfn);
			break;
		}
		/* Else the state is outdated. */
		if (found) {
			*page = found;
			return MU_OK;
		}
	}
}
