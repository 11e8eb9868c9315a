/* SPDX-License-Identifier: MIT */
/*
 * backing: memory behind descriptors, for ports whose hook memmap_map() maps
 * pages (memup/port.h).
 *
 * The hook may not ask memup for memory, and must not run out of it: a claim
 * that cannot be backed is an allocation that fails. So all that descriptors
 * can ever need is taken from memblock before the allocator starts, as one
 * *window* for each region of memory, near it, and pages for the page tables
 * that map them:
 *
 *     memmap (virtual)   [ pfn 0 ... |=== region's descriptors ===| ... ]
 *                                    :       a constant apart     :
 *     window (physical)              |============================|
 *
 * A descriptor's place in its window is its place in the memmap, so there is
 * nothing to allocate, nothing to count, and two CPUs that map the same block
 * write the same entries. Taking the windows is one reservation each, whatever
 * their size; a page of them is touched when its first block is mapped.
 */
#ifndef MEMUP_BACKING_H
#define MEMUP_BACKING_H

#include "memup/machine.h"
#include "memup/memblock.h"
#include "memup/memmap.h"

/* Memory for the descriptors of pages [start, end), in units; sorted. */
struct mu_backing_window {
	mu_pfn_t start, end;
	mu_phys_t phys; /* where the descriptor of start is */
};

/* What the port's page tables are like. */
struct mu_backing_tables {
	uintptr_t memmap;    /* where the descriptor of pfn 0 is, virtual */
	unsigned page_shift; /* 12, 14 or 16: of memup's pages and of tables */
	unsigned bits;	     /* bits of an address that a table translates */
	unsigned levels;     /* of tables below the root */
};

/* Constant once reserved, except for next_table. */
struct mu_backing {
	struct mu_backing_tables tables;
	struct mu_backing_window *windows;
	unsigned nr_windows;
	/* Pages for page tables. next_table: by whoever has the port's lock. */
	mu_phys_t next_table, end_table;
};

/*
 * Take the memory that all descriptors of @memblock's memory need, from each
 * region's own node if possible, and page tables for them: with pages of 4 KiB
 * 0.39 % and 0.001 % of memory. The same for @late, @nr_late ranges in
 * ascending order that may come later. Where memory is too scattered for a
 * window in one piece it is halved. Needs the hook phys_to_virt. Early boot,
 * one CPU; O(ranges), and none of what is taken is touched but the list.
 * MU_ERR_NOMEM and MU_ERR_FULL, with @error; MU_ERR_INVALID for page sizes that
 * there are not.
 */
enum mu_status mu_backing_reserve(struct mu_backing *backing,
				  struct mu_memblock *memblock,
				  const struct mu_backing_tables *tables,
				  const struct mu_range *late, unsigned nr_late,
				  struct mu_error *error) MU_MUST_CHECK;

/*
 * Pages whose descriptors have to be mapped together: a block's, or where a
 * page holds the descriptors of several blocks, theirs. Any context, O(1).
 */
mu_pfn_t mu_backing_unit(const struct mu_backing *backing);

/*
 * Where the descriptor of @pfn is in memory; MU_PHYS_MAX where there is no
 * window. Any context; O(log windows).
 */
mu_phys_t mu_backing_phys(const struct mu_backing *backing, mu_pfn_t pfn);

/*
 * A page for a table that maps windows, not zeroed; MU_PHYS_MAX when all are
 * used, which cannot be while nothing but windows is mapped. One call at a
 * time; O(1).
 */
mu_phys_t mu_backing_take_table(struct mu_backing *backing);

/* Bytes of memory that were taken. Any context; O(windows). */
uint64_t mu_backing_bytes(const struct mu_backing *backing);

/* The address of the descriptor of @pfn, and the pfn whose descriptor is at
 * @virt, MU_PHYS_MAX when @virt is not in the memmap. Any context, O(1). */
uintptr_t mu_backing_virt(const struct mu_backing *backing, mu_pfn_t pfn);
mu_pfn_t mu_backing_pfn(const struct mu_backing *backing, uintptr_t virt);

#endif
