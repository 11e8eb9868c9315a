// SPDX-License-Identifier: MIT
/*
 * Zones of blocks, memory that comes to them, and the proof that all agrees.
 */
#include "base/assert.h"
#include "base/string.h"
#include "block/block.h"

static uint64_t sections_of(mu_pfn_t start, mu_pfn_t end)
{
	if (start >= end)
		return 1;
	return ((end - 1) >> MU_SECTION_ORDER) - (start >> MU_SECTION_ORDER) +
	       1;
}

static unsigned slots_of(unsigned cpus)
{
	unsigned slots = 1;

	while (slots < cpus && slots < MU_ZONE_SLOTS)
		slots *= 2;
	return slots;
}

size_t mu_block_zone_size(mu_pfn_t start, mu_pfn_t end, unsigned cpus)
{
	return slots_of(cpus) * sizeof(struct mu_block_slot) +
	       mu_align_up(MU_NR_CLASSES *
				   mu_block_index_size(sections_of(start, end)),
			   128);
}

void mu_block_zone_init(struct mu_block_zone *zone, uint16_t id, mu_pfn_t start,
			mu_pfn_t end, unsigned cpus, void *buf)
{
	char *at = buf;

	memset(zone, 0, sizeof(*zone));
	zone->id = id;
	zone->base = start >> MU_SECTION_ORDER;
	zone->nr = sections_of(start, end);
	zone->nr_slots = slots_of(cpus);
	zone->slots = buf;
	for (unsigned i = 0; i < zone->nr_slots; i++) {
		atomic_init(&zone->slots[i].credits, 0);
		for (unsigned k = 0; k < MU_NR_HINTS; k++)
			atomic_init(&zone->slots[i].hint[k], MU_NO_PFN);
	}
	at += zone->nr_slots * sizeof(struct mu_block_slot);
	for (unsigned i = 0; i < MU_NR_CLASSES; i++) {
		mu_block_index_init(&zone->index[i], zone->nr, at);
		at += mu_block_index_size(zone->nr);
	}
}

/* The blocks [@start, @end) of one section are @zone's. */
static void own(struct mu_block_section *section, uint16_t zone, mu_pfn_t start,
		mu_pfn_t end)
{
	/* relaxed: under the lock; published by online. */
	uint16_t was =
		atomic_load_explicit(&section->zone, memory_order_relaxed);

	if (was != zone + 1)
		atomic_store_explicit(&section->zone,
				      was ? MU_MIXED : (uint16_t)(zone + 1),
				      memory_order_relaxed);
	for (; start < end; start += MU_BLOCK_PAGES)
		section->zone_of[mu_block_nr(start)] = zone;
}

static void add_in_section(struct mu_blocks *blocks, struct mu_block_zone *zone,
			   mu_pfn_t start, mu_pfn_t end)
{
	struct mu_block_section *section = mu_block_section(blocks, start);

	own(section, zone->id, start, end);
	/* release: whoever sees the bit sees the zone. */
	atomic_fetch_or_explicit(&section->online, mu_block_bits(start, end),
				 memory_order_release);
	while (start < end) {
		mu_pfn_t next = mu_align_down(start, 1u << MU_RUN_ORDER) +
				(1u << MU_RUN_ORDER);
		unsigned at = mu_block_half_at(start);
		uint64_t bits;

		next = MU_MIN(next, end);
		bits = ((uint64_t)1 << ((next - start) >> MU_HALF_ORDER)) - 1;
		atomic_fetch_or(mu_block_half_word(blocks, start), bits << at);
		start = next;
	}
	mu_block_raise_half(blocks, zone, end - MU_BLOCK_PAGES);
}

void mu_block_add(struct mu_blocks *blocks, struct mu_block_zone *zone,
		  mu_pfn_t start, mu_pfn_t end)
{
	mu_pfn_t pages = end - start;

	while (start < end) {
		mu_pfn_t next = mu_align_down(start, MU_SECTION_PAGES) +
				MU_SECTION_PAGES;

		next = MU_MIN(next, end);
		add_in_section(blocks, zone, start, next);
		start = next;
	}
	/* relaxed: a number. */
	atomic_fetch_add_explicit(&zone->avail, (int64_t)pages,
				  memory_order_relaxed);
}

/* ---- Validation ---- */

struct audit {
	struct mu_blocks *blocks;
	struct mu_block_zone *zone;
	int64_t free;
	const char *why;
};

static bool is_in(const struct audit *audit, unsigned class, mu_pfn_t pfn)
{
	uint64_t place = (pfn >> MU_SECTION_ORDER) - audit->zone->base;

	return mu_block_index_find(&audit->zone->index[class], place) == place;
}

static void audit_split(struct audit *audit, mu_pfn_t half)
{
	mu_pfn_t end = half + MU_HALF_PAGES;

	for (mu_pfn_t pfn = half; pfn < end; pfn += 32) {
		uint64_t word = atomic_load(mu_block_word(audit->blocks, pfn));
		uint32_t free = mu_word_free(word);

		audit->free += mu_popcount(free);
		for (unsigned k = 0; k <= MU_WORD_ORDER && free; k++) {
			unsigned has =
				mu_block_classes(audit->blocks, pfn) >> k;

			if (!mu_word_runs(free, k))
				break;
			if (!has)
				audit->why = "a free run is in no class";
			else if (!is_in(audit, k + mu_ctz(has), pfn))
				audit->why = "a class is in no index";
		}
		for (unsigned at = 0; at < 32; at++) {
			const struct mu_page *page =
				&audit->blocks->pages[pfn + at];
			mu_pfn_t pages;

			if (!(word & mu_word_begin(at)) || word >> at & 1)
				continue;
			pages = (mu_pfn_t)1 << page->order;
			if (mu_page_kind(page) != MU_PAGE_ALLOCATED ||
			    (pfn + at) & (pages - 1) || pfn + at + pages > end)
				audit->why = "a descriptor does not fit";
			if (mu_page_zone(page) != audit->zone->id)
				audit->why = "a page names another zone";
		}
	}
}

static void audit_half(struct audit *audit, mu_pfn_t half)
{
	uint64_t word = atomic_load(mu_block_half_word(audit->blocks, half));
	unsigned at = mu_block_half_at(half);

	if (mu_block_is_split(audit->blocks, half)) {
		if (word >> at & 1)
			audit->why = "a split half is free as a whole";
		audit_split(audit, half);
	} else if (word >> at & 1) {
		audit->free += (int64_t)MU_HALF_PAGES;
		if (!is_in(audit, MU_CLASS_HALF, half))
			audit->why = "a free half is in no index";
		if (!(at & 1) && word >> (at + 1) & 1 &&
		    !is_in(audit, MU_CLASS_BLOCK, half))
			audit->why = "a free block is in no index";
	}
}

enum mu_status mu_block_validate(struct mu_blocks *blocks,
				 struct mu_block_zone *zone, const char **why)
{
	struct audit audit = {.blocks = blocks, .zone = zone};
	uint64_t first = zone->base << MU_SECTION_ORDER;

	for (mu_pfn_t block = first;
	     block < first + (zone->nr << MU_SECTION_ORDER) &&
	     block < blocks->end_pfn;
	     block += MU_BLOCK_PAGES) {
		const struct mu_block_section *section =
			mu_block_section(blocks, block);

		if (!(section->online >> mu_block_nr(block) & 1) ||
		    section->zone_of[mu_block_nr(block)] != zone->id)
			continue;
		audit_half(&audit, block);
		audit_half(&audit, block + MU_HALF_PAGES);
	}
	if (!audit.why && audit.free != mu_block_free_pages(zone))
		audit.why = "the maps and the credits count different pages";
	*why = audit.why;
	return audit.why ? MU_ERR_CORRUPT : MU_OK;
}
