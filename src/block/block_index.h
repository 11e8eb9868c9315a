/* SPDX-License-Identifier: MIT */
/*
 * block_index: which sections of a zone may have something, a bit for each.
 *
 *     level 2     [ 1 . . . ]              one bit for 64 words of level 1
 *     level 1     [ . 1 . . ] ...          one bit for each word of level 0
 *     level 0     [ 1 . 1 . ] ...          one bit for each section
 *
 * Bits are set by anybody at any time, and cleared and searched under the
 * zone's lock. A set bit is a hint that has to be looked at; but what was there
 * before a search began has its bit. All operations are sequentially
 * consistent: whoever clears a bit looks once more at what it stands for, and
 * whoever frees something looks at the bit afterwards; one of the two sees the
 * other.
 *
 * Cost: three words to set, clear or find.
 */
#ifndef MU_BLOCK_INDEX_H
#define MU_BLOCK_INDEX_H

#include "memup/base.h"

#define MU_INDEX_LEVELS 3
#define MU_INDEX_NONE	UINT64_MAX

struct mu_block_index {
	_Atomic uint64_t *level[MU_INDEX_LEVELS];
	uint64_t nr; /* sections */
};

/* Bytes for an index over @nr sections, and its start, all clear, in @buf of
 * that many bytes, aligned to 8. O(bytes). */
size_t mu_block_index_size(uint64_t nr);
void mu_block_index_init(struct mu_block_index *index, uint64_t nr, void *buf);

/* Any context. */
void mu_block_index_set(struct mu_block_index *index, uint64_t at);

/* Under the zone's lock. The caller then looks at what the bit stands for, and
 * sets it again if it is there. */
void mu_block_index_clear(struct mu_block_index *index, uint64_t at);

/* The first set bit at or after @from, or else before it; MU_INDEX_NONE when
 * there is none. Under the zone's lock. */
uint64_t mu_block_index_find(const struct mu_block_index *index, uint64_t from);

#endif
