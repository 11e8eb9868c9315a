/* SPDX-License-Identifier: MIT */
/*
 * memblock: the boot allocator.
 *
 * It knows two things: what memory exists, and what is taken. Each is a
 * *type*: a table of *regions*, sorted, disjoint, and merged wherever two with
 * the same node and flags touch. What may be handed out is the difference of
 * the two tables, which is never stored.
 *
 *     memory    |=== node 0 ===|      |======== node 1 ========|
 *     reserved      [krnl]                [initrd]      [alloc]
 *     free      |==|      |====|      |==|        |====|       |
 *
 * It works before anything else does: the first MU_MEMBLOCK_REGIONS regions of
 * each type are part of struct mu_memblock; larger tables live in memory that
 * memblock allocates from itself once mu_memblock_allow_resize() was called. It
 * serves until its free memory is handed over to the page allocator; after
 * mu_memblock_set_late_free() it allocates nothing more and its tables no
 * longer grow, but it still answers questions, and accepts late frees.
 *
 * Conventions
 *   Addresses and sizes are in bytes unless a name says pfn. A size of 0 does
 *   nothing and is MU_OK. A range that wraps or passes MU_PHYS_MAX is
 *   MU_ERR_RANGE, as is a node that is neither MU_NO_NODE nor below
 *   MU_MAX_NODES. A table without room is MU_ERR_FULL; if it may grow but
 *   cannot, MU_ERR_NOMEM (no free memory, or phys_to_virt() returned NULL) or
 *   MU_ERR_UNSUPPORTED (no such hook). The test is exact: a change whose result
 *   fits succeeds. A function that fails changes nothing.
 *
 * Context
 *   One CPU at a time; there is no lock. Changing a table ends every iteration
 *   over it. struct mu_memblock must not move: its tables point into it.
 *
 * Cost
 *   n regions: a look-up by address O(log n), a change O(log n + n moved), an
 *   allocation O(n) in the worst case, an iteration step O(1).
 *
 * The model, its words and the order of its fallbacks are those of Linux's
 * mm/memblock.c (Y. Lu, T. Heo, M. Rapoport and others; first the "LMB" of
 * PowerPC); its own tests run on this one (tools/linux-memblock-tests). Linux
 * keeps one memblock in globals; this is an object. Other differences: a range
 * past the end of addresses is refused, not cut short, which those tests show;
 * mu_memblock_is_region_memory() sees memory where two regions touch; and there
 * is neither a handover from an earlier kernel (KHO) nor ALLOC_NOLEAKTRACE.
 */
#ifndef MEMUP_MEMBLOCK_H
#define MEMUP_MEMBLOCK_H

#include "memup/port.h"

#define MU_MEMBLOCK_REGIONS 128 /* of each type before it has to grow */
#define MU_MEMBLOCK_PHYSMEM 4	/* of the type physmem */
#define MU_MEMBLOCK_LATE    128 /* ranges that can wait to be freed late */
#define MU_MEMBLOCK_NAMED   8	/* named reservations */
#define MU_MEMBLOCK_NAME    16	/* bytes of a name with its terminator */

/*
 * Flags. Of memory regions:
 *   HOTPLUG may be removed: not allocated while movable_node is set
 *   MIRROR          mirrored: allocated first
 *   NOMAP           not to be mapped: never allocated, and kept by all limits
 *   DRIVER_MANAGED  a driver's: never allocated
 *   SCRATCH         the only memory allocated while scratch_only is set
 *   OFFLINE         there, but not in use: never allocated (memup/hotplug.h)
 *   KERNEL          never in a MOVABLE zone, wherever that begins
 *   MOVABLE         in the MOVABLE zone of its node, wherever it is
 * and of reserved regions:
 *   RSRV_NOINIT     their descriptors are not to be initialised
 *   RSRV_KERN       for the kernel's own use; every allocation is
 */
#define MU_MEMBLOCK_NONE	   0x00u
#define MU_MEMBLOCK_HOTPLUG	   0x01u
#define MU_MEMBLOCK_MIRROR	   0x02u
#define MU_MEMBLOCK_NOMAP	   0x04u
#define MU_MEMBLOCK_DRIVER_MANAGED 0x08u
#define MU_MEMBLOCK_RSRV_NOINIT	   0x10u
#define MU_MEMBLOCK_RSRV_KERN	   0x20u
#define MU_MEMBLOCK_SCRATCH	   0x40u
#define MU_MEMBLOCK_OFFLINE	   0x80u
#define MU_MEMBLOCK_KERNEL	   0x100u
#define MU_MEMBLOCK_MOVABLE	   0x200u

#define MU_MEMBLOCK_MEMORY_FLAGS                                        \
	(MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_MIRROR | MU_MEMBLOCK_NOMAP | \
	 MU_MEMBLOCK_DRIVER_MANAGED | MU_MEMBLOCK_SCRATCH |             \
	 MU_MEMBLOCK_OFFLINE | MU_MEMBLOCK_KERNEL | MU_MEMBLOCK_MOVABLE)
#define MU_MEMBLOCK_RESERVED_FLAGS \
	(MU_MEMBLOCK_RSRV_NOINIT | MU_MEMBLOCK_RSRV_KERN)

/* Where an allocation may end. */
#define MU_MEMBLOCK_ALLOC_ANYWHERE   (~(mu_phys_t)0)
#define MU_MEMBLOCK_ALLOC_ACCESSIBLE ((mu_phys_t)0) /* current_limit */

struct mu_memblock_region {
	mu_phys_t base;
	mu_phys_t size; /* not 0 */
	uint32_t flags; /* MU_MEMBLOCK_* */
	int32_t nid;	/* node, or MU_NO_NODE */
};

/*
 * regions[0 .. cnt) are in use, of max. Another max slots follow them, as
 * scratch space during a change.
 */
struct mu_memblock_type {
	unsigned cnt;
	unsigned max;
	mu_phys_t total_size; /* the sum of all sizes */
	struct mu_memblock_region *regions;
	const char *name;
	/* Where regions[] is, if it was allocated; array_size 0 if not. */
	mu_phys_t array_base;
	mu_phys_t array_size;
};

struct mu_memblock_named {
	char name[MU_MEMBLOCK_NAME];
	mu_phys_t base;
	mu_phys_t size; /* 0: the slot is free */
};

/*
 * Takes the whole pages [@base, @base + @size) into the page allocator. MU_OK:
 * all are taken. Otherwise none is; MU_ERR_BUSY means to try again later. Must
 * not call back into the memblock that calls it.
 */
typedef enum mu_status (*mu_memblock_late_free_t)(void *arg, mu_phys_t base,
						  mu_phys_t size);

/*
 * All fields may be read. Those of the first group may be written at any time;
 * the rest belong to memblock.
 */
struct mu_memblock {
	bool bottom_up;	   /* allocate from the lowest address, not the top */
	bool movable_node; /* keep allocations out of HOTPLUG regions */
	bool scratch_only; /* allocate from SCRATCH regions alone */
	bool debug;	   /* log every change, at MU_LOG_DEBUG */
	mu_phys_t current_limit; /* end of what ALLOC_ACCESSIBLE means */
	unsigned page_shift;	 /* 12, 14 or 16; mu_memblock_init() says 12 */

	bool can_resize;
	struct mu_memblock_type memory;
	struct mu_memblock_type reserved;
	struct mu_memblock_type physmem; /* not changed by any limit */
	struct mu_memblock_type late;	 /* freed, and not yet taken */
	const struct mu_port *port;	 /* never NULL */
	mu_memblock_late_free_t late_free;
	void *late_free_arg;
	struct mu_memblock_named named[MU_MEMBLOCK_NAMED];
	struct mu_memblock_region memory_init[2 * MU_MEMBLOCK_REGIONS];
	struct mu_memblock_region reserved_init[2 * MU_MEMBLOCK_REGIONS];
	struct mu_memblock_region physmem_init[2 * MU_MEMBLOCK_PHYSMEM];
	struct mu_memblock_region late_init[2 * MU_MEMBLOCK_LATE];
};

/*
 * Make @mb empty: top-down, no limit, 4 KiB pages. It uses the hooks log and
 * phys_to_virt of @port (NULL: a port without hooks), which must outlive it.
 */
void mu_memblock_init(struct mu_memblock *mb, const struct mu_port *port);

/*
 * From now on tables may grow. Call this when everything that firmware and the
 * loader use is reserved: before that, a new table could overwrite it.
 */
void mu_memblock_allow_resize(struct mu_memblock *mb);

/* ---- Change what there is and what is taken ---- */

/*
 * There is memory at [@base, @base + @size), of node @nid, with @flags, any of
 * MU_MEMBLOCK_MEMORY_FLAGS (else MU_ERR_INVALID). Memory that is known already
 * stays as it is, with a warning if its node or flags differ.
 */
enum mu_status mu_memblock_add(struct mu_memblock *mb, mu_phys_t base,
			       mu_phys_t size) MU_MUST_CHECK;
enum mu_status mu_memblock_add_node(struct mu_memblock *mb, mu_phys_t base,
				    mu_phys_t size, int nid,
				    unsigned flags) MU_MUST_CHECK;

/*
 * The machine has memory at [@base, @base + @size), whether it is to be used or
 * not. This is the type physmem, for ports that must know all of it (on s390 a
 * dump contains all installed memory, whatever mem= says). Only this function
 * changes it.
 */
enum mu_status mu_memblock_physmem_add(struct mu_memblock *mb, mu_phys_t base,
				       mu_phys_t size) MU_MUST_CHECK;

/* There is no memory at [@base, @base + @size). */
enum mu_status mu_memblock_remove(struct mu_memblock *mb, mu_phys_t base,
				  mu_phys_t size) MU_MUST_CHECK;

/*
 * The range is taken, whether it is memory or not; @flags are any of
 * MU_MEMBLOCK_RESERVED_FLAGS. What is taken already stays as it is.
 */
enum mu_status mu_memblock_reserve(struct mu_memblock *mb, mu_phys_t base,
				   mu_phys_t size,
				   unsigned flags) MU_MUST_CHECK;
enum mu_status mu_memblock_reserve_node(struct mu_memblock *mb, mu_phys_t base,
					mu_phys_t size, int nid,
					unsigned flags) MU_MUST_CHECK;

/*
 * The range is not taken any more. After mu_memblock_set_late_free() this is
 * mu_memblock_free_late().
 */
enum mu_status mu_memblock_phys_free(struct mu_memblock *mb, mu_phys_t base,
				     mu_phys_t size) MU_MUST_CHECK;

/*
 * Set (@set) or clear @flag, one of the flags of @type, on all regions of @type
 * in the range. @type is &mb->memory or &mb->reserved.
 */
enum mu_status mu_memblock_setclr_flag(struct mu_memblock *mb,
				       struct mu_memblock_type *type,
				       mu_phys_t base, mu_phys_t size, bool set,
				       unsigned flag) MU_MUST_CHECK;

#define MU_MEMBLOCK_MARK(name, type, set, flag)                                \
	MU_MUST_CHECK static inline enum mu_status mu_memblock_##name(         \
		struct mu_memblock *mb, mu_phys_t base, mu_phys_t size)        \
	{                                                                      \
		return mu_memblock_setclr_flag(mb, &mb->type, base, size, set, \
					       MU_MEMBLOCK_##flag);            \
	}
MU_MEMBLOCK_MARK(mark_hotplug, memory, true, HOTPLUG)
MU_MEMBLOCK_MARK(clear_hotplug, memory, false, HOTPLUG)
MU_MEMBLOCK_MARK(mark_mirror, memory, true, MIRROR)
MU_MEMBLOCK_MARK(clear_mirror, memory, false, MIRROR)
MU_MEMBLOCK_MARK(mark_nomap, memory, true, NOMAP)
MU_MEMBLOCK_MARK(clear_nomap, memory, false, NOMAP)
MU_MEMBLOCK_MARK(mark_driver_managed, memory, true, DRIVER_MANAGED)
MU_MEMBLOCK_MARK(clear_driver_managed, memory, false, DRIVER_MANAGED)
MU_MEMBLOCK_MARK(mark_scratch, memory, true, SCRATCH)
MU_MEMBLOCK_MARK(clear_scratch, memory, false, SCRATCH)
MU_MEMBLOCK_MARK(reserved_mark_noinit, reserved, true, RSRV_NOINIT)
MU_MEMBLOCK_MARK(reserved_clear_noinit, reserved, false, RSRV_NOINIT)
MU_MEMBLOCK_MARK(reserved_mark_kern, reserved, true, RSRV_KERN)
MU_MEMBLOCK_MARK(reserved_clear_kern, reserved, false, RSRV_KERN)

/* All regions of @type in the range belong to node @nid. */
enum mu_status mu_memblock_set_node(struct mu_memblock *mb, mu_phys_t base,
				    mu_phys_t size,
				    struct mu_memblock_type *type,
				    int nid) MU_MUST_CHECK;

/*
 * MU_ERR_NOT_FOUND, and an error in the log, when more than @threshold bytes of
 * memory have no node.
 */
enum mu_status
mu_memblock_validate_numa_coverage(const struct mu_memblock *mb,
				   mu_phys_t threshold) MU_MUST_CHECK;

/* ---- Limits. These never add a region, so only arguments can fail. ---- */

/*
 * Cut every memory region to multiples of @align, a power of two (else
 * MU_ERR_INVALID); regions that become empty are removed.
 */
enum mu_status mu_memblock_trim_memory(struct mu_memblock *mb,
				       mu_phys_t align) MU_MUST_CHECK;

/*
 * Keep of memory and reserved only [@base, @base + @size), and NOMAP memory
 * everywhere. Without any memory nothing is done, with a warning.
 */
enum mu_status mu_memblock_cap_memory_range(struct mu_memblock *mb,
					    mu_phys_t base,
					    mu_phys_t size) MU_MUST_CHECK;

/*
 * The user said mem=@limit: keep the first @limit bytes of memory, counted from
 * the lowest address without holes, and what is reserved below their end. No
 * change when there is no more than @limit.
 */
void mu_memblock_enforce_memory_limit(struct mu_memblock *mb, mu_phys_t limit);

/* The same, but NOMAP memory above the end stays. */
void mu_memblock_mem_limit_remove_map(struct mu_memblock *mb, mu_phys_t limit);

/* ---- Allocate ---- */

/*
 * All of these look for @size bytes that are free, aligned to @align (a power
 * of two; 0 is a cache line, with a warning), and reserve them with
 * MU_MEMBLOCK_RSRV_KERN. The first page of memory is never handed out. They
 * search from the top, or from the bottom when bottom_up is set, in regions
 * that may be used (see the flags), only in mirrored ones if there are any. If
 * nothing is found they try again, in this order:
 *
 *   1. as asked
 *   2. on any node, unless the exact node was requested
 *   3. 1 and 2 without insisting on mirrored memory, with a warning
 *   4. 1 to 3 from the lowest address on (functions that return pointers)
 *
 * MU_ERR_INVALID for a @size of 0 or a bad @align, MU_ERR_RANGE for a bad
 * node, MU_ERR_NOMEM when nothing is found or when the memory was handed over,
 * and the errors of mu_memblock_reserve(). *@out is written only on success.
 */

/* In [@start, @end); @end may be one of MU_MEMBLOCK_ALLOC_*. */
enum mu_status mu_memblock_alloc_range_nid(struct mu_memblock *mb,
					   mu_phys_t size, mu_phys_t align,
					   mu_phys_t start, mu_phys_t end,
					   int nid, bool exact_nid,
					   mu_phys_t *out) MU_MUST_CHECK;
enum mu_status mu_memblock_phys_alloc_range(struct mu_memblock *mb,
					    mu_phys_t size, mu_phys_t align,
					    mu_phys_t start, mu_phys_t end,
					    mu_phys_t *out) MU_MUST_CHECK;
/* Below current_limit. */
enum mu_status mu_memblock_phys_alloc(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align,
				      mu_phys_t *out) MU_MUST_CHECK;
enum mu_status mu_memblock_phys_alloc_try_nid(struct mu_memblock *mb,
					      mu_phys_t size, mu_phys_t align,
					      int nid,
					      mu_phys_t *out) MU_MUST_CHECK;

/*
 * These return pointers, through phys_to_virt() (MU_ERR_UNSUPPORTED without the
 * hook, MU_ERR_NOMEM when it returns NULL), to memory that is always below
 * current_limit, even if @max_addr is higher. It is zeroed unless the name says
 * raw.
 */
enum mu_status mu_memblock_alloc(struct mu_memblock *mb, mu_phys_t size,
				 mu_phys_t align, void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_raw(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_from(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align, mu_phys_t min_addr,
				      void **out) MU_MUST_CHECK;
/* Below 4 GiB. */
enum mu_status mu_memblock_alloc_low(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_node(struct mu_memblock *mb, mu_phys_t size,
				      mu_phys_t align, int nid,
				      void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_try_nid(struct mu_memblock *mb, mu_phys_t size,
					 mu_phys_t align, mu_phys_t min_addr,
					 mu_phys_t max_addr, int nid,
					 void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_try_nid_raw(struct mu_memblock *mb,
					     mu_phys_t size, mu_phys_t align,
					     mu_phys_t min_addr,
					     mu_phys_t max_addr, int nid,
					     void **out) MU_MUST_CHECK;
enum mu_status mu_memblock_alloc_exact_nid_raw(struct mu_memblock *mb,
					       mu_phys_t size, mu_phys_t align,
					       mu_phys_t min_addr,
					       mu_phys_t max_addr, int nid,
					       void **out) MU_MUST_CHECK;

/* mu_memblock_alloc() for callers that cannot go on without the memory: on
 * failure the port's panic hook gets the caller's name and the reason. */
#define mu_memblock_alloc_or_panic(mb, size, align) \
	mu_memblock_alloc_or_panic_for(mb, size, align, __func__)
void *mu_memblock_alloc_or_panic_for(struct mu_memblock *mb, mu_phys_t size,
				     mu_phys_t align, const char *who);

/*
 * mu_memblock_phys_free() for @size bytes at a pointer @virt that one of these
 * returned. MU_ERR_NOT_FOUND when no allocation has them. Calls phys_to_virt()
 * for each reserved range: O(n).
 */
enum mu_status mu_memblock_free(struct mu_memblock *mb, void *virt,
				mu_phys_t size) MU_MUST_CHECK;

/* ---- Ask ---- */

/* Bytes of all memory regions, and of all reserved ones. O(1). */
mu_phys_t mu_memblock_phys_mem_size(const struct mu_memblock *mb);
mu_phys_t mu_memblock_reserved_size(const struct mu_memblock *mb);
/* The first address of memory, and the first past all; 0 if there is none. */
mu_phys_t mu_memblock_start_of_DRAM(const struct mu_memblock *mb);
mu_phys_t mu_memblock_end_of_DRAM(const struct mu_memblock *mb);

/* One address: is it memory, memory that may be mapped, taken? O(log n). */
bool mu_memblock_is_memory(const struct mu_memblock *mb, mu_phys_t addr);
bool mu_memblock_is_map_memory(const struct mu_memblock *mb, mu_phys_t addr);
bool mu_memblock_is_reserved(const struct mu_memblock *mb, mu_phys_t addr);

/*
 * A range: is *all* of it memory, of whatever nodes and flags (O(log n) and the
 * regions it spans); is *any* of it taken; is any of it in @type (O(log n)).
 * All are false for an empty range and for one that wraps.
 */
bool mu_memblock_is_region_memory(const struct mu_memblock *mb, mu_phys_t base,
				  mu_phys_t size);
bool mu_memblock_is_region_reserved(const struct mu_memblock *mb,
				    mu_phys_t base, mu_phys_t size);
bool mu_memblock_overlaps_region(const struct mu_memblock_type *type,
				 mu_phys_t base, mu_phys_t size);

/* Do two ranges, neither empty, share an address? */
static inline bool mu_memblock_addrs_overlap(mu_phys_t base1, mu_phys_t size1,
					     mu_phys_t base2, mu_phys_t size2)
{
	return base1 < base2 + size2 && base2 < base1 + size1;
}

/*
 * The node of @pfn, and in *@start_pfn and *@end_pfn (either may be NULL) the
 * region it is in; MU_NO_NODE if it is not memory or has no node. O(log n).
 */
int mu_memblock_search_pfn_nid(const struct mu_memblock *mb, mu_pfn_t pfn,
			       mu_pfn_t *start_pfn, mu_pfn_t *end_pfn);

/* Are all tables sorted, disjoint, merged and summed? Else MU_ERR_CORRUPT. */
enum mu_status mu_memblock_validate(const struct mu_memblock *mb) MU_MUST_CHECK;

/* ---- Room for changes while the allocator runs ---- */

/*
 * Bytes for tables with room for @more regions each in addition to the present
 * ones; and moving the tables there, to @size bytes at @buf, aligned to 64.
 * From then on they do not grow. MU_ERR_FULL when @size is less than
 * mu_memblock_room_size() is by now: then nothing has changed.
 */
size_t mu_memblock_room_size(const struct mu_memblock *mb, unsigned more);
enum mu_status mu_memblock_make_room(struct mu_memblock *mb, unsigned more,
				     void *buf, size_t size) MU_MUST_CHECK;

/* ---- Hand over ---- */

/*
 * All free memory has been handed over; from now on @fn takes what is freed.
 * NULL undoes this, for tests.
 */
void mu_memblock_set_late_free(struct mu_memblock *mb,
			       mu_memblock_late_free_t fn, void *arg);

/*
 * Free the whole pages of the range after the hand-over. Where the taker is
 * busy (their descriptors are not initialised yet) they wait for
 * mu_memblock_flush_late() and this is MU_OK, or MU_ERR_FULL if
 * MU_MEMBLOCK_LATE ranges are waiting already. MU_ERR_OVERLAP if some of the
 * pages are. The reserved table is not changed. Before the hand-over this is
 * mu_memblock_phys_free().
 */
enum mu_status mu_memblock_free_late(struct mu_memblock *mb, mu_phys_t base,
				     mu_phys_t size) MU_MUST_CHECK;

/*
 * Offer all waiting ranges to the taker again. MU_OK when none waits any more,
 * else the taker's last answer other than MU_OK.
 */
enum mu_status mu_memblock_flush_late(struct mu_memblock *mb) MU_MUST_CHECK;

/*
 * Empty all tables and free late the memory that was allocated for them. Only
 * when nothing iterates over them any more: after all deferred memory is
 * initialised. What the taker does not take at once waits. MU_ERR_INVALID
 * before the hand-over, MU_ERR_FULL when there is no room to wait.
 */
enum mu_status mu_memblock_discard(struct mu_memblock *mb) MU_MUST_CHECK;

/* ---- Named reservations ---- */

/*
 * Do what one "reserve_mem=SIZE:ALIGN:NAME" asks for: allocate SIZE bytes and
 * remember them under NAME. @text has @len bytes, with or without
 * "reserve_mem="; numbers are decimal, 0x hexadecimal or 0 octal, with K, M, G,
 * T, P or E; an ALIGN less than a cache line, or none, is rounded up to one.
 * MU_ERR_SYNTAX; MU_ERR_INVALID for an ALIGN that is no power of two;
 * MU_ERR_RANGE for a number over 64 bits; MU_ERR_BUSY for a NAME that is in
 * use; MU_ERR_FULL for more than MU_MEMBLOCK_NAMED; and the errors of
 * mu_memblock_phys_alloc().
 */
enum mu_status mu_memblock_reserve_mem(struct mu_memblock *mb, const char *text,
				       size_t len,
				       struct mu_error *error) MU_MUST_CHECK;

/* Where the reservation @name is; @base and @size may be NULL.
 * MU_ERR_NOT_FOUND. */
enum mu_status mu_memblock_reserve_mem_find(const struct mu_memblock *mb,
					    const char *name, mu_phys_t *base,
					    mu_phys_t *size) MU_MUST_CHECK;

/* Free it, early or late, and forget it. MU_ERR_NOT_FOUND, and the errors of
 * mu_memblock_phys_free(). */
enum mu_status mu_memblock_reserve_mem_release(struct mu_memblock *mb,
					       const char *name) MU_MUST_CHECK;

/* ---- Look at it ---- */

/* Log the tables at MU_LOG_INFO, in the format of Linux's memblock=debug;
 * physmem only if it is not empty. */
void mu_memblock_dump_all(const struct mu_memblock *mb);

/* Log one table, with the names of flags, in the format of Linux's debugfs
 * (which shows only the first flag of a region that has several). */
void mu_memblock_dump_type(const struct mu_memblock *mb,
			   const struct mu_memblock_type *type);

#include "memup/memblock_iterate.h"

#endif /* MEMUP_MEMBLOCK_H */
