/* SPDX-License-Identifier: MIT */
/*
 * block_word: 32 pages, or 32 halves of blocks, in one word.
 *
 *     63              32 31               0
 *     [ begins here      | free            ]
 *
 *     begins  free
 *        -      1   free
 *        1      0   an allocation begins here; its descriptor was written
 *        0      0   inside an allocation, or not the allocator's
 *
 * The upper bit of a free page tells whether its descriptor was written since
 * its memory came: then the next owner need not announce it again, and an
 * allocation is one compare-and-exchange. A run is 2^order bits, naturally
 * aligned, order at most 5.
 */
#ifndef MU_BLOCK_WORD_H
#define MU_BLOCK_WORD_H

#include "base/bits.h"

#define MU_WORD_ORDER 5
#define MU_WORD_FULL  UINT64_C(0xffffffff) /* all free, none was written */

static inline uint32_t mu_word_free(uint64_t word)
{
	return (uint32_t)word;
}

/* The bits of the run of 2^@order at bit @at. */
static inline uint64_t mu_word_run(unsigned at, unsigned order)
{
	return (((uint64_t)1 << (1u << order)) - 1) << at;
}

static inline uint64_t mu_word_begin(unsigned at)
{
	return (uint64_t)1 << (32 + at);
}

/* Bit n of the result: a free run of 2^@order begins at n. */
static inline uint32_t mu_word_runs(uint32_t free, unsigned order)
{
	static const uint32_t aligned[] = {0xffffffff, 0x55555555, 0x11111111,
					   0x01010101, 0x00010001, 0x00000001};

	for (unsigned i = 0; i < order; i++)
		free &= free >> (1u << i);
	return free & aligned[order];
}

/* @word after the run at @at was taken: nothing begins inside it. */
static inline uint64_t mu_word_taken(uint64_t word, unsigned at, unsigned order)
{
	uint64_t run = mu_word_run(at, order);

	return (word & ~run & ~(run << 32)) | (word & mu_word_begin(at));
}

/* The order of the free run that the free run of 2^@order at @at is in. */
static inline unsigned mu_word_merged(uint32_t free, unsigned at,
				      unsigned order)
{
	while (order < MU_WORD_ORDER) {
		unsigned start = at & ~((2u << order) - 1);
		uint32_t run = (uint32_t)mu_word_run(start, order + 1);

		if ((free & run) != run)
			break;
		order++;
	}
	return order;
}

#endif
