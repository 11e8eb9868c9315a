/* SPDX-License-Identifier: MIT */
/*
 * memory: how the floors above give the allocator memory and take it away:
 * zones, pages that were pristine, blocks that go offline.
 */
#ifndef BUDDY_MEMORY_H
#define BUDDY_MEMORY_H

#include "memup/buddy.h"

/*
 * Caches for CPUs with ids below @cpus (0: none), in @size bytes at @buf,
 * aligned to 64 (MU_ERR_FULL when that is less than mu_caches_size(@cpus)), of
 * which only a bit per CPU is written here; @pages as mu_config.cache_pages.
 * Early boot, before mu_buddy_set_watermarks().
 */
size_t mu_caches_size(unsigned cpus);
enum mu_status mu_caches_init(struct mu_buddy *buddy, unsigned cpus,
			      unsigned pages, void *buf,
			      size_t size) MU_MUST_CHECK;

/*
 * Build the zonelists from the zones in buddy->nodes: @lists has room for
 * nr_nodes lists of max_zones + 1 ids, @scratch for max_zones numbers. Early
 * boot, one CPU. O(nodes * zones * log zones).
 */
void mu_zonelists_build(struct mu_buddy *buddy, _Atomic uint16_t *lists,
			uint64_t *scratch);

/* Compute all marks again, from the number that mu_buddy_set_watermarks() was
 * given last, after memory came or went. Context as there. */
void mu_buddy_update_watermarks(struct mu_buddy *buddy, unsigned page_shift);

/* Add the new @zone to the list of every node while others allocate. (H) */
void mu_zonelists_add(struct mu_buddy *buddy, const struct mu_zone *zone);

/* Choose the zones of @node that the fast path tries: those with memory. (H) */
void mu_node_prefer(struct mu_buddy *buddy, struct mu_node *node);

/* Make an empty zone over [@start, @end). Early boot, one CPU. */
void mu_zone_init(struct mu_zone *zone, uint32_t id, int nid,
		  enum mu_zone_type type, mu_pfn_t start, mu_pfn_t end);

/*
 * Put the initialised, published pages [@start, @end) of one block, reserved
 * ones or tails without a head, into the lists of their zone as new managed
 * memory.
 */
void mu_buddy_add_range(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, mu_pfn_t end);

/*
 * Put a block that was pristine into the lists; @take is an order or
 * MU_NR_ORDERS. If @take is an order and @mark pages, free or pristine, are
 * left after it, the block's first page of that order goes to the caller
 * instead: true, and *@pfn.
 */
bool mu_buddy_add_block(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, unsigned take, uint64_t mark,
			mu_pfn_t *pfn);

/* Publish the @nr blocks from @start on, which mu_memmap_init_chain() wrote and
 * which were pristine before, and put them into the lists. */
void mu_buddy_add_chain(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t start, unsigned nr);

/* Count @pages of @zone as managed but pristine. Early boot. */
void mu_zone_add_pristine(struct mu_zone *zone, uint64_t pages);

/* The same while others allocate. */
void mu_buddy_grow_pristine(struct mu_buddy *buddy, struct mu_zone *zone,
			    uint64_t pages);

/* @pages that were pristine do not belong to @zone any more. */
void mu_buddy_drop_pristine(struct mu_buddy *buddy, struct mu_zone *zone,
			    uint64_t pages);

/*
 * Memory on its way out, or back. mu_buddy_move() moves the block at @start,
 * all of it online and in @from, to zone @to; one of the two is the node's zone
 * of type MU_ZONE_ISOLATED. Allocations do not find free pages there, nor what
 * is freed there later. With @gigantic it moves the allocated gigantic page at
 * @start. MU_ERR_RESERVED when some page of it is reserved; MU_ERR_BUSY when
 * some page is neither free nor allocated at this moment (a gigantic page is
 * being freed or split), larger than the block, or not in @from: then nothing
 * has changed. Any context but NMI.
 */
enum mu_status mu_buddy_move(struct mu_buddy *buddy, struct mu_zone *from,
			     struct mu_zone *to, mu_pfn_t start,
			     bool gigantic) MU_MUST_CHECK;

/*
 * Find the first page that is neither free nor poisoned, from *@pfn, where a
 * page begins or began, to @end, in the same isolated block: false when there
 * is none. *@order is its order, or MU_NR_ORDERS if it is not allocated at this
 * moment.
 */
bool mu_buddy_find_in_use(struct mu_buddy *buddy, struct mu_zone *isolated,
			  mu_pfn_t end, mu_pfn_t *pfn, unsigned *order);

/*
 * Pages that the hardware lost. mu_buddy_note_poison() remembers @pfn, whatever
 * it is; errors of mu_buddy_poison(). Then whoever claims its block later sees
 * it, and mu_buddy_poison_noted() takes it out if it is there: MU_ERR_BUSY if
 * it is neither free nor allocated at this moment, or not online.
 */
enum mu_status mu_buddy_note_poison(struct mu_buddy *buddy,
				    mu_pfn_t pfn) MU_MUST_CHECK;
enum mu_status mu_buddy_poison_noted(struct mu_buddy *buddy, mu_pfn_t pfn,
				     bool *later) MU_MUST_CHECK;

/*
 * Is some page of [@start, @end) poisoned? After these pages were claimed: then
 * either this sees the note, or whoever noted the page sees that it is not
 * pristine any more. One load where there is no poison anywhere.
 */
bool mu_buddy_has_poison(struct mu_buddy *buddy, mu_pfn_t start, mu_pfn_t end);

/* As mu_buddy_add_block(), for the block at @start, initialised and published
 * as tails only, which has poisoned pages: they are left out. */
void mu_buddy_add_around(struct mu_buddy *buddy, struct mu_zone *zone,
			 mu_pfn_t start);

/* Take the isolated block at @start out of its zone. False when some of its
 * pages are in use. */
bool mu_buddy_extract(struct mu_buddy *buddy, struct mu_zone *isolated,
		      mu_pfn_t start);

/* Let whoever waits for @zone look again, after a change to it. */
void mu_zone_tell_growth(struct mu_zone *zone);

/*
 * Marks of claims. Whoever is about to claim pristine pages for a client holds
 * them first: mu_zone_hold() takes @pages, free or pristine, out of what others
 * may count on, if @mark pages are left without them, in one step under the
 * lock. So a check is never used after its lock was dropped: until the claim
 * is made, or has failed, nobody else takes the zone below the mark. Between
 * mu_claim_begin() and mu_claim_end(), so that whoever is refused because of
 * what is held sees that somebody is busy, and waits.
 *
 * *@cached: there may be pages in caches, with which it could do. MU_HOLD_WAIT:
 * it would do without what others hold at this moment.
 */
enum mu_hold { MU_HELD, MU_HOLD_NO, MU_HOLD_WAIT };
enum mu_hold mu_zone_hold(struct mu_buddy *buddy, struct mu_zone *zone,
			  uint64_t pages, uint64_t mark, bool *cached);

/* The claim failed: @pages are as before. */
void mu_zone_unhold(struct mu_buddy *buddy, struct mu_zone *zone,
		    uint64_t pages);

/*
 * @pages of @zone that were pristine and held are allocated now, without ever
 * being in the lists: for them what mu_buddy_add_block() is for a block.
 */
void mu_buddy_take_held(struct mu_buddy *buddy, struct mu_zone *zone,
			uint64_t pages);

/*
 * The same for the first half of a block that was pristine, which was held and
 * whose descriptor is written; the second half, at @second, is initialised and
 * goes to the lists in the same step. (That puts the block online: before, it
 * cannot move to another zone.)
 */
void mu_buddy_take_half(struct mu_buddy *buddy, struct mu_zone *zone,
			mu_pfn_t second);

/*
 * Pages that are chosen by their address; while the zone's caches are shut, or
 * what is in them counts as used.
 *
 * A run that is being looked for: mu_run_add() says that [@start, @end) is free
 * or pristine, ascending; mu_run_fits(): is there enough, and from where?
 */
struct mu_run {
	uint64_t pages, align;
	mu_pfn_t start, end; /* found so far */
};
void mu_run_add(struct mu_run *run, mu_pfn_t start, mu_pfn_t end);
bool mu_run_fits(const struct mu_run *run, mu_pfn_t *start);

/* Add what is free of [@from, @to), of one block of @zone that is online, until
 * the run fits: true, and *@start. */
bool mu_buddy_find_run(struct mu_buddy *buddy, struct mu_zone *zone,
		       mu_pfn_t from, mu_pfn_t to, struct mu_run *run,
		       mu_pfn_t *start);

/* Allocate the pages [@start, @end) of one block of @zone, as the fewest
 * allocations, and leave @mark. MU_ERR_BUSY when one is not free, MU_ERR_NOMEM
 * by the mark: then nothing has changed. */
enum mu_status mu_buddy_take_range(struct mu_buddy *buddy, struct mu_zone *zone,
				   mu_pfn_t start, mu_pfn_t end,
				   uint64_t mark) MU_MUST_CHECK;

/* The least number of pages that an allocation with @flags leaves in @zone. */
uint64_t mu_zone_min_mark(const struct mu_zone *zone, unsigned flags);

/* May an allocation with @flags for node @nid use @zone? */
bool mu_zone_is_allowed(const struct mu_zone *zone, int nid, unsigned flags);

#endif
