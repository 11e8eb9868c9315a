/* SPDX-License-Identifier: MIT */
/*
 * layout: which zone of which node a range of memory belongs to.
 *
 * Memory and free memory are walked as *pieces*: the parts of a memblock range
 * that lie in one zone. Everything that mu_mm_start() has to know (how many
 * zones, how large, which extents, which ragged blocks) takes one walk each, so
 * all of it is O(ranges).
 */
#ifndef MU_HOTPLUG_LAYOUT_H
#define MU_HOTPLUG_LAYOUT_H

#include "memup/hotplug.h"

typedef void (*mu_piece_fn)(void *arg, int nid, enum mu_zone_type type,
			    mu_pfn_t start, mu_pfn_t end);

/* What a layout is made of. */
struct mu_layout_spec {
	mu_phys_t dma_limit, dma32_limit; /* ends of these zones, in bytes */
	bool mirror;			  /* mirrored memory is never MOVABLE */
	const mu_pfn_t *movable_start;	  /* of each node, or MU_NO_PFN */
};

/* MU_ERR_RANGE when the limits are not in order. */
enum mu_status mu_layout_init(struct mu_layout *layout,
			      const struct mu_memblock *memblock,
			      unsigned page_shift,
			      const struct mu_layout_spec *spec,
			      struct mu_error *error) MU_MUST_CHECK;

/*
 * The bounds [*@start, *@end) of one zone on node @nid. With kernelcore=mirror
 * MOVABLE and the others overlap: mu_layout_type() says which one a page is in.
 */
void mu_layout_zone(const struct mu_layout *layout, int nid,
		    enum mu_zone_type type, mu_pfn_t *start, mu_pfn_t *end);

/* The type of zone that the memory at @pfn, of node @nid, belongs to, and the
 * zone. */
enum mu_zone_type mu_layout_type(const struct mu_layout *layout, int nid,
				 mu_pfn_t pfn);
struct mu_zone *mu_layout_zone_at(const struct mu_layout *layout,
				  const struct mu_buddy *buddy, int nid,
				  mu_pfn_t pfn);

/*
 * The same, and the pieces, for memory that will be KERNEL or MOVABLE (@flags),
 * whatever memblock's flags are now.
 */
enum mu_zone_type mu_layout_type_as(const struct mu_layout *layout, int nid,
				    unsigned flags, mu_pfn_t pfn);
void mu_layout_cut_as(const struct mu_layout *layout, int nid, unsigned flags,
		      mu_pfn_t start, mu_pfn_t end, mu_piece_fn fn, void *arg);

/*
 * Call @fn for the pieces of [@start, @end), memory of node @nid, of one
 * region, or of several adjacent ones whose zones are chosen the same way.
 */
void mu_layout_cut(const struct mu_layout *layout, int nid, mu_pfn_t start,
		   mu_pfn_t end, mu_piece_fn fn, void *arg);

/* Is the memory at @pfn offline? */
bool mu_layout_is_offline(const struct mu_layout *layout, mu_pfn_t pfn);

/* Call @fn for every piece of memory that is not offline, in whole pages,
 * ascending. */
void mu_layout_memory(const struct mu_layout *layout, mu_piece_fn fn,
		      void *arg);

/* The same for what is neither reserved nor NOMAP. */
void mu_layout_free(const struct mu_layout *layout, mu_piece_fn fn, void *arg);

#endif
