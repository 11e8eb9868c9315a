// SPDX-License-Identifier: MIT
/*
 * Why streaming stores: a plain store first reads the line that it will
 * overwrite in full, which halves the bandwidth of a run that nobody reads
 * soon. Sixteen bytes per store are enough: the write-combining buffers make
 * full lines of them, and wider stores measure the same.
 *
 * Sanitizers do not see streaming stores, so plain ones are used for them.
 */
#include "base/bits.h"
#include "memmap/fill.h"
#include "memmap/track.h"

#if defined(__SSE2__) && !defined(MU_ASAN) && !defined(MU_TSAN)

typedef long long v2di __attribute__((vector_size(16)));

#ifdef __clang__
#define STREAM(at, value) __builtin_nontemporal_store(value, at)
#else
#define STREAM(at, value) __builtin_ia32_movntdq(at, value)
#endif

/* @even and @odd alternately. */
static void fill(uint64_t *dst, uint64_t even, uint64_t odd, size_t count)
{
	v2di pair = {(long long)even, (long long)odd};
	v2di *at = (v2di *)(void *)dst;
	v2di *end = at + count / 2;

	/* One line per turn: whole lines leave the buffers by themselves. */
#pragma GCC unroll 8
	for (; at < end; at += 4) {
		STREAM(at, pair);
		STREAM(at + 1, pair);
		STREAM(at + 2, pair);
		STREAM(at + 3, pair);
	}
}

void mu_fill_line(uint64_t *dst, const uint64_t *line)
{
	v2di *at = (v2di *)(void *)dst;

	for (size_t i = 0; i < 4; i++) {
		v2di pair = {(long long)line[2 * i],
			     (long long)line[2 * i + 1]};

		STREAM(at + i, pair);
	}
}

/* Only a fence orders streaming stores. */
void mu_fill_end(void)
{
	__builtin_ia32_sfence();
}

#else

static void fill(uint64_t *dst, uint64_t even, uint64_t odd, size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		dst[i] = even;
		dst[i + 1] = odd;
	}
}

void mu_fill_line(uint64_t *dst, const uint64_t *line)
{
	for (unsigned i = 0; i < 8; i++)
		dst[i] = line[i];
}

void mu_fill_end(void)
{
}

#endif

void mu_fill(const struct mu_port *port, uint64_t *dst, uint64_t word,
	     size_t count)
{
	if (port->memmap_fill)
		port->memmap_fill(port->arg, dst, word, count);
	else
		fill(dst, word, word, count);
}

void mu_fill_pair(uint64_t *dst, uint64_t even, uint64_t odd, size_t count)
{
	size_t lines = count & ~(size_t)7;

	fill(dst, even, odd, lines);
	for (size_t i = lines; i < count; i += 2) {
		dst[i] = even;
		dst[i + 1] = odd;
	}
}
