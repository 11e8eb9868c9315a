/* SPDX-License-Identifier: MIT */
/*
 * fuzz_phys: 4 GiB of physical memory, where files of kernel/ have their direct
 * map; the Makefile says where in a program that is.
 */
#ifndef TESTS_FUZZ_FUZZ_PHYS_H
#define TESTS_FUZZ_FUZZ_PHYS_H

#include <sys/mman.h>
#include "kernel/layout.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_PHYS_BYTES	     ((size_t)4 << 30)
#define FUZZ_PHYS_AT	     0x1000u
#define FUZZ_PHYS_INPUT_MOST 0x10000u

/* Zeroes, with a page that cannot be touched behind them. */
static inline uint8_t *fuzz_phys(void)
{
	uint8_t *phys = (uint8_t *)(uintptr_t)DIRECT_MAP;
	static bool mapped;

	if (mapped)
		return phys;
	fuzz_check(mmap(phys, FUZZ_PHYS_BYTES + PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				MAP_FIXED_NOREPLACE,
			-1, 0) == phys);
	fuzz_check(!mprotect(phys, FUZZ_PHYS_BYTES, PROT_READ | PROT_WRITE));
	mapped = true;
	return phys;
}

/* The input, and nothing but it, at FUZZ_PHYS_AT. Returns how much of it. */
static inline size_t fuzz_phys_put(const uint8_t *data, size_t size)
{
	static size_t last;
	uint8_t *at = fuzz_phys() + FUZZ_PHYS_AT;

	if (size > FUZZ_PHYS_INPUT_MOST)
		size = FUZZ_PHYS_INPUT_MOST;
	memset(at, 0, last);
	memcpy(at, data, size);
	last = size;
	return size;
}

#endif
