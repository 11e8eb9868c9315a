// SPDX-License-Identifier: MIT
#include <string.h>
#include "bench/classic.h"

#define ZONE_SHIFT    62
#define NODE_SHIFT    56
#define FLAG_RESERVED 0x400u
#define FLAG_BUDDY    0x80u

/* Passes are separate functions: in Linux they are in different places, so the
 * compiler must not merge them. */
#define PASS __attribute__((noinline)) static

PASS void first_pass(struct classic_page *page, uint64_t nr, uint64_t zone,
		     uint64_t node)
{
	for (struct classic_page *end = page + nr; page < end; page++) {
		memset(page, 0, sizeof(*page));
		page->flags = zone << ZONE_SHIFT | node << NODE_SHIFT;
		/* relaxed: nobody else knows of the page. */
		atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
		page->mapcount = -1;
		page->lru.next = page->lru.prev = &page->lru;
	}
}

PASS void second_pass(struct classic_page *page, uint64_t nr)
{
	for (struct classic_page *end = page + nr; page < end; page++) {
		page->flags &= ~(uint64_t)FLAG_RESERVED;
		/* relaxed: as above. */
		atomic_store_explicit(&page->refcount, 0, memory_order_relaxed);
	}
}

static void list_push(struct classic_list *list, struct classic_list *entry)
{
	entry->next = list->next;
	entry->prev = list;
	list->next->prev = entry;
	list->next = entry;
}

PASS void free_block(struct classic *classic, struct classic_page *page)
{
	/* acquire, release: a lock. */
	while (atomic_exchange_explicit(&classic->lock, 1,
					memory_order_acquire))
		;
	page->flags |= FLAG_BUDDY;
	page->private_data = 10;
	list_push(&classic->free, &page->lru);
	classic->nr_free += CLASSIC_BLOCK;
	atomic_store_explicit(&classic->lock, 0, memory_order_release);
}

void classic_reset(struct classic *classic, struct classic_page *pages)
{
	classic->pages = pages;
	atomic_init(&classic->lock, 0);
	classic->free.next = classic->free.prev = &classic->free;
	classic->nr_free = 0;
}

void classic_by_block(struct classic *classic, uint64_t start, uint64_t end)
{
	for (; start < end; start += CLASSIC_BLOCK) {
		struct classic_page *page = classic->pages + start;

		first_pass(page, CLASSIC_BLOCK, 2, 0);
		second_pass(page, CLASSIC_BLOCK);
		free_block(classic, page);
	}
}

void classic_by_pass(struct classic *classic, uint64_t start, uint64_t end)
{
	first_pass(classic->pages + start, end - start, 2, 0);
	for (; start < end; start += CLASSIC_BLOCK) {
		struct classic_page *page = classic->pages + start;

		second_pass(page, CLASSIC_BLOCK);
		free_block(classic, page);
	}
}

/* What Linux had under the hotplug lock: a page like others, reserved. */
PASS void device_pass(struct classic_page *page, uint64_t nr)
{
	for (struct classic_page *end = page + nr; page < end; page++) {
		memset(page, 0, sizeof(*page));
		page->flags = (uint64_t)3 << ZONE_SHIFT | FLAG_RESERVED;
		/* relaxed: nobody else knows of the page. */
		atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
		page->mapcount = -1;
		page->lru.next = page->lru.prev = &page->lru;
	}
}

/* And after it: whose page it is, and nothing in the owner's word. */
PASS void pgmap_pass(struct classic_page *page, uint64_t nr, void *pgmap)
{
	for (struct classic_page *end = page + nr; page < end; page++) {
		page->lru.next = pgmap;
		page->lru.prev = NULL;
	}
}

void classic_device(struct classic_page *pages, uint64_t nr, void *pgmap)
{
	device_pass(pages, nr);
	pgmap_pass(pages, nr, pgmap);
}
