/* SPDX-License-Identifier: MIT */
/*
 * table: a sorted array of regions, and the one way to change it.
 *
 * Every change of memblock is an *edit*: a range, and what becomes of the
 * regions and the gaps in it. The new table is a function of the old one, so
 * its length is known before anything changes:
 *
 *     old      |--A--|     |--B--|--C--|
 *     edit         [-----------]
 *     window   the regions that the edit covers or touches: A B
 *     new      the pieces of the window, each put through the edit, and merged
 *
 * The window is copied to the scratch half of the array and its pieces are
 * written back from there, which is safe whether there are more or fewer of
 * them. The merged table is canonical: a set of bytes and attributes has
 * exactly one table, however it came about.
 */
#ifndef MU_MEMBLOCK_TABLE_H
#define MU_MEMBLOCK_TABLE_H

#include "memup/memblock.h"

struct mu_table_edit {
	mu_phys_t base, end;
	bool fill;	/* gaps become regions, of fill_nid and fill_flags */
	bool drop;	/* regions go */
	bool move;	/* regions change to node move_nid */
	uint32_t spare; /* but not those with one of these flags */
	uint32_t set;	/* flags that regions get */
	uint32_t clear; /* flags that regions lose */
	uint32_t fill_flags;
	int32_t fill_nid;
	int32_t move_nid;
};

/* How many regions @type will have after @edit. */
unsigned mu_table_count(const struct mu_memblock_type *type,
			const struct mu_table_edit *edit);

/* Do @edit; mu_table_count() of it is at most type->max. */
void mu_table_apply(struct mu_memblock_type *type,
		    const struct mu_table_edit *edit);

/* The first region that ends after @addr, or type->cnt. O(log n). */
unsigned mu_table_after(const struct mu_memblock_type *type, mu_phys_t addr);

/* The region that @addr is in, or NULL. O(log n). */
const struct mu_memblock_region *
mu_table_search(const struct mu_memblock_type *type, mu_phys_t addr);

static inline mu_phys_t mu_region_end(const struct mu_memblock_region *region)
{
	return region->base + region->size;
}

#endif
