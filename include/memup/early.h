/* SPDX-License-Identifier: MIT */
/*
 * early: the large consumers of memory at boot, which allocate before anything
 * else has run: hash tables sized by the amount of memory, per-CPU areas, trace
 * buffers.
 *
 * What they ask for depends on the machine and on its command line, so no
 * estimate made beforehand can be right: "The kernel tried to allocate 38.4GB
 * but only 16GB was available" (Mel Gorman, of trace_buf_size=100m on a machine
 * with many CPUs, quoted in Pavel Tatashin, "mm: initialize pages on demand
 * during boot", 2018). Here they are clients of the allocator like any other:
 * memory is initialised when they take it.
 *
 * What was taken
 *   A struct mu_early is a chain of allocations. The links are in the
 *   descriptors, in private_data, which belongs to the holder of the page. So a
 *   chain of ten million single pages needs no further memory, and none to be
 *   freed again.
 *
 *       first --> page 4096, order 10 --> page 5120, order 10 --> ... --> last
 *                 \____________ adjacent: one run ___________/
 *
 *       for (pfn = early.first; pfn != MU_NO_PFN;
 *            pfn = mu_early_next(mm, &early, pfn))
 *               ... 2^order pages, where order is mu_pfn_to_page()->order
 *
 * All functions here may be called once mu_mm_start() has returned, under every
 * policy, before, while and after threads initialise the rest, from any number
 * of CPUs at once; not in interrupt context, because they may take long. A
 * struct mu_early belongs to one caller at a time.
 *
 * On failure every page was given back and *early is empty; nothing else has
 * changed, except that more memory may be online. On success the old contents
 * of *early are overwritten.
 *
 * Cost: that of the allocations; O(1) memory.
 */
#ifndef MEMUP_EARLY_H
#define MEMUP_EARLY_H

#include "memup/boot.h"

/* What was taken. The client may read it, but not write it. */
struct mu_early {
	mu_pfn_t first; /* MU_NO_PFN: there is nothing */
	mu_pfn_t last;	/* its allocation is the last of the chain */
	uint64_t allocations;
	uint64_t pages; /* of all allocations */
};

/*
 * Allocate @bytes, rounded up to pages, near node @nid (MU_NO_NODE: near the
 * calling CPU), in pieces as large as available but of no more than
 * 2^@max_order pages; their contents are not zeroed. Pieces above
 * MU_BLOCK_ORDER come from pristine memory with mu_alloc_run() and are chained
 * block by block. Where there is no piece of one size smaller ones are taken.
 *
 * MU_ERR_INVALID for 0 bytes; MU_ERR_RANGE for more than MU_PHYS_MAX, for
 * @max_order above MU_GIGANTIC_ORDER and for a node that does not exist;
 * MU_ERR_NOMEM when there is no memory above the min watermarks, or no backing
 * for its descriptors.
 */
enum mu_status mu_early_pages(struct mu_mm *mm, int nid, uint64_t bytes,
			      unsigned max_order,
			      struct mu_early *early) MU_MUST_CHECK;

/* The allocation of @early after the one whose first page is @pfn; MU_NO_PFN
 * after the last. */
mu_pfn_t mu_early_next(const struct mu_mm *mm, const struct mu_early *early,
		       mu_pfn_t pfn);

/*
 * Give all of it back; then *@early is empty. If somebody else freed a part of
 * it, or has a reference to it, the status is mu_free_pages()'s and *@early
 * holds what was not freed.
 */
enum mu_status mu_early_free(struct mu_mm *mm,
			     struct mu_early *early) MU_MUST_CHECK;

/*
 * How large a hash table is to be: the same parameters, with the same effect,
 * as those of Linux's alloc_large_system_hash(). The slower growth above 64 GiB
 * is from "mm: adaptive hash table scaling" (Tatashin, 2017), raw memory from
 * "mm: optimize early system hash allocations" (the same, 2017).
 */
struct mu_hash_spec {
	uint32_t bucket_size; /* bytes */
	/*
	 * One bucket for each 2^scale bytes of memory; at most 51. The scale
	 * used is one more for each of 64, 256, 1024, ... GiB that memory
	 * exceeds.
	 */
	unsigned scale;
	/* Buckets that the administrator wants; 0: computed from memory. */
	uint64_t entries;
	/* Bounds in buckets, for entries too; 0: no lower bound, and an upper
	 * one of 1/16 of the memory. */
	uint64_t low_limit;
	uint64_t high_limit;
	/* Where it goes, as in mu_early_pages(); 0: MU_GIGANTIC_ORDER. */
	int nid;
	unsigned max_order;
	/* Zero it; else its old contents stay. */
	bool zero;
};

struct mu_hash {
	struct mu_early memory;
	uint64_t entries; /* a power of two */
	unsigned shift;	  /* log2 of entries */
};

/*
 * Allocate a hash table as @spec says: the size of memory divided by 2^scale,
 * rounded up to a power of two, or entries as given; then brought within the
 * bounds and rounded down to a power of two. When there is not enough memory
 * the table is halved until it fits, but not below low_limit buckets, nor below
 * what fits into a page. For a contiguous table the client maps the pieces one
 * after the other.
 *
 * The size of memory is all managed pages, as the allocator counts them now.
 * MU_ERR_INVALID for a bucket of 0 bytes, or a low_limit above high_limit;
 * MU_ERR_RANGE for a scale above 51; MU_ERR_UNSUPPORTED when it is to be zeroed
 * and the port has no phys_to_virt, or has no pointer for a piece; errors of
 * mu_early_pages(). On failure *@hash is empty and has 0 entries.
 */
enum mu_status mu_early_hash(struct mu_mm *mm, const struct mu_hash_spec *spec,
			     struct mu_hash *hash) MU_MUST_CHECK;

/*
 * Per-CPU areas: one unit of @bytes for each CPU of the port, on its own node
 * while that has memory, else on the nearest. A unit is one allocation, so it
 * is rounded up to 2^n pages; more than MU_BLOCK_PAGES pages are MU_ERR_RANGE.
 * @first, unless it is NULL, receives the first pfn of each CPU's unit:
 * @nr_first of them, MU_ERR_FULL when the port has more CPUs. Chained in the
 * order of the CPUs; @first is undefined after a failure. Errors of
 * mu_early_pages().
 */
enum mu_status mu_early_percpu(struct mu_mm *mm, uint64_t bytes,
			       mu_pfn_t *first, unsigned nr_first,
			       struct mu_early *early) MU_MUST_CHECK;

/*
 * Trace buffers: @bytes for each CPU of the port, rounded up to pages, as
 * single pages near its node, as a ring buffer of pages needs them. Chained CPU
 * by CPU, each with the same number; @first as above, the first page of each
 * CPU's part. Errors of mu_early_pages().
 */
enum mu_status mu_early_trace(struct mu_mm *mm, uint64_t bytes, mu_pfn_t *first,
			      unsigned nr_first,
			      struct mu_early *early) MU_MUST_CHECK;

#endif /* MEMUP_EARLY_H */
