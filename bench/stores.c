// SPDX-License-Identifier: MIT
/*
 * Each loop writes 256 bytes a turn, so that none is bound by its counter.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "bench/stores.h"

#define PATTERN 0x5a
#define TURN	256

/* Keep the compiler from making another kind of store of a loop. */
#define keep(p) __asm__ volatile("" : "+r"(p) : : "memory")

static void fill_memset(void *dst, size_t bytes)
{
	memset(dst, PATTERN, bytes);
	keep(dst);
}

#if defined(__x86_64__)

static void fill_rep(void *dst, size_t bytes)
{
	__asm__ volatile("rep stosb"
			 : "+D"(dst), "+c"(bytes)
			 : "a"(PATTERN)
			 : "memory");
}

#define DEFINE_FILL(name, isa, type, value, store)                             \
	__attribute__((target(isa))) static void name(void *dst, size_t bytes) \
	{                                                                      \
		type word = value(PATTERN);                                    \
		char *end = (char *)dst + bytes;                               \
                                                                               \
		for (char *at = dst; at < end; at += TURN) {                   \
			_Pragma("GCC unroll 16") for (size_t i = 0; i < TURN;  \
						      i += sizeof(type))       \
				store((void *)(at + i), word);                 \
			keep(at);                                              \
		}                                                              \
		_mm_sfence();                                                  \
	}

DEFINE_FILL(fill_plain16, "sse2", __m128i, _mm_set1_epi8, _mm_store_si128)
DEFINE_FILL(fill_plain32, "avx", __m256i, _mm256_set1_epi8, _mm256_store_si256)
DEFINE_FILL(fill_plain64, "avx512f", __m512i, _mm512_set1_epi32,
	    _mm512_store_si512)
DEFINE_FILL(fill_stream16, "sse2", __m128i, _mm_set1_epi8, _mm_stream_si128)
DEFINE_FILL(fill_stream32, "avx", __m256i, _mm256_set1_epi8,
	    _mm256_stream_si256)
DEFINE_FILL(fill_stream64, "avx512f", __m512i, _mm512_set1_epi32,
	    _mm512_stream_si512)

unsigned stores_available(struct store stores[MAX_STORES])
{
	bool avx = __builtin_cpu_supports("avx");
	bool avx512 = __builtin_cpu_supports("avx512f");
	unsigned nr = 0;

	stores[nr++] = (struct store){"memset", fill_memset};
	stores[nr++] = (struct store){"rep stosb", fill_rep};
	stores[nr++] = (struct store){"plain 16 bytes", fill_plain16};
	if (avx)
		stores[nr++] = (struct store){"plain 32 bytes", fill_plain32};
	if (avx512)
		stores[nr++] = (struct store){"plain 64 bytes", fill_plain64};
	stores[nr++] = (struct store){"streaming 16 bytes", fill_stream16};
	if (avx)
		stores[nr++] =
			(struct store){"streaming 32 bytes", fill_stream32};
	if (avx512)
		stores[nr++] =
			(struct store){"streaming 64 bytes", fill_stream64};
	return nr;
}

#else

static void fill_words(void *dst, size_t bytes)
{
	uint64_t *at = dst;

	for (size_t i = 0; i < bytes / sizeof(*at); i++)
		at[i] = PATTERN;
	keep(dst);
}

unsigned stores_available(struct store stores[MAX_STORES])
{
	stores[0] = (struct store){"memset", fill_memset};
	stores[1] = (struct store){"plain 8 bytes", fill_words};
	return 2;
}

#endif
