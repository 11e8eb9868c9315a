/* SPDX-License-Identifier: MIT */
/* internal: what the files of this floor share. */
#ifndef MU_MEMMAP_INTERNAL_H
#define MU_MEMMAP_INTERNAL_H

#include "base/string.h"
#include "memup/memmap.h"

/* The section of @pfn, created if necessary; NULL when more memory came than
 * the limits allow. Under the memmap's lock. */
struct mu_section *mu_section_make(struct mu_memmap *memmap, mu_pfn_t pfn);

/* In a partial block: does its bitmap say that @pfn was written? True where
 * the block has no bitmap: it is becoming whole. */
bool mu_ragged_written(const struct mu_memmap *memmap, mu_pfn_t pfn);

/*
 * Page extensions: map() and unmap() of all of them for whole blocks; telling
 * memory checkers that what was mapped may not be touched yet; initialising
 * those of pages whose descriptors are being written.
 */
enum mu_status mu_ext_map(struct mu_memmap *memmap, mu_pfn_t start,
			  mu_pfn_t end) MU_MUST_CHECK;
void mu_ext_unmap(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);
void mu_ext_raw(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);
void mu_ext_init(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end);

static inline void mu_count_written(struct mu_memmap *memmap, uint64_t pages)
{
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&memmap->written_pages, pages,
				  memory_order_relaxed);
}

/* The initial state: @state of @zone, count 0. Stored twice in a descriptor. */
static inline uint64_t mu_initial_word(uint16_t zone, unsigned state)
{
	struct mu_page page;
	uint64_t word;

	memset(&page, 0, sizeof(page));
	atomic_init(&page.state, (uint8_t)state);
	atomic_init(&page.zone, zone);
	memcpy(&word, &page, sizeof(word));
	return word;
}

#endif
