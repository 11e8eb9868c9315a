// SPDX-License-Identifier: MIT
/*
 * The table of sections and publication: see memup/memmap.h.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "base/string.h"
#include "memmap/blocks.h"
#include "memmap/fill.h"
#include "memmap/internal.h"
#include "memmap/links.h"
#include "memmap/track.h"

#define LEAF_SECTIONS (1u << MU_LEAF_ORDER)
#define LEAF_SHIFT    (MU_SECTION_ORDER + MU_LEAF_ORDER)
#define LINE_WORDS    (MU_CACHE_LINE / sizeof(uint64_t))

/* Leaves that the memory of @memblock needs; *@end its first pfn past all. */
static unsigned memory_leaves(const struct mu_memblock *memblock,
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

/* The same with what may come according to @limits. */
static unsigned count_leaves(const struct mu_memblock *memblock,
			     unsigned page_shift,
			     const struct mu_limits *limits, mu_pfn_t *end)
{
	unsigned leaves = memory_leaves(memblock, page_shift, end);
	uint64_t all, late;

	if (!leaves || !limits || !limits->end)
		return leaves;
	*end = MU_MAX(*end, limits->end >> page_shift);
	all = ((*end - 1) >> LEAF_SHIFT) + 1;
	/* A range may touch two leaves more than it could fill. */
	late = (limits->late >> page_shift >> LEAF_SHIFT) +
	       2 * (uint64_t)limits->ranges;
	return (unsigned)(limits->late ? MU_MIN(all, leaves + late) : all);
}

static size_t root_bytes(mu_pfn_t end)
{
	uint64_t entries = ((end - 1) >> LEAF_SHIFT) + 1;

	return mu_align_up(entries * sizeof(struct mu_section *),
			   MU_CACHE_LINE);
}

/* One bit for each entry. */
static size_t kept_bytes(mu_pfn_t end)
{
	return mu_align_up((((end - 1) >> LEAF_SHIFT) / 64 + 1) *
				   sizeof(uint64_t),
			   MU_CACHE_LINE);
}

size_t mu_memmap_size(const struct mu_memblock *memblock, unsigned page_shift,
		      const struct mu_limits *limits, unsigned nr_ragged)
{
	mu_pfn_t end;
	unsigned leaves = count_leaves(memblock, page_shift, limits, &end);

	if (!leaves)
		return 0;
	return root_bytes(end) + kept_bytes(end) +
	       (size_t)leaves * LEAF_SECTIONS * sizeof(struct mu_section) +
	       nr_ragged * sizeof(struct mu_ragged) +
	       (limits ? limits->ranges : 0) * sizeof(struct mu_memmap_host);
}

/* Leaves that [@start, @end) needs besides those that exist or are kept for it;
 * with @keep they are kept from now on. Under the lock. */
static unsigned missing_leaves(struct mu_memmap *memmap, mu_pfn_t start,
			       mu_pfn_t end, bool keep)
{
	unsigned missing = 0;

	for (uint64_t i = start >> LEAF_SHIFT; i <= (end - 1) >> LEAF_SHIFT;
	     i++) {
		uint64_t bit = (uint64_t)1 << (i % 64);

		/* relaxed: set only under the lock. */
		if (memmap->kept[i / 64] & bit ||
		    atomic_load_explicit(&memmap->root[i],
					 memory_order_relaxed))
			continue;
		missing++;
		if (keep)
			memmap->kept[i / 64] |= bit;
	}
	return missing;
}

enum mu_status mu_memmap_init(struct mu_memmap *memmap,
			      const struct mu_port *port, struct mu_page *pages,
			      const struct mu_memblock *memblock,
			      unsigned page_shift,
			      const struct mu_limits *limits, void *buf,
			      size_t size, unsigned nr_ragged)
{
	const struct mu_memblock_region *region;
	char *at = buf;

	if (size < mu_memmap_size(memblock, page_shift, limits, nr_ragged))
		return MU_ERR_FULL;
	memset(memmap, 0, sizeof(*memmap));
	memmap->port = port;
	memmap->pages = pages;
	memmap->nr_leaves =
		count_leaves(memblock, page_shift, limits, &memmap->end_pfn);
	memmap->nr_root = (unsigned)((memmap->end_pfn - 1) >> LEAF_SHIFT) + 1;
	memmap->root = (struct mu_section * _Atomic *)(void *)at;
	memset(at, 0, root_bytes(memmap->end_pfn));
	at += root_bytes(memmap->end_pfn);
	memmap->kept = (uint64_t *)(void *)at;
	memset(at, 0, kept_bytes(memmap->end_pfn));
	at += kept_bytes(memmap->end_pfn);
	/* Leaves are zeroed one by one, when they are first used. */
	memmap->leaves = (struct mu_section *)(void *)at;
	at += (size_t)memmap->nr_leaves * LEAF_SECTIONS *
	      sizeof(struct mu_section);
	memmap->ragged = (struct mu_ragged *)(void *)at;
	at += nr_ragged * sizeof(struct mu_ragged);
	memmap->hosts = (struct mu_memmap_host *)(void *)at;
	memmap->max_hosts = limits ? limits->ranges : 0;
	/* There is always room for memory that is there at the start. */
	mu_for_each_mem_region (memblock, region)
		memmap->leaves_kept += missing_leaves(
			memmap, region->base >> page_shift,
			((region->base + region->size - 1) >> page_shift) + 1,
			true);
	return MU_OK;
}

struct mu_section *mu_section_make(struct mu_memmap *memmap, mu_pfn_t pfn)
{
	uint64_t at = pfn >> LEAF_SHIFT, bit = (uint64_t)1 << (at % 64);
	struct mu_section *_Atomic *root = &memmap->root[at];
	struct mu_section *leaf;

	/* relaxed: entries are set only under the lock, which we hold. */
	if (!atomic_load_explicit(root, memory_order_relaxed)) {
		if (memmap->kept[at / 64] & bit)
			memmap->leaves_kept--;
		else if (memmap->leaves_used + memmap->leaves_kept ==
			 memmap->nr_leaves)
			return NULL;
		memmap->kept[at / 64] &= ~bit;
		leaf = memmap->leaves +
		       (size_t)memmap->leaves_used++ * LEAF_SECTIONS;
		memset(leaf, 0, LEAF_SECTIONS * sizeof(*leaf));
		/* release: whoever finds the leaf finds it zeroed. */
		atomic_store_explicit(root, leaf, memory_order_release);
	}
	return mu_memmap_section(memmap, pfn);
}

bool mu_memmap_keep_room(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	uintptr_t flags = mu_lock_irqsave(memmap->port, &memmap->lock);
	unsigned left =
		memmap->nr_leaves - memmap->leaves_used - memmap->leaves_kept;
	unsigned missing = missing_leaves(memmap, start, end, false);
	bool room = missing <= left;

	if (room && missing)
		memmap->leaves_kept += missing_leaves(memmap, start, end, true);
	mu_unlock_irqrestore(memmap->port, &memmap->lock, flags);
	return room;
}

#ifdef MU_DEBUG
/* Are the first and the last descriptor of the block still as poison() left
 * them? The first may be that of a gigantic page, and written. */
static bool was_raw(const struct mu_memmap *memmap, mu_pfn_t start)
{
	const struct mu_section *section = mu_memmap_section(memmap, start);
	const uint64_t *words =
		(const uint64_t *)(const void *)mu_pfn_to_page(memmap, start);

	/* relaxed: only the caller can reach the block. */
	if (words[MU_BLOCK_PAGES * 2 - 1] != MU_MEMMAP_POISON)
		return false;
	return words[0] == MU_MEMMAP_POISON ||
	       (atomic_load_explicit(&section->gigantic, memory_order_relaxed) &
		mu_block_bit(start));
}
#endif

static void write_block(struct mu_memmap *memmap, mu_pfn_t start, uint64_t word)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);
	uint64_t *words = (uint64_t *)(void *)page;

	mu_track_written(page, MU_BLOCK_PAGES * sizeof(*page));
	mu_assert(memmap->port, was_raw(memmap, start));
	/* The first line is about to be written again, as the head of a free
	 * block: it is stored plainly, so that it stays in the cache. Stores
	 * retire in order, so one that waits for its line holds up all that
	 * follow; the next block is likely to follow, so prefetch its line. */
	for (unsigned i = 0; i < LINE_WORDS; i++)
		words[i] = word;
	__builtin_prefetch(page + MU_BLOCK_PAGES, 1);
	mu_fill(memmap->port, words + LINE_WORDS, word,
		MU_BLOCK_PAGES * 2 - LINE_WORDS);
}

void mu_memmap_init_block(struct mu_memmap *memmap, mu_pfn_t start,
			  uint16_t zone, enum mu_page_kind kind)
{
	/* relaxed: only the caller can reach the block. */
	bool has_head = !(start & (MU_GIGANTIC_PAGES - 1)) &&
			(atomic_load_explicit(
				 &mu_memmap_section(memmap, start)->gigantic,
				 memory_order_relaxed) &
			 mu_block_bit(start));

	write_block(memmap, start, mu_initial_word(zone, kind));
	/* The first page of a gigantic page has its extension already. */
	mu_ext_init(memmap, start + has_head, start + MU_BLOCK_PAGES);
	mu_fill_end();
}

/* Write a block as a free page between @prev and @next: all by streaming
 * stores, because nobody will write the first line again. */
static void write_linked(struct mu_memmap *memmap, mu_pfn_t start,
			 uint16_t zone, mu_pfn_t prev, mu_pfn_t next)
{
	struct mu_page *page = mu_pfn_to_page(memmap, start);
	uint64_t *words = (uint64_t *)(void *)page;
	uint64_t word = mu_initial_word(zone, MU_PAGE_TAIL);
	uint64_t line[LINE_WORDS];
	struct mu_page head;

	mu_track_written(page, MU_BLOCK_PAGES * sizeof(*page));
	mu_assert(memmap->port, was_raw(memmap, start));
	for (unsigned i = 0; i < LINE_WORDS; i++)
		line[i] = word;
	memset(&head, 0, sizeof(head));
	atomic_init(&head.state, MU_PAGE_FREE);
	head.order = MU_BLOCK_ORDER;
	atomic_init(&head.zone, zone);
	mu_page_set_next(&head, next);
	mu_page_set_prev(&head, prev);
	memcpy(line, &head, sizeof(head));
	mu_fill_line(words, line);
	mu_fill(memmap->port, words + LINE_WORDS, word,
		MU_BLOCK_PAGES * 2 - LINE_WORDS);
}

void mu_memmap_init_chain(struct mu_memmap *memmap, mu_pfn_t start, unsigned nr,
			  uint16_t zone)
{
	mu_pfn_t last = start + (nr - 1) * MU_BLOCK_PAGES, prev = MU_NO_PFN;

	for (mu_pfn_t block = start; block <= last; block += MU_BLOCK_PAGES) {
		write_linked(memmap, block, zone, prev,
			     block == last ? MU_NO_PFN
					   : block + MU_BLOCK_PAGES);
		mu_ext_init(memmap, block, block + MU_BLOCK_PAGES);
		prev = block;
	}
	mu_fill_end();
	mu_count_written(memmap, nr * MU_BLOCK_PAGES);
}

void mu_memmap_publish_chain(struct mu_memmap *memmap, mu_pfn_t start,
			     unsigned nr)
{
	struct mu_section *section = mu_memmap_section(memmap, start);
	uint32_t bits = (uint32_t)(((uint64_t)1 << nr) - 1);

	/* release: whoever sees a bit sees the descriptors. */
	atomic_fetch_or_explicit(&section->online,
				 bits << mu_ctz(mu_block_bit(start)),
				 memory_order_release);
}

void mu_memmap_publish(struct mu_memmap *memmap, mu_pfn_t start)
{
	struct mu_section *section = mu_memmap_section(memmap, start);
	uint32_t bit = mu_block_bit(start);

	/* release: whoever sees the bit, or sees that it is not part of a
	 * gigantic page any more, sees the descriptors. */
	atomic_fetch_or_explicit(&section->online, bit, memory_order_release);
	if (atomic_load_explicit(&section->gigantic, memory_order_relaxed) &
	    bit) {
		atomic_fetch_and_explicit(&section->gigantic, ~bit,
					  memory_order_release);
		atomic_fetch_and_explicit(&section->partial, ~bit,
					  memory_order_release);
	}
	mu_count_written(memmap, MU_BLOCK_PAGES);
}

void mu_memmap_withdraw(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_section *section = mu_memmap_section(memmap, start);
	uint32_t bits = mu_block_bits(start, end);

	/* relaxed: whoever reads descriptors ensures that they stay. */
	atomic_fetch_and_explicit(&section->online, ~bits,
				  memory_order_relaxed);
	mu_count_written(memmap, (uint64_t)0 - (end - start));
	for (; start < end; start += MU_BLOCK_PAGES)
		mu_ext_raw(memmap, start, start + MU_BLOCK_PAGES);
}

/* 0xff..: which of the halves of its block @pfn is in. */
static unsigned half(mu_pfn_t pfn)
{
	return (pfn >> MU_HUGE_ORDER) & 1;
}

static bool written_in_part(const struct mu_memmap *memmap,
			    const struct mu_section *section, mu_pfn_t pfn)
{
	uint32_t bit = mu_block_bit(pfn);

	/* acquire: as for online; the bit is cleared after the descriptors
	 * were written. */
	if (atomic_load_explicit(&section->gigantic, memory_order_acquire) &
	    bit)
		return !(pfn & (MU_GIGANTIC_PAGES - 1));
	if (atomic_load_explicit(&section->huge[half(pfn)],
				 memory_order_acquire) &
	    bit)
		return !(pfn & (MU_HUGE_PAGES - 1));
	return mu_ragged_written(memmap, pfn);
}

bool mu_memmap_online(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	const struct mu_section *section = mu_memmap_section(memmap, pfn);
	uint32_t bit = mu_block_bit(pfn);

	/* acquire: pairs with the release that set the bit. */
	if (!section ||
	    !(atomic_load_explicit(&section->online, memory_order_acquire) &
	      bit))
		return false;
	/* acquire: whoever sees the bit gone sees all descriptors. */
	if (MU_LIKELY(!(atomic_load_explicit(&section->partial,
					     memory_order_acquire) &
			bit)))
		return true;
	return written_in_part(memmap, section, pfn);
}

struct mu_page *mu_memmap_lookup(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	if (!mu_memmap_online(memmap, pfn))
		return NULL;
	return mu_pfn_to_page(memmap, pfn);
}

struct mu_page *mu_memmap_head(const struct mu_memmap *memmap, mu_pfn_t pfn)
{
	static const unsigned orders[] = {0, MU_HUGE_ORDER, MU_GIGANTIC_ORDER};

	for (unsigned i = 0; i < MU_ARRAY_SIZE(orders); i++) {
		mu_pfn_t head = mu_align_down(pfn, (mu_pfn_t)1 << orders[i]);
		struct mu_page *page = mu_memmap_lookup(memmap, head);

		/* acquire: whoever sees that a huge page is not sparse any more
		 * sees, below, that its tails were written. */
		if (page && (!i || atomic_load_explicit(&page->state,
							memory_order_acquire) &
					   MU_PAGE_SPARSE))
			return page;
	}
	/* They may have been written since the first look. */
	return mu_memmap_lookup(memmap, pfn);
}

mu_pfn_t mu_memmap_next(const struct mu_memmap *memmap, mu_pfn_t pfn,
			mu_pfn_t end)
{
	while (pfn < end) {
		const struct mu_section *section =
			mu_memmap_section(memmap, pfn);
		mu_pfn_t step = MU_BLOCK_PAGES;
		uint32_t online;

		if (!section) {
			pfn = mu_align_up(pfn + 1, (mu_pfn_t)1 << LEAF_SHIFT);
			continue;
		}
		/* acquire: as in mu_memmap_online(). */
		online = atomic_load_explicit(&section->online,
					      memory_order_acquire);
		if (!online)
			step = MU_SECTION_PAGES;
		else if (online & mu_block_bit(pfn)) {
			if (mu_memmap_online(memmap, pfn))
				return pfn;
			/* relaxed: a shortcut. */
			if (!(atomic_load_explicit(&section->gigantic,
						   memory_order_relaxed) &
			      mu_block_bit(pfn)))
				step = 1;
		}
		pfn = mu_align_up(pfn + 1, step);
	}
	return end;
}
