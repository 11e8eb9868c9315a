/* SPDX-License-Identifier: MIT */
/*
 * layout: which zone of which node a range of memory belongs to.
 *
 * Memory and free memory are walked as *pieces*: the parts of a memblock range
 * that lie in one zone. Everything that start has to know (how many zones, how
 * large, which extents, which ragged blocks) is one walk each, so all of it is
 * O(ranges).
 */
#ifndef MU_BOOT_LAYOUT_H
#define MU_BOOT_LAYOUT_H

#include "memup/boot.h"

typedef void (*mu_piece_fn)(void *arg, int nid, enum mu_zone_type type,
			    mu_pfn_t start, mu_pfn_t end);

/* The zones of @config. MU_ERR_RANGE when the limits are not in order. */
enum mu_status mu_layout_init(struct mu_layout *layout, const struct mu_mm *mm,
			      const struct mu_config *config,
			      const mu_pfn_t *movable_start,
			      struct mu_error *error) MU_MUST_CHECK;

/*
 * [*@start, *@end) of one zone on node @nid. With kernelcore=mirror MOVABLE and
 * the others overlap: a page is in the one that mu_layout_type() says.
 */
void mu_layout_zone(const struct mu_layout *layout, int nid,
		    enum mu_zone_type type, mu_pfn_t *start, mu_pfn_t *end);

/* The type of zone that the memory at @pfn, of node @nid, belongs to, and the
 * zone. */
enum mu_zone_type mu_layout_type(const struct mu_layout *layout, int nid,
				 mu_pfn_t pfn);
struct mu_zone *mu_layout_zone_at(const struct mu_mm *mm, int nid,
				  mu_pfn_t pfn);

/*
 * Call @fn for the pieces of [@start, @end), memory of node @nid, which is
 * mirrored all of it or not at all: of one region, or of a run of them.
 */
void mu_layout_cut(const struct mu_layout *layout, int nid, mu_pfn_t start,
		   mu_pfn_t end, mu_piece_fn fn, void *arg);

/* Call @fn for every piece of memory, in whole pages, ascending. */
void mu_layout_memory(const struct mu_layout *layout, mu_piece_fn fn,
		      void *arg);

/* The same for what is neither reserved nor NOMAP. */
void mu_layout_free(const struct mu_layout *layout, mu_piece_fn fn, void *arg);

/*
 * The first pfn of MOVABLE for each of @nodes, as the fields of @config about
 * MOVABLE have it; MU_NO_PFN where a node has none. @nodes have their spans and
 * present pages.
 */
void mu_layout_movable(const struct mu_mm *mm, const struct mu_config *config,
		       const struct mu_node *nodes, mu_pfn_t *movable_start);

#endif
