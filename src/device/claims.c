// SPDX-License-Identifier: MIT
/*
 * Descriptors are initialised block by block, by whoever needs them first.
 *
 * As with RAM: back, then claim, write, publish. Backing twice is harmless, so
 * if two CPUs want the same block both may back it and one claims it; when
 * there is no backing nothing has happened. From claim to publication
 * interrupts are off, so a CPU that waits for a block waits for another CPU
 * that is writing it, and never for itself.
 */
#include "device/internal.h"
#include "memmap/blocks.h"

struct mu_device_range *mu_device_range_of(const struct mu_pagemap *map,
					   mu_pfn_t pfn)
{
	unsigned lo = 0, hi = map->nr_ranges;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (map->ranges[mid].end <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == map->nr_ranges || map->ranges[lo].start > pfn)
		return NULL;
	return &map->ranges[lo];
}

bool mu_pagemap_has(const struct mu_pagemap *map, mu_pfn_t pfn)
{
	return mu_device_range_of(map, pfn);
}

struct mu_claims *mu_device_claims(const struct mu_pagemap *map,
				   struct mu_device_range *range,
				   mu_pfn_t block, uint32_t *bit)
{
	struct mu_section *section;

	if (mu_device_is_shared(range, block)) {
		*bit = block < range->start ? 1 : 2;
		return &range->shared;
	}
	*bit = mu_block_bit(block);
	section = mu_memmap_section(map->devices->memmap, block);
	return section ? &section->device : NULL;
}

static void write_blocks(struct mu_pagemap *map,
			 const struct mu_device_range *range, mu_pfn_t start,
			 mu_pfn_t end)
{
	struct mu_page like;

	memset(&like, 0, sizeof(like));
	like.state = MU_PAGE_DEVICE;
	like.order = (uint8_t)map->order;
	like.zone = (uint16_t)(map->slot - map->devices->slots);
	start = MU_MAX(start, range->start);
	end = MU_MIN(end, range->last);
	mu_memmap_write_like(map->devices->memmap, start, end, &like);
	/* relaxed: a statistic. */
	atomic_fetch_add_explicit(&map->written, end - start,
				  memory_order_relaxed);
}

/* Claim those of @bits, the blocks from @block on, that nobody has claimed, and
 * write them. */
static void claim(struct mu_pagemap *map, const struct mu_device_range *range,
		  struct mu_claims *claims, uint32_t bits, mu_pfn_t block)
{
	const struct mu_port *port = map->devices->port;
	unsigned low = mu_ctz(bits);
	uintptr_t flags = mu_irq_save(port);
	/* acquire: all earlier use of these descriptors, for another pagemap,
	 * is over. */
	uint32_t mine = bits & ~atomic_fetch_or_explicit(&claims->claimed, bits,
							 memory_order_acquire);

	for (uint32_t left = mine; left;) {
		unsigned at = mu_ctz(left);
		/* Ones from there on. */
		unsigned nr = mu_ctz(~((uint64_t)left >> at));
		mu_pfn_t from = block + (at - low) * MU_BLOCK_PAGES;

		write_blocks(map, range, from, from + nr * MU_BLOCK_PAGES);
		left &= ~(uint32_t)((((uint64_t)1 << nr) - 1) << at);
	}
	if (mine) {
		mu_memmap_write_end();
		/* release: whoever sees the bit sees the descriptors. */
		atomic_fetch_or_explicit(&claims->ready, mine,
					 memory_order_release);
	}
	mu_irq_restore(port, flags);
}

enum mu_status mu_device_init_blocks(struct mu_pagemap *map,
				     struct mu_device_range *range,
				     mu_pfn_t block, mu_pfn_t end,
				     unsigned batch)
{
	while (block < end) {
		struct mu_claims *claims = NULL;
		uint32_t bits = 0, bit;
		mu_pfn_t at = block;

		for (unsigned nr = 0; nr < batch && at < end; nr++) {
			enum mu_status status;

			/* It has other masks. */
			if (nr && (mu_device_is_shared(range, at) ||
				   mu_device_is_shared(range, block)))
				break;
			status = mu_device_back(map, range, at);
			if (status != MU_OK)
				return status;
			claims = mu_device_claims(map, range, at, &bit);
			bits |= bit;
			at += MU_BLOCK_PAGES;
		}
		claim(map, range, claims, bits, block);
		block = at;
	}
	return MU_OK;
}

static bool is_ready(const struct mu_pagemap *map,
		     struct mu_device_range *range, mu_pfn_t block)
{
	uint32_t bit;
	struct mu_claims *claims = mu_device_claims(map, range, block, &bit);

	/* acquire: pairs with the release in claim(). */
	return claims &&
	       (atomic_load_explicit(&claims->ready, memory_order_acquire) &
		bit);
}

bool mu_device_next_ready(const struct mu_pagemap *map,
			  struct mu_device_range *range, mu_pfn_t *block)
{
	const struct mu_memmap *memmap = map->devices->memmap;
	mu_pfn_t end = mu_device_blocks_end(range);

	while (*block < end) {
		if (is_ready(map, range, *block))
			return true;
		/* The ends may have masks even if there is no section. */
		if (mu_device_is_shared(range, *block) ||
		    mu_memmap_section(memmap, *block))
			*block += MU_BLOCK_PAGES;
		else
			*block = MU_MIN(
				mu_memmap_section_end(memmap, *block),
				mu_align_down(range->end, MU_BLOCK_PAGES));
	}
	return false;
}

enum mu_status mu_device_page(struct mu_pagemap *map, mu_pfn_t pfn,
			      struct mu_page **page)
{
	struct mu_device_range *range = mu_device_range_of(map, pfn);
	mu_pfn_t at, block;

	if (!range)
		return MU_ERR_NOT_FOUND;
	if (pfn < range->first)
		return MU_ERR_RESERVED;
	at = mu_device_place(map, range, pfn);
	block = mu_align_down(at, MU_BLOCK_PAGES);
	if (MU_UNLIKELY(!is_ready(map, range, block))) {
		enum mu_status status = mu_device_init_blocks(
			map, range, block, block + MU_BLOCK_PAGES, 1);

		if (status != MU_OK)
			return status;
		for (unsigned spins = 0; !is_ready(map, range, block);)
			mu_pause(map->devices->port, spins++);
	}
	*page = mu_pfn_to_page(map->devices->memmap, at);
	return MU_OK;
}

bool mu_device_is_ready(const struct mu_pagemap *map, mu_pfn_t pfn)
{
	struct mu_device_range *range = mu_device_range_of(map, pfn);

	return range && pfn >= range->first &&
	       is_ready(map, range,
			mu_align_down(mu_device_place(map, range, pfn),
				      MU_BLOCK_PAGES));
}

mu_pfn_t mu_device_page_pfn(const struct mu_pagemap *map,
			    const struct mu_page *page)
{
	mu_pfn_t at = mu_page_to_pfn(map->devices->memmap, page);
	const struct mu_device_range *range = mu_device_range_of(map, at);

	return range->start + ((at - range->start) << map->order);
}
