// SPDX-License-Identifier: MIT
/*
 * References: who holds a pagemap, and who uses a page of it.
 *
 * The count of a pagemap lies in a slot, which is never freed, so that a reader
 * may try to raise it knowing no more than that the slot was in the table. If
 * the slot was given to another pagemap meanwhile, that one gets a reference
 * for a moment: the reader looks at the version, sees that the table has
 * changed, and drops it.
 *
 *   live  { 0, n }    --kill-->  dead { 1, n }
 *   dead  { 1, 0 }    whoever makes it so, by the last put or by kill, sets
 *                     gone; only then does removal go on and the slot serve
 *                     another pagemap
 */
#include "device/internal.h"

bool mu_device_try_hold(struct mu_device_slot *slot)
{
	/* relaxed: the exchange checks it. */
	uint64_t refs = atomic_load_explicit(&slot->refs, memory_order_relaxed);

	do {
		if (refs & MU_DEVICE_DEAD)
			return false;
		/* acquire: whoever holds it sees what was registered. */
	} while (!atomic_compare_exchange_weak_explicit(
		&slot->refs, &refs, refs + 1, memory_order_acquire,
		memory_order_relaxed));
	return true;
}

void mu_device_hold(struct mu_device_slot *slot)
{
	/* relaxed: the caller has a reference already. */
	atomic_fetch_add_explicit(&slot->refs, 1, memory_order_relaxed);
}

static void say_gone(const struct mu_port *port, struct mu_device_slot *slot)
{
	/* release: whoever removes it sees what users did. */
	atomic_store_explicit(&slot->gone, 1, memory_order_release);
	mu_wake(port, &slot->gone);
}

void mu_device_let_go(const struct mu_port *port, struct mu_device_slot *slot)
{
	/* acq_rel: all holders' uses come before the end. */
	uint64_t refs =
		atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel);

	mu_assert(port, refs & ~MU_DEVICE_DEAD);
	if (refs == (MU_DEVICE_DEAD | 1))
		say_gone(port, slot);
}

bool mu_device_kill(const struct mu_port *port, struct mu_device_slot *slot,
		    bool only_idle)
{
	uint64_t refs = 0;

	/* acq_rel, here and below: as in mu_device_let_go(). relaxed when it
	 * fails: only the value is used. */
	if (only_idle && !atomic_compare_exchange_strong_explicit(
				 &slot->refs, &refs, MU_DEVICE_DEAD,
				 memory_order_acq_rel, memory_order_relaxed))
		/* Killed before, and idle by now? */
		return refs == MU_DEVICE_DEAD;
	if (!only_idle)
		refs = atomic_fetch_or_explicit(&slot->refs, MU_DEVICE_DEAD,
						memory_order_acq_rel);
	if (!refs)
		say_gone(port, slot);
	return true;
}

struct mu_pagemap *mu_pagemap_get(struct mu_devices *devices, mu_pfn_t pfn)
{
	struct mu_device_line line;
	uint64_t version;

	while (mu_device_search(devices, pfn, &line, &version)) {
		if (mu_device_try_hold(line.slot)) {
			if (mu_device_unchanged(devices, version))
				return line.slot->map;
			mu_device_let_go(devices->port, line.slot);
		} else if (mu_device_unchanged(devices, version)) {
			return NULL;
		}
	}
	return NULL;
}

void mu_pagemap_put(struct mu_pagemap *map)
{
	/* @map may be gone with the reference. */
	mu_device_let_go(map->devices->port, map->slot);
}

void mu_pagemap_kill(struct mu_pagemap *map)
{
	mu_device_kill(map->devices->port, map->slot, false);
}

enum mu_status mu_device_page_take(struct mu_pagemap *map, mu_pfn_t pfn,
				   struct mu_page **page)
{
	enum mu_status status = mu_device_page(map, pfn, page);
	uint32_t none = 0;

	if (status != MU_OK)
		return status;
	/* acquire: pairs with the release of the last put. relaxed when it
	 * fails: the page is in use. */
	if (!atomic_compare_exchange_strong_explicit(&(*page)->refcount, &none,
						     1, memory_order_acquire,
						     memory_order_relaxed))
		return MU_ERR_BUSY;
	mu_device_hold(map->slot);
	return MU_OK;
}

bool mu_device_page_get(struct mu_page *page)
{
	/* relaxed: as in mu_device_try_hold(). */
	uint32_t refs =
		atomic_load_explicit(&page->refcount, memory_order_relaxed);

	do {
		if (!refs)
			return false;
		/* acquire: what the page's owner did before giving it out. */
	} while (!atomic_compare_exchange_weak_explicit(
		&page->refcount, &refs, refs + 1, memory_order_acquire,
		memory_order_relaxed));
	return true;
}

void mu_device_page_put(struct mu_pagemap *map, struct mu_page *page)
{
	/* acq_rel: all uses of the page come before it is free. */
	uint32_t refs = atomic_fetch_sub_explicit(&page->refcount, 1,
						  memory_order_acq_rel);

	mu_assert(map->devices->port, refs);
	if (refs != 1)
		return;
	if (map->ops && map->ops->page_free)
		map->ops->page_free(map, mu_device_page_pfn(map, page));
	mu_pagemap_put(map);
}

/* The first of the descriptors [@at, @end) whose page is in use; @end when none
 * is. */
static mu_pfn_t first_in_use(const struct mu_memmap *memmap, mu_pfn_t at,
			     mu_pfn_t end)
{
	/* relaxed: the answer may be outdated at once. */
	while (at < end &&
	       !atomic_load_explicit(&mu_pfn_to_page(memmap, at)->refcount,
				     memory_order_relaxed))
		at++;
	return at;
}

bool mu_device_find_in_use(const struct mu_pagemap *map, mu_pfn_t *start,
			   mu_pfn_t *end)
{
	for (unsigned i = 0; i < map->nr_ranges; i++) {
		struct mu_device_range *range = &map->ranges[i];
		mu_pfn_t block = mu_device_blocks_start(map, range);

		for (; mu_device_next_ready(map, range, &block);
		     block += MU_BLOCK_PAGES) {
			mu_pfn_t stop =
				MU_MIN(block + MU_BLOCK_PAGES, range->last);
			mu_pfn_t at =
				first_in_use(map->devices->memmap,
					     MU_MAX(block, range->start), stop);

			if (at == stop)
				continue;
			*start = range->start +
				 ((at - range->start) << map->order);
			*end = *start + ((mu_pfn_t)1 << map->order);
			return true;
		}
	}
	return false;
}

enum mu_status mu_device_memory_failure(struct mu_devices *devices,
					mu_pfn_t pfn, uint64_t pages)
{
	struct mu_pagemap *map;
	const struct mu_device_range *range;
	enum mu_status status = MU_ERR_NOT_FOUND;

	if (!pages || mu_wraps(pfn, pages))
		return MU_ERR_RANGE;
	map = mu_pagemap_get(devices, pfn);
	if (!map)
		return MU_ERR_NOT_FOUND;
	range = mu_device_range_of(map, pfn);
	if (pfn + pages <= range->end)
		status = map->ops && map->ops->memory_failure
				 ? map->ops->memory_failure(map, pfn, pages)
				 : MU_ERR_UNSUPPORTED;
	mu_pagemap_put(map);
	return status;
}
