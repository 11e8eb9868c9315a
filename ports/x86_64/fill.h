/* SPDX-License-Identifier: MIT */
/*
 * fill: ways to store @word @count times at @dst, in the terms of the hook
 * memmap_fill. All but one are there to be measured: the kernel's bench=fill.
 */
#ifndef MEMUP_X86_64_FILL_H
#define MEMUP_X86_64_FILL_H

#include <stddef.h>
#include <stdint.h>

/* MOVNTDQ, 16 bytes a store. Uses XMM0, with interrupts off. */
void x86_fill_pairs(uint64_t *dst, uint64_t word, size_t count);

/* MOVNTI, 8 bytes a store. */
void x86_fill_words(uint64_t *dst, uint64_t word, size_t count);

/* REP STOSQ: through the cache. Needs no alignment. */
void x86_fill_string(uint64_t *dst, uint64_t word, size_t count);

#endif
