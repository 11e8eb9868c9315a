// SPDX-License-Identifier: MIT
/*
 * The index of a zone's sections: see block_index.h.
 */
#include "block/block_index.h"
#include "base/bits.h"

static uint64_t words_of(uint64_t nr)
{
	return (nr + 63) / 64;
}

size_t mu_block_index_size(uint64_t nr)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < MU_INDEX_LEVELS; i++) {
		nr = words_of(nr);
		bytes += nr * sizeof(uint64_t);
	}
	return bytes;
}

void mu_block_index_init(struct mu_block_index *index, uint64_t nr, void *buf)
{
	_Atomic uint64_t *at = buf;

	index->nr = nr;
	for (unsigned i = 0; i < MU_INDEX_LEVELS; i++) {
		nr = words_of(nr);
		index->level[i] = at;
		for (uint64_t word = 0; word < nr; word++)
			atomic_init(&at[word], 0);
		at += nr;
	}
}

void mu_block_index_set(struct mu_block_index *index, uint64_t at)
{
	/* All levels, also where a lower one is set: whoever set that may not
	 * have come here yet. */
	for (unsigned i = 0; i < MU_INDEX_LEVELS; i++) {
		_Atomic uint64_t *word = &index->level[i][at / 64];
		uint64_t bit = (uint64_t)1 << (at % 64);

		if (!(atomic_load(word) & bit))
			atomic_fetch_or(word, bit);
		at /= 64;
	}
}

void mu_block_index_clear(struct mu_block_index *index, uint64_t at)
{
	for (unsigned i = 0; i < MU_INDEX_LEVELS; i++) {
		_Atomic uint64_t *word = &index->level[i][at / 64];
		uint64_t bit = (uint64_t)1 << (at % 64);

		/* What the bit stands for on the levels above 0 is the word
		 * below it. */
		atomic_fetch_and(word, ~bit);
		if (i && atomic_load(&index->level[i - 1][at])) {
			atomic_fetch_or(word, bit);
			return;
		}
		if (atomic_load(word))
			return;
		at /= 64;
	}
}

/* The first set bit of @level at or after @from, with all levels above it. */
static uint64_t next_bit(const struct mu_block_index *index, unsigned level,
			 uint64_t from, uint64_t nr)
{
	while (from < nr) {
		uint64_t word = atomic_load(&index->level[level][from / 64]) >>
				(from % 64);

		if (word)
			return from + mu_ctz(word);
		from = (from / 64 + 1) * 64;
		if (level + 1 == MU_INDEX_LEVELS || from >= nr)
			continue;
		from = next_bit(index, level + 1, from / 64, words_of(nr));
		if (from == MU_INDEX_NONE)
			return from;
		from *= 64;
	}
	return MU_INDEX_NONE;
}

uint64_t mu_block_index_find(const struct mu_block_index *index, uint64_t from)
{
	uint64_t found = next_bit(index, 0, from, index->nr);

	if (found == MU_INDEX_NONE && from)
		found = next_bit(index, 0, 0, from);
	return found;
}
