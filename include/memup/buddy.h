/* SPDX-License-Identifier: MIT */
/*
 * buddy: the zoned page allocator.
 *
 * Vocabulary
 *   A *node* is memory with one distance to every CPU; a *zone* is a part of a
 *   node that some devices can reach (DMA, DMA32), that all can (NORMAL), or
 *   whose pages can be moved (MOVABLE). A zone's free pages are in lists by
 *   *order*: 2^0 to 2^10 pages, naturally aligned. Allocation splits the
 *   smallest page that is large enough; freeing merges a page with its *buddy*
 *   (the pfn with one bit changed) as long as that is free and whole. (Knowlton
 *   1965; Knuth vol. 1, 2.5.)
 *
 *       alloc(node, order, flags)
 *         |  fast: the node's first zone that the flags allow: this CPU's
 *         |        cache of it, then its free lists
 *         |  slow: every zone, nearest node first, highest zone first; each
 *         |        time its free lists, then its *source*, then with all
 *         |        caches empty once more
 *         v
 *       zone.lock -> free_area[order] -> split
 *
 *   *Watermarks*: an allocation leaves at least `low` pages in a zone when some
 *   other zone can serve it, `min` otherwise, less with MU_ALLOC_ATOMIC and
 *   nothing with MU_ALLOC_RESERVES. There is no reclaim here: freeing what
 *   Linux would reclaim is up to the client.
 *
 * Page caches
 *   Each CPU has a *cache* of free pages, of orders 0 to 3 and MU_HUGE_ORDER,
 *   in front of the lists of the zone that its node prefers, and another one
 *   for MOVABLE. Allocation and free look there first; pages come from the
 *   lists and go back in *batches*. Pages in a cache are still free memory:
 *   before an allocation fails for lack of memory, and before a block goes, the
 *   zone's caches are *shut*, which empties them and keeps them empty.
 *   (Magazines: Bonwick and Adams 2001. Linux's per-CPU page lists.) See
 *   docs/design.md.
 *
 * Memory that is not here yet
 *   A zone's *source* (floor deferred) can turn pristine memory into pages. The
 *   slow path asks it when a zone's lists cannot serve, before it looks at the
 *   next zone. Pristine pages count towards the watermarks as free ones do, so
 *   if a mark refuses an allocation under one policy it does so under all. The
 *   fast path knows nothing of this.
 *
 * Cost: O(orders) under one lock per zone, usually O(1) under a CPU's own lock.
 *
 * Concurrency
 *   Letters: (L) under zone->lock; (C) constant after start; (A) atomic; (H) by
 *   the one CPU at a time that adds or removes memory. A cache's lock is taken
 *   before its zone's. Under zone->lock only poison_lock is taken, and no hook
 *   but pause is called. The locks of two zones are held only where a block
 *   changes its zone. All functions may be called from any CPU and from
 *   interrupts, not from an NMI.
 */
#ifndef MEMUP_BUDDY_H
#define MEMUP_BUDDY_H

#include "memup/memmap.h"

#define MU_NR_ORDERS 11 /* 0 to MU_BLOCK_ORDER */

enum mu_zone_type {
	MU_ZONE_DMA,	 /* below 16 MiB on x86 */
	MU_ZONE_DMA32,	 /* below 4 GiB */
	MU_ZONE_NORMAL,	 /* the rest */
	MU_ZONE_MOVABLE, /* the end of a node, for pages that can be moved */
	MU_NR_ZONES,
	/* Memory that is going offline: in no zonelist, see mu_buddy_move(). */
	MU_ZONE_ISOLATED = MU_NR_ZONES
};

/* "DMA", "DMA32", "Normal", "Movable", "isolated"; never NULL. */
const char *mu_zone_type_str(enum mu_zone_type type);

enum mu_watermark { MU_WMARK_MIN, MU_WMARK_LOW, MU_WMARK_HIGH, MU_NR_WMARKS };

/*
 * What an allocation may use. Without a zone flag: NORMAL, then DMA32, then
 * DMA.
 */
#define MU_ALLOC_DMA	  0x01u /* only memory below 16 MiB */
#define MU_ALLOC_DMA32	  0x02u /* only memory below 4 GiB */
#define MU_ALLOC_MOVABLE  0x04u /* MOVABLE too, and first */
#define MU_ALLOC_THISNODE 0x08u /* no other node */
#define MU_ALLOC_ATOMIC	  0x10u /* may go to half of the min mark */
#define MU_ALLOC_RESERVES 0x20u /* may take the last page */
#define MU_ALLOC_FLAGS	  0x3fu

struct mu_free_area {
	mu_pfn_t head;	  /* first in the list, MU_NO_PFN when empty (L) */
	uint64_t nr_free; /* pages of this order in the list (L) */
};

struct mu_zone {
	struct mu_lock lock;
	uint32_t id; /* index in mu_buddy.zones, mu_page.zone (C) */
	/* Pages in the free lists. Written (L), read as a hint without. */
	_Atomic uint64_t free_pages;
	/* What the fast path must leave in the lists: the low mark minus
	 * pristine_pages, which are as good as free. (L) */
	uint64_t fast_mark;
	/* free_pages minus fast_mark: caches serve while it is not negative.
	 * Written (L), never above the true value; read without. */
	_Atomic int64_t spare;
	/* How many pages all caches together may hold; 0: there are none.
	 * Written (L), read as a hint without. */
	_Atomic uint64_t cache_pages;
	/* How many callers keep the caches shut. Written (L), read without. */
	_Atomic uint32_t shut;
	/* List of the caches that may hold pages: the number of the first,
	 * counted from 1, or 0. (L) */
	uint32_t caches;
	struct mu_free_area free_area[MU_NR_ORDERS];

	uint64_t pristine_pages; /* managed, but not yet in the lists (L) */
	/* How many of the pages, free or pristine, are promised to claims that
	 * are under way: no mark may be kept with them. (L) */
	uint64_t held_pages;
	/* Written (L), read as hints without. */
	_Atomic uint64_t watermark[MU_NR_WMARKS];
	_Atomic uint64_t managed_pages; /* free, pristine, allocated, cached */
	uint64_t poisoned_pages;	/* taken out for good (L) */
	/* Changes when a claim ends, whatever became of the memory, and when
	 * pristine memory has come to the extents: whoever found nothing may
	 * then look again. (A) */
	_Atomic uint64_t growth;

	/* Managed, reserved and poisoned. Written under (H) and (L); read as a
	 * hint without. */
	_Atomic uint64_t present_pages;
	/* The span: from the first present page to the last. (H) and (L) */
	mu_pfn_t start_pfn;
	mu_pfn_t end_pfn;
	enum mu_zone_type type; /* (C) */
	int nid;		/* (C) */
};

/* The maximum number of poisoned pages. */
#define MU_MAX_POISONED 256

/* No zone of that type. */
#define MU_NO_ZONE UINT16_MAX

/* A value of mu_config.cache_pages. */
#define MU_NO_CACHES UINT32_MAX

struct mu_node {
	int nid;
	/* First zone to try for each highest zone type, or NULL. Written (H),
	 * read by all (A). */
	_Atomic(struct mu_zone *) preferred[MU_NR_ZONES];
	/* Its own zones; MU_NO_ZONE where it has none. Written once, when the
	 * zone is made, before it has memory. (H) */
	uint16_t zone_id[MU_NR_ZONES + 1];
	/* Zone ids of all nodes, nearest first, highest type first, then
	 * MU_NO_ZONE. Written (H), read by all (A): see buddy/zonelist.c. */
	_Atomic uint16_t *zonelist;
	mu_pfn_t start_pfn, end_pfn; /* equal: a node without memory (H) */
	uint64_t present_pages;	     /* (H) */
	unsigned nr_cpus;	     /* its CPUs, for cache sizes (C) */
};

struct mu_cache; /* src/buddy/cache.h */

/* A source's answer to a request to grow a zone. */
enum mu_grow {
	MU_GREW,	   /* *pfn is the caller's */
	MU_GROWN_BY_OTHER, /* the zone grew meanwhile: look at its lists */
	MU_GROWS_BY_OTHER, /* nothing left, but a block is on its way */
	MU_EXHAUSTED,	   /* nothing left, nothing on its way */
	MU_GROW_FAILED,	   /* no backing for its descriptors */
};

/*
 * Where a zone's memory comes from when its lists are short: hooks of the floor
 * above. The answers guarantee progress: after MU_GREW the caller has its page;
 * MU_GROWN_BY_OTHER means that growth is past @seen, which happens a bounded
 * number of times; MU_GROWS_BY_OTHER that it will be, or that the source will
 * be exhausted.
 */
struct mu_source {
	void *arg;
	/* Turn pristine memory of @zone into a page of @order for the caller;
	 * @mark is how many pages, free or pristine, must be left, @seen the
	 * value of zone->growth before the caller looked at the lists. */
	enum mu_grow (*grow)(void *arg, struct mu_zone *zone, unsigned order,
			     uint64_t mark, uint64_t seen, mu_pfn_t *pfn);
	/* Return when growth is past @seen or nothing is on its way: after at
	 * most one claim's time, a block's unless the client chose more. */
	void (*wait)(void *arg, struct mu_zone *zone, uint64_t seen);
};

struct mu_buddy {
	const struct mu_port *port;
	struct mu_memmap *memmap;
	const struct mu_machine *machine; /* its distances; NULL: all 20 */
	/* Zones that have, or had, memory. A zone stays for ever; more may
	 * come, up to max_zones. (H), nr_zones also (A) */
	struct mu_zone *zones;
	_Atomic unsigned nr_zones;
	unsigned max_zones;	 /* (C) */
	struct mu_node *nodes;	 /* indexed by node id (C) */
	unsigned nr_nodes;	 /* (C) */
	struct mu_source source; /* grow is NULL: there is none */
	/* Page caches: two for each CPU, the second for MOVABLE, made when the
	 * CPU first needs them (then its bit is set). */
	struct mu_cache *caches;     /* (C) */
	_Atomic uint64_t *caches_up; /* set under caches_lock, which is only
				      * tried; read by all (A) */
	unsigned nr_cpus;	     /* 0: no caches (C) */
	unsigned cache_pages;	     /* as mu_config.cache_pages (C) */
	struct mu_lock caches_lock;
	/* What the marks are computed from, and by one at a time: the client's
	 * number, which stays when memory comes and goes. Interrupts are as
	 * they were; not taken by handlers. */
	struct mu_lock marks_lock;
	uint64_t min_free_pages;
	/* Pages that the hardware lost, ascending; under poison_lock, which is
	 * taken inside a zone's lock. Whether there are any is read without it:
	 * see mu_buddy_has_poison(). */
	struct mu_lock poison_lock;
	_Atomic unsigned nr_poisoned;
	mu_pfn_t poisoned[MU_MAX_POISONED];
};

/*
 * The zone at place @i of the zonelist of @node, or NULL at its end. A walk
 * while a zone is added may see one zone twice, but misses none. Any context.
 */
static inline struct mu_zone *mu_zonelist_zone(const struct mu_buddy *buddy,
					       const struct mu_node *node,
					       unsigned i)
{
	/* acquire: the zone was made before it was put there, and the one that
	 * was shifted out of its place is further on. */
	uint16_t id =
		atomic_load_explicit(&node->zonelist[i], memory_order_acquire);

	return id == MU_NO_ZONE ? NULL : &buddy->zones[id];
}

/*
 * Allocate 2^@order pages, naturally aligned, as near to node @nid as possible
 * (MU_NO_NODE: near the calling CPU). *@pfn is the first pfn; its descriptor
 * has refcount 1 and private_data 0. The contents are not zeroed. MU_ERR_NOMEM
 * when no zone that @flags allow can serve it within its mark; MU_ERR_INVALID
 * for an unknown flag or two zone flags; MU_ERR_RANGE for an order over
 * MU_BLOCK_ORDER or a node that does not exist. Any context but NMI. Waits for
 * another CPU for at most one claim (a block's initialisation, or
 * mu_config.batch of them) at a time, and only when no other zone can serve
 * within its low mark.
 */
enum mu_status mu_alloc_pages(struct mu_buddy *buddy, int nid, unsigned order,
			      unsigned flags, mu_pfn_t *pfn) MU_MUST_CHECK;

/*
 * Free what mu_alloc_pages() or mu_alloc_huge() returned, with the same @pfn
 * and @order. A page with one descriptor gets the others now, a block at a
 * time; allocations do not wait for blocks that are not in the lists yet.
 * MU_ERR_NOMEM when there is no backing for them. Changes nothing and returns
 * MU_ERR_HOLE past the map, MU_ERR_PRISTINE when the descriptor was never
 * written (pristine memory, a reservation or a hole), MU_ERR_RESERVED,
 * MU_ERR_NOT_ALLOCATED when the page is free already or is not the first of an
 * allocation, MU_ERR_ORDER when its order is different, MU_ERR_BUSY when
 * somebody else holds a reference. Any context but NMI.
 */
enum mu_status mu_free_pages(struct mu_buddy *buddy, mu_pfn_t pfn,
			     unsigned order) MU_MUST_CHECK;

/* The same by descriptor; the order is the descriptor's. */
enum mu_status mu_free_page(struct mu_buddy *buddy,
			    struct mu_page *page) MU_MUST_CHECK;

/*
 * Split one allocation, 2^@order pages at @pfn, into allocations of 2^@to
 * pages, each with the reference count of the first; @to is at most
 * MU_BLOCK_ORDER and below @order. A page with one descriptor gets the others
 * now. Errors of mu_free_pages(). Only by the holder of the page; any context
 * but NMI.
 */
enum mu_status mu_split_pages(struct mu_buddy *buddy, mu_pfn_t pfn,
			      unsigned order, unsigned to) MU_MUST_CHECK;

/* Take one more reference to an allocated page; the caller holds one. */
static inline void mu_page_get(struct mu_page *page)
{
	mu_page_check(page);
	/* relaxed: the caller has a reference, so it cannot go away. */
	atomic_fetch_add_explicit(&page->refcount, 1, memory_order_relaxed);
}

/*
 * Drop a reference; the last one frees the page. MU_ERR_HOLE, MU_ERR_PRISTINE,
 * MU_ERR_RESERVED and MU_ERR_NOT_ALLOCATED as mu_free_page(); MU_ERR_NOMEM if
 * the last one cannot free the page: then it is not dropped. Any context but
 * NMI.
 */
enum mu_status mu_page_put(struct mu_buddy *buddy,
			   struct mu_page *page) MU_MUST_CHECK;

/* The zone that a written descriptor names at this moment. */
static inline struct mu_zone *mu_page_zone_ptr(const struct mu_buddy *buddy,
					       const struct mu_page *page)
{
	mu_page_check(page);
	/* acquire: the zone may have been made since the page was handed out;
	 * pairs with the release in mu_buddy_move(). */
	return &buddy->zones[atomic_load_explicit(&page->zone,
						  memory_order_acquire)];
}

/* The node of a written descriptor. */
static inline int mu_page_nid(const struct mu_buddy *buddy,
			      const struct mu_page *page)
{
	return mu_page_zone_ptr(buddy, page)->nid;
}

/* Is there no hole in the span of @zone? O(1): two counters. */
static inline bool mu_zone_is_contiguous(const struct mu_zone *zone)
{
	return zone->present_pages == zone->end_pfn - zone->start_pfn;
}

/*
 * The hardware has lost the page at @pfn, whose descriptor was written (its
 * own, or that of the page with one descriptor that it is in): it will not be
 * allocated any more. A free page leaves the lists now; one that is in use when
 * it is freed, and *@later is true. MU_ERR_OVERLAP when it is known already,
 * MU_ERR_FULL when MU_MAX_POISONED pages are (then nothing has changed, and a
 * client that holds the page can keep it), MU_ERR_HOLE, MU_ERR_PRISTINE. The
 * caller makes sure that the block stays online, as mu_memory_failure() does.
 * Any context but NMI; not from a handler that may interrupt the freeing or
 * splitting of a gigantic page, because it waits for that.
 */
enum mu_status mu_buddy_poison(struct mu_buddy *buddy, mu_pfn_t pfn,
			       bool *later) MU_MUST_CHECK;

/* The first poisoned page in [@pfn, @end), or @end. Any context but NMI. */
mu_pfn_t mu_buddy_next_poisoned(struct mu_buddy *buddy, mu_pfn_t pfn,
				mu_pfn_t end);

/* [@start, @end) will be other memory: forget its poisoned pages. */
void mu_buddy_forget_poison(struct mu_buddy *buddy, mu_pfn_t start,
			    mu_pfn_t end);

/*
 * Set the marks of every zone from its managed pages, as Linux does:
 * @min_free_pages for the machine are spread over zones in proportion (0: the
 * square root of 16 times its memory in KiB, within 128 KiB and 256 MiB). Low
 * is above min by a quarter of min, or by a thousandth of the zone if that is
 * more; high is twice as far above. MOVABLE has a small min of its own.
 * @page_shift converts the units. The number stays: when memory comes or goes
 * the marks are computed from it again. Any number of CPUs at once, also while
 * memory is added or removed; others may allocate. Not in interrupt context.
 * O(zones, and the pages in their caches).
 */
void mu_buddy_set_watermarks(struct mu_buddy *buddy, uint64_t min_free_pages,
			     unsigned page_shift);

/*
 * Check all free lists and counters of @zone under its lock, then each of its
 * caches under the cache's lock. MU_ERR_CORRUPT with the reason in @error when
 * something does not hold.
 */
enum mu_status mu_zone_validate(struct mu_buddy *buddy, struct mu_zone *zone,
				struct mu_error *error) MU_MUST_CHECK;

/*
 * Page caches: see above. Any context but NMI, any number of CPUs at once, with
 * no lock held.
 *
 * mu_buddy_shut() empties the caches of @zone into its lists and keeps them
 * empty until mu_buddy_open(), so that everything freed in between goes to the
 * lists; the pairs nest. It waits for CPUs that are using a cache at this
 * moment, for a batch of pages each. mu_buddy_drain() is both, one after the
 * other.
 */
void mu_buddy_shut(struct mu_buddy *buddy, struct mu_zone *zone);
void mu_buddy_open(struct mu_buddy *buddy, struct mu_zone *zone);
void mu_buddy_drain(struct mu_buddy *buddy, struct mu_zone *zone);

/* Free pages of @zone that are in caches; zone->free_pages counts those in its
 * lists. A snapshot. O(caches in use). */
uint64_t mu_zone_cached(struct mu_buddy *buddy, struct mu_zone *zone);

#endif /* MEMUP_BUDDY_H */
