// SPDX-License-Identifier: MIT
/*
 * Free, split, and drop a reference.
 *
 * One compare-and-exchange takes a page from its client; until it is in a cache
 * or a list it belongs to nobody, and interrupts are off. If several callers
 * free it at once one succeeds, and the others get an error.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/cache.h"
#include "buddy/huge.h"
#include "buddy/lists.h"
#include "buddy/poison.h"
#include "buddy/zone.h"
#include "memmap/blocks.h"

/* Whatever the descriptor says. */
#define ANY_ORDER UINT32_MAX

/* May a page in @state be freed? */
static inline enum mu_status check_kind(unsigned state)
{
	if (MU_LIKELY((state & MU_PAGE_KIND) == MU_PAGE_ALLOCATED))
		return MU_OK;
	return (state & MU_PAGE_KIND) == MU_PAGE_RESERVED
		       ? MU_ERR_RESERVED
		       : MU_ERR_NOT_ALLOCATED;
}

/*
 * Take @page, of @order, with @refs references, from its client. If several
 * callers free it at once one succeeds, with or without a lock; until the page
 * is in a cache or a list it belongs to nobody.
 */
static enum mu_status take_back(struct mu_page *page, unsigned order,
				uint32_t refs)
{
	uint8_t state = mu_page_flags(page);
	enum mu_status status;
	unsigned cached;

	do {
		status = check_kind(state);
		if (status != MU_OK)
			return status;
		/* acquire: what other holders did to the page before they
		 * dropped it is visible to its next owner. */
		if (atomic_load_explicit(&page->refcount,
					 memory_order_acquire) != refs) {
			/* Another holder's count, or what another caller that
			 * freed the page has put there by now. */
			status = check_kind(mu_page_flags(page));
			return status != MU_OK ? status : MU_ERR_BUSY;
		}
		cached = (state & ~MU_PAGE_KIND) | (unsigned)MU_PAGE_CACHED;
		/* relaxed: the lock that comes next orders the page's contents.
		 * It fails when another was faster, or a flag was set. */
	} while (!mu_page_swap_state(page, &state, (uint8_t)cached));
	/* Ours alone: nobody writes the order while we read it. */
	if (MU_LIKELY(order == ANY_ORDER || page->order == order))
		return MU_OK;
	mu_page_set_kind(page, MU_PAGE_ALLOCATED);
	return MU_ERR_ORDER;
}

/* Has @page one descriptor and 2^18 pages? Its holder may ask without the
 * lock. */
static bool is_gigantic(const struct mu_page *page)
{
	return mu_page_flags(page) & MU_PAGE_SPARSE &&
	       page->order == MU_GIGANTIC_ORDER;
}

/* The gigantic @page is not one any more; nobody holds it. Under the lock. */
static void take_apart(struct mu_zone *zone, struct mu_page *page,
		       bool to_lists)
{
	mu_page_set(page, MU_PAGE_TAIL, 0);
	mu_page_clear(page, MU_PAGE_SPARSE);
	if (!to_lists)
		return;
	/* Neither free nor allocated until its blocks come to the lists. */
	zone->pristine_pages += MU_GIGANTIC_PAGES;
	mu_zone_update_mark(zone);
}

static enum mu_status free_page(struct mu_buddy *buddy, struct mu_page *page,
				unsigned order, uint32_t refs);

/* Free the gigantic page at @pfn, neither free nor allocated now, which has
 * poisoned pages inside: block by block, as blocks are freed. */
static enum mu_status free_poisoned(struct mu_buddy *buddy,
				    struct mu_zone *zone, mu_pfn_t pfn)
{
	mu_pfn_t end = pfn + MU_GIGANTIC_PAGES;
	enum mu_status status = MU_OK;

	mu_gigantic_dissolve(buddy, zone, pfn, MU_BLOCK_ORDER, 1);
	mu_poison_mark(buddy, pfn, end, MU_BLOCK_ORDER);
	for (; status == MU_OK && pfn < end; pfn += MU_BLOCK_PAGES)
		status = free_page(buddy, mu_pfn_to_page(buddy->memmap, pfn),
				   MU_BLOCK_ORDER, 1);
	return status;
}

/* A page of at most a block goes to the lists. Under the lock. */
static void give(struct mu_buddy *buddy, struct mu_zone *zone,
		 struct mu_page *page)
{
	mu_pfn_t pfn = mu_page_to_pfn(buddy->memmap, page);

	if (MU_UNLIKELY(mu_page_flags(page) & MU_PAGE_SPARSE))
		mu_memmap_fill_huge(buddy->memmap, pfn);
	if (MU_UNLIKELY(mu_page_flags(page) & MU_PAGE_HAS_POISON))
		mu_zone_give_around(buddy, zone, pfn, page->order);
	else
		mu_zone_give(buddy->memmap, zone, pfn, page->order);
}

static enum mu_status free_page(struct mu_buddy *buddy, struct mu_page *page,
				unsigned order, uint32_t refs)
{
	mu_pfn_t pfn = mu_page_to_pfn(buddy->memmap, page);
	bool gigantic = is_gigantic(page), poisoned = false;
	enum mu_status status = MU_OK;
	struct mu_zone *zone;
	uintptr_t flags;

	if (MU_UNLIKELY(gigantic))
		status = mu_gigantic_back(buddy, pfn);
	if (status != MU_OK)
		return status;
	/* A handler must not find the page half freed, and wait for us. */
	flags = mu_irq_save(buddy->port);
	status = take_back(page, order, refs);
	if (status != MU_OK || MU_LIKELY(mu_cache_give(buddy, page))) {
		mu_irq_restore(buddy->port, flags);
		return status;
	}
	zone = mu_page_lock_zone(buddy, page);
	if (gigantic) {
		poisoned = mu_page_flags(page) & MU_PAGE_HAS_POISON;
		take_apart(zone, page, !poisoned);
	} else {
		give(buddy, zone, page);
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	if (poisoned)
		return free_poisoned(buddy, zone, pfn);
	if (gigantic)
		mu_gigantic_dissolve(buddy, zone, pfn, MU_TO_LISTS, 0);
	return MU_OK;
}

enum mu_status mu_free_pages(struct mu_buddy *buddy, mu_pfn_t pfn,
			     unsigned order)
{
	struct mu_page *page = NULL;

	if (pfn >= buddy->memmap->end_pfn)
		return MU_ERR_HOLE;
	if (order > MU_BLOCK_ORDER && order != MU_GIGANTIC_ORDER)
		return MU_ERR_ORDER;
	page = mu_memmap_lookup(buddy->memmap, pfn);
	if (!page)
		return MU_ERR_PRISTINE;
	return free_page(buddy, page, order, 1);
}

enum mu_status mu_split_pages(struct mu_buddy *buddy, mu_pfn_t pfn,
			      unsigned order, unsigned to)
{
	enum mu_status status = MU_OK;
	struct mu_page *page;
	struct mu_zone *zone;
	uintptr_t flags;
	uint32_t refs;
	bool gigantic, poisoned;

	if (pfn >= buddy->memmap->end_pfn)
		return MU_ERR_HOLE;
	if ((order > MU_BLOCK_ORDER && order != MU_GIGANTIC_ORDER) ||
	    to > MU_BLOCK_ORDER || to >= order)
		return MU_ERR_ORDER;
	page = mu_memmap_lookup(buddy->memmap, pfn);
	if (!page)
		return MU_ERR_PRISTINE;
	if (is_gigantic(page))
		status = mu_gigantic_back(buddy, pfn);
	if (status != MU_OK)
		return status;
	flags = mu_irq_save(buddy->port);
	zone = mu_page_lock_zone(buddy, page);
	/* relaxed: the caller holds the page. */
	refs = atomic_load_explicit(&page->refcount, memory_order_relaxed);
	gigantic = is_gigantic(page);
	poisoned = mu_page_flags(page) & MU_PAGE_HAS_POISON;
	status = check_kind(mu_page_flags(page));
	if (status == MU_OK && page->order != order)
		status = MU_ERR_ORDER;
	if (status == MU_OK && gigantic) {
		take_apart(zone, page, false);
	} else if (status == MU_OK) {
		if (mu_page_flags(page) & MU_PAGE_SPARSE)
			mu_memmap_fill_huge(buddy->memmap, pfn);
		mu_page_clear(page, MU_PAGE_HAS_POISON);
		mu_mark_allocated(buddy->memmap, pfn,
				  pfn + ((mu_pfn_t)1 << order), to, refs);
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	if (status == MU_OK && gigantic)
		mu_gigantic_dissolve(buddy, zone, pfn, to, refs);
	if (status == MU_OK && poisoned)
		mu_poison_mark(buddy, pfn, pfn + ((mu_pfn_t)1 << order), to);
	return status;
}

/* A wrong pointer may point anywhere. */
static enum mu_status check_pointer(const struct mu_buddy *buddy,
				    const struct mu_page *page)
{
	const struct mu_memmap *memmap = buddy->memmap;
	uintptr_t first = (uintptr_t)memmap->pages, at = (uintptr_t)page;

	if (at < first || (at - first) % sizeof(*page) ||
	    (at - first) / sizeof(*page) >= memmap->end_pfn)
		return MU_ERR_HOLE;
	return mu_memmap_online(memmap, mu_page_to_pfn(memmap, page))
		       ? MU_OK
		       : MU_ERR_PRISTINE;
}

enum mu_status mu_free_page(struct mu_buddy *buddy, struct mu_page *page)
{
	enum mu_status status = check_pointer(buddy, page);

	return status == MU_OK ? free_page(buddy, page, ANY_ORDER, 1) : status;
}

enum mu_status mu_page_put(struct mu_buddy *buddy, struct mu_page *page)
{
	enum mu_status status = check_pointer(buddy, page);
	uint32_t refs;

	if (status == MU_OK)
		status = check_kind(mu_page_flags(page));
	if (status != MU_OK)
		return status;
	/* release: what this holder did comes before the page is freed. */
	refs = atomic_fetch_sub_explicit(&page->refcount, 1,
					 memory_order_release);
	if (refs == 1)
		status = free_page(buddy, page, ANY_ORDER, 0);
	/* Then nobody has it: it stays with its last holder. relaxed: the only
	 * one. */
	if (status == MU_ERR_NOMEM)
		atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
	return status;
}
