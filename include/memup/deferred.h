/* SPDX-License-Identifier: MIT */
/*
 * deferred: claims, and the three policies that are built on them.
 *
 * Vocabulary
 *   *Pristine* memory is managed memory whose descriptors were never written.
 *   A zone's pristine memory is a short list of *extents*, runs of whole blocks
 *   from memblock's free ranges. To *claim* is to take pristine blocks for
 *   good, so that one CPU alone initialises them. A claimed block that is not
 *   yet *online* is *busy*.
 *
 *       extent   [##########............................]
 *                 claimed  ^head                    tail^
 *
 *       claim a block    {head, tail} -> {head + 1, tail}     one CAS
 *       an aligned run   {head, tail} -> {head + n, tail}
 *       a gigantic page  {head, tail} -> {head, tail - 256}
 *       then: write descriptors, set the online bit, add to the lists
 *
 * One primitive, three policies
 *   eager     the boot CPU claims everything before it goes on
 *   deferred  the allocator's slow path claims what it needs, and at the same
 *             time helper threads on every node claim the rest
 *   lazy      only the slow path claims, for ever
 *   They differ in who claims and when; all claim from the same cursor, so at
 *   no moment is there memory that nobody may use. (Linux hands over between
 *   two mechanisms: see docs/design.md for its window.)
 *
 * Progress
 *   A zone has a fixed number of blocks, every claim takes one, and a CPU that
 *   asks gets one of three answers: it grew the zone (and has its page), the
 *   zone was grown by another (its lists have changed: look again), or it is
 *   exhausted. (enum mu_grow tells two of them more exactly: a block is still
 *   on its way, or there was no backing.) The only wait is for a block in
 *   flight. A CPU keeps interrupts off from the claim to the free list, so a
 *   handler that allocates never waits for the CPU that it interrupted, and the
 *   wait is at most one block's initialisation (mu_config.batch of them, if the
 *   client chose to take more at once). The blocks of mu_alloc_run() are for
 *   its caller alone: interrupts are on between them, and no allocation waits
 *   for them.
 *
 * A claim backs first
 *   A block's descriptors are backed before the block is claimed. If that fails
 *   nothing has happened: there is no claim to undo.
 *
 * Cost: one compare-and-exchange and 16 KiB of stores for a block (4 MiB of
 * memory); setting up is O(ranges), whatever their size.
 */
#ifndef MEMUP_DEFERRED_H
#define MEMUP_DEFERRED_H

#include "memup/buddy.h"

enum mu_policy { MU_POLICY_EAGER, MU_POLICY_DEFERRED, MU_POLICY_LAZY };

/* "eager", "deferred", "lazy"; else "unknown". Any context. */
const char *mu_policy_str(enum mu_policy policy);

/*
 * A run of whole blocks of one zone. The cursor holds two block numbers, pfns
 * divided by MU_BLOCK_PAGES: head in the low half, tail in the high one. What
 * lies between them is pristine. Claims move them towards each other; new
 * memory moves them apart, or refills an extent that was used up.
 */
struct mu_extent {
	_Atomic uint64_t cursor; /* (A) by compare-and-exchange */
};
_Static_assert(sizeof(struct mu_extent) == 8, "one word");
_Static_assert(MU_PHYS_BITS - MU_PAGE_SHIFT_MIN - MU_BLOCK_ORDER <= 32,
	       "a block number is half a cursor");

/*
 * The pristine memory of one zone. Each has cache lines of its own, because
 * every claim writes busy.
 */
struct mu_pristine {
	struct mu_zone *zone;	   /* (C) */
	struct mu_extent *extents; /* (C) the first nr_sorted ascending */
	unsigned nr_sorted;	   /* (C) made at start; never filled again */
	unsigned max_extents;	   /* (C) */
	struct mu_lock lock;	   /* (E): held to add an extent */
	unsigned promised;	   /* extents that will be added (E) */
	/* Grows when an extent is added. Written (E), read by all. (A) */
	_Atomic unsigned nr_extents;
	/* Extents below its low half are used up: a hint. The high half counts
	 * how often the low half moved back. (A) */
	_Atomic uint64_t first;
	/* CPUs between "about to claim" and "in the lists". (A) */
	alignas(64) _Atomic uint32_t busy;
	/* CPUs between "looks for a block to back" and "claimed it, or not",
	 * in two counts, and which of them newcomers use. (A) */
	_Atomic uint32_t looking[2];
	_Atomic uint32_t turn;	 /* (A), written (S) */
	struct mu_lock settling; /* (S): held to wait for them */
	/* Blocks claimed, and the longest time with interrupts off from claim
	 * to list, in ns. Statistics. (A) relaxed */
	_Atomic uint64_t claims;
	_Atomic uint64_t claim_ns_max;
};
_Static_assert(sizeof(struct mu_pristine) == 128, "two cache lines");

struct mu_deferred {
	const struct mu_port *port;
	struct mu_memmap *memmap;
	struct mu_buddy *buddy;
	struct mu_pristine *zones; /* indexed as buddy->zones (C) */
	bool measure;		   /* measure the time of claims (C) */
	unsigned batch; /* blocks that bulk claims take at once (C) */
};

/* What deferred initialisation has done so far. A snapshot. */
struct mu_deferred_stats {
	uint64_t claims;	 /* blocks claimed */
	uint64_t claim_ns_max;	 /* the longest of them; 0 without a clock */
	uint64_t pristine_pages; /* not claimed yet */
};

/*
 * Claim and initialise up to @blocks blocks, nearest to @nid first, from other
 * nodes when that one is exhausted; returns how many. From any number of CPUs
 * at once, also while others allocate. *@status (may be NULL) is MU_ERR_NOMEM
 * when a block of some zone could not be backed. Interrupts are off for
 * mu_config.batch blocks at a time. Any context but NMI.
 */
uint64_t mu_deferred_take(struct mu_deferred *deferred, int nid,
			  uint64_t blocks, enum mu_status *status);

/*
 * Claim and initialise everything that is pristine, with up to @max_threads
 * threads (the caller is one; 0: one per CPU), spread over the nodes that have
 * CPUs, each on its own node's memory first. Others may allocate meanwhile.
 * Returns when no memory is pristine or busy. A padata multithreaded job over
 * the port's run_on. MU_ERR_NOMEM when backing failed: what could not be backed
 * stays pristine. Not in interrupt context.
 */
enum mu_status mu_deferred_finish(struct mu_deferred *deferred,
				  unsigned max_threads) MU_MUST_CHECK;

/*
 * Huge pages straight from pristine memory: @count of 2^@order pages
 * (MU_HUGE_ORDER or MU_GIGANTIC_ORDER), one descriptor written for each. Stores
 * their first pfns in @pfns and returns how many there are. Each is an
 * allocation of its own: mu_free_pages() frees it (and then writes its other
 * descriptors), mu_split_pages() splits it into smaller ones. mu_memmap_head()
 * finds the descriptor of any pfn inside. Node, @flags and watermarks as in
 * mu_alloc_pages(), whose lists are not used; @flags are not checked, of two
 * zone flags the lower zone counts. 0 for another @order or a node that does
 * not exist. Any context but NMI; interrupts are off for one page at a time.
 */
uint64_t mu_alloc_huge(struct mu_deferred *deferred, int nid, unsigned order,
		       unsigned flags, uint64_t count, mu_pfn_t *pfns);

/*
 * 2^@order pages in one run, naturally aligned, MU_BLOCK_ORDER < @order <=
 * MU_GIGANTIC_ORDER, from pristine memory: claimed together, initialised block
 * by block. The result is 2^(@order - MU_BLOCK_ORDER) allocations of
 * MU_BLOCK_ORDER each, which are freed one by one. Blocks that lie before an
 * aligned run are put into the lists. Node, @flags and watermarks as in
 * mu_alloc_huge(). MU_ERR_NOMEM when no extent has such a run, or its memmap
 * cannot be backed; MU_ERR_RANGE for another @order or a node that does not
 * exist. Any context but NMI; interrupts are off for one block at a time.
 */
enum mu_status mu_alloc_run(struct mu_deferred *deferred, int nid,
			    unsigned order, unsigned flags,
			    mu_pfn_t *pfn) MU_MUST_CHECK;

/*
 * A background finisher: threads at idle priority that initialise what is
 * pristine, block by block, until it is done or stopped. Without it the lazy
 * policy stays lazy for ever; with it the machine ends up as under the deferred
 * policy, only later. It may be paused, resumed and stopped at any time, and
 * started again after it was stopped. (FreeBSD drains its lazy pages in such a
 * thread: "vm_page: Implement lazy page initialization", 2024.)
 *
 * In the caller's memory, to be left alone from start to stop.
 */
struct mu_background {
	struct mu_deferred *deferred;
	_Atomic uint32_t order;	  /* what to do; by pause, resume, stop */
	_Atomic uint32_t threads; /* that have not left */
};

/*
 * Start up to @threads threads on @cpus (NULL: any). MU_ERR_BUSY when the port
 * has none to give. A thread leaves when nothing is pristine any more, or when
 * what is left cannot be backed. Not with interrupts off.
 */
enum mu_status mu_background_start(struct mu_background *background,
				   struct mu_deferred *deferred,
				   const struct mu_cpumask *cpus,
				   unsigned threads) MU_MUST_CHECK;

/* Begin no further block; a block that was begun is finished. Any context. */
void mu_background_pause(struct mu_background *background);

/* Go on. Not with interrupts off. */
void mu_background_resume(struct mu_background *background);

/* End it: returns when every thread has left. Not with interrupts off. */
void mu_background_stop(struct mu_background *background);

/* Are there threads that have not left? False: all is done, or stopped. */
bool mu_background_is_running(const struct mu_background *background);

/* Any context. */
struct mu_deferred_stats mu_deferred_stats(const struct mu_deferred *deferred);

#endif /* MEMUP_DEFERRED_H */
