// SPDX-License-Identifier: MIT
/*
 * Why an allocation may use a cache without checking a mark: the lists alone
 * hold the low mark (zone->spare), and pages in caches come on top of that. If
 * they do not, everybody goes to the zone, which counts exactly, with the
 * caches empty.
 *
 * Why all policies refuse the same allocations: a cache takes from the lists
 * only parts of blocks that were split before. A pristine block and a whole one
 * in the lists are the same to it.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/cache.h"
#include "buddy/lists.h"
#include "buddy/zone.h"

#define NO_LIST MU_CACHE_LISTS
/* Orders up to this are cached, and one above. */
#define SMALL (MU_CACHE_LISTS - 2)

/* Smaller zones, in pages, have no caches; all caches together hold at most
 * this part of a zone. */
#define LEAST_ZONE (MU_SECTION_PAGES * 2)
#define PART	   64

/* Pages of one cache: the size of a batch, and how many batches it holds, as
 * far as each CPU's share of the zone's low mark allows. A cache below the
 * minimum is not worth having. */
#define LEAST_BATCH   16
#define MOST_BATCH    64
#define LEAST_BATCHES 4
#define MOST_BATCHES  16

static unsigned list_of(unsigned order)
{
	if (order <= SMALL)
		return order;
	return order == MU_HUGE_ORDER ? MU_CACHE_LISTS - 1 : NO_LIST;
}

static uint32_t pages_of(const struct mu_cache *cache)
{
	/* relaxed: under the lock. */
	return atomic_load_explicit(&cache->pages, memory_order_relaxed);
}

static void push(const struct mu_memmap *memmap, struct mu_cache *cache,
		 unsigned list, mu_pfn_t pfn)
{
	mu_pfn_to_page(memmap, pfn)->private_data = cache->head[list];
	cache->head[list] = pfn;
	/* relaxed: as above. */
	atomic_store_explicit(&cache->pages,
			      pages_of(cache) + (1u << mu_cache_order(list)),
			      memory_order_relaxed);
}

static struct mu_page *pop(const struct mu_memmap *memmap,
			   struct mu_cache *cache, unsigned list)
{
	struct mu_page *page = mu_pfn_to_page(memmap, cache->head[list]);

	cache->head[list] = page->private_data;
	/* relaxed: as above. */
	atomic_store_explicit(&cache->pages,
			      pages_of(cache) - (1u << mu_cache_order(list)),
			      memory_order_relaxed);
	return page;
}

void mu_cache_give_back(struct mu_buddy *buddy, struct mu_zone *zone,
			struct mu_cache *cache, uint32_t pages)
{
	uint32_t keep = MU_MAX(pages_of(cache), pages) - pages;

	for (unsigned list = MU_CACHE_LISTS; list-- > 0;) {
		while (pages_of(cache) > keep &&
		       cache->head[list] != MU_NO_PFN) {
			struct mu_page *page = pop(buddy->memmap, cache, list);

			mu_zone_give(buddy->memmap, zone,
				     mu_page_to_pfn(buddy->memmap, page),
				     page->order);
		}
	}
}

/* The smallest order, from @order up but below a block, that has a free page;
 * MU_BLOCK_ORDER if there is none. Under zone->lock. */
static unsigned part_of(const struct mu_zone *zone, unsigned order)
{
	while (order < MU_BLOCK_ORDER &&
	       zone->free_area[order].head == MU_NO_PFN)
		order++;
	return order;
}

/* Take up to @nr pages for the list out of one free page of order @from, whose
 * rest stays free; returns how many. Under both locks. */
static uint64_t fill(const struct mu_memmap *memmap, struct mu_zone *zone,
		     struct mu_cache *cache, unsigned list, unsigned from,
		     uint64_t nr)
{
	unsigned order = mu_cache_order(list);
	mu_pfn_t pfn = zone->free_area[from].head;
	uint64_t got;

	mu_list_remove(memmap, zone, pfn);
	while ((uint64_t)1 << (from - order) > nr) {
		from--;
		mu_list_push(memmap, zone, pfn + ((mu_pfn_t)1 << from), from);
	}
	got = (uint64_t)1 << (from - order);
	/* So that they come out in ascending order. */
	for (uint64_t i = got; i-- > 0;) {
		mu_pfn_t at = pfn + (i << order);

		mu_page_set(mu_pfn_to_page(memmap, at), MU_PAGE_CACHED, order);
		push(memmap, cache, list, at);
	}
	return got;
}

/* Under the cache's lock. */
static MU_OUT_OF_LINE void refill(struct mu_buddy *buddy, struct mu_zone *zone,
				  struct mu_cache *cache, unsigned list)
{
	unsigned order = mu_cache_order(list), from;
	uint32_t room = MU_MAX(cache->high, pages_of(cache)) - pages_of(cache);
	uint64_t nr = (uint64_t)cache->batch >> order, left, low;

	/* One page will be taken out again at once. */
	nr = MU_MIN(MU_MAX(nr, 1), (room >> order) + 1);
	mu_lock(buddy->port, &zone->lock);
	left = mu_zone_left(zone);
	/* relaxed: under the lock. */
	low = atomic_load_explicit(&zone->watermark[MU_WMARK_LOW],
				   memory_order_relaxed);
	/* The lists have to hold the mark afterwards. */
	if (left < (nr << order) + low)
		nr = 0;
	while (nr && (from = part_of(zone, order)) < MU_BLOCK_ORDER)
		nr -= fill(buddy->memmap, zone, cache, list, from, nr);
	mu_unlock(&zone->lock);
}

/* ---- Whose a cache is ---- */

uint64_t mu_cache_budget(const struct mu_buddy *buddy,
			 const struct mu_zone *zone, uint64_t managed)
{
	if (!buddy->nr_cpus || buddy->cache_pages == MU_NO_CACHES ||
	    zone->type == MU_ZONE_ISOLATED)
		return 0;
	if (buddy->cache_pages)
		return managed;
	return managed < LEAST_ZONE ? 0 : managed / PART;
}

/* The share of one CPU of @node in @budget pages; false if it is too small. */
static bool size_cache(const struct mu_buddy *buddy, const struct mu_zone *zone,
		       const struct mu_node *node, uint64_t budget,
		       struct mu_cache *cache)
{
	uint64_t cpus = MU_MAX(node->nr_cpus, 1), high = buddy->cache_pages;
	/* relaxed: under the lock. */
	uint64_t low = atomic_load_explicit(&zone->watermark[MU_WMARK_LOW],
					    memory_order_relaxed);
	uint64_t batch = budget / PART;

	if (!high) {
		batch = MU_MAX(MU_MIN(batch, MOST_BATCH), LEAST_BATCH);
		high = MU_MAX(low / cpus, batch * LEAST_BATCHES);
		high = MU_MIN(high, batch * MOST_BATCHES);
		high = MU_MIN(high, budget / cpus);
		if (high < (uint64_t)LEAST_BATCH * LEAST_BATCHES)
			return false;
	}
	cache->high = (uint32_t)MU_MIN(high, UINT32_MAX / 2);
	batch = MU_MIN(high / LEAST_BATCHES, MOST_BATCH);
	cache->batch = (uint16_t)MU_MAX(batch, 1);
	return true;
}

static bool is_open(const struct mu_zone *zone)
{
	/*
	 * relaxed: after setting shut one takes the lock of each cache in the
	 * zone's list, and caches are put there under the zone's lock; so
	 * whoever takes either lock later sees it. spare is a hint, and the
	 * lists held the mark when it was written.
	 */
	return !atomic_load_explicit(&zone->shut, memory_order_relaxed) &&
	       atomic_load_explicit(&zone->spare, memory_order_relaxed) >= 0;
}

/* Bind the cache, which is unbound, to @zone. Under its lock. */
static MU_OUT_OF_LINE bool bind(struct mu_buddy *buddy, struct mu_zone *zone,
				struct mu_cache *cache, unsigned cpu)
{
	unsigned nid = (unsigned)mu_cpu_node(buddy->port, cpu);
	const struct mu_node *node = &buddy->nodes[nid];
	enum mu_zone_type highest = zone->type == MU_ZONE_MOVABLE
					    ? MU_ZONE_MOVABLE
					    : MU_ZONE_NORMAL;
	uint64_t budget;
	bool bound;

	if (cache->zone != MU_NO_ZONE || nid >= buddy->nr_nodes ||
	    !is_open(zone))
		return false;
	mu_lock(buddy->port, &zone->lock);
	/* relaxed, all: under the lock. A change of the preferred zone drains
	 * the old one's caches, under its lock: either that comes after us, or
	 * we see the new preference. */
	budget = atomic_load_explicit(&zone->cache_pages, memory_order_relaxed);
	bound = budget && !zone->shut &&
		atomic_load_explicit(&node->preferred[highest],
				     memory_order_relaxed) == zone;
	if (bound && !size_cache(buddy, zone, node, budget, cache)) {
		/* Nor for other CPUs, until the zone has changed. */
		atomic_store_explicit(&zone->cache_pages, 0,
				      memory_order_relaxed);
		bound = false;
	}
	if (bound) {
		cache->zone = (uint16_t)zone->id;
		cache->next = zone->caches;
		zone->caches = (uint32_t)(cache - buddy->caches) + 1;
	}
	mu_unlock(&zone->lock);
	return bound;
}

/* Make the two caches of @cpu, unless somebody else is making caches. */
static MU_OUT_OF_LINE void make_caches(struct mu_buddy *buddy, unsigned cpu)
{
	if (!mu_try_lock(&buddy->caches_lock))
		return;
	for (unsigned i = 2 * cpu; i < 2 * cpu + 2; i++) {
		struct mu_cache *cache = &buddy->caches[i];

		if (mu_cache_is_up(buddy, i))
			break;
		*cache = (struct mu_cache){.zone = MU_NO_ZONE};
		for (unsigned list = 0; list < MU_CACHE_LISTS; list++)
			cache->head[list] = MU_NO_PFN;
	}
	/* release: whoever sees the bit finds them made. */
	atomic_fetch_or_explicit(&buddy->caches_up[cpu / 64],
				 (uint64_t)1 << (cpu % 64),
				 memory_order_release);
	mu_unlock(&buddy->caches_lock);
}

/* The cache of this CPU for @zone, locked; NULL: there is none, or it is in
 * use. Interrupts are off. */
static inline struct mu_cache *lock_own(struct mu_buddy *buddy,
					struct mu_zone *zone)
{
	unsigned cpu = mu_cpu_id(buddy->port);
	unsigned i = 2 * cpu + (zone->type == MU_ZONE_MOVABLE);
	struct mu_cache *cache;

	if (MU_UNLIKELY(cpu >= buddy->nr_cpus))
		return NULL;
	if (MU_UNLIKELY(!mu_cache_is_up(buddy, i))) {
		make_caches(buddy, cpu);
		return NULL;
	}
	cache = &buddy->caches[i];
	if (!mu_try_lock(&cache->lock))
		return NULL;
	if (MU_LIKELY(cache->zone == zone->id) ||
	    bind(buddy, zone, cache, cpu)) {
		if (MU_LIKELY(is_open(zone)))
			return cache;
	}
	mu_unlock(&cache->lock);
	return NULL;
}

static bool has_caches(const struct mu_zone *zone)
{
	/* relaxed: a hint. */
	return atomic_load_explicit(&zone->cache_pages, memory_order_relaxed);
}

/* ---- In and out ---- */

static mu_pfn_t take(struct mu_buddy *buddy, struct mu_zone *zone,
		     struct mu_cache *cache, unsigned list)
{
	mu_pfn_t pfn = cache->head[list];
	struct mu_page *page;

	if (MU_UNLIKELY(pfn == MU_NO_PFN)) {
		refill(buddy, zone, cache, list);
		pfn = cache->head[list];
		if (pfn == MU_NO_PFN)
			return pfn;
	}
	page = pop(buddy->memmap, cache, list);
	/* relaxed: neighbours that are merged meanwhile only see that it is not
	 * free; the caller publishes the page as it likes. */
	mu_page_set_kind(page, MU_PAGE_ALLOCATED);
	atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
	page->private_data = 0;
	return pfn;
}

/*
 * Before a block is split, or claimed, for a page of @order: return this CPU's
 * cached pages of smaller orders, a batch at a time, until some part of a block
 * is large enough. For a whole block no part is: everything goes back, even if
 * the lists have a block, since under another policy that one might still be
 * pristine.
 */
static MU_OUT_OF_LINE void make_part(struct mu_buddy *buddy,
				     struct mu_zone *zone, unsigned order)
{
	bool more = true;

	while (more) {
		uintptr_t flags = mu_irq_save(buddy->port);
		struct mu_cache *cache = lock_own(buddy, zone);

		more = cache && pages_of(cache);
		if (more) {
			mu_lock(buddy->port, &zone->lock);
			more = part_of(zone, order) == MU_BLOCK_ORDER;
			if (more)
				mu_cache_give_back(buddy, zone, cache,
						   cache->batch);
			mu_unlock(&zone->lock);
		}
		if (cache)
			mu_unlock(&cache->lock);
		mu_irq_restore(buddy->port, flags);
	}
}

mu_pfn_t mu_cache_take(struct mu_buddy *buddy, struct mu_zone *zone,
		       unsigned order)
{
	unsigned list = list_of(order);
	mu_pfn_t pfn = MU_NO_PFN;
	struct mu_cache *cache;
	uintptr_t flags;

	if (!has_caches(zone))
		return MU_NO_PFN;
	flags = mu_irq_save(buddy->port);
	cache = list == NO_LIST ? NULL : lock_own(buddy, zone);
	if (MU_LIKELY(cache)) {
		pfn = take(buddy, zone, cache, list);
		mu_unlock(&cache->lock);
	}
	mu_irq_restore(buddy->port, flags);
	if (MU_UNLIKELY(pfn == MU_NO_PFN && order > SMALL))
		make_part(buddy, zone, order);
	return pfn;
}

static bool give(struct mu_buddy *buddy, struct mu_zone *zone,
		 struct mu_cache *cache, unsigned list, struct mu_page *page)
{
	uint32_t pages = 1u << mu_cache_order(list);

	/* A block changes its zone while the old zone's caches are shut: so
	 * here it has done so, or cannot until this cache is empty again. */
	if (pages > cache->high || mu_page_zone(page) != zone->id)
		return false;
	if (MU_UNLIKELY(pages_of(cache) + pages > cache->high)) {
		mu_lock(buddy->port, &zone->lock);
		mu_cache_give_back(buddy, zone, cache,
				   MU_MAX(cache->batch, pages));
		mu_unlock(&zone->lock);
	}
	push(buddy->memmap, cache, list, mu_page_to_pfn(buddy->memmap, page));
	return true;
}

bool mu_cache_give(struct mu_buddy *buddy, struct mu_page *page)
{
	struct mu_zone *zone = mu_page_zone_ptr(buddy, page);
	unsigned list = list_of(page->order);
	struct mu_cache *cache;
	bool given = false;

	if (list == NO_LIST || !has_caches(zone) ||
	    mu_page_flags(page) & (MU_PAGE_SPARSE | MU_PAGE_HAS_POISON))
		return false;
	cache = lock_own(buddy, zone);
	if (MU_LIKELY(cache)) {
		given = give(buddy, zone, cache, list, page);
		mu_unlock(&cache->lock);
	}
	return given;
}
