/* SPDX-License-Identifier: MIT */
/*
 * hotplug: memory that comes and goes while the allocator runs.
 *
 *     absent --add--> offline --online--> pristine, then online like any
 *     absent <-remove- offline <-offline-- pristine or online
 *
 * Vocabulary
 *   To *add* memory is to declare that it is there; to bring it *online* is to
 *   give it to the allocator, in the kernel zone of its address or in MOVABLE.
 *   *Offline* memory is there but belongs to nobody: memblock has it with
 *   MU_MEMBLOCK_OFFLINE. Blocks (4 MiB with 4 KiB pages) go online and offline;
 *   sections (128 MiB) are added and removed, because they are the unit of
 *   memmap backing.
 *
 * Coming
 *   Memory that comes online becomes one more extent of its zone, or extends
 *   one: O(1) in its size, and none of it is initialised. Under policies other
 *   than lazy the job that finishes a boot then initialises it, outside every
 *   lock. A zone, or a node, that had no memory enters every fallback order,
 *   and watermarks are updated.
 *
 * Going
 *   Pristine memory is claimed from the extents, by cutting them: it goes
 *   offline without ever having been initialised, O(1) in its size. A block
 *   that is online moves to a zone that nobody allocates from
 *   (mu_buddy_move()); then the client's migrate() is called for what is in use
 *   there, until the block is one free page. When that fails, or takes too
 *   long, everything goes back to where it was. In the end the backing of the
 *   descriptors is released.
 *
 * Poison
 *   A page that the hardware lost is out of use for good, whatever its state:
 *   see mu_memory_failure().
 *
 * Cost
 *   Counters of present pages say whether a zone has holes, and a span is
 *   recomputed, from the ranges, only when memory at one of its ends goes; no
 *   page or block is ever scanned for it. (Linux did, and needed 36 s to plug
 *   512 GiB in blocks; 7 s with a counter: "mm/memory hotplug: optimize zone
 *   contiguous check", Yuan Liu and Tianyou Li, 2025 and 2026.)
 *
 * Locks
 *   (H) the hotplug lock, that of memup/device.h: held only while tables
 *   change, never for a time that depends on how large the memory is or how
 *   slowly it goes. Ranges that are being changed are listed under it, so that
 *   two changes of one range exclude each other and others do not wait. No
 *   function of the client's is called under it. The tables of memblock change
 *   under (H) and memblock_lock; readers hold either.
 *
 * A client that reads descriptors of pages that it does not hold
 * (mu_memmap_next(), mu_memmap_lookup()) has to ensure that they stay: it holds
 * a page of the block, or refuses MU_GOING_OFFLINE.
 */
#ifndef MEMUP_HOTPLUG_H
#define MEMUP_HOTPLUG_H

#include "memup/deferred.h"
#include "memup/device.h"

/*
 * Which zone an address is in: the platform's limits, where MOVABLE begins on
 * each node, and memblock's flags of the region. Private to this floor and the
 * one above.
 */
struct mu_layout {
	const struct mu_memblock *memblock;
	unsigned page_shift;
	mu_pfn_t zone_start[MU_ZONE_MOVABLE];
	mu_pfn_t zone_end[MU_ZONE_MOVABLE];
	const mu_pfn_t *movable_start; /* MU_NO_PFN: the node has none */
	bool mirror;		       /* mirrored memory is never MOVABLE */
};

/*
 * Where added memory goes, at once or when it is brought online. RATIO leaves
 * the choice to memup: MOVABLE, which can be removed again, as long as MOVABLE
 * zones then have at most mu_hotplug.movable_ratio percent of what the others
 * have, else the kernel's zone; for the more MOVABLE memory there is, the more
 * the kernel needs of its own. (Linux:
 * memory_hotplug.online_policy=auto-movable.)
 */
enum mu_online {
	MU_ONLINE_NO,	   /* it stays offline */
	MU_ONLINE_KERNEL,  /* the zone of its address: DMA, DMA32 or NORMAL */
	MU_ONLINE_MOVABLE, /* the node's MOVABLE zone */
	MU_ONLINE_RATIO,   /* one of these two */
	MU_ONLINE_DEFAULT, /* mu_hotplug.auto_online; mu_hotplug_add() only */
};

/* "offline", "kernel", "movable", "ratio", "default"; never NULL. */
const char *mu_online_str(enum mu_online online);

/* What happens to a range. */
enum mu_hotplug_event {
	MU_GOING_ONLINE,  /* about to come: may be refused */
	MU_CAME_ONLINE,	  /* it is the allocator's */
	MU_STAYS_OFFLINE, /* it did not come after all */
	MU_GOING_OFFLINE, /* about to go: may be refused */
	MU_WENT_OFFLINE,  /* it belongs to nobody */
	MU_STAYS_ONLINE,  /* it did not go after all: everything is back */
};

/* "going online", "online", ... */
const char *mu_hotplug_event_str(enum mu_hotplug_event event);

/* A range of whole blocks, on one node, in one zone. */
struct mu_hotplug_range {
	mu_pfn_t start, end;
	int nid;
	enum mu_zone_type type;
};

/* Functions of the client, each of which may be NULL. Called without locks,
 * with interrupts as the caller had them; may allocate, free and change other
 * ranges. */
struct mu_hotplug_ops {
	/*
	 * For the two events that begin with GOING: MU_OK, or the reason for
	 * refusal, which is returned to whoever asked for the change; then
	 * nothing has happened and no other event follows. For the others the
	 * result is ignored. NULL: no objection.
	 */
	enum mu_status (*event)(void *arg, enum mu_hotplug_event event,
				const struct mu_hotplug_range *range);
	/*
	 * The 2^@order pages at @pfn, which are in use, should be given back:
	 * moved elsewhere and freed, say. MU_OK: they were, or will be.
	 * MU_ERR_BUSY: not now, ask again later. Anything else: never, and the
	 * range stays online. The page may have been freed or split meanwhile;
	 * it is not allocated again. NULL: only wait for memory in use.
	 */
	enum mu_status (*migrate)(void *arg, mu_pfn_t pfn, unsigned order);
};

struct mu_hotplug_change;

struct mu_hotplug {
	/* Set by the floor above at start. (C) */
	const struct mu_port *port;
	struct mu_devices *devices; /* its lock is (H) */
	struct mu_memblock *memblock;
	struct mu_lock *memblock_lock; /* with (H): memblock's tables */
	struct mu_memmap *memmap;
	struct mu_buddy *buddy;
	struct mu_deferred *deferred;
	const struct mu_layout *layout;
	enum mu_policy policy;
	unsigned page_shift;
	bool measure; /* measure the time under (H) */
	/* Extents of zones that will be made, nr_spare each. (H) */
	struct mu_extent *spare;
	unsigned nr_spare;

	/* The auto-online policy: the meaning of MU_ONLINE_DEFAULT and
	 * MU_ONLINE_RATIO. From mu_config; the client may set it before the
	 * first change, or while no change is under way. */
	enum mu_online auto_online;
	unsigned movable_ratio; /* percent */

	/* The client's. Likewise. */
	const struct mu_hotplug_ops *ops;
	void *ops_arg;
	unsigned threads; /* to initialise what comes; 0: one per CPU */

	struct mu_hotplug_change *changes; /* under way (H) */
	_Atomic uint64_t lock_ns;	   /* total time under (H) (A) */
	_Atomic uint64_t lock_ns_max;	   /* the longest single time (A) */
};

/* Flags for mu_hotplug_add(). */
/* The range hosts its own descriptors: they lie in its first blocks, 16 bytes
 * per page rounded up, which never come online. Needs the port's
 * memmap_map_at. */
#define MU_ADD_HOSTED 0x1u

/*
 * There is RAM at [@base, @base + @size), whole sections, of node @nid; bring
 * all of it online as @online says. O(regions of memblock + zones), whatever
 * the size, where the policy is lazy.
 *
 * @error names the range and the one that it conflicts with. MU_ERR_RANGE: it
 * is empty, wraps, or passes the end that mu_mm_set_limits() was given, or
 * there is no such node. MU_ERR_INVALID: not whole sections, an unknown flag.
 * MU_ERR_OVERLAP: some of it is memory, reserved, or a device's. MU_ERR_FULL: a
 * table has no room. MU_ERR_UNSUPPORTED: the port cannot host. MU_ERR_NOMEM:
 * nothing would be left of it when it hosts its descriptors. Then nothing has
 * changed. After any error from bringing it online the memory stays added,
 * offline. Not in interrupt context, like all functions here.
 */
enum mu_status mu_hotplug_add(struct mu_hotplug *hotplug, mu_phys_t base,
			      mu_phys_t size, int nid, enum mu_online online,
			      unsigned flags,
			      struct mu_error *error) MU_MUST_CHECK;

/*
 * Give [@base, @base + @size), whole blocks that are offline, of one node, to
 * the allocator; @online is KERNEL, MOVABLE or RATIO. Blocks that host
 * descriptors are left out if the range begins with them; so are poisoned
 * pages.
 *
 * MU_ERR_RANGE, MU_ERR_INVALID as above. MU_ERR_HOLE: some of it is not memory.
 * MU_ERR_BUSY: some of it is online, or being changed. MU_ERR_RESERVED: some of
 * it hosts descriptors, but not its beginning. MU_ERR_FULL: a table has no
 * room. Also the errors of the client's event(). Then nothing has changed.
 * Under policies other than lazy its descriptors are written when this returns,
 * except for those that cannot be backed: they stay pristine.
 */
enum mu_status mu_hotplug_online(struct mu_hotplug *hotplug, mu_phys_t base,
				 mu_phys_t size, enum mu_online online,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * Take [@base, @base + @size), whole blocks that are online, of one zone, from
 * the allocator. What is in use is requested (migrate) and waited for, for up
 * to @patience nanoseconds of the port's clock; 0: requested once.
 *
 * MU_ERR_RANGE, MU_ERR_INVALID (also: it lies in two zones), MU_ERR_HOLE;
 * MU_ERR_OFFLINE: some of it is offline already; MU_ERR_RESERVED: some of it is
 * reserved, or a block is not one zone's from end to end; MU_ERR_BUSY: somebody
 * is changing some of it, or it is still in use (@error names the page);
 * MU_ERR_FULL: a table has no room; also the errors of event() and migrate().
 * Then everything is as it was. While it is on its way it counts as offline.
 */
enum mu_status mu_hotplug_offline(struct mu_hotplug *hotplug, mu_phys_t base,
				  mu_phys_t size, uint64_t patience,
				  struct mu_error *error) MU_MUST_CHECK;

/*
 * There is no RAM at [@base, @base + @size), whole sections, any more. All of
 * it is offline.
 *
 * MU_ERR_RANGE, MU_ERR_INVALID; MU_ERR_NOT_FOUND: there is none (removed
 * twice?); MU_ERR_BUSY: some of it is online or being changed, or hosts the
 * descriptors of memory that stays; MU_ERR_FULL.
 */
enum mu_status mu_hotplug_remove(struct mu_hotplug *hotplug, mu_phys_t base,
				 mu_phys_t size,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * The hardware has lost the page at @pfn: it is never allocated again, whatever
 * its state. Free: it is taken out at once. Pristine: it stays so, and is left
 * out when its block is initialised. In use: it is taken out when it is freed;
 * *@later (may be NULL) is true, and its holder should be told. Reserved or
 * offline: left out when it becomes the allocator's. MU_ERR_HOLE when it is no
 * memory, MU_ERR_OVERLAP when it is known already, MU_ERR_FULL when
 * MU_MAX_POISONED are: then nothing has changed, and whoever holds the page
 * keeps it, or takes its memory offline. Needs no room in any other table. A
 * device's page is handed to mu_device_memory_failure(), whose result is
 * returned. Poison is forgotten when the memory is removed. Waits for a page
 * that is being freed or initialised at this moment, without the lock. O(log
 * ranges), and once around for each wait.
 */
enum mu_status mu_memory_failure(struct mu_hotplug *hotplug, mu_pfn_t pfn,
				 bool *later,
				 struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_HOTPLUG_H */
