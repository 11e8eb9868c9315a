// SPDX-License-Identifier: MIT
/*
 * The table of sections, backing and publication: see memup/memmap.h.
 */
#include <string.h>
#include "base/assert.h"
#include "base/lock.h"
#include "memmap/fill.h"
#include "memmap/track.h"
#include "memup/memmap.h"

#define LEAF_SECTIONS (1u << MU_LEAF_ORDER)
#define LEAF_SHIFT    (MU_SECTION_ORDER + MU_LEAF_ORDER)

/* Leaves that the memory of @memblock needs; *@end its first pfn past all. */
static unsigned count_leaves(const struct mu_memblock *memblock,
			     unsigned page_shift, mu_pfn_t *end)
{
	const struct mu_memblock_type *memory = &memblock->memory;
	uint64_t next = 0;
	unsigned leaves = 0;

	*end = 0;
	for (unsigned i = 0; i < memory->cnt; i++) {
		mu_phys_t base = memory->regions[i].base;
		mu_phys_t last = base + memory->regions[i].size - 1;
		uint64_t first_leaf = base >> page_shift >> LEAF_SHIFT;
		uint64_t last_leaf = last >> page_shift >> LEAF_SHIFT;

		first_leaf = MU_MAX(first_leaf, next);
		if (first_leaf <= last_leaf)
			leaves += (unsigned)(last_leaf - first_leaf + 1);
		next = last_leaf + 1;
		*end = (last >> page_shift) + 1;
	}
	return leaves;
}

static size_t root_bytes(mu_pfn_t end)
{
	uint64_t entries = ((end - 1) >> LEAF_SHIFT) + 1;

	return mu_align_up(entries * sizeof(struct mu_section *),
			   MU_CACHE_LINE);
}

size_t mu_memmap_size(const struct mu_memblock *memblock, unsigned page_shift,
		      unsigned nr_ragged)
{
	mu_pfn_t end;
	unsigned leaves = count_leaves(memblock, page_shift, &end);

	if (!leaves)
		return 0;
	return root_bytes(end) +
	       (size_t)leaves * LEAF_SECTIONS * sizeof(struct mu_section) +
	       nr_ragged * sizeof(struct mu_ragged);
}

void mu_memmap_init(struct mu_memmap *memmap, const struct mu_port *port,
		    struct mu_page *pages, const struct mu_memblock *memblock,
		    unsigned page_shift, void *buf, unsigned nr_ragged)
{
	char *at = buf;

	memset(memmap, 0, sizeof(*memmap));
	memmap->port = port;
	memmap->pages = pages;
	memmap->nr_leaves =
		count_leaves(memblock, page_shift, &memmap->end_pfn);
	memmap->nr_root = (unsigned)((memmap->end_pfn - 1) >> LEAF_SHIFT) + 1;
	memmap->root = (struct mu_section * _Atomic *)(void *)at;
	memset(at, 0, root_bytes(memmap->end_pfn));
	at += root_bytes(memmap->end_pfn);
	/* Leaves are zeroed one by one as they come to life. */
	memmap->leaves = (struct mu_section *)(void *)at;
	at += (size_t)memmap->nr_leaves * LEAF_SECTIONS *
	      sizeof(struct mu_section);
	memmap->ragged = (struct mu_ragged *)(void *)at;
	(void)nr_ragged;
}

/* The section of @pfn, made if it is not there. Under the lock. */
static struct mu_section *section_make(struct mu_memmap *memmap, mu_pfn_t pfn)
{
	struct mu_section *_Atomic *root = &memmap->root[pfn >> LEAF_SHIFT];
	struct mu_section *leaf;

	/* relaxed: entries are set only under the lock, which we hold. */
	if (!atomic_load_explicit(root, memory_order_relaxed)) {
		mu_verify(memmap->port,
			  memmap->leaves_used < memmap->nr_leaves);
		leaf = memmap->leaves +
		       (size_t)memmap->leaves_used++ * LEAF_SECTIONS;
		memset(leaf, 0, LEAF_SECTIONS * sizeof(*leaf));
		/* release: whoever finds the leaf finds it zeroed. */
		atomic_store_explicit(root, leaf, memory_order_release);
	}
	return mu_memmap_section(memmap, pfn);
}

/* Newly backed descriptors become a trap for early readers (debug builds). */
static void poison(struct mu_memmap *memmap, mu_pfn_t start)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);

#ifdef MU_DEBUG
	/* Backed once before, it may be a trap already. */
	mu_track_written(page, MU_BLOCK_PAGES * sizeof(*page));
	mu_fill(memmap->port, (uint64_t *)(void *)page, MU_MEMMAP_POISON,
		MU_BLOCK_PAGES * 2);
#endif
	mu_track_raw(page, MU_BLOCK_PAGES * sizeof(*page));
}

enum mu_status mu_memmap_back(struct mu_memmap *memmap, mu_pfn_t start)
{
	const struct mu_port *port = memmap->port;
	mu_pfn_t from = start, to = start + MU_BLOCK_PAGES;
	enum mu_status status = MU_OK;
	struct mu_section *section;
	uint32_t backed;
	uintptr_t flags;

	if (MU_LIKELY(mu_memmap_is_backed(memmap, start)))
		return MU_OK;
	flags = mu_lock_irqsave(port, &memmap->lock);
	section = section_make(memmap, start);
	/* relaxed: set only under the lock. */
	backed = atomic_load_explicit(&section->backed, memory_order_relaxed);
	if (!(backed & mu_block_bit(start))) {
		if (port->memmap_map)
			status = port->memmap_map(port->arg, &from, &to);
		for (; status == MU_OK && from < to; from += MU_BLOCK_PAGES) {
			if (backed & mu_block_bit(from))
				continue;
			poison(memmap, from);
			/* release: who sees the bit may write there. */
			atomic_fetch_or_explicit(&section->backed,
						 mu_block_bit(from),
						 memory_order_release);
			/* relaxed: a statistic. */
			atomic_fetch_add_explicit(&memmap->backed_pages,
						  MU_BLOCK_PAGES,
						  memory_order_relaxed);
		}
	}
	mu_unlock_irqrestore(port, &memmap->lock, flags);
	return status;
}

/* The initial state: @kind of @zone, count 0, the same word twice. */
static uint64_t initial_word(uint16_t zone, unsigned state)
{
	struct mu_page page;
	uint64_t word;

	memset(&page, 0, sizeof(page));
	page.state = (uint8_t)state;
	page.zone = zone;
	memcpy(&word, &page, sizeof(word));
	return word;
}

void mu_memmap_init_block(struct mu_memmap *memmap, mu_pfn_t start,
			  uint16_t zone)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);
	uint64_t *words = (uint64_t *)(void *)page;
	uint64_t word = initial_word(zone, MU_PAGE_TAIL);

	mu_track_written(page, MU_BLOCK_PAGES * sizeof(*page));
	mu_assert(memmap->port,
		  words[0] == MU_MEMMAP_POISON &&
			  words[MU_BLOCK_PAGES * 2 - 1] == MU_MEMMAP_POISON);
	/* The first line is about to be written again, as the head of a free
	 * block: keep it in the cache. */
	for (unsigned i = 0; i < MU_CACHE_LINE / sizeof(word); i++)
		words[i] = word;
	mu_fill(memmap->port, words + MU_CACHE_LINE / sizeof(word), word,
		MU_BLOCK_PAGES * 2 - MU_CACHE_LINE / sizeof(word));
}

void mu_memmap_publish(struct mu_memmap *memmap, mu_pfn_t start)
{
	struct mu_section *section = mu_memmap_section(memmap, start);

	/* release: whoever sees the bit sees the descriptors. */
	atomic_fetch_or_explicit(&section->online, mu_block_bit(start),
				 memory_order_release);
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&memmap->written_pages, MU_BLOCK_PAGES,
				  memory_order_relaxed);
}

void mu_memmap_add_ragged(struct mu_memmap *memmap, mu_pfn_t start)
{
	struct mu_ragged *ragged = &memmap->ragged[memmap->nr_ragged];
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	struct mu_section *section = section_make(memmap, start);

	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	memset(ragged, 0, sizeof(*ragged));
	ragged->start = start;
	memmap->nr_ragged++;
	/* relaxed: one CPU; later CPUs are started after this. */
	atomic_fetch_or_explicit(&section->ragged, mu_block_bit(start),
				 memory_order_relaxed);
}

static struct mu_ragged *find_ragged(const struct mu_memmap *memmap,
				     mu_pfn_t pfn)
{
	unsigned lo = 0, hi = memmap->nr_ragged;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (memmap->ragged[mid].start + MU_BLOCK_PAGES <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == memmap->nr_ragged || memmap->ragged[lo].start > pfn)
		return NULL;
	return &memmap->ragged[lo];
}

bool mu_memmap_is_ragged(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	const struct mu_section *section = mu_memmap_section(memmap, pfn);

	/* relaxed: set before other CPUs start. */
	return section &&
	       (atomic_load_explicit(&section->ragged, memory_order_relaxed) &
		mu_block_bit(pfn));
}

void mu_memmap_init_ragged(struct mu_memmap *memmap, mu_pfn_t start,
			   mu_pfn_t end, uint16_t zone, enum mu_page_kind kind)
{
	struct mu_ragged *ragged = find_ragged(memmap, start);
	uint64_t word = initial_word(zone, (unsigned)kind | MU_PAGE_RAGGED);
	uint64_t *words = (uint64_t *)(void *)mu_pfn_to_page(memmap, start);

	mu_verify(memmap->port, ragged && start < end &&
					end <= ragged->start + MU_BLOCK_PAGES);
	mu_track_written(words, (end - start) * sizeof(struct mu_page));
	for (mu_pfn_t i = 0; i < (end - start) * 2; i++)
		words[i] = word;
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
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&memmap->written_pages, end - start,
				  memory_order_relaxed);
}

bool mu_memmap_online(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	const struct mu_section *section = mu_memmap_section(memmap, pfn);
	const struct mu_ragged *ragged;
	mu_pfn_t bit;

	/* acquire: pairs with the release that set the bit. */
	if (!section ||
	    !(atomic_load_explicit(&section->online, memory_order_acquire) &
	      mu_block_bit(pfn)))
		return false;
	if (MU_LIKELY(!mu_memmap_is_ragged(memmap, pfn)))
		return true;
	ragged = find_ragged(memmap, pfn);
	mu_verify(memmap->port, ragged);
	bit = pfn - ragged->start;
	/* acquire: as above. */
	return atomic_load_explicit(&ragged->written[bit / 64],
				    memory_order_acquire) >>
		       (bit % 64) &
	       1;
}

struct mu_page *mu_memmap_lookup(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	if (!mu_memmap_online(memmap, pfn))
		return NULL;
	return mu_pfn_to_page(memmap, pfn);
}
