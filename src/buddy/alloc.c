// SPDX-License-Identifier: MIT
/*
 * Allocation: the fast path and the walk over zones behind it.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/cache.h"
#include "buddy/memory.h"
#include "buddy/zone.h"

#define ZONE_FLAGS (MU_ALLOC_DMA | MU_ALLOC_DMA32 | MU_ALLOC_MOVABLE)

/* The highest zone that @flags allow. */
static enum mu_zone_type highest_zone(unsigned flags)
{
	if (flags & MU_ALLOC_DMA)
		return MU_ZONE_DMA;
	if (flags & MU_ALLOC_DMA32)
		return MU_ZONE_DMA32;
	return flags & MU_ALLOC_MOVABLE ? MU_ZONE_MOVABLE : MU_ZONE_NORMAL;
}

/* One walk over the zones, nearest first. */
struct walk {
	struct mu_buddy *buddy;
	const struct mu_node *node;
	unsigned order;
	unsigned flags;
	enum mu_watermark wmark;
};

uint64_t mu_zone_min_mark(const struct mu_zone *zone, unsigned flags)
{
	uint64_t min;

	if (flags & MU_ALLOC_RESERVES)
		return 0;
	/* relaxed: exact under the lock, a hint without. */
	min = atomic_load_explicit(&zone->watermark[MU_WMARK_MIN],
				   memory_order_relaxed);
	return flags & MU_ALLOC_ATOMIC ? min / 2 : min;
}

bool mu_zone_is_allowed(const struct mu_zone *zone, int nid, unsigned flags)
{
	return zone->type <= highest_zone(flags) &&
	       (zone->nid == nid || !(flags & MU_ALLOC_THISNODE));
}

/* How many pages, free or pristine, the walk must leave in @zone. */
static uint64_t mark_of(const struct walk *walk, const struct mu_zone *zone)
{
	/* A caller that may take the last page takes the nearest. */
	if (walk->wmark == MU_WMARK_MIN || walk->flags & MU_ALLOC_RESERVES)
		return mu_zone_min_mark(zone, walk->flags);
	/* relaxed: under the lock. */
	return atomic_load_explicit(&zone->watermark[walk->wmark],
				    memory_order_relaxed);
}

enum answer { TAKEN, REFUSED, HELD, SHORT };

/* TAKEN with *@pfn; REFUSED by the mark *@mark, or only because of what claims
 * hold at this moment: HELD; SHORT: not in the lists.
 * *@cached: at this moment there may have been pages in caches. */
static enum answer try_lists(const struct walk *walk, struct mu_zone *zone,
			     uint64_t *mark, bool *cached, mu_pfn_t *pfn)
{
	struct mu_buddy *buddy = walk->buddy;
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	uint64_t left = mu_zone_left(zone);
	enum answer answer = REFUSED;
	mu_pfn_t taken;

	*mark = mark_of(walk, zone);
	*cached = zone->caches;
	if (left >= ((uint64_t)1 << walk->order) + *mark) {
		taken = mu_zone_take(buddy->memmap, zone, walk->order);
		answer = taken == MU_NO_PFN ? SHORT : TAKEN;
	} else if (left + zone->held_pages >=
		   ((uint64_t)1 << walk->order) + *mark) {
		answer = HELD;
	}
	if (answer == TAKEN)
		*pfn = taken;
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return answer;
}

/*
 * tools/check-fastpath builds this file without sources, to show that the fast
 * path is the same.
 */
static enum mu_grow ask_source(const struct mu_source *source,
			       struct mu_zone *zone, unsigned order,
			       uint64_t mark, uint64_t seen, mu_pfn_t *pfn)
{
#ifndef MU_WITHOUT_SOURCE
	if (source->grow)
		return source->grow(source->arg, zone, order, mark, seen, pfn);
#else
	(void)source, (void)zone, (void)order, (void)mark, (void)seen;
	(void)pfn;
#endif
	return MU_EXHAUSTED;
}

/*
 * The lists of @zone, then its source, then its caches, until there is a page
 * or none of them has any. MU_GREW with *@pfn, else the source's last answer;
 * then no cache held anything when the lists were searched.
 *
 * The source comes before the caches: under all policies a pristine block
 * counts as a free one in the lists, and is taken when that would be.
 *
 * It ends: each iteration but the last sees growth move, once for each CPU that
 * saw a block to claim, or shuts the caches, which stay empty from then on.
 */
static enum mu_grow try_zone(const struct walk *walk, struct mu_zone *zone,
			     uint64_t *seen, mu_pfn_t *pfn)
{
	const struct mu_source *source = &walk->buddy->source;
	enum mu_grow grown = MU_GROWN_BY_OTHER;
	bool shut = false;

	while (grown == MU_GROWN_BY_OTHER) {
		uint64_t mark;
		bool cached;

		/* acquire: what is read of the zone below is no older. */
		*seen = atomic_load_explicit(&zone->growth,
					     memory_order_acquire);
		switch (try_lists(walk, zone, &mark, &cached, pfn)) {
		case TAKEN:
			grown = MU_GREW;
			break;
		case REFUSED:
			grown = MU_EXHAUSTED;
			break;
		case HELD:
			/* The claim that holds them is under way. */
			grown = MU_GROWS_BY_OTHER;
			break;
		case SHORT:
			grown = ask_source(source, zone, walk->order, mark,
					   *seen, pfn);
			break;
		}
		if (grown == MU_GREW || grown == MU_GROWN_BY_OTHER || !cached)
			continue;
		mu_buddy_shut(walk->buddy, zone);
		shut = true;
		grown = MU_GROWN_BY_OTHER;
	}
	if (shut)
		mu_buddy_open(walk->buddy, zone);
	return grown;
}

/* Try every zone once; wait for a zone that is about to grow only when no other
 * can serve. */
static enum mu_status walk_zones(const struct walk *walk, mu_pfn_t *pfn)
{
	struct mu_buddy *buddy = walk->buddy;

	for (;;) {
		struct mu_zone *growing = NULL, *zone;
		uint64_t growing_seen = 0;

		for (unsigned i = 0;
		     (zone = mu_zonelist_zone(buddy, walk->node, i)); i++) {
			uint64_t seen;
			enum mu_grow grown;

			if (!mu_zone_is_allowed(zone, walk->node->nid,
						walk->flags) ||
			    mu_zone_is_empty(zone))
				continue;
			grown = try_zone(walk, zone, &seen, pfn);
			if (grown == MU_GREW)
				return MU_OK;
			if (grown == MU_GROWS_BY_OTHER && !growing) {
				growing = zone;
				growing_seen = seen;
			}
		}
		if (!growing)
			return MU_ERR_NOMEM;
		buddy->source.wait(buddy->source.arg, growing, growing_seen);
	}
}

/* Out of line, so that the fast path stays short. */
static MU_OUT_OF_LINE enum mu_status alloc_slow(struct mu_buddy *buddy,
						const struct mu_node *node,
						unsigned order, unsigned flags,
						mu_pfn_t *pfn)
{
	struct walk walk = {
		.buddy = buddy,
		.node = node,
		.order = order,
		.flags = flags,
		.wmark = MU_WMARK_LOW,
	};
	enum mu_status status = walk_zones(&walk, pfn);

	if (status == MU_OK)
		return status;
	walk.wmark = MU_WMARK_MIN;
	return walk_zones(&walk, pfn);
}

enum mu_status mu_alloc_pages(struct mu_buddy *buddy, int nid, unsigned order,
			      unsigned flags, mu_pfn_t *pfn)
{
	const struct mu_node *node;
	struct mu_zone *zone;
	uintptr_t irq;
	mu_pfn_t taken = MU_NO_PFN;

	if (flags & ~MU_ALLOC_FLAGS ||
	    ((flags & ZONE_FLAGS) & ((flags & ZONE_FLAGS) - 1)))
		return MU_ERR_INVALID;
	if (nid == MU_NO_NODE)
		nid = mu_cpu_node(buddy->port, mu_cpu_id(buddy->port));
	if (order > MU_BLOCK_ORDER || (unsigned)nid >= buddy->nr_nodes)
		return MU_ERR_RANGE;
	node = &buddy->nodes[nid];
	/* acquire: the zone was made before. */
	zone = atomic_load_explicit(&node->preferred[highest_zone(flags)],
				    memory_order_acquire);
	if (MU_LIKELY(zone))
		taken = mu_cache_take(buddy, zone, order);
	if (MU_UNLIKELY(zone && taken == MU_NO_PFN)) {
		irq = mu_lock_irqsave(buddy->port, &zone->lock);
		if (MU_LIKELY(mu_zone_free(zone) >=
			      ((uint64_t)1 << order) + zone->fast_mark))
			taken = mu_zone_take(buddy->memmap, zone, order);
		mu_unlock_irqrestore(buddy->port, &zone->lock, irq);
	}
	if (MU_LIKELY(taken != MU_NO_PFN)) {
		*pfn = taken;
		return MU_OK;
	}
	return alloc_slow(buddy, node, order, flags, pfn);
}
