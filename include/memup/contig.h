/* SPDX-License-Identifier: MIT */
/*
 * contig: contiguous pages, any number of them.
 *
 *     mu_alloc_contig()   n pages, aligned, between two addresses, near a node
 *     mu_alloc_range()    these pages and no others
 *     mu_free_contig()    gives either back
 *
 * Vocabulary
 *   A *run* is contiguous pages, from free blocks and from pristine ones alike,
 *   also across blocks. It is handed out as the fewest allocations that cover
 *   it, each a naturally aligned power of two of at most a block:
 *
 *       pfn   1020     1024               2048   2052
 *              [ order 2 |    order 10      | 2   | 0 ]     1033 pages
 *
 *   so exactly that many pages are taken, every part of it can be freed by
 *   itself, and each has a descriptor with count 1.
 *
 * Failing is an answer only when no such run is free at that moment: the zone's
 * caches are emptied first, and blocks that are being initialised are waited
 * for. Nothing is moved to make room: that is the client's.
 *
 * Cost: a search looks at every page in use of the zones that it may take from,
 * and at pristine memory by extents; the zone's lock is held, with interrupts
 * off, for one block at a time. For drivers at their start and for firmware
 * calls, not for handlers. (Linux: alloc_contig_pages(), which migrates what is
 * in the way: "mm, cma: drivers for contiguous memory", M. Nazarewicz, 2011.)
 */
#ifndef MEMUP_CONTIG_H
#define MEMUP_CONTIG_H

#include "memup/boot.h"

/* What mu_alloc_contig() is asked for. */
struct mu_contig {
	uint64_t pages; /* not 0 */
	/* The first pfn is a multiple of this many pages, a power of two; 0: of
	 * 1. */
	uint64_t align;
	/* All of it lies in [min, max), bytes; max 0: no limit. */
	mu_phys_t min, max;
	int nid;	/* near this node; MU_NO_NODE: near the calling CPU */
	unsigned flags; /* MU_ALLOC_..., as for mu_alloc_pages() */
};

/*
 * Allocate a run, the lowest that fits of the nearest zone that has one; the
 * first pfn in *@pfn. The zone keeps its min mark, less with MU_ALLOC_ATOMIC
 * and nothing with MU_ALLOC_RESERVES. MU_ERR_NOMEM when no such run is free
 * within the marks, or its descriptors cannot be backed; MU_ERR_INVALID for no
 * pages, an alignment that is no power of two, flags as in mu_alloc_pages(), or
 * limits with nothing between them; MU_ERR_RANGE for a node that does not
 * exist. Any number of CPUs at once; not in interrupt context.
 */
enum mu_status mu_alloc_contig(struct mu_mm *mm, const struct mu_contig *want,
			       mu_pfn_t *pfn) MU_MUST_CHECK;

/*
 * Allocate the pages [@start, @end), whatever zones they are in; only the marks
 * of @flags count. MU_ERR_BUSY when one of them is in use or lost;
 * MU_ERR_RANGE when the range is empty or passes the end of memory,
 * MU_ERR_HOLE, MU_ERR_RESERVED, MU_ERR_OFFLINE for what is not the allocator's;
 * MU_ERR_NOMEM when a mark forbids it or descriptors cannot be backed. Then
 * nothing has changed, except that pristine blocks may have been initialised.
 * O(pages of the range in use + blocks). Context as above.
 */
enum mu_status mu_alloc_range(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end,
			      unsigned flags) MU_MUST_CHECK;

/*
 * Free @pages pages at @pfn, all of a run or a part of it that begins and ends
 * where two of its allocations meet. Errors of mu_free_pages(), for the first
 * allocation that cannot be freed; then none was, unless somebody else frees
 * the same pages at the same time. O(allocations). Context of mu_free_pages().
 */
enum mu_status mu_free_contig(struct mu_mm *mm, mu_pfn_t pfn,
			      uint64_t pages) MU_MUST_CHECK;

#endif /* MEMUP_CONTIG_H */
