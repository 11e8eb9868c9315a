/* SPDX-License-Identifier: MIT */
/*
 * base: the words that every floor uses.
 *
 * Vocabulary
 *   A *physical address* is a mu_phys_t, in bytes. A *pfn* (page frame number)
 *   is a mu_pfn_t: a physical address divided by the page size. The page size
 *   is a property of a machine (4, 16 or 64 KiB), never of the build.
 *
 *   Units above the page are counted in pages, so that one set of constants
 *   serves every page size:
 *
 *       page     1 page                  4 KiB with 4 KiB pages
 *       block    2^10 pages              4 MiB   the largest buddy order, and
 *                                                the unit of a claim
 *       section  2^15 pages = 32 blocks  128 MiB the unit of memmap backing
 *
 * Conventions
 *   Ranges are half open, [start, end). A function that can fail returns enum
 *   mu_status, or how many items it did, and changes nothing when it fails;
 *   where something stays done its comment says what. Nothing here allocates,
 *   prints or exits. Only the C17 freestanding headers are needed.
 */
#ifndef MEMUP_BASE_H
#define MEMUP_BASE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gcc for arm64 calls functions of its library for atomics, which a kernel does
 * not link: what uses these headers has them inline, whatever the flags say.
 */
#if defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("no-outline-atomics")
#endif

/* A physical address or a size, in bytes. */
typedef uint64_t mu_phys_t;
/* A page frame number, or a count of pages. */
typedef uint64_t mu_pfn_t;

/* The physical address space that memup plans for: 52 bits (x86-64, arm64). */
#define MU_PHYS_BITS 52
#define MU_PHYS_MAX  ((mu_phys_t)1 << MU_PHYS_BITS) /* first address past it */

/* Page sizes: 4, 16 and 64 KiB. */
#define MU_PAGE_SHIFT_MIN 12
#define MU_PAGE_SHIFT_MAX 16

/* Pages in a block and in a section, as powers of two. */
#define MU_BLOCK_ORDER	  10
#define MU_SECTION_ORDER  15
#define MU_BLOCK_PAGES	  ((mu_pfn_t)1 << MU_BLOCK_ORDER)
#define MU_SECTION_PAGES  ((mu_pfn_t)1 << MU_SECTION_ORDER)
#define MU_SECTION_BLOCKS (1u << (MU_SECTION_ORDER - MU_BLOCK_ORDER))

#define MU_MAX_NODES 1024
#define MU_MAX_CPUS  4096
/* As an argument "any node", as a result "no node known". */
#define MU_NO_NODE (-1)

#define MU_KIB ((mu_phys_t)1 << 10)
#define MU_MIB ((mu_phys_t)1 << 20)
#define MU_GIB ((mu_phys_t)1 << 30)
#define MU_TIB ((mu_phys_t)1 << 40)

#if defined(__GNUC__)
#define MU_MUST_CHECK __attribute__((warn_unused_result))
#define MU_PRINTF(fmt_at, args_at) \
	__attribute__((format(printf, fmt_at, args_at)))
#else
#define MU_MUST_CHECK
#define MU_PRINTF(fmt_at, args_at)
#endif

/*
 * floor(log2(@value)), and the number of the lowest set bit; @value is not 0.
 * Six steps where the target has no instruction: the builtin would be a call of
 * the compiler's library.
 */
static inline unsigned mu_log2(uint64_t value)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	unsigned log = 0;

	for (unsigned step = 32; step; step /= 2)
		if (value >> step) {
			value >>= step;
			log += step;
		}
	return log;
#else
	return 63u - (unsigned)__builtin_clzll(value);
#endif
}

static inline unsigned mu_ctz(uint64_t value)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	return mu_log2(value & (0 - value));
#else
	return (unsigned)__builtin_ctzll(value);
#endif
}

/*
 * The result of a function. MU_OK is zero; after anything else nothing was
 * changed, unless the function's comment says what it did not undo.
 */
enum mu_status {
	MU_OK = 0,
	MU_ERR_INVALID,	      /* an argument makes no sense */
	MU_ERR_RANGE,	      /* a value is past a limit, or a range wraps */
	MU_ERR_SYNTAX,	      /* text that cannot be read */
	MU_ERR_FULL,	      /* a table that the caller sized is full */
	MU_ERR_NOMEM,	      /* no memory that the request may use */
	MU_ERR_BUSY,	      /* in use by somebody else; try again later */
	MU_ERR_OVERLAP,	      /* the range is taken, in part or whole */
	MU_ERR_NOT_FOUND,     /* no such range, node, name or source */
	MU_ERR_HOLE,	      /* no memory at that pfn */
	MU_ERR_RESERVED,      /* memory, but reserved: not in the allocator */
	MU_ERR_PRISTINE,      /* its descriptor was never written */
	MU_ERR_NOT_ALLOCATED, /* freed already, or never handed out */
	MU_ERR_ORDER,	      /* an order that does not fit the page */
	MU_ERR_CORRUPT,	      /* an invariant or a checksum does not hold */
	MU_ERR_UNSUPPORTED,   /* the port has no hook for it */
	MU_ERR_CANCELLED,     /* stopped on request */
	MU_ERR_OFFLINE,	      /* memory, but offline: not in the allocator */
	MU_NR_STATUS
};

/*
 * A short English name of @status, for a person ("no memory"). Never NULL,
 * also for values outside the enum. Any context.
 */
const char *mu_status_str(enum mu_status status);

/*
 * Where a function that reads input says what was wrong with it: one clear
 * line that names the value and the limit it broke. Filled on failure, left
 * alone on success. Every function that takes one accepts NULL.
 */
struct mu_error {
	enum mu_status status;
	uint32_t line;	 /* line of text, from 1; 0 where there is none */
	uint64_t offset; /* byte offset in a binary table; 0 otherwise */
	char text[240];	 /* always terminated */
};

/* A spinlock, taken with interrupts off. Private to the library, but part of
 * public structures; all zero is free. */
struct mu_lock {
	_Atomic uint32_t held;
};

/* A set of CPU numbers below MU_MAX_CPUS. Callers that share one lock it. */
struct mu_cpumask {
	uint64_t bits[MU_MAX_CPUS / 64];
};

static inline void mu_cpumask_set(struct mu_cpumask *mask, unsigned cpu)
{
	mask->bits[cpu / 64] |= (uint64_t)1 << (cpu % 64);
}

static inline void mu_cpumask_clear(struct mu_cpumask *mask, unsigned cpu)
{
	mask->bits[cpu / 64] &= ~((uint64_t)1 << (cpu % 64));
}

static inline bool mu_cpumask_test(const struct mu_cpumask *mask, unsigned cpu)
{
	return (mask->bits[cpu / 64] >> (cpu % 64)) & 1;
}

/* How many CPUs are in @mask. */
unsigned mu_cpumask_weight(const struct mu_cpumask *mask);

/* The first CPU in @mask that is >= @cpu, or MU_MAX_CPUS if there is none. */
unsigned mu_cpumask_next(const struct mu_cpumask *mask, unsigned cpu);

#endif /* MEMUP_BASE_H */
