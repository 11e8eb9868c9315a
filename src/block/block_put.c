// SPDX-License-Identifier: MIT
/*
 * Free: bits are set in the word that has them, and the classes of the block
 * are looked at.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "block/block.h"

/* What a descriptor says about a page that is to be freed as 2^@order. */
static enum mu_status check(const struct mu_page *page, unsigned order)
{
	/* relaxed: the caller holds the page, or will be told. */
	if (atomic_load_explicit(&page->state, memory_order_relaxed) !=
	    MU_PAGE_ALLOCATED)
		return MU_ERR_NOT_ALLOCATED;
	if (page->order != order)
		return MU_ERR_ORDER;
	if (atomic_load_explicit(&page->refcount, memory_order_relaxed) != 1)
		return MU_ERR_BUSY;
	return MU_OK;
}

/* Set the run of 2^@order bits at @at of @word free. *@now is the word
 * after. */
static enum mu_status put_run(const struct mu_blocks *blocks,
			      _Atomic uint64_t *word, unsigned at,
			      unsigned order, mu_pfn_t pfn, unsigned whole,
			      uint64_t *now)
{
	uint64_t run = mu_word_run(at, order);
	/* acquire: the descriptor was written before. */
	uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
	enum mu_status status;

	for (;;) {
		if (!(seen & mu_word_begin(at)) || seen >> at & 1)
			return MU_ERR_NOT_ALLOCATED;
		status = check(&blocks->pages[pfn], whole);
		if (status != MU_OK)
			return status;
		if (seen & run)
			return MU_ERR_NOT_ALLOCATED;
		/* seq_cst, release of all that the owner did: see
		 * block_class.c. */
		if (MU_LIKELY(atomic_compare_exchange_weak(word, &seen,
							   seen | run))) {
			*now = seen | run;
			return MU_OK;
		}
	}
}

/* The order of the run that the free word at @pfn is in. */
static unsigned merged_words(const struct mu_blocks *blocks, mu_pfn_t pfn,
			     unsigned order)
{
	for (; order < MU_HALF_ORDER; order++) {
		mu_pfn_t start = mu_align_down(pfn, (mu_pfn_t)2 << order);
		const _Atomic uint64_t *word = mu_block_word(blocks, start);

		for (unsigned i = 0; i < 2u << (order - MU_WORD_ORDER); i++)
			if (mu_word_free(atomic_load(&word[i])) != MU_WORD_FULL)
				return order;
	}
	return order;
}

static MU_OUT_OF_LINE void all_free(struct mu_blocks *blocks,
				    struct mu_block_zone *zone, mu_pfn_t pfn)
{
	uint32_t bit = UINT32_C(1) << mu_block_nr(pfn);
	uintptr_t flags;

	mu_block_raise(blocks, zone, pfn, MU_CLASS_MERGE);
	/* relaxed: a hint. It is merged when its CPU leaves it, or when it is
	 * wanted. */
	if (atomic_load_explicit(&mu_block_section(blocks, pfn)->busy,
				 memory_order_relaxed) &
	    bit)
		return;
	flags = mu_lock_irqsave(blocks->port, &zone->lock);
	mu_block_correct(blocks, zone, pfn);
	mu_unlock_irqrestore(blocks->port, &zone->lock, flags);
}

static void came(struct mu_blocks *blocks, struct mu_block_zone *zone,
		 mu_pfn_t pfn, unsigned order)
{
	if (order >= MU_WORD_ORDER)
		order = merged_words(blocks, pfn, order);
	if (MU_UNLIKELY(order == MU_CLASS_MERGE))
		all_free(blocks, zone, pfn);
	else
		mu_block_raise(blocks, zone, pfn, order);
}

/* Several words of one half. Nothing begins in them but at @pfn. */
static enum mu_status put_words(struct mu_blocks *blocks, mu_pfn_t pfn,
				unsigned order)
{
	_Atomic uint64_t *word = mu_block_word(blocks, pfn);
	uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
	enum mu_status status;

	/* Whoever takes the first bit away frees it. */
	do {
		if (!(seen & mu_word_begin(0)) || seen & 1)
			return MU_ERR_NOT_ALLOCATED;
		status = check(&blocks->pages[pfn], order);
		if (status != MU_OK)
			return status;
	} while (!atomic_compare_exchange_weak(word, &seen, 0));
	for (unsigned i = 1u << (order - MU_WORD_ORDER); i-- > 1;)
		atomic_store(&word[i], MU_WORD_FULL);
	atomic_store(word, MU_WORD_FULL | mu_word_begin(0));
	return MU_OK;
}

/* In a half that is split. */
static enum mu_status free_pages(struct mu_blocks *blocks, mu_pfn_t pfn,
				 unsigned order, struct mu_block_zone **zone)
{
	const struct mu_page *page = &blocks->pages[pfn];
	unsigned at = pfn & 31, merged = order;
	enum mu_status status;
	uint64_t now;

	if (order >= MU_HALF_ORDER || pfn & ((1u << order) - 1)) {
		/* acquire: as in put_run(). */
		now = atomic_load_explicit(mu_block_word(blocks, pfn),
					   memory_order_acquire);
		return now & mu_word_begin(at) && !(now >> at & 1)
			       ? MU_ERR_ORDER
			       : MU_ERR_NOT_ALLOCATED;
	}
	if (MU_UNLIKELY(order > MU_WORD_ORDER)) {
		now = atomic_load_explicit(mu_block_word(blocks, pfn),
					   memory_order_acquire);
		if (now & mu_word_begin(at))
			*zone = &blocks->zones[mu_page_zone(page)];
		status = put_words(blocks, pfn, order);
	} else {
		_Atomic uint64_t *word = mu_block_word(blocks, pfn);

		now = atomic_load_explicit(word, memory_order_acquire);
		if (now & mu_word_begin(at))
			*zone = &blocks->zones[mu_page_zone(page)];
		status = put_run(blocks, word, at, order, pfn, order, &now);
		if (status == MU_OK)
			merged = mu_word_merged(mu_word_free(now), at, order);
	}
	if (MU_LIKELY(status == MU_OK))
		came(blocks, *zone, pfn, merged);
	return status;
}

static enum mu_status free_halves(struct mu_blocks *blocks, mu_pfn_t pfn,
				  unsigned order, struct mu_block_zone **zone)
{
	_Atomic uint64_t *word = mu_block_half_word(blocks, pfn);
	unsigned at = mu_block_half_at(pfn);
	uint64_t now = atomic_load_explicit(word, memory_order_acquire);
	enum mu_status status;

	if (pfn & (MU_HALF_PAGES - 1) || !(now & mu_word_begin(at)))
		return MU_ERR_NOT_ALLOCATED;
	if (order < MU_HALF_ORDER || order > MU_RUN_ORDER ||
	    at & ((1u << (order - MU_HALF_ORDER)) - 1))
		return now >> at & 1 ? MU_ERR_NOT_ALLOCATED : MU_ERR_ORDER;
	*zone = &blocks->zones[mu_page_zone(&blocks->pages[pfn])];
	status = put_run(blocks, word, at, order - MU_HALF_ORDER, pfn, order,
			 &now);
	if (status == MU_OK)
		mu_block_raise_half(blocks, *zone, pfn);
	return status;
}

enum mu_status mu_block_free(struct mu_blocks *blocks, unsigned cpu,
			     mu_pfn_t pfn, unsigned order)
{
	const struct mu_block_section *section;
	struct mu_block_zone *zone = blocks->zones;
	enum mu_status status;

	if (pfn >= blocks->end_pfn)
		return MU_ERR_HOLE;
	section = mu_block_section(blocks, pfn);
	/* acquire: what its section says was said before. */
	if (!(atomic_load_explicit(&section->online, memory_order_acquire) >>
		      mu_block_nr(pfn) &
	      1))
		return MU_ERR_PRISTINE;
	status = mu_block_is_split(blocks, pfn)
			 ? free_pages(blocks, pfn, order, &zone)
			 : free_halves(blocks, pfn, order, &zone);
	if (MU_LIKELY(status == MU_OK))
		mu_block_earn(zone, mu_block_slot(zone, cpu),
			      (int64_t)1 << order);
	return status;
}
