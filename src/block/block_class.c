// SPDX-License-Identifier: MIT
/*
 * Classes of blocks and sections: set by whoever frees, corrected under the
 * zone's lock by whoever finds them wrong. And merging, which changes them.
 *
 * Who frees sets bits of a map and then looks at the classes; who corrects
 * clears classes and then looks at the map. Both are sequentially consistent,
 * so that one of the two sees the other.
 */
#include "base/assert.h"
#include "block/block.h"

/* The number of the section of @pfn in the zone's index. */
static uint64_t place_of(const struct mu_block_zone *zone, mu_pfn_t pfn)
{
	return (pfn >> MU_SECTION_ORDER) - zone->base;
}

static _Atomic uint64_t *class_word(const struct mu_blocks *blocks,
				    mu_pfn_t pfn, unsigned *shift)
{
	unsigned nr = mu_block_nr(pfn);

	*shift = 16 * (nr % 4);
	return &mu_block_section(blocks, pfn)->classes[nr / 4];
}

void mu_block_raise(struct mu_blocks *blocks, struct mu_block_zone *zone,
		    mu_pfn_t pfn, unsigned order)
{
	unsigned shift, has = mu_block_classes(blocks, pfn) >> order;
	_Atomic uint64_t *word = class_word(blocks, pfn, &shift);

	if (!has)
		atomic_fetch_or(word, (uint64_t)1 << (shift + order));
	else
		order += mu_ctz(has);
	mu_block_index_set(&zone->index[order], place_of(zone, pfn));
}

void mu_block_raise_half(struct mu_blocks *blocks, struct mu_block_zone *zone,
			 mu_pfn_t pfn)
{
	unsigned at = mu_block_half_at(pfn) & ~1u;
	uint32_t pair = (uint32_t)mu_word_run(at, 1);
	uint32_t free =
		mu_word_free(atomic_load(mu_block_half_word(blocks, pfn)));

	mu_block_index_set(&zone->index[MU_CLASS_HALF], place_of(zone, pfn));
	if ((free & pair) == pair)
		mu_block_index_set(&zone->index[MU_CLASS_BLOCK],
				   place_of(zone, pfn));
}

bool mu_block_is_free(const struct mu_blocks *blocks, mu_pfn_t pfn)
{
	const _Atomic uint64_t *word =
		mu_block_word(blocks, mu_align_down(pfn, MU_HALF_PAGES));

	for (unsigned i = 0; i < MU_HALF_PAGES / 32; i++)
		if (mu_word_free(atomic_load(&word[i])) != MU_WORD_FULL)
			return false;
	return true;
}

bool mu_block_merge(struct mu_blocks *blocks, struct mu_block_zone *zone,
		    mu_pfn_t pfn)
{
	_Atomic uint64_t *word;
	unsigned i;

	pfn = mu_align_down(pfn, MU_HALF_PAGES);
	if (!mu_block_is_split(blocks, pfn) || !mu_block_is_free(blocks, pfn))
		return false;
	word = mu_block_word(blocks, pfn);
	for (i = 0; i < MU_HALF_PAGES / 32; i++) {
		uint64_t seen = atomic_load(&word[i]);

		while (mu_word_free(seen) == MU_WORD_FULL &&
		       !atomic_compare_exchange_weak(&word[i], &seen, 0))
			;
		if (mu_word_free(seen) != MU_WORD_FULL)
			break;
	}
	if (i < MU_HALF_PAGES / 32) {
		while (i-- > 0)
			atomic_store(&word[i], MU_WORD_FULL);
		return false;
	}
	atomic_fetch_and(&mu_block_section(blocks, pfn)->split,
			 ~mu_block_split_bit(pfn));
	atomic_fetch_or(mu_block_half_word(blocks, pfn),
			(uint64_t)1 << mu_block_half_at(pfn));
	mu_block_raise_half(blocks, zone, pfn);
	return true;
}

/* The largest order of a run of whole words that are free: bit n of @full is
 * word n of a half. */
static unsigned order_of_words(uint32_t full)
{
	unsigned order = 0;

	while (order < 4 && mu_word_runs(full, order + 1))
		order++;
	return MU_WORD_ORDER + order;
}

/* The class of a half: -1 when none of it is free. */
static int class_of_half(const struct mu_blocks *blocks, mu_pfn_t pfn)
{
	const _Atomic uint64_t *word = mu_block_word(blocks, pfn);
	uint32_t any = 0, full = 0, runs[MU_WORD_ORDER] = {0};
	int order = 0;

	if (!mu_block_is_split(blocks, pfn))
		return -1;
	for (unsigned i = 0; i < MU_HALF_PAGES / 32; i++) {
		uint32_t free = mu_word_free(atomic_load(&word[i]));

		any |= free;
		full |= (uint32_t)(free == MU_WORD_FULL) << i;
		for (unsigned k = 1; free && k < MU_WORD_ORDER; k++) {
			uint32_t found = mu_word_runs(free, k);

			if (!found)
				break;
			runs[k] |= found;
		}
	}
	if (full)
		return (int)order_of_words(full);
	if (!any)
		return -1;
	while (order + 1 < MU_WORD_ORDER && runs[order + 1])
		order++;
	return order;
}

static int class_of(const struct mu_blocks *blocks, mu_pfn_t pfn)
{
	int a = class_of_half(blocks, pfn);
	int b = class_of_half(blocks, pfn + MU_HALF_PAGES);

	return MU_MAX(a, b);
}

/* Does any block of @zone in the section of @pfn have @class? */
static bool section_has(const struct mu_blocks *blocks,
			const struct mu_block_zone *zone, mu_pfn_t pfn,
			unsigned class)
{
	const struct mu_block_section *section = mu_block_section(blocks, pfn);

	for (unsigned nr = 0; nr < MU_SECTION_BLOCKS; nr += 4) {
		uint64_t word = atomic_load(&section->classes[nr / 4]) >> class;

		for (unsigned i = 0; word && i < 4; i++, word >>= 16)
			if ((word & 1) && section->zone_of[nr + i] == zone->id)
				return true;
	}
	return false;
}

void mu_block_correct(struct mu_blocks *blocks, struct mu_block_zone *zone,
		      mu_pfn_t pfn)
{
	unsigned shift, wrong;
	_Atomic uint64_t *word;
	int class;

	pfn = mu_align_down(pfn, MU_BLOCK_PAGES);
	word = class_word(blocks, pfn, &shift);
	mu_block_merge(blocks, zone, pfn);
	mu_block_merge(blocks, zone, pfn + MU_HALF_PAGES);
	class = class_of(blocks, pfn);
	wrong = mu_block_classes(blocks, pfn);
	if (class >= 0) {
		/* First, so that it is never without. */
		atomic_fetch_or(word, (uint64_t)1 << (shift + (unsigned)class));
		mu_block_index_set(&zone->index[class], place_of(zone, pfn));
		wrong &= ~(1u << class);
	}
	if (!wrong)
		return;
	atomic_fetch_and(word, ~((uint64_t)wrong << shift));
	for (; wrong; wrong &= wrong - 1) {
		unsigned bit = mu_ctz(wrong);

		if (section_has(blocks, zone, pfn, bit))
			continue;
		mu_block_index_clear(&zone->index[bit], place_of(zone, pfn));
		if (section_has(blocks, zone, pfn, bit))
			mu_block_index_set(&zone->index[bit],
					   place_of(zone, pfn));
	}
	/* Whoever freed something meanwhile may have relied on a class that is
	 * gone. */
	class = class_of(blocks, pfn);
	if (class >= 0)
		mu_block_raise(blocks, zone, pfn, (unsigned)class);
}

uint32_t mu_block_zone_halves(const struct mu_blocks *blocks,
			      const struct mu_block_zone *zone, mu_pfn_t pfn)
{
	const struct mu_block_section *section = mu_block_section(blocks, pfn);
	unsigned first = mu_block_nr(mu_align_down(pfn, 1u << MU_RUN_ORDER));
	uint32_t mask = 0;

	for (unsigned i = 0; i < 16; i++)
		if (section->zone_of[first + i] == zone->id)
			mask |= UINT32_C(3) << (2 * i);
	return mask;
}

void mu_block_correct_section(struct mu_blocks *blocks,
			      struct mu_block_zone *zone, mu_pfn_t pfn)
{
	mu_pfn_t start = mu_align_down(pfn, MU_SECTION_PAGES);

	for (unsigned order = 0; order < 2; order++) {
		struct mu_block_index *index =
			&zone->index[MU_CLASS_HALF + order];
		uint64_t place = place_of(zone, pfn);

		for (unsigned again = 0; again < 2; again++) {
			uint32_t found = 0;

			for (unsigned i = 0; i < 2; i++) {
				mu_pfn_t at =
					start + ((mu_pfn_t)i << MU_RUN_ORDER);
				uint64_t word = atomic_load(
					mu_block_half_word(blocks, at));

				found |= mu_word_runs(
					mu_word_free(word) &
						mu_block_zone_halves(blocks,
								     zone, at),
					order);
			}
			if (found && again)
				mu_block_index_set(index, place);
			if (found)
				break;
			if (!again)
				mu_block_index_clear(index, place);
		}
	}
}
