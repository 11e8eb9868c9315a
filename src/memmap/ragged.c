// SPDX-License-Identifier: MIT
/*
 * Ragged blocks: those that are not one zone's free memory from end to end. At
 * most two for each range, so a sorted table of bitmaps is enough.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "memmap/blocks.h"
#include "memmap/internal.h"
#include "memmap/track.h"

void mu_memmap_add_ragged(struct mu_memmap *memmap, mu_pfn_t start)
{
	struct mu_ragged *ragged = &memmap->ragged[memmap->nr_ragged];
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	struct mu_section *section = mu_section_make(memmap, start);

	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	/* Memory that is there at the start has its leaves. */
	mu_verify(memmap->port, section);
	memset(ragged, 0, sizeof(*ragged));
	ragged->start = start;
	memmap->nr_ragged++;
	/* relaxed: one CPU; later CPUs are started after this. */
	atomic_fetch_or_explicit(&section->partial, mu_block_bit(start),
				 memory_order_relaxed);
}

/* The first ragged block that ends after @pfn. */
static unsigned place_of(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	unsigned lo = 0, hi = memmap->nr_ragged;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (memmap->ragged[mid].start + MU_BLOCK_PAGES <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct mu_ragged *find_ragged(const struct mu_memmap *memmap,
				     mu_pfn_t pfn)
{
	unsigned at = place_of(memmap, pfn);

	if (at == memmap->nr_ragged || memmap->ragged[at].start > pfn)
		return NULL;
	return &memmap->ragged[at];
}

mu_pfn_t mu_memmap_next_ragged(const struct mu_memmap *memmap, mu_pfn_t pfn,
			       mu_pfn_t end)
{
	unsigned at = place_of(memmap, pfn);

	return at < memmap->nr_ragged ? MU_MIN(memmap->ragged[at].start, end)
				      : end;
}

bool mu_memmap_is_ragged(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	return find_ragged(memmap, pfn);
}

bool mu_ragged_written(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	const struct mu_ragged *ragged = find_ragged(memmap, pfn);
	mu_pfn_t bit;

	if (!ragged)
		return true;
	bit = pfn - ragged->start;
	/* acquire: pairs with the release that set the bit. */
	return atomic_load_explicit(&ragged->written[bit / 64],
				    memory_order_acquire) >>
		       (bit % 64) &
	       1;
}

void mu_memmap_init_ragged(struct mu_memmap *memmap, mu_pfn_t start,
			   mu_pfn_t end, uint16_t zone, enum mu_page_kind kind)
{
	struct mu_ragged *ragged = find_ragged(memmap, start);
	uint64_t word = mu_initial_word(zone, (unsigned)kind | MU_PAGE_RAGGED);
	uint64_t *words = (uint64_t *)(void *)mu_pfn_to_page(memmap, start);

	mu_verify(memmap->port, ragged && start < end &&
					end <= ragged->start + MU_BLOCK_PAGES);
	mu_track_written(words, (end - start) * sizeof(struct mu_page));
	for (mu_pfn_t i = 0; i < (end - start) * 2; i++)
		words[i] = word;
	mu_ext_init(memmap, start, end);
	for (mu_pfn_t pfn = start; pfn < end; pfn++) {
		mu_pfn_t bit = pfn - ragged->start;

		/* release: whoever sees the bit sees the descriptor. */
		atomic_fetch_or_explicit(&ragged->written[bit / 64],
					 (uint64_t)1 << (bit % 64),
					 memory_order_release);
	}
	/* release: as above, for those who look at the block first. */
	atomic_fetch_or_explicit(&mu_memmap_section(memmap, start)->online,
				 mu_block_bit(start), memory_order_release);
	mu_count_written(memmap, end - start);
}
