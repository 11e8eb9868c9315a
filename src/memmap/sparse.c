// SPDX-License-Identifier: MIT
/*
 * Huge and gigantic pages with one descriptor.
 */
#include "base/assert.h"
#include "memmap/blocks.h"
#include "memmap/fill.h"
#include "memmap/internal.h"
#include "memmap/track.h"

static void write_head(struct mu_memmap *memmap, mu_pfn_t pfn, uint16_t zone,
		       unsigned order)
{
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);

	mu_track_written(page, sizeof(*page));
	/* relaxed: published below. */
	atomic_store_explicit(&page->state, MU_PAGE_ALLOCATED | MU_PAGE_SPARSE,
			      memory_order_relaxed);
	page->order = (uint8_t)order;
	atomic_store_explicit(&page->zone, zone, memory_order_relaxed);
	atomic_store_explicit(&page->refcount, 1, memory_order_relaxed);
	page->private_data = 0;
	mu_ext_init(memmap, pfn, pfn + 1);
	mu_count_written(memmap, 1);
}

static void publish_gigantic(struct mu_memmap *memmap, mu_pfn_t pfn)
{
	for (mu_pfn_t end = pfn + MU_GIGANTIC_PAGES; pfn < end;
	     pfn += MU_SECTION_PAGES) {
		struct mu_section *section = mu_memmap_section(memmap, pfn);

		/* relaxed: before the bits that make others look. */
		atomic_store_explicit(&section->gigantic, UINT32_MAX,
				      memory_order_relaxed);
		atomic_store_explicit(&section->partial, UINT32_MAX,
				      memory_order_relaxed);
		/* release: whoever sees it sees the descriptor, and that the
		 * others are not written. */
		atomic_store_explicit(&section->online, UINT32_MAX,
				      memory_order_release);
	}
}

void mu_memmap_init_sparse(struct mu_memmap *memmap, mu_pfn_t pfn,
			   uint16_t zone, unsigned order)
{
	struct mu_section *section = mu_memmap_section(memmap, pfn);
	uint32_t bit = mu_block_bit(pfn);
	unsigned half = (pfn >> MU_HUGE_ORDER) & 1;

	write_head(memmap, pfn, zone, order);
	if (order == MU_GIGANTIC_ORDER) {
		publish_gigantic(memmap, pfn);
		return;
	}
	/* relaxed, then release: as above. */
	atomic_fetch_or_explicit(&section->huge[half], bit,
				 memory_order_relaxed);
	atomic_fetch_or_explicit(&section->partial, bit, memory_order_relaxed);
	if (half)
		atomic_fetch_or_explicit(&section->online, bit,
					 memory_order_release);
}

void mu_memmap_fill_huge(struct mu_memmap *memmap, mu_pfn_t pfn)
{
	struct mu_section *section = mu_memmap_section(memmap, pfn);
	struct mu_page *page = mu_pfn_to_page(memmap, pfn);
	uint64_t word = mu_initial_word(mu_page_zone(page), MU_PAGE_TAIL);
	uint64_t *words = (uint64_t *)(void *)page;
	unsigned half = (pfn >> MU_HUGE_ORDER) & 1;
	const unsigned line = 64 / sizeof(word);
	uint32_t bit = mu_block_bit(pfn);

	mu_track_written(page, MU_HUGE_PAGES * sizeof(*page));
	/* The page's own descriptor stays. */
	for (unsigned i = sizeof(*page) / sizeof(word); i < line; i++)
		words[i] = word;
	mu_fill(memmap->port, words + line, word, MU_HUGE_PAGES * 2 - line);
	mu_ext_init(memmap, pfn + 1, pfn + MU_HUGE_PAGES);
	mu_fill_end();
	/* release: whoever sees the bit gone sees the tails. The other half's
	 * bit changes under the same lock. */
	atomic_fetch_and_explicit(&section->huge[half], ~bit,
				  memory_order_release);
	if (!(atomic_load_explicit(&section->huge[!half],
				   memory_order_relaxed) &
	      bit))
		atomic_fetch_and_explicit(&section->partial, ~bit,
					  memory_order_release);
	/* Last, so that the tails always have a valid descriptor; release: see
	 * mu_memmap_head(). Under the lock. */
	atomic_store_explicit(&page->state,
			      (uint8_t)(mu_page_flags(page) & ~MU_PAGE_SPARSE),
			      memory_order_release);
	mu_count_written(memmap, MU_HUGE_PAGES - 1);
}
