/* SPDX-License-Identifier: MIT */
/*
 * device: page descriptors for memory that is a device's.
 *
 * Vocabulary
 *   A *pagemap* is what a driver registers: one or more ranges of physical
 *   addresses with a type, an owner and functions (Linux: struct dev_pagemap).
 *   It is for persistent memory, memory of a GPU or behind CXL, windows of PCI
 *   devices: pages that have descriptors but never come to the allocator. A
 *   *compound* pagemap has one descriptor for 2 MiB or 1 GiB of them. An
 *   *altmap* is a part of a range that hosts the range's own descriptors, so
 *   that terabytes of device memory take no RAM.
 *
 *       register   hotplug lock { ranges into the table }            O(ranges)
 *                  then, unless lazy: finish
 *       finish     a padata job over what is not initialised, no lock held
 *       get(pfn)   the pagemap of a pfn, with a reference            O(log n)
 *       page(pfn)  its descriptor; the first who asks writes it
 *       remove     kill the reference count, wait for it, give memory back
 *
 * Initialised once, outside every lock, or not until touched
 *   Descriptors are initialised in blocks of MU_BLOCK_PAGES (16 KiB), as those
 *   of RAM are: a block is *pristine*, *busy* or *ready*, two bits. A CPU that
 *   needs a descriptor of a pristine block claims the block with one fetch-or
 *   and writes it; a CPU that finds it busy waits for the one CPU that claimed
 *   it and has interrupts off, about a microsecond. The job that initialises
 *   all of a pagemap does the same block after block, so a reader never waits
 *   for the job: it takes over part of its work. Eager and lazy registration
 *   are one function; they differ in whether that job is run.
 *
 *   Linux initialised these descriptors twice, once under the hotplug lock, so
 *   that nodes waited for each other ("mm: Defer ZONE_DEVICE page
 *   initialization to the point where we init pgmap", Alexander Duyck, 2018).
 *   That a reader takes over a part of what is left was in "mm: Asynchronous +
 *   multithreaded memmap init for ZONE_DEVICE" (Dan Williams, 2018, not
 *   merged); here it is the only way.
 *
 * Where descriptors lie
 *   In the memmap's slice of the range itself, from its beginning on, densely:
 *
 *       page(pfn) = pages + start + ((pfn - start) >> order)
 *
 *   For order 0 that is the memmap as for any memory, mu_pfn_to_page(). For
 *   compound pages it is the first 512th, or 262144th, of the slice, and
 *   nothing is behind the rest: 1 TiB of 4 KiB pages takes 4 GiB of memmap, 8
 *   MiB in pages of 2 MiB, 16 KiB in pages of 1 GiB. (Linux shares physical
 *   tail pages between compound pages and gets to 4 GiB and 40 MiB:
 *   "mm, sparse-vmemmap: improve memory savings for compound devmaps", Joao
 *   Martins, 2022.)
 *
 *   A page extension (memup/page_ext.h) lies where the descriptor does: it is
 *   that of mu_page_to_pfn(), which for compound pages is not the page's pfn.
 *
 *   Which blocks are ready is recorded in two masks of the section, memmap.h's
 *   struct mu_claims; for the first and last block of a range, if shared with
 *   RAM or other ranges, in a pair of masks in the range. Ranges are multiples
 *   of 2 MiB, so no others are shared; mu_memmap_online() is false for device
 *   pages.
 *
 * Finding and going
 *   The table of ranges is sorted, and there are two copies: a change writes
 *   the unused one and then switches to it. Readers search without a lock, and
 *   again only if a change was completed meanwhile. What they find leads to a
 *   reference count whose memory never goes. They take a reference unless the
 *   count was killed; it is valid if the table has not changed since. So a
 *   pagemap that is being removed is either not found or is held, and removal
 *   waits for the holders. Pages in use hold it too.
 *
 * Locks
 *   (H) the *hotplug lock*: mu_devices.lock. Held to change the set of ranges,
 *       of devices or of RAM (memblock's memory). The time under it does not
 *       depend on the size of a range. Taken before the memmap's lock; not from
 *       interrupt context.
 *   (A) atomic, (C) written at registration and constant until removal.
 *
 * Cost: registering is O(ranges); lookup is the loads of two binary searches
 * and one compare-and-exchange; descriptors are 16 bytes per page or compound
 * page, written at the speed of streaming stores, when they are first needed.
 */
#ifndef MEMUP_DEVICE_H
#define MEMUP_DEVICE_H

#include "memup/memblock.h"
#include "memup/memmap.h"

/* Ranges begin and end at multiples of it. */
#define MU_DEVICE_ALIGN (2 * MU_MIB)

/* What the memory is, as Linux has it. */
enum mu_device_type {
	MU_DEVICE_PRIVATE = 1, /* the CPU cannot reach it */
	MU_DEVICE_COHERENT,    /* the CPU can, coherently; still the device's */
	MU_DEVICE_FS_DAX,      /* files live in it */
	MU_DEVICE_GENERIC,     /* mapped by whoever opens the device */
	MU_DEVICE_P2P,	       /* a window for other devices */
};

/* "private", "coherent", "fs-dax", "generic", "p2p"; never NULL. */
const char *mu_device_type_str(enum mu_device_type type);

struct mu_pagemap;

/* Functions of the owner. Each may be NULL unless stated otherwise. */
struct mu_device_ops {
	/*
	 * The page at @pfn (the first of a compound page) is not in use any
	 * more. Private and coherent memory must have this function. Called by
	 * whoever drops the last reference, in that context; @map is held
	 * meanwhile.
	 */
	void (*page_free)(struct mu_pagemap *map, mu_pfn_t pfn);
	/*
	 * The hardware reports that the @pages pages from @pfn on, all in @map,
	 * are bad: handle their users and keep them out of use. Called by
	 * mu_device_memory_failure(), which returns what this returns.
	 */
	enum mu_status (*memory_failure)(struct mu_pagemap *map, mu_pfn_t pfn,
					 uint64_t pages);
};

/*
 * One range. The first three are filled in by the client, the rest is private.
 */
struct mu_device_range {
	mu_phys_t base, size; /* bytes, multiples of MU_DEVICE_ALIGN */
	int nid;	      /* the node it is nearest to, or MU_NO_NODE */

	mu_pfn_t start, end; /* in pages (C) */
	mu_pfn_t first;	     /* first page that may be used (C) */
	/* Its descriptors are in slots start to last, see above (C) */
	mu_pfn_t last;
	mu_phys_t hosted; /* where its own descriptors lie, if they do (C) */
	/* Bits 0 and 1: the first and the last block, where they are shared.
	 * (A), by whoever initialises them */
	struct mu_claims shared;
	/* First section not taken by the job's threads. (A) relaxed: a hint */
	_Atomic uint64_t next;
};

/*
 * Where a range hosts its own descriptors: after @reserve bytes that stay the
 * owner's (a label, say), aligned to @align, in at most @size bytes. 512 KiB
 * for every section that lies wholly in the range; partial sections at its
 * ends, which may be shared, have their descriptors in RAM. Each range of the
 * pagemap hosts its own.
 */
struct mu_altmap {
	bool on;
	mu_phys_t reserve; /* bytes */
	mu_phys_t size;	   /* bytes; 0: what is needed */
	mu_phys_t align;   /* bytes, a power of two; 0: a page */
};

struct mu_devices;
struct mu_device_slot;

/*
 * A pagemap, in the client's memory. The client zeroes it, fills in the first
 * part and does not touch it while it is registered.
 */
struct mu_pagemap {
	const char *name; /* for messages */
	enum mu_device_type type;
	void *owner; /* private and coherent memory must have one */
	const struct mu_device_ops *ops; /* NULL: none */
	/* 0, MU_HUGE_ORDER or MU_GIGANTIC_ORDER: 2^order pages have one
	 * descriptor. Ranges must then be multiples of as many pages. */
	unsigned order;
	bool lazy; /* initialise descriptors only when they are needed */
	struct mu_altmap altmap;
	struct mu_device_range *ranges; /* ascending, disjoint */
	unsigned nr_ranges;

	/* Private. */
	struct mu_devices *devices;  /* (C) */
	struct mu_device_slot *slot; /* (C) */
	_Atomic uint32_t state;	     /* (A) excludes concurrent changes */
	_Atomic uint64_t written;    /* (A) relaxed: descriptors, a statistic */
	/* Time of the last change: waiting for (H), and under it. */
	uint64_t wait_ns, lock_ns;
};

/*
 * The reference count of a pagemap, on a cache line of its own. Its memory
 * stays as long as the machine, so that readers can always access it.
 */
struct mu_device_slot {
	/* (A) MU_DEVICE_DEAD and a count */
	alignas(64) _Atomic uint64_t refs;
	_Atomic uint32_t gone;	/* (A) dead, and the count came to 0 */
	struct mu_pagemap *map; /* (H); read by holders of a reference */
};
#define MU_DEVICE_DEAD ((uint64_t)1 << 63)

/* One line of a table of ranges, in pages: (A), by whoever holds (H). */
struct mu_device_entry {
	_Atomic uint64_t start, end;
	_Atomic uint64_t who; /* slot << 32 | number of the range */
};

/* All device memory of one machine. */
struct mu_devices {
	const struct mu_port *port;
	struct mu_memmap *memmap;
	struct mu_memblock *memblock; /* its memory: (H) */
	unsigned page_shift;
	unsigned batch; /* blocks that finish initialises at once, 1 to 32 */
	bool measure;	/* measure the time under the lock */
	unsigned max_ranges;
	struct mu_lock lock; /* (H) */

	/* Two tables, each with its length; the version's lowest bit says
	 * which one counts. (A), by whoever holds (H) */
	struct mu_device_entry *tables[2];
	_Atomic uint32_t nr[2];
	_Atomic uint64_t version;

	struct mu_device_slot *slots; /* max_ranges of them */
	unsigned nr_slots;	      /* ever used (H) */
};

/*
 * The limits for memory that may come later, mu_mm_set_limits(), include device
 * memory: limits.ranges is how many ranges there may be. Without limits there
 * can be no device.
 *
 * Bytes of the tables for @max_ranges ranges, registered at the same time, of
 * any number of pagemaps; and making an empty @devices in @size bytes at
 * @buf, aligned to 64, whose contents do not matter: MU_ERR_FULL when that is
 * less. @max_ranges is below 65536; the time does not depend on it. Early boot,
 * one CPU; mu_mm_start() calls both.
 */
size_t mu_devices_size(unsigned max_ranges);
enum mu_status mu_devices_init(struct mu_devices *devices,
			       struct mu_memmap *memmap,
			       struct mu_memblock *memblock,
			       unsigned page_shift, unsigned max_ranges,
			       void *buf, size_t size) MU_MUST_CHECK;

/*
 * Register @map: from now on its pages can be found. Unless it is lazy all
 * their descriptors are written when this returns, by up to @threads threads
 * (the caller is one; 0: one per CPU), as by mu_pagemap_finish(). All ranges
 * are registered or none.
 *
 * @error names the range and what it conflicts with, with its range:
 * MU_ERR_BUSY if @map is registered already; MU_ERR_INVALID for a type, order,
 * altmap or alignment that makes no sense, ranges that are not in order, and
 * private or coherent memory without owner or page_free; MU_ERR_RANGE for a
 * range that is empty, wraps, or passes the end of the memmap; MU_ERR_OVERLAP
 * with RAM, another pagemap or another range of its own; MU_ERR_FULL when the
 * table is, or the memmap's table of sections (both: struct mu_limits);
 * MU_ERR_UNSUPPORTED for an altmap without the port's memmap_map_at;
 * MU_ERR_NOMEM when the altmap is too small, or (not lazy) a descriptor cannot
 * be backed: then everything is undone, which waits for CPUs that found it
 * meanwhile. Not in interrupt context.
 */
enum mu_status mu_pagemap_register(struct mu_devices *devices,
				   struct mu_pagemap *map, unsigned threads,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Write all descriptors of @map that are not written, with up to @threads
 * threads (0: one per CPU), nodes in parallel; returns when all are ready.
 * Takes a lock only for backing. MU_ERR_NOMEM when there is no backing: what
 * was done stays done. The caller holds a reference, or otherwise ensures that
 * @map is not removed meanwhile. From any number of CPUs; not in interrupt
 * context.
 */
enum mu_status mu_pagemap_finish(struct mu_pagemap *map,
				 unsigned threads) MU_MUST_CHECK;

/*
 * The pagemap that has @pfn, with a reference to be dropped by
 * mu_pagemap_put(); NULL when there is none, or it is being removed. O(log
 * ranges), no lock; the only store is to the reference count, so to look at
 * many pages keep the reference and call mu_pagemap_has(). Any context.
 */
struct mu_pagemap *mu_pagemap_get(struct mu_devices *devices, mu_pfn_t pfn);

/* Does @map, which the caller holds, have @pfn? O(log of its ranges). Any
 * context. */
bool mu_pagemap_has(const struct mu_pagemap *map, mu_pfn_t pfn);

/* Drop a reference; @map may be gone afterwards. In any context where the
 * port's wake() may be called: the last one may end somebody's wait. */
void mu_pagemap_put(struct mu_pagemap *map);

/*
 * Give out no further references to @map; existing ones stay valid. The first
 * half of removal, for callers that cannot wait. Any context, once or more
 * often; not after removal.
 */
void mu_pagemap_kill(struct mu_pagemap *map);

/*
 * Remove @map: kill it, wait until nobody has a reference and no page is in
 * use, release the backing of its descriptors (of blocks that nobody else
 * shares) and forget it. Its memory is the client's again. The caller holds no
 * reference. O(sections of which any was backed).
 *
 * mu_pagemap_try_remove() does not wait: MU_ERR_BUSY, and nothing has changed;
 * @error has the number of references and a page that is in use, if any is (to
 * find it is O(descriptors written); to poll, pass NULL). Both:
 * MU_ERR_NOT_FOUND when @map is not registered (@error has what is there now,
 * if anything); MU_ERR_BUSY when somebody else is registering or removing it.
 * Not in interrupt context.
 */
enum mu_status mu_pagemap_remove(struct mu_pagemap *map,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_pagemap_try_remove(struct mu_pagemap *map,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * Store the descriptor of @pfn (that of the compound page it is in) in *@page,
 * after writing it if necessary. private_data and refcount are 0 when nobody
 * changed them. MU_ERR_NOT_FOUND when @map has no such page, MU_ERR_RESERVED
 * when the altmap or what it reserves is there, MU_ERR_NOMEM when it cannot be
 * backed. The caller holds @map. O(log of its ranges), a few loads once it is
 * ready. Any context but NMI.
 */
enum mu_status mu_device_page(struct mu_pagemap *map, mu_pfn_t pfn,
			      struct mu_page **page) MU_MUST_CHECK;

/* Was the descriptor of @pfn written? Does not write it. As above. */
bool mu_device_is_ready(const struct mu_pagemap *map, mu_pfn_t pfn);

/* The first pfn that @page, a descriptor of @map, describes. Any context. */
mu_pfn_t mu_device_page_pfn(const struct mu_pagemap *map,
			    const struct mu_page *page);

/*
 * Use of pages. A free page has refcount 0 and belongs to its owner, which
 * gives it out: mu_device_page_take() makes the count 1 and holds @map as long
 * as the page is in use. MU_ERR_BUSY when it is in use already, else as
 * mu_device_page(). mu_device_page_get() takes one more reference, or returns
 * false when the page is free, which a caller that only found the page has to
 * check, holding @map meanwhile. mu_device_page_put() drops one; the last one
 * calls page_free and drops @map, in the contexts of mu_pagemap_put(). The
 * others in any context.
 */
enum mu_status mu_device_page_take(struct mu_pagemap *map, mu_pfn_t pfn,
				   struct mu_page **page) MU_MUST_CHECK;
bool mu_device_page_get(struct mu_page *page) MU_MUST_CHECK;
void mu_device_page_put(struct mu_pagemap *map, struct mu_page *page);

/* The pagemap of @page, which is in use or whose pagemap the caller holds. Any
 * context. */
static inline struct mu_pagemap *
mu_device_page_map(const struct mu_devices *devices, const struct mu_page *page)
{
	return devices->slots[mu_page_zone(page)].map;
}

/*
 * The hardware reports that @pages pages from @pfn on are bad: tell the owner.
 * Returns the result of its memory_failure, or MU_ERR_UNSUPPORTED when it has
 * none; MU_ERR_NOT_FOUND when they are not all in one range of a device,
 * MU_ERR_RANGE for none. Any context in which the owner's function may be
 * called.
 */
enum mu_status mu_device_memory_failure(struct mu_devices *devices,
					mu_pfn_t pfn,
					uint64_t pages) MU_MUST_CHECK;

/* What a pagemap costs. A snapshot. */
struct mu_pagemap_stats {
	uint64_t pages;	      /* of its ranges */
	uint64_t reserved;    /* of these, what altmaps take and reserve */
	uint64_t descriptors; /* one for each page, or compound page */
	uint64_t written;     /* of these */
	/* Bytes behind its slices of the memmap, in whole blocks: in RAM, and
	 * in the device itself. Shared blocks at an end count too. */
	uint64_t backed, hosted;
	/* Time waiting for the hotplug lock and under it at registration, in
	 * ns; 0 unless mu_devices.measure is set. */
	uint64_t wait_ns, lock_ns;
};

/* The caller holds @map. O(sections). */
struct mu_pagemap_stats mu_pagemap_stats(const struct mu_pagemap *map);

/*
 * Is @pfn a device's? Then [*@start, *@end) is its range. A snapshot: it may be
 * gone already. O(log ranges). Any context.
 */
bool mu_device_find(const struct mu_devices *devices, mu_pfn_t pfn,
		    mu_pfn_t *start, mu_pfn_t *end);

/*
 * For code that adds RAM, under (H): MU_ERR_OVERLAP and both ranges in @error
 * if [@base, @base + @size), called @what in the message, has bytes that are a
 * device's.
 */
enum mu_status mu_device_check_overlap(const struct mu_devices *devices,
				       const char *what, mu_phys_t base,
				       mu_phys_t size,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Check that the table is sorted and disjoint, that nothing in it is RAM, that
 * descriptors which are ready are correct and as many as were counted, and that
 * pages in use hold their pagemap. *@pages (may be NULL) is how many pages
 * devices have. MU_ERR_CORRUPT with what does not hold. No other CPU may use
 * devices meanwhile. O(descriptors written + sections).
 */
enum mu_status mu_devices_validate(struct mu_devices *devices, uint64_t *pages,
				   struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_DEVICE_H */
