/* SPDX-License-Identifier: MIT */
/* bits: alignment, logarithms and overflow. All arguments are unsigned. */
#ifndef MU_BASE_BITS_H
#define MU_BASE_BITS_H

#include "memup/base.h"

#define MU_MIN(a, b)	 ((a) < (b) ? (a) : (b))
#define MU_MAX(a, b)	 ((a) > (b) ? (a) : (b))
#define MU_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MU_CACHE_LINE	 64
#define MU_LIKELY(x)	 __builtin_expect(!!(x), 1)
#define MU_UNLIKELY(x)	 __builtin_expect(!!(x), 0)
/* Keep a function's body out of its caller's code. */
#ifdef __clang__
#define MU_OUT_OF_LINE __attribute__((noinline))
#else
#define MU_OUT_OF_LINE __attribute__((noipa))
#endif
#define MU_CONTAINER(p, type, field) \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

/* @align is a power of two. mu_align_up() of a value near 2^64 wraps to 0. */
static inline uint64_t mu_align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static inline uint64_t mu_align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline bool mu_is_pow2(uint64_t value)
{
	return value && !(value & (value - 1));
}

/* How many bits are set. Not the builtin: without the instruction it is a call
 * of the compiler's library. */
static inline unsigned mu_popcount(uint64_t value)
{
	unsigned n = 0;

	for (; value; value &= value - 1)
		n++;
	return n;
}

/* Does [@base, @base + @size) run past the end of 64 bits? */
static inline bool mu_wraps(uint64_t base, uint64_t size)
{
	return size && base + size - 1 < base;
}

#endif
