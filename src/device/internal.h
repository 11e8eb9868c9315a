/* SPDX-License-Identifier: MIT */
/* internal: what the files of this floor share. */
#ifndef MU_DEVICE_INTERNAL_H
#define MU_DEVICE_INTERNAL_H

#include "base/assert.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/port.h"
#include "base/string.h"
#include "memup/device.h"

typedef unsigned long long ull;

/* mu_pagemap.state. Only changed by compare-and-exchange, so that if two want
 * to register or remove at once one of them gives up. */
enum { MU_PAGEMAP_NONE, MU_PAGEMAP_CHANGING, MU_PAGEMAP_REGISTERED };

static inline bool mu_pagemap_become(struct mu_pagemap *map, uint32_t from,
				     uint32_t to)
{
	/* acq_rel: what the previous owner did is visible. relaxed when it
	 * fails: the pagemap is somebody else's. */
	return atomic_compare_exchange_strong_explicit(&map->state, &from, to,
						       memory_order_acq_rel,
						       memory_order_relaxed);
}

/* First and last byte of a range of pfns, for a message. */
static inline ull mu_first_byte(const struct mu_devices *devices, mu_pfn_t pfn)
{
	return (ull)pfn << devices->page_shift;
}

static inline ull mu_last_byte(const struct mu_devices *devices, mu_pfn_t end)
{
	return ((ull)end << devices->page_shift) - 1;
}

/* The name of @map for a message, and where it begins and ends. */
struct mu_device_who {
	const char *name;
	ull first, last;
};

static inline struct mu_device_who mu_device_who(const struct mu_pagemap *map)
{
	struct mu_device_who who = {.name = map->name};

	if (map->nr_ranges) {
		const struct mu_device_range *range =
			&map->ranges[map->nr_ranges - 1];

		who.first = map->ranges[0].base;
		who.last = range->base + range->size - 1;
	}
	return who;
}

/* Take (H) to change something about @map; measure the time, if wanted. */
static inline void mu_device_lock(struct mu_devices *devices,
				  struct mu_pagemap *map)
{
	if (!devices->measure) {
		mu_lock(devices->port, &devices->lock);
		return;
	}
	map->wait_ns = mu_clock(devices->port);
	mu_lock(devices->port, &devices->lock);
	map->lock_ns = mu_clock(devices->port);
	map->wait_ns = map->lock_ns - map->wait_ns;
}

static inline void mu_device_unlock(struct mu_devices *devices,
				    struct mu_pagemap *map)
{
	if (devices->measure)
		map->lock_ns = mu_clock(devices->port) - map->lock_ns;
	mu_unlock(&devices->lock);
}

/* ---- table.c: the ranges, under (H) except for reading ---- */

struct mu_device_line {
	mu_pfn_t start, end;
	struct mu_device_slot *slot;
	unsigned range;
};

/* Line @i of the current table. */
struct mu_device_line mu_device_line(const struct mu_devices *devices,
				     unsigned i);
unsigned mu_device_lines(const struct mu_devices *devices);

/* The first line that ends after @pfn. */
unsigned mu_device_lower_bound(const struct mu_devices *devices, mu_pfn_t pfn);

/* The line of @pfn, and the version it was found in; for callers that hold
 * nothing. */
bool mu_device_search(const struct mu_devices *devices, mu_pfn_t pfn,
		      struct mu_device_line *line, uint64_t *version);

/* Has the table stayed as it was at @version? */
static inline bool mu_device_unchanged(const struct mu_devices *devices,
				       uint64_t version)
{
	/* acquire: as are the loads before it, which therefore stay before
	 * it. */
	return atomic_load_explicit(&devices->version, memory_order_acquire) ==
	       version;
}

/* Add or remove one pagemap's ranges: readers see all of them or none. */
void mu_device_table_add(struct mu_devices *devices,
			 const struct mu_pagemap *map);
void mu_device_table_remove(struct mu_devices *devices,
			    const struct mu_pagemap *map);

/* ---- claims.c: descriptors are initialised ---- */

/* The masks for the block at @block in @range, and its bit in them. NULL where
 * no block of that section was ever backed. */
struct mu_claims *mu_device_claims(const struct mu_pagemap *map,
				   struct mu_device_range *range,
				   mu_pfn_t block, uint32_t *bit);

/* Is the block at @block in @range shared with others? */
static inline bool mu_device_is_shared(const struct mu_device_range *range,
				       mu_pfn_t block)
{
	return block < range->start || block + MU_BLOCK_PAGES > range->end;
}

/*
 * Write the descriptors of the blocks [@block, @end) of @range, which lie in
 * one section, unless others have claimed them, @batch at a time. MU_ERR_NOMEM
 * when one cannot be backed: those before it are done.
 */
enum mu_status mu_device_init_blocks(struct mu_pagemap *map,
				     struct mu_device_range *range,
				     mu_pfn_t block, mu_pfn_t end,
				     unsigned batch) MU_MUST_CHECK;

/* The first block of @range at or after *@block that is ready; false when there
 * is none. O(sections), and what is backed of them. */
bool mu_device_next_ready(const struct mu_pagemap *map,
			  struct mu_device_range *range, mu_pfn_t *block);

/* The range of @map that has @pfn, or NULL. */
struct mu_device_range *mu_device_range_of(const struct mu_pagemap *map,
					   mu_pfn_t pfn);

/* Where the descriptor of @pfn in @range is. */
static inline mu_pfn_t mu_device_place(const struct mu_pagemap *map,
				       const struct mu_device_range *range,
				       mu_pfn_t pfn)
{
	return range->start + ((pfn - range->start) >> map->order);
}

/*
 * The first of the whole blocks with descriptors of @range's usable pages, up
 * to mu_device_blocks_end(). Those of the altmap's own pages stay unwritten.
 */
static inline mu_pfn_t
mu_device_blocks_start(const struct mu_pagemap *map,
		       const struct mu_device_range *range)
{
	return mu_align_down(mu_device_place(map, range, range->first),
			     MU_BLOCK_PAGES);
}

static inline mu_pfn_t mu_device_blocks_end(const struct mu_device_range *range)
{
	return mu_align_up(range->last, MU_BLOCK_PAGES);
}

/* ---- register.c ---- */

/* The first region of RAM that ends after @base, or NULL. Under (H), or when no
 * change is under way. */
const struct mu_memblock_region *
mu_device_ram_after(const struct mu_devices *devices, mu_phys_t base);

/* Check that none of @range is RAM. Under (H), or when no change is under way.
 */
enum mu_status mu_device_check_ram(const struct mu_devices *devices,
				   const struct mu_pagemap *map,
				   const struct mu_device_range *range,
				   struct mu_error *error) MU_MUST_CHECK;

/* ---- remove.c ---- */

/* The blocks that only @range uses: [*start, *end). */
void mu_device_own_blocks(const struct mu_device_range *range, mu_pfn_t *start,
			  mu_pfn_t *end);

/* Take @map, which is killed and gone, back out of everything. */
void mu_pagemap_withdraw(struct mu_pagemap *map);

/* ---- altmap.c ---- */

/* The whole sections in @range, [*start, *end): what an altmap backs. */
void mu_device_whole_sections(const struct mu_device_range *range,
			      mu_pfn_t *start, mu_pfn_t *end);

/* Place the altmap of @range, if @map has one, and its first page. */
enum mu_status mu_altmap_place(const struct mu_devices *devices,
			       const struct mu_pagemap *map,
			       struct mu_device_range *range,
			       struct mu_error *error) MU_MUST_CHECK;

/* Put memory behind the descriptors of the block at @block. */
enum mu_status mu_device_back(const struct mu_pagemap *map,
			      const struct mu_device_range *range,
			      mu_pfn_t block) MU_MUST_CHECK;

/* ---- refs.c ---- */

/* A page of @map that is in use, [*@start, *@end); false when there is none.
 * O(descriptors written). */
bool mu_device_find_in_use(const struct mu_pagemap *map, mu_pfn_t *start,
			   mu_pfn_t *end);

/* Take a reference, unless the pagemap was killed. */
bool mu_device_try_hold(struct mu_device_slot *slot);
/* Take another one; the caller has one. */
void mu_device_hold(struct mu_device_slot *slot);
/* Drop one. */
void mu_device_let_go(const struct mu_port *port, struct mu_device_slot *slot);
/* Give out no more references. With @only_idle only if there are none; returns
 * whether it was done. */
bool mu_device_kill(const struct mu_port *port, struct mu_device_slot *slot,
		    bool only_idle);

#endif
