/* SPDX-License-Identifier: MIT */
/*
 * early: the large consumers of a boot, which come before anything else has
 * run: hash tables sized from memory, per-CPU areas, trace buffers.
 *
 * What they ask for depends on the machine and on its command line, so no
 * estimate made beforehand can be right: "The kernel tried to allocate 38.4GB
 * but only 16GB was available" (Mel Gorman, of trace_buf_size=100m on a machine
 * with many CPUs, quoted in Pavel Tatashin, "mm: initialize pages on demand
 * during boot", 2018). Here they are clients of the allocator like others: what
 * they take is initialised when they take it.
 *
 * What was taken
 *   A struct mu_early is a chain of allocations. The links lie in the
 *   descriptors, in private_data, which is the holder's: so a chain of ten
 *   million single pages needs no memory of its own, and can be undone without
 *   any.
 *
 *       first --> page 4096, order 10 --> page 5120, order 10 --> ... --> last
 *                 \____________ adjacent: one run ___________/
 *
 *       for (pfn = early.first; pfn != MU_NO_PFN;
 *            pfn = mu_early_next(mm, &early, pfn))
 *               ... 2^order pages, where order is mu_pfn_to_page()->order
 *
 * All functions here work from the return of mu_mm_start() on, under every
 * policy, before, while and after threads initialise the rest, from any number
 * of CPUs at once; not in interrupt context, because they may take long. A
 * struct mu_early belongs to one caller at a time.
 *
 * On failure nothing has changed but that more memory may be online: every page
 * was given back, and *early is empty. On success the old contents of *early
 * are overwritten.
 *
 * Cost: that of the allocations; O(1) memory.
 */
#ifndef MEMUP_EARLY_H
#define MEMUP_EARLY_H

#include "memup/boot.h"

/* What was taken. The client reads it, and writes nothing. */
struct mu_early {
	mu_pfn_t first; /* MU_NO_PFN: there is nothing */
	mu_pfn_t last;	/* its allocation is the last of the chain */
	uint64_t allocations;
	uint64_t pages; /* of all allocations */
};

/*
 * @bytes, rounded up to pages, near node @nid (MU_NO_NODE: near the CPU that
 * runs), in pieces as large as there are, but none of more than 2^@max_order
 * pages; contents are what they were. Pieces above MU_BLOCK_ORDER come from
 * pristine memory with mu_alloc_run() and are chained block by block. Where
 * there is no piece of one size smaller ones are taken.
 *
 * MU_ERR_INVALID for 0 bytes; MU_ERR_RANGE for more than MU_PHYS_MAX, for
 * @max_order above MU_GIGANTIC_ORDER and for a node that is none; MU_ERR_NOMEM
 * when there is no memory above the min watermarks, or no backing for its
 * descriptors.
 */
enum mu_status mu_early_pages(struct mu_mm *mm, int nid, uint64_t bytes,
			      unsigned max_order,
			      struct mu_early *early) MU_MUST_CHECK;

/* The allocation of @early after the one whose first page is @pfn; MU_NO_PFN
 * after the last. */
mu_pfn_t mu_early_next(const struct mu_mm *mm, const struct mu_early *early,
		       mu_pfn_t pfn);

/*
 * Give all of it back; *@early is empty then. If somebody else freed a part of
 * it, or has a reference to it, the status is mu_free_pages()'s and *@early
 * holds what was not freed.
 */
enum mu_status mu_early_free(struct mu_mm *mm,
			     struct mu_early *early) MU_MUST_CHECK;

/*
 * How large a hash table is to be. By meaning it is what Linux's
 * alloc_large_system_hash() is told, and what it makes of it; the slower growth
 * above 64 GiB is from "mm: adaptive hash table scaling" (Tatashin, 2017), raw
 * memory from "mm: optimize early system hash allocations" (the same, 2017).
 */
struct mu_hash_spec {
	uint32_t bucket_size; /* bytes */
	/*
	 * One bucket for each 2^scale bytes of memory, at most 2^51; one more
	 * for each time that memory is more than 64, 256, 1024, ... GiB.
	 */
	unsigned scale;
	/* Buckets that the administrator wants; 0: as memory says. */
	uint64_t entries;
	/* Bounds in buckets, also for the administrator; 0: no lower bound,
	 * and a table of 1/16 of the memory. */
	uint64_t low_limit;
	uint64_t high_limit;
	/* Where it goes, as in mu_early_pages(); 0: MU_GIGANTIC_ORDER. */
	int nid;
	unsigned max_order;
	/* Zero it; else its contents are what they were. */
	bool zero;
};

struct mu_hash {
	struct mu_early memory;
	uint64_t entries; /* a power of two */
	unsigned shift;	  /* log2 of entries */
};

/*
 * A hash table as @spec says: memory's size over 2^scale, rounded up to a power
 * of two, or entries as they are; then within the bounds and rounded down to a
 * power of two. When there is not enough memory it is halved until it fits, but
 * not to fewer buckets than low_limit or than fit into a page. Who wants a
 * contiguous table maps the pieces one after the other.
 *
 * Memory is all that is managed, by the allocator's count at this moment.
 * MU_ERR_INVALID for a bucket of 0 bytes, or a low_limit above high_limit;
 * MU_ERR_RANGE for a scale above 51; MU_ERR_UNSUPPORTED when it is to be zeroed
 * and the port has no phys_to_virt, or has no pointer for a piece; errors of
 * mu_early_pages(). On failure *@hash is empty and has 0 entries.
 */
enum mu_status mu_early_hash(struct mu_mm *mm, const struct mu_hash_spec *spec,
			     struct mu_hash *hash) MU_MUST_CHECK;

/*
 * Per-CPU areas: for each CPU of the port one unit of @bytes, on its own node
 * while that has memory, else on the nearest. A unit is one allocation, so it
 * is rounded up to 2^n pages; more than MU_BLOCK_PAGES pages are MU_ERR_RANGE.
 * @first, unless it is NULL, gets the first pfn of each CPU's unit and has room
 * for the port's CPUs. Chained in the order of the CPUs; @first is undefined
 * after a failure. Errors of mu_early_pages().
 */
enum mu_status mu_early_percpu(struct mu_mm *mm, uint64_t bytes,
			       mu_pfn_t *first,
			       struct mu_early *early) MU_MUST_CHECK;

/*
 * Trace buffers: for each CPU of the port @bytes, rounded up to pages, as
 * single pages near its node: what a ring buffer of pages asks for. Chained CPU
 * by CPU, each having as many; @first as above, the first page of each CPU's
 * part. Errors of mu_early_pages().
 */
enum mu_status mu_early_trace(struct mu_mm *mm, uint64_t bytes, mu_pfn_t *first,
			      struct mu_early *early) MU_MUST_CHECK;

#endif /* MEMUP_EARLY_H */
