/* SPDX-License-Identifier: MIT */
/*
 * memblock_iterate: walks over the tables of memblock, upwards and downwards.
 * Part of memup/memblock.h, which includes it. In any context where memblock
 * itself may be used; a change of a table ends every walk over it.
 */
#ifndef MEMUP_MEMBLOCK_ITERATE_H
#define MEMUP_MEMBLOCK_ITERATE_H

#include "memup/memblock.h"

/*
 * A cursor is 0 before a walk upwards (next) and UINT64_MAX before one
 * downwards (prev); each call moves it by one range and returns false when
 * there is none. Every output may be NULL. @nid is a node, or MU_NO_NODE for
 * all. @flags says which memory regions are of interest: only those with
 * MU_MEMBLOCK_MIRROR or _SCRATCH if these are given; also those with
 * MU_MEMBLOCK_NOMAP, _DRIVER_MANAGED or _OFFLINE, and (with movable_node)
 * _HOTPLUG, only if these are given.
 */
#define MU_MEMBLOCK_FIRST ((uint64_t)0)
#define MU_MEMBLOCK_LAST  UINT64_MAX

/* Regions of memory. */
bool mu_memblock_next_mem(const struct mu_memblock *mb, uint64_t *cursor,
			  int nid, unsigned flags, mu_phys_t *start,
			  mu_phys_t *end, int *out_nid);
bool mu_memblock_prev_mem(const struct mu_memblock *mb, uint64_t *cursor,
			  int nid, unsigned flags, mu_phys_t *start,
			  mu_phys_t *end, int *out_nid);
/* Regions of reserved, all of them. */
bool mu_memblock_next_reserved(const struct mu_memblock *mb, uint64_t *cursor,
			       mu_phys_t *start, mu_phys_t *end, int *out_nid);
bool mu_memblock_prev_reserved(const struct mu_memblock *mb, uint64_t *cursor,
			       mu_phys_t *start, mu_phys_t *end, int *out_nid);
/* Parts of memory regions that are not reserved. */
bool mu_memblock_next_free(const struct mu_memblock *mb, uint64_t *cursor,
			   int nid, unsigned flags, mu_phys_t *start,
			   mu_phys_t *end, int *out_nid);
bool mu_memblock_prev_free(const struct mu_memblock *mb, uint64_t *cursor,
			   int nid, unsigned flags, mu_phys_t *start,
			   mu_phys_t *end, int *out_nid);
/* Regions of memory with any flags, in whole pages; empty ones are skipped. */
bool mu_memblock_next_mem_pfn(const struct mu_memblock *mb, uint64_t *cursor,
			      int nid, mu_pfn_t *start, mu_pfn_t *end,
			      int *out_nid);
bool mu_memblock_prev_mem_pfn(const struct mu_memblock *mb, uint64_t *cursor,
			      int nid, mu_pfn_t *start, mu_pfn_t *end,
			      int *out_nid);

/* Parts of physmem that are not in @without, which may be NULL. */
bool mu_memblock_next_physmem(const struct mu_memblock *mb, uint64_t *cursor,
			      const struct mu_memblock_type *without,
			      mu_phys_t *start, mu_phys_t *end);

/* The same as loops; @i is a uint64_t, the p_ are pointers or NULL. */
#define mu_for_each_mem_range(mb, i, p_start, p_end)                   \
	for ((i) = MU_MEMBLOCK_FIRST; mu_memblock_next_mem(            \
		     mb, &(i), MU_NO_NODE,                             \
		     MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_DRIVER_MANAGED, \
		     p_start, p_end, NULL);)
#define mu_for_each_mem_range_rev(mb, i, p_start, p_end)               \
	for ((i) = MU_MEMBLOCK_LAST; mu_memblock_prev_mem(             \
		     mb, &(i), MU_NO_NODE,                             \
		     MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_DRIVER_MANAGED, \
		     p_start, p_end, NULL);)
#define mu_for_each_reserved_mem_range(mb, i, p_start, p_end) \
	for ((i) = MU_MEMBLOCK_FIRST;                         \
	     mu_memblock_next_reserved(mb, &(i), p_start, p_end, NULL);)
#define mu_for_each_free_mem_range(mb, i, nid, flags, p_start, p_end, p_nid) \
	for ((i) = MU_MEMBLOCK_FIRST; mu_memblock_next_free(                 \
		     mb, &(i), nid, flags, p_start, p_end, p_nid);)
#define mu_for_each_free_mem_range_reverse(mb, i, nid, flags, p_start, p_end, \
					   p_nid)                             \
	for ((i) = MU_MEMBLOCK_LAST; mu_memblock_prev_free(                   \
		     mb, &(i), nid, flags, p_start, p_end, p_nid);)
#define mu_for_each_physmem_range(mb, i, without, p_start, p_end) \
	for ((i) = MU_MEMBLOCK_FIRST;                             \
	     mu_memblock_next_physmem(mb, &(i), without, p_start, p_end);)
#define mu_for_each_mem_pfn_range(mb, i, nid, p_start, p_end, p_nid) \
	for ((i) = MU_MEMBLOCK_FIRST;                                \
	     mu_memblock_next_mem_pfn(mb, &(i), nid, p_start, p_end, p_nid);)

/* Loops over the regions themselves; @region is a pointer to const region. */
#define mu_for_each_mem_region(mb, region)    \
	for ((region) = (mb)->memory.regions; \
	     (region) < (mb)->memory.regions + (mb)->memory.cnt; (region)++)
#define mu_for_each_reserved_mem_region(mb, region)                  \
	for ((region) = (mb)->reserved.regions;                      \
	     (region) < (mb)->reserved.regions + (mb)->reserved.cnt; \
	     (region)++)

/*
 * Cut the pages [*@pfn, @end) into chunks for a buddy allocator. The next chunk
 * has 2^*@order pages, the largest power of two up to 2^@max_order that *@pfn
 * is aligned to and that fits. Moves *@pfn past it; false at the end.
 *
 *     while (mu_memblock_next_chunk(&pfn, end, MU_BLOCK_ORDER, &order))
 *             give(pfn - (1 << order), order);
 */
static inline bool mu_memblock_next_chunk(mu_pfn_t *pfn, mu_pfn_t end,
					  unsigned max_order, unsigned *order)
{
	unsigned fit;

	if (*pfn >= end)
		return false;
	fit = mu_log2(end - *pfn);
	if (*pfn && mu_ctz(*pfn) < fit)
		fit = mu_ctz(*pfn);
	*order = fit < max_order ? fit : max_order;
	*pfn += (mu_pfn_t)1 << *order;
	return true;
}

#endif /* MEMUP_MEMBLOCK_ITERATE_H */
