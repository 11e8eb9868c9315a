// SPDX-License-Identifier: MIT
/*
 * What others do to caches: empty, shut, count and make them.
 *
 * Shutting a zone's caches means to empty the first of its list until there is
 * none. No cache enters the list of a zone that is shut, and each leaves it
 * once, so this ends; and any number of CPUs may do it at once, because a cache
 * leaves the list only when it is empty.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "base/string.h"
#include "buddy/cache.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "buddy/zone.h"

static uint32_t first_cache(struct mu_buddy *buddy, struct mu_zone *zone)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	uint32_t first = zone->caches;

	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return first;
}

/* Drain one batch, with interrupts off no longer than that. False when @cache
 * is not in the list of @zone any more. */
static bool drain_some(struct mu_buddy *buddy, struct mu_zone *zone,
		       struct mu_cache *cache)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &cache->lock);
	bool bound = cache->zone == zone->id;

	if (bound) {
		mu_lock(buddy->port, &zone->lock);
		mu_cache_give_back(buddy, zone, cache, cache->batch);
		/* relaxed: under the lock. */
		if (!atomic_load_explicit(&cache->pages,
					  memory_order_relaxed)) {
			/* Others who shut the zone take the first, too. */
			mu_assert(buddy->port,
				  &buddy->caches[zone->caches - 1] == cache);
			zone->caches = cache->next;
			cache->zone = MU_NO_ZONE;
			bound = false;
		}
		mu_unlock(&zone->lock);
	}
	mu_unlock_irqrestore(buddy->port, &cache->lock, flags);
	return bound;
}

static void add_shut(struct mu_buddy *buddy, struct mu_zone *zone, uint32_t add)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	/* relaxed: under the lock; see is_open() in cache.c. */
	uint32_t shut = atomic_load_explicit(&zone->shut, memory_order_relaxed);

	atomic_store_explicit(&zone->shut, shut + add, memory_order_relaxed);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_buddy_shut(struct mu_buddy *buddy, struct mu_zone *zone)
{
	uint32_t first;

	add_shut(buddy, zone, 1);
	while ((first = first_cache(buddy, zone)))
		while (drain_some(buddy, zone, &buddy->caches[first - 1]))
			;
}

void mu_buddy_open(struct mu_buddy *buddy, struct mu_zone *zone)
{
	add_shut(buddy, zone, UINT32_MAX);
}

void mu_buddy_drain(struct mu_buddy *buddy, struct mu_zone *zone)
{
	mu_buddy_shut(buddy, zone);
	mu_buddy_open(buddy, zone);
}

uint64_t mu_zone_cached(struct mu_buddy *buddy, struct mu_zone *zone)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	uint64_t pages = 0;

	for (uint32_t i = zone->caches; i; i = buddy->caches[i - 1].next)
		/* relaxed: a statistic. */
		pages += atomic_load_explicit(&buddy->caches[i - 1].pages,
					      memory_order_relaxed);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return pages;
}

static size_t bits_size(unsigned cpus)
{
	return (size_t)mu_align_up((cpus + 7) / 8, sizeof(struct mu_cache));
}

size_t mu_caches_size(unsigned cpus)
{
	return cpus ? bits_size(cpus) + sizeof(struct mu_cache) * 2 * cpus : 0;
}

enum mu_status mu_caches_init(struct mu_buddy *buddy, unsigned cpus,
			      unsigned pages, void *buf, size_t size)
{
	if (size < mu_caches_size(cpus))
		return MU_ERR_FULL;
	buddy->nr_cpus = cpus;
	buddy->cache_pages = pages;
	buddy->caches_lock = (struct mu_lock){0};
	buddy->caches_up = NULL;
	buddy->caches = NULL;
	if (!cpus)
		return MU_OK;
	/* The caches themselves are garbage until their CPU needs them. */
	memset(buf, 0, bits_size(cpus));
	buddy->caches_up = buf;
	buddy->caches = (void *)((char *)buf + bits_size(cpus));
	return MU_OK;
}
