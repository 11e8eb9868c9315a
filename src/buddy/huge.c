// SPDX-License-Identifier: MIT
/*
 * Gigantic pages with one descriptor that are freed or split: they get the
 * others, a block at a time.
 */
#include "base/assert.h"
#include "base/port.h"
#include "buddy/huge.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "memmap/blocks.h"

enum mu_status mu_gigantic_back(struct mu_buddy *buddy, mu_pfn_t pfn)
{
	enum mu_status status = MU_OK;

	for (mu_pfn_t at = pfn; status == MU_OK && at < pfn + MU_GIGANTIC_PAGES;
	     at += MU_BLOCK_PAGES)
		status = mu_memmap_back(buddy->memmap, at);
	return status;
}

void mu_mark_allocated(const struct mu_memmap *memmap, mu_pfn_t start,
		       mu_pfn_t end, unsigned to, uint32_t refs)
{
	for (mu_pfn_t pfn = start; pfn < end; pfn += (mu_pfn_t)1 << to) {
		struct mu_page *page = mu_pfn_to_page(memmap, pfn);

		mu_page_set(page, MU_PAGE_ALLOCATED, to);
		/* relaxed: published with the block, or under the lock. */
		atomic_store_explicit(&page->refcount, refs,
				      memory_order_relaxed);
		page->private_data = 0;
	}
}

void mu_gigantic_dissolve(struct mu_buddy *buddy, struct mu_zone *zone,
			  mu_pfn_t pfn, unsigned to, uint32_t refs)
{
	struct mu_memmap *memmap = buddy->memmap;
	mu_pfn_t end = pfn + MU_GIGANTIC_PAGES;

	/* The first descriptor is written, and counted, a second time.
	 * relaxed: a statistic. */
	atomic_fetch_sub_explicit(&memmap->written_pages, 1,
				  memory_order_relaxed);
	for (; pfn < end; pfn += MU_BLOCK_PAGES) {
		uintptr_t flags = mu_irq_save(buddy->port);

		mu_memmap_init_block(memmap, pfn, (uint16_t)zone->id,
				     MU_PAGE_TAIL);
		if (to < MU_NR_ORDERS)
			mu_mark_allocated(memmap, pfn, pfn + MU_BLOCK_PAGES, to,
					  refs);
		mu_memmap_publish(memmap, pfn);
		if (to == MU_TO_LISTS) {
			mu_buddy_add_block(buddy, zone, pfn, MU_NR_ORDERS, 0,
					   NULL);
			mu_zone_tell_growth(zone);
		}
		mu_irq_restore(buddy->port, flags);
		mu_watchdog(buddy->port);
	}
}
