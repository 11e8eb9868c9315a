// SPDX-License-Identifier: MIT
/*
 * Allocation: from the word of a hint, or, under the zone's lock, from the best
 * block there is.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "block/block.h"
#include "memmap/track.h"

static unsigned kind_of(unsigned order)
{
	if (!order)
		return MU_HINT_PAGE;
	return order < MU_HALF_ORDER ? MU_HINT_SMALL : MU_HINT_HALF;
}

/* The 2^@order pages at @pfn, whose bit is @at of @word, are the caller's: say
 * so. @seen is the word before they were taken. */
static void describe(struct mu_blocks *blocks, struct mu_block_zone *zone,
		     _Atomic uint64_t *word, uint64_t seen, unsigned at,
		     mu_pfn_t pfn, unsigned order)
{
	struct mu_page *page = &blocks->pages[pfn];

	if (MU_LIKELY(seen & mu_word_begin(at))) {
		mu_block_describe(page, zone->id, order);
		return;
	}
	mu_track_written(page, sizeof(*page));
	mu_block_describe(page, zone->id, order);
	/* release: whoever sees the bit may read the descriptor. */
	atomic_fetch_or_explicit(word, mu_word_begin(at), memory_order_release);
}

/* Take a run of 2^@order bits of @mask from @word; its first, or -1. *@seen is
 * the word before. */
static int take_run(_Atomic uint64_t *word, uint32_t mask, unsigned order,
		    uint64_t *seen)
{
	uint64_t now = atomic_load_explicit(word, memory_order_relaxed);

	for (;;) {
		uint32_t runs = mu_word_runs(mu_word_free(now) & mask, order);
		unsigned at;

		if (!runs)
			return -1;
		at = mu_ctz(runs);
		/* acquire: all that the last owner did comes before. */
		if (MU_LIKELY(atomic_compare_exchange_weak_explicit(
			    word, &now, mu_word_taken(now, at, order),
			    memory_order_acquire, memory_order_relaxed))) {
			*seen = now;
			return (int)at;
		}
	}
}

/* Take 2^@order pages, at most 32, from the split half at @pfn, beginning with
 * the word of @pfn. */
static bool take_pages(struct mu_blocks *blocks, struct mu_block_zone *zone,
		       mu_pfn_t from, unsigned order, mu_pfn_t *pfn)
{
	mu_pfn_t end = mu_align_down(from, MU_HALF_PAGES) + MU_HALF_PAGES;
	uint64_t seen;

	for (from = mu_align_down(from, 32); from < end; from += 32) {
		_Atomic uint64_t *word = mu_block_word(blocks, from);
		int at = take_run(word, UINT32_MAX, order, &seen);

		if (at < 0)
			continue;
		*pfn = from + (unsigned)at;
		describe(blocks, zone, word, seen, (unsigned)at, *pfn, order);
		return true;
	}
	return false;
}

/* Take a run of halves from the word of @from. */
static bool take_halves(struct mu_blocks *blocks, struct mu_block_zone *zone,
			mu_pfn_t from, unsigned order, mu_pfn_t *pfn)
{
	const struct mu_block_section *section = mu_block_section(blocks, from);
	_Atomic uint64_t *word = mu_block_half_word(blocks, from);
	uint32_t mask = UINT32_MAX, free, lone;
	uint64_t seen;
	int at = -1;

	/* relaxed: it only ever becomes mixed, before blocks of another zone
	 * come. */
	if (MU_UNLIKELY(atomic_load_explicit(&section->zone,
					     memory_order_relaxed) !=
			zone->id + 1))
		mask = mu_block_zone_halves(blocks, zone, from);
	from = mu_align_down(from, (mu_pfn_t)1 << MU_RUN_ORDER);
	if (order == MU_HALF_ORDER) {
		/* Those whose block is broken already. */
		free = mu_word_free(atomic_load_explicit(
			       word, memory_order_relaxed)) &
		       mask;
		lone = mu_word_runs(free, 1);
		lone = free & ~(lone | lone << 1);
		if (lone)
			at = take_run(word, lone, 0, &seen);
	}
	if (at < 0)
		at = take_run(word, mask, order - MU_HALF_ORDER, &seen);
	if (at < 0)
		return false;
	*pfn = from + ((mu_pfn_t)at << MU_HALF_ORDER);
	describe(blocks, zone, word, seen, (unsigned)at, *pfn, order);
	return true;
}

static bool take_fast(struct mu_blocks *blocks, struct mu_block_zone *zone,
		      struct mu_block_slot *slot, unsigned order, mu_pfn_t *pfn)
{
	unsigned kind = kind_of(order);
	/* relaxed: a hint. */
	mu_pfn_t hint =
		atomic_load_explicit(&slot->hint[kind], memory_order_relaxed);
	int64_t pages = (int64_t)1 << order;
	bool taken;

	if (MU_UNLIKELY(hint == MU_NO_PFN) || !mu_block_spend(slot, pages))
		return false;
	taken = kind == MU_HINT_HALF
			? take_halves(blocks, zone, hint, order, pfn)
			: take_pages(blocks, zone, hint, order, pfn);
	if (MU_UNLIKELY(!taken)) {
		mu_block_earn(zone, slot, pages);
		return false;
	}
	if (kind != MU_HINT_HALF && (*pfn ^ hint) >> MU_WORD_ORDER)
		/* relaxed: a hint. */
		atomic_store_explicit(&slot->hint[kind],
				      mu_align_down(*pfn, 32),
				      memory_order_relaxed);
	return true;
}

/* ---- Under the zone's lock ---- */

struct search {
	struct mu_blocks *blocks;
	struct mu_block_zone *zone;
	struct mu_block_slot *slot;
	unsigned order;
	uint64_t from;	   /* the section to begin with */
	mu_pfn_t pfn;	   /* what was found */
	mu_pfn_t unbacked; /* a half that would serve if it were backed */
};

static uint32_t busy_bit(mu_pfn_t pfn)
{
	return UINT32_C(1) << mu_block_nr(pfn);
}

/* Words of the half at @pfn, 2^(@order - 5) of them, all free. */
static bool take_words(struct mu_blocks *blocks, struct mu_block_zone *zone,
		       mu_pfn_t half, unsigned order, mu_pfn_t *pfn)
{
	const unsigned nr = 1u << (order - MU_WORD_ORDER);

	for (mu_pfn_t at = half; at < half + MU_HALF_PAGES;
	     at += (mu_pfn_t)nr * 32) {
		_Atomic uint64_t *word = mu_block_word(blocks, at);
		uint64_t seen, first = 0;
		unsigned i;

		for (i = 0; i < nr; i++) {
			if (take_run(&word[i], UINT32_MAX, MU_WORD_ORDER,
				     &seen) < 0)
				break;
			/* Nothing begins in the others. */
			if (i)
				atomic_store_explicit(&word[i], 0,
						      memory_order_relaxed);
			else
				first = seen;
		}
		if (i == nr) {
			*pfn = at;
			describe(blocks, zone, word, first, 0, at, order);
			return true;
		}
		/* release: the last owner's work is passed on. */
		while (i-- > 0)
			atomic_store_explicit(&word[i], MU_WORD_FULL,
					      memory_order_release);
	}
	return false;
}

static bool take_from_half(struct search *search, mu_pfn_t half)
{
	if (!mu_block_is_split(search->blocks, half))
		return false;
	return search->order > MU_WORD_ORDER
		       ? take_words(search->blocks, search->zone, half,
				    search->order, &search->pfn)
		       : take_pages(search->blocks, search->zone, half,
				    search->order, &search->pfn);
}

static bool take_from_block(struct search *search, mu_pfn_t block)
{
	return take_from_half(search, block) ||
	       take_from_half(search, block + MU_HALF_PAGES);
}

/* The block of the slot's hint is nobody's any more. */
static void leave(struct search *search)
{
	_Atomic uint64_t *hint = &search->slot->hint[kind_of(search->order)];
	/* relaxed: a hint. */
	mu_pfn_t pfn = atomic_load_explicit(hint, memory_order_relaxed);

	if (pfn == MU_NO_PFN)
		return;
	search->from = (pfn >> MU_SECTION_ORDER) - search->zone->base;
	atomic_store_explicit(hint, MU_NO_PFN, memory_order_relaxed);
	atomic_fetch_and_explicit(&mu_block_section(search->blocks, pfn)->busy,
				  ~busy_bit(pfn), memory_order_relaxed);
	mu_block_correct(search->blocks, search->zone, pfn);
}

static void settle(struct search *search)
{
	_Atomic uint64_t *hint = &search->slot->hint[kind_of(search->order)];

	/* relaxed: hints. */
	atomic_store_explicit(hint, mu_align_down(search->pfn, 32),
			      memory_order_relaxed);
	if (search->order < MU_HALF_ORDER)
		atomic_fetch_or_explicit(
			&mu_block_section(search->blocks, search->pfn)->busy,
			busy_bit(search->pfn), memory_order_relaxed);
}

static mu_pfn_t section_pfn(const struct search *search, uint64_t place)
{
	return (place + search->zone->base) << MU_SECTION_ORDER;
}

/* Try the blocks of one section that are in @class. */
static bool try_section(struct search *search, mu_pfn_t start, unsigned class,
			bool busy)
{
	const struct mu_block_section *section =
		mu_block_section(search->blocks, start);

	for (unsigned nr = 0; nr < MU_SECTION_BLOCKS; nr++) {
		mu_pfn_t block = start + nr * MU_BLOCK_PAGES;
		unsigned classes = mu_block_classes(search->blocks, block);

		if (!(classes >> class & 1) ||
		    section->zone_of[nr] != search->zone->id ||
		    (!busy && (atomic_load_explicit(&section->busy,
						    memory_order_relaxed) &
			       busy_bit(block))))
			continue;
		if (take_from_block(search, block))
			return true;
		mu_block_correct(search->blocks, search->zone, block);
	}
	return false;
}

/* Call @try for each section of @index, from search->from around, until it
 * answers true. */
static bool each_section(struct search *search, unsigned class,
			 bool (*try)(struct search *search, mu_pfn_t start,
				     unsigned class, bool busy),
			 bool busy)
{
	const struct mu_block_index *index = &search->zone->index[class];
	uint64_t place = mu_block_index_find(index, search->from);
	bool wrapped = false;

	while (place != MU_INDEX_NONE) {
		uint64_t next;

		wrapped |= place < search->from;
		if (try(search, section_pfn(search, place), class, busy))
			return true;
		if (place + 1 == search->zone->nr && search->from == 0)
			break;
		next = mu_block_index_find(
			index, place + 1 == search->zone->nr ? 0 : place + 1);
		if (next == MU_INDEX_NONE || (next <= place && wrapped) ||
		    (next >= search->from && (wrapped || next <= place)))
			break;
		place = next;
	}
	return false;
}

static bool try_blocks(struct search *search, bool busy)
{
	/* Order 0 leaves the small change for later: a block of large runs
	 * serves it for longer. */
	static const uint8_t pages[] = {3, 4, 5, 6, 7, 8, 9, 2, 1, 0};

	if (!search->order) {
		for (unsigned i = 0; i < MU_ARRAY_SIZE(pages); i++)
			if (each_section(search, pages[i], try_section, busy))
				return true;
		return false;
	}
	for (unsigned class = search->order; class <= MU_CLASS_MERGE; class ++)
		if (each_section(search, class, try_section, busy))
			return true;
	return false;
}

/* Split a half of the section at @start, and take from it. */
static bool split(struct search *search, mu_pfn_t start, unsigned class,
		  bool busy)
{
	struct mu_blocks *blocks = search->blocks;
	struct mu_block_section *section = mu_block_section(blocks, start);

	(void)class;
	(void)busy;
	for (unsigned i = 0; i < 2; i++) {
		mu_pfn_t from = start + ((mu_pfn_t)i << MU_RUN_ORDER), half;
		_Atomic uint64_t *word = &section->half[i], *map;
		uint32_t mask =
			mu_block_zone_halves(blocks, search->zone, from);
		uint32_t free = mu_word_free(atomic_load(word)) & mask;
		uint32_t lone = mu_word_runs(free, 1);
		uint64_t seen;
		int at;

		if (!free)
			continue;
		lone = free & ~(lone | lone << 1);
		half = from +
		       ((mu_pfn_t)mu_ctz(lone ? lone : free) << MU_HALF_ORDER);
		if (!blocks->is_backed(blocks->back_arg, half)) {
			search->unbacked = half;
			return true;
		}
		at = take_run(word, UINT32_C(1) << mu_block_half_at(half), 0,
			      &seen);
		if (at < 0)
			return split(search, start, class, busy);
		map = mu_block_word(blocks, half);
		mu_track_written(map, MU_HALF_PAGES / 32 * sizeof(*map));
		/* relaxed: published below. */
		for (unsigned k = 0; k < MU_HALF_PAGES / 32; k++)
			atomic_store_explicit(&map[k], MU_WORD_FULL,
					      memory_order_relaxed);
		/* release: whoever sees the bit sees the map. */
		atomic_fetch_or_explicit(&section->split,
					 mu_block_split_bit(half),
					 memory_order_release);
		mu_block_raise(blocks, search->zone, half, MU_CLASS_MERGE - 1);
		return take_from_half(search, half);
	}
	mu_block_correct_section(blocks, search->zone, start);
	return false;
}

static bool try_halves(struct search *search, mu_pfn_t start, unsigned class,
		       bool busy)
{
	(void)class;
	(void)busy;
	for (unsigned i = 0; i < 2; i++)
		if (take_halves(search->blocks, search->zone,
				start + ((mu_pfn_t)i << MU_RUN_ORDER),
				search->order, &search->pfn))
			return true;
	mu_block_correct_section(search->blocks, search->zone, start);
	return false;
}

/* Merge what can be in the section at @start. */
static bool merge_section(struct search *search, mu_pfn_t start, unsigned class,
			  bool busy)
{
	(void)class;
	(void)busy;
	for (unsigned nr = 0; nr < MU_SECTION_BLOCKS; nr++) {
		mu_pfn_t block = start + nr * MU_BLOCK_PAGES;

		if (mu_block_classes(search->blocks, block) >> MU_CLASS_MERGE)
			mu_block_correct(search->blocks, search->zone, block);
	}
	return false;
}

static bool find(struct search *search)
{
	unsigned class =
		search->order > MU_HALF_ORDER ? MU_CLASS_BLOCK : MU_CLASS_HALF;

	leave(search);
	if (search->order < MU_HALF_ORDER)
		return try_blocks(search, false) ||
		       each_section(search, MU_CLASS_HALF, split, false) ||
		       try_blocks(search, true);
	if (each_section(search, class, try_halves, false))
		return true;
	each_section(search, MU_CLASS_MERGE, merge_section, false);
	return each_section(search, class, try_halves, false);
}

static MU_OUT_OF_LINE enum mu_status alloc_slow(struct mu_blocks *blocks,
						struct mu_block_zone *zone,
						struct mu_block_slot *slot,
						unsigned order, int64_t mark,
						mu_pfn_t *pfn)
{
	int64_t pages = (int64_t)1 << order;

	for (;;) {
		struct search search = {
			.blocks = blocks,
			.zone = zone,
			.slot = slot,
			.order = order,
			.from = (uint64_t)(slot - zone->slots) * zone->nr /
				zone->nr_slots,
			.pfn = MU_NO_PFN,
			.unbacked = MU_NO_PFN,
		};
		uintptr_t flags = mu_lock_irqsave(blocks->port, &zone->lock);
		enum mu_status status = MU_ERR_BUSY;

		if (mu_block_reserve(zone, slot, pages, mark)) {
			status = find(&search) ? MU_OK : MU_ERR_NOT_FOUND;
			if (search.pfn != MU_NO_PFN)
				settle(&search);
			else
				atomic_fetch_add_explicit(&zone->avail, pages,
							  memory_order_relaxed);
		}
		mu_unlock_irqrestore(blocks->port, &zone->lock, flags);
		if (search.pfn != MU_NO_PFN) {
			*pfn = search.pfn;
			return MU_OK;
		}
		if (search.unbacked == MU_NO_PFN)
			return status;
		status = blocks->back(blocks->back_arg, search.unbacked);
		if (status != MU_OK)
			return status;
	}
}

enum mu_status mu_block_alloc(struct mu_blocks *blocks,
			      struct mu_block_zone *zone, unsigned cpu,
			      unsigned order, int64_t mark, mu_pfn_t *pfn)
{
	struct mu_block_slot *slot = mu_block_slot(zone, cpu);

	if (MU_LIKELY(order <= MU_WORD_ORDER || order >= MU_HALF_ORDER) &&
	    MU_LIKELY(take_fast(blocks, zone, slot, order, pfn)))
		return MU_OK;
	return alloc_slow(blocks, zone, slot, order, mark, pfn);
}
