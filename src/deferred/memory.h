/* SPDX-License-Identifier: MIT */
/*
 * memory: how the floors above make memory pristine and take it away again, and
 * the hooks that the allocator calls when its lists are short.
 */
#ifndef DEFERRED_MEMORY_H
#define DEFERRED_MEMORY_H

#include "memup/deferred.h"

/*
 * Grow @zone by one block and take a page of @order from it, or only grow it
 * (@order MU_NR_ORDERS). The hook of struct mu_source; see there for the
 * answers, @mark and @seen. @arg is the struct mu_deferred. Any context but
 * NMI.
 */
enum mu_grow mu_deferred_grow(void *arg, struct mu_zone *zone, unsigned order,
			      uint64_t mark, uint64_t seen, mu_pfn_t *pfn);

/* The other hook: return when the zone's growth is past @seen or no
 * claim is under way. Not by a CPU that holds a claim. */
void mu_deferred_wait(void *arg, struct mu_zone *zone, uint64_t seen);

/*
 * Initialise the block at @start of @zone if it is pristine, wherever it lies
 * in its extent. MU_OK when it is online, also if it is inside a page with one
 * descriptor; MU_ERR_BUSY when it is neither online nor pristine: somebody has
 * claimed it, or it is not the allocator's; MU_ERR_NOMEM when it cannot be
 * backed, MU_ERR_FULL when the extent would have to be cut in two and the zone
 * has no room for one more. Any context but NMI; a handler must not wait for a
 * block that is busy: whoever claimed it may be a CPU with interrupts on, in
 * mu_alloc_run().
 */
enum mu_status mu_deferred_init_block(struct mu_deferred *deferred,
				      struct mu_zone *zone,
				      mu_pfn_t start) MU_MUST_CHECK;

/*
 * Memory that comes while others allocate. mu_deferred_promise() keeps room for
 * one more extent of @zone, or returns false if there is none; then either
 * mu_deferred_add_late() makes the whole blocks [@start, @end) pristine memory
 * of @zone, O(1) in their number, or mu_deferred_unpromise() gives the room
 * back. Memory that touches what is pristine takes no room. Any context but
 * NMI.
 */
bool mu_deferred_promise(struct mu_deferred *deferred,
			 const struct mu_zone *zone) MU_MUST_CHECK;
void mu_deferred_unpromise(struct mu_deferred *deferred,
			   const struct mu_zone *zone);
void mu_deferred_add_late(struct mu_deferred *deferred, struct mu_zone *zone,
			  mu_pfn_t start, mu_pfn_t end);

/*
 * The reverse: claim a piece of the pristine memory in the whole blocks
 * [@start, @end) of @zone, *@pages at *@pfn, without initialising it, and take
 * it out of the zone. O(extents) whatever their size. MU_ERR_NOT_FOUND when
 * nothing is pristine there; what another CPU is cutting off at this moment may
 * be missed. Room for an extent is promised with each piece, so that
 * mu_deferred_add_late() can always give it back; if it is not given back, call
 * mu_deferred_unpromise(). MU_ERR_FULL when there is no room. Any context but
 * NMI.
 */
enum mu_status mu_deferred_withdraw(struct mu_deferred *deferred,
				    struct mu_zone *zone, mu_pfn_t start,
				    mu_pfn_t end, mu_pfn_t *pfn,
				    mu_pfn_t *pages) MU_MUST_CHECK;

/*
 * Wait until every CPU that was looking for pristine memory of @zone has
 * claimed it and brought it online, or has given up: to be called after memory
 * was withdrawn and before its backing goes, because these CPUs may be about to
 * back it. CPUs that begin to look later are not waited for; but callers of
 * this function for the same @zone wait for each other. Not in interrupt
 * context, nor under a lock that those CPUs may take.
 */
void mu_deferred_settle(struct mu_deferred *deferred,
			const struct mu_zone *zone);

/*
 * Is @pfn in an extent of @zone and not claimed? *@end (may be NULL) is the end
 * of a run with the same answer. A snapshot. O(log extents + extents that were
 * added while running). Any context.
 */
bool mu_deferred_is_pristine(const struct mu_deferred *deferred,
			     const struct mu_zone *zone, mu_pfn_t pfn,
			     mu_pfn_t *end);

/* May a block of @zone be claimed, and not yet in the lists? A snapshot. Any
 * context. */
bool mu_deferred_is_busy(const struct mu_deferred *deferred,
			 const struct mu_zone *zone);

/* ---- At start, on one CPU, but for mu_deferred_add_zone() ---- */

/* Set the hooks of @buddy's source; no extents yet. @zones has room for
 * buddy->max_zones. */
void mu_deferred_init(struct mu_deferred *deferred, struct mu_buddy *buddy,
		      struct mu_pristine *zones);

/* How many extents mu_deferred_add() makes of one range at most. */
#define MU_EXTENTS_PER_RANGE 3
/* Additional extents for which each zone has room, made while running. */
#define MU_EXTENTS_SPARE 64

/* Add a zone that is made while others allocate, before it is in zonelists. */
void mu_deferred_add_zone(struct mu_deferred *deferred, struct mu_zone *zone);

/* Give @zone its array of @max extents, before the first
 * mu_deferred_add(). */
void mu_deferred_set_extents(struct mu_deferred *deferred,
			     const struct mu_zone *zone,
			     struct mu_extent *extents, unsigned max);

/*
 * [@start, @end), whole blocks that are free in memblock, is pristine memory of
 * @zone. It is cut at multiples of 1 GiB (2^18 pages), so that its middle part
 * can give aligned gigantic pages from its tail for as long as it lasts. To be
 * called in ascending order within a zone.
 */
void mu_deferred_add(struct mu_deferred *deferred, struct mu_zone *zone,
		     mu_pfn_t start, mu_pfn_t end);

#endif
