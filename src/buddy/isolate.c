// SPDX-License-Identifier: MIT
/*
 * Memory on its way out of the allocator.
 *
 * A block that goes offline first moves to another zone of its node, which is
 * in no zonelist. Its free pages leave the lists that allocations search, pages
 * freed later go to the new zone, and pages merge there as anywhere: the free
 * path needs no special case, since it takes the zone from the page. When the
 * block is one free page it is taken out; if it is to stay after all it moves
 * back.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "buddy/zone.h"

/* Both locks; the isolated zone's is the inner one in either direction. */
static uintptr_t lock_two(struct mu_buddy *buddy, struct mu_zone *a,
			  struct mu_zone *b)
{
	struct mu_zone *inner = a->type == MU_ZONE_ISOLATED ? a : b;
	struct mu_zone *outer = inner == a ? b : a;
	uintptr_t flags = mu_lock_irqsave(buddy->port, &outer->lock);

	mu_lock(buddy->port, &inner->lock);
	return flags;
}

static void unlock_two(struct mu_buddy *buddy, struct mu_zone *a,
		       struct mu_zone *b, uintptr_t flags)
{
	mu_unlock(&a->lock);
	mu_unlock_irqrestore(buddy->port, &b->lock, flags);
}

static void set_zone(struct mu_page *page, mu_pfn_t pages, uint32_t id)
{
	/* release: whoever uses it to find the zone, without a lock, finds it
	 * complete. */
	for (struct mu_page *end = page + pages; page < end; page++)
		atomic_store_explicit(&page->zone, (uint16_t)id,
				      memory_order_release);
}

/* How many descriptors of the page are written. */
static mu_pfn_t nr_written(const struct mu_page *page)
{
	return mu_page_flags(page) & MU_PAGE_SPARSE
		       ? 1
		       : (mu_pfn_t)1 << page->order;
}

/* Can all pages of the block change from @from? */
static enum mu_status check(const struct mu_memmap *memmap,
			    const struct mu_zone *from, mu_pfn_t start)
{
	mu_pfn_t end = start + MU_BLOCK_PAGES;

	for (mu_pfn_t pfn = start; pfn < end;) {
		const struct mu_page *page = mu_pfn_to_page(memmap, pfn);

		if (mu_page_kind(page) == MU_PAGE_RESERVED)
			return MU_ERR_RESERVED;
		/* Somebody is using it: a gigantic page that is being freed, or
		 * one that is larger than the block. */
		if (mu_page_zone(page) != from->id ||
		    mu_page_kind(page) == MU_PAGE_TAIL ||
		    page->order > MU_BLOCK_ORDER)
			return MU_ERR_BUSY;
		pfn += (mu_pfn_t)1 << page->order;
	}
	return MU_OK;
}

/* All descriptors, or for a free page only the first: the others mean nothing
 * until it is split, which does not happen in an isolated zone. */
static void move_page(const struct mu_memmap *memmap, struct mu_zone *from,
		      struct mu_zone *to, mu_pfn_t pfn)
{
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);
	bool isolated = to->type == MU_ZONE_ISOLATED;

	if (mu_page_kind(page) != MU_PAGE_FREE) {
		set_zone(page, nr_written(page), to->id);
		return;
	}
	mu_list_remove(memmap, from, pfn);
	set_zone(page, isolated ? 1 : (mu_pfn_t)1 << page->order, to->id);
	mu_zone_give(memmap, to, pfn, page->order);
}

static void move_block(const struct mu_memmap *memmap, struct mu_zone *from,
		       struct mu_zone *to, mu_pfn_t start)
{
	mu_pfn_t end = start + MU_BLOCK_PAGES;
	uint64_t poisoned = 0;

	for (mu_pfn_t pfn = start; pfn < end;) {
		const struct mu_page *page = mu_pfn_to_page(memmap, pfn);
		mu_pfn_t next = pfn + ((mu_pfn_t)1 << page->order);

		poisoned += mu_page_kind(page) == MU_PAGE_POISONED;
		move_page(memmap, from, to, pfn);
		pfn = next;
	}
	from->poisoned_pages -= poisoned;
	to->poisoned_pages += poisoned;
	mu_zone_manage(from, (int64_t)poisoned - (int64_t)MU_BLOCK_PAGES);
	mu_zone_manage(to, (int64_t)MU_BLOCK_PAGES - (int64_t)poisoned);
}

/* The head of a gigantic page stands for all of it. */
static enum mu_status move_gigantic(const struct mu_memmap *memmap,
				    struct mu_zone *from, struct mu_zone *to,
				    mu_pfn_t start)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);
	const int64_t pages = (int64_t)1 << MU_GIGANTIC_ORDER;

	if (mu_page_zone(page) != from->id ||
	    mu_page_kind(page) != MU_PAGE_ALLOCATED ||
	    page->order != MU_GIGANTIC_ORDER)
		return MU_ERR_BUSY;
	set_zone(page, 1, to->id);
	mu_zone_manage(from, -pages);
	mu_zone_manage(to, pages);
	return MU_OK;
}

enum mu_status mu_buddy_move(struct mu_buddy *buddy, struct mu_zone *from,
			     struct mu_zone *to, mu_pfn_t start, bool gigantic)
{
	enum mu_status status;
	uintptr_t flags;

	/* No page of the block may lie in a cache, which would hand it out. */
	mu_buddy_shut(buddy, from);
	flags = lock_two(buddy, from, to);
	if (gigantic) {
		status = move_gigantic(buddy->memmap, from, to, start);
	} else {
		status = check(buddy->memmap, from, start);
		if (status == MU_OK)
			move_block(buddy->memmap, from, to, start);
	}
	unlock_two(buddy, from, to, flags);
	mu_buddy_open(buddy, from);
	return status;
}

/* The end of the free page that the tail @pfn is in; @pfn when it is in none.
 */
static mu_pfn_t end_of_free(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	for (unsigned order = 1; order <= MU_BLOCK_ORDER; order++) {
		mu_pfn_t head = mu_align_down(pfn, (mu_pfn_t)1 << order);
		const struct mu_page *page = mu_pfn_to_page(memmap, head);

		if (mu_page_kind(page) == MU_PAGE_FREE &&
		    pfn - head < (mu_pfn_t)1 << page->order)
			return head + ((mu_pfn_t)1 << page->order);
	}
	return pfn;
}

/* The first page of the block at or after *@pfn that is neither free nor
 * poisoned. */
static bool find_in_use(const struct mu_memmap *memmap, mu_pfn_t end,
			mu_pfn_t *pfn)
{
	while (*pfn < end) {
		const struct mu_page *page = mu_pfn_to_page(memmap, *pfn);
		mu_pfn_t next = *pfn + ((mu_pfn_t)1 << page->order);

		/* Pages freed since the last look have merged. */
		if (mu_page_kind(page) == MU_PAGE_TAIL)
			next = end_of_free(memmap, *pfn);
		else if (mu_page_kind(page) != MU_PAGE_FREE &&
			 mu_page_kind(page) != MU_PAGE_POISONED)
			return true;
		if (next == *pfn)
			return true;
		*pfn = next;
	}
	return false;
}

bool mu_buddy_find_in_use(struct mu_buddy *buddy, struct mu_zone *isolated,
			  mu_pfn_t end, mu_pfn_t *pfn, unsigned *order)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &isolated->lock);
	const struct mu_page *page;
	bool found = find_in_use(buddy->memmap, end, pfn);

	if (found) {
		page = mu_pfn_to_page(buddy->memmap, *pfn);
		*order = mu_page_kind(page) == MU_PAGE_ALLOCATED ? page->order
								 : MU_NR_ORDERS;
	}
	mu_unlock_irqrestore(buddy->port, &isolated->lock, flags);
	return found;
}

bool mu_buddy_extract(struct mu_buddy *buddy, struct mu_zone *isolated,
		      mu_pfn_t start)
{
	struct mu_memmap *memmap = buddy->memmap;
	mu_pfn_t end = start + MU_BLOCK_PAGES, pfn = start;
	uintptr_t flags = mu_lock_irqsave(buddy->port, &isolated->lock);
	bool in_use = find_in_use(memmap, end, &pfn);
	uint64_t free = 0;

	for (pfn = start; !in_use && pfn < end;) {
		const struct mu_page *page = mu_pfn_to_page(memmap, pfn);
		mu_pfn_t pages = (mu_pfn_t)1 << page->order;

		if (mu_page_kind(page) == MU_PAGE_FREE) {
			mu_list_remove(memmap, isolated, pfn);
			free += pages;
		}
		pfn += pages;
	}
	if (!in_use) {
		mu_zone_manage(isolated, -(int64_t)free);
		isolated->poisoned_pages -= MU_BLOCK_PAGES - free;
	}
	mu_unlock_irqrestore(buddy->port, &isolated->lock, flags);
	return !in_use;
}
