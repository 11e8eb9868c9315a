// SPDX-License-Identifier: MIT
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/zone.h"

/* @order, or ANY_ORDER for the descriptor's; the count must be @refs. */
#define ANY_ORDER UINT32_MAX

static enum mu_status check(const struct mu_page *page, unsigned order,
			    uint32_t refs)
{
	if (mu_page_kind(page) == MU_PAGE_RESERVED)
		return MU_ERR_RESERVED;
	if (mu_page_kind(page) != MU_PAGE_ALLOCATED)
		return MU_ERR_NOT_ALLOCATED;
	if (order != ANY_ORDER && page->order != order)
		return MU_ERR_ORDER;
	/* acquire: what other holders did to the page before they let go of
	 * it is done before the next owner gets it. */
	if (atomic_load_explicit(&page->refcount, memory_order_acquire) != refs)
		return MU_ERR_BUSY;
	return MU_OK;
}

static enum mu_status free_page(struct mu_buddy *buddy, struct mu_page *page,
				unsigned order, uint32_t refs)
{
	struct mu_zone *zone = &buddy->zones[page->zone];
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	enum mu_status status = check(page, order, refs);

	if (status == MU_OK)
		mu_zone_give(buddy->memmap, zone,
			     mu_page_to_pfn(buddy->memmap, page), page->order);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return status;
}

enum mu_status mu_free_pages(struct mu_buddy *buddy, mu_pfn_t pfn,
			     unsigned order)
{
	struct mu_page *page = NULL;

	if (pfn >= buddy->memmap->end_pfn)
		return MU_ERR_HOLE;
	if (order > MU_BLOCK_ORDER)
		return MU_ERR_ORDER;
	page = mu_memmap_lookup(buddy->memmap, pfn);
	if (!page)
		return MU_ERR_PRISTINE;
	return free_page(buddy, page, order, 1);
}

/* A pointer that a caller made up may point anywhere. */
static bool known(const struct mu_buddy *buddy, const struct mu_page *page)
{
	uintptr_t first = (uintptr_t)buddy->memmap->pages;
	uintptr_t at = (uintptr_t)page;

	return at >= first && (at - first) % sizeof(*page) == 0 &&
	       (at - first) / sizeof(*page) < buddy->memmap->end_pfn;
}

enum mu_status mu_free_page(struct mu_buddy *buddy, struct mu_page *page)
{
	if (!known(buddy, page))
		return MU_ERR_HOLE;
	if (!mu_memmap_online(buddy->memmap,
			      mu_page_to_pfn(buddy->memmap, page)))
		return MU_ERR_PRISTINE;
	return free_page(buddy, page, ANY_ORDER, 1);
}

enum mu_status mu_page_put(struct mu_buddy *buddy, struct mu_page *page)
{
	uint32_t refs;

	if (mu_page_kind(page) != MU_PAGE_ALLOCATED)
		return MU_ERR_NOT_ALLOCATED;
	/* release: what this holder did comes before the page is freed. */
	refs = atomic_fetch_sub_explicit(&page->refcount, 1,
					 memory_order_release);
	return refs == 1 ? free_page(buddy, page, ANY_ORDER, 0) : MU_OK;
}
