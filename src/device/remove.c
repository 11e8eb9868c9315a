// SPDX-License-Identifier: MIT
/*
 * Removal: registration in reverse, in an order in which no step affects a
 * user.
 *
 *   kill, wait      nobody has or gets a reference: no descriptor is read
 *   masks, backing  of what is this range's alone, without a lock: the range
 *                   is in the table still, so nobody else can have it
 *   table           under (H); then the sections at its ends, which others may
 *                   share: whoever comes next comes after (H), and finds them
 *                   backed or not, but not half-way
 *   slot            may serve another pagemap
 */
#include "device/internal.h"
#include "memmap/blocks.h"

void mu_device_own_blocks(const struct mu_device_range *range, mu_pfn_t *start,
			  mu_pfn_t *end)
{
	*start = mu_align_up(range->start, MU_BLOCK_PAGES);
	*end = mu_align_down(range->end, MU_BLOCK_PAGES);
	*end = MU_MAX(*start, *end);
}

/* Nothing was claimed in the blocks [@start, @end). */
static void clear_claims(struct mu_memmap *memmap, mu_pfn_t start, mu_pfn_t end)
{
	while (start < end) {
		struct mu_section *section = mu_memmap_section(memmap, start);
		mu_pfn_t next = mu_memmap_section_end(memmap, start);
		uint32_t bits;

		next = MU_MIN(next, end);
		bits = section ? mu_block_bits(start, next) : 0;
		start = next;
		/* relaxed: nobody looks; the next one comes after (H). */
		if (!section || !(atomic_load_explicit(&section->device.claimed,
						       memory_order_relaxed) &
				  bits))
			continue;
		atomic_fetch_and_explicit(&section->device.ready, ~bits,
					  memory_order_relaxed);
		atomic_fetch_and_explicit(&section->device.claimed, ~bits,
					  memory_order_relaxed);
	}
}

static void unback_own(const struct mu_pagemap *map,
		       const struct mu_device_range *range)
{
	struct mu_memmap *memmap = map->devices->memmap;
	mu_pfn_t start, end, first, last;

	mu_device_own_blocks(range, &start, &end);
	clear_claims(memmap, start, end);
	if (!map->altmap.on) {
		mu_memmap_unback(memmap, start, end);
		return;
	}
	mu_device_whole_sections(range, &first, &last);
	mu_memmap_unback(memmap, start, first);
	mu_memmap_unback_sections(memmap, first, last);
	mu_memmap_unback(memmap, last, end);
}

/* Does anybody use a part of the block at @block? Under (H). */
static bool is_used(const struct mu_devices *devices, mu_pfn_t block)
{
	mu_pfn_t end = block + MU_BLOCK_PAGES;
	unsigned i = mu_device_lower_bound(devices, block);
	const struct mu_memblock_region *ram = mu_device_ram_after(
		devices, (mu_phys_t)block << devices->page_shift);

	return (i < mu_device_lines(devices) &&
		mu_device_line(devices, i).start < end) ||
	       (ram && ram->base < (mu_phys_t)end << devices->page_shift);
}

/*
 * The blocks [@block, @end), of which @range has at most a part of one: the
 * port may have backed blocks that nobody uses now along with the range's own.
 * Under (H), after the range has left the table.
 */
static void leave_blocks(struct mu_devices *devices,
			 const struct mu_device_range *range, mu_pfn_t block,
			 mu_pfn_t end)
{
	struct mu_memmap *memmap = devices->memmap;

	for (; block < end; block += MU_BLOCK_PAGES) {
		mu_pfn_t from = MU_MAX(block, range->start);
		mu_pfn_t to = MU_MIN(block + MU_BLOCK_PAGES, range->end);

		if (!mu_memmap_is_backed(memmap, block))
			continue;
		if (!is_used(devices, block))
			mu_memmap_unback(memmap, block, block + MU_BLOCK_PAGES);
		else if (from < to)
			mu_memmap_forget(memmap, from, to);
	}
}

/* Handle what @range shares with others: sections, and blocks of these. */
static void leave_ends(struct mu_devices *devices,
		       const struct mu_device_range *range)
{
	mu_pfn_t start, end;

	mu_device_own_blocks(range, &start, &end);
	leave_blocks(devices, range,
		     mu_align_down(range->start, MU_SECTION_PAGES), start);
	leave_blocks(devices, range, end,
		     mu_align_up(range->end, MU_SECTION_PAGES));
}

void mu_pagemap_withdraw(struct mu_pagemap *map)
{
	struct mu_devices *devices = map->devices;
	struct mu_device_slot *slot = map->slot;

	mu_wait(devices->port, &slot->gone, 0);
	for (unsigned i = 0; i < map->nr_ranges; i++)
		unback_own(map, &map->ranges[i]);
	mu_device_lock(devices, map);
	mu_device_table_remove(devices, map);
	for (unsigned i = 0; i < map->nr_ranges; i++)
		leave_ends(devices, &map->ranges[i]);
	slot->map = NULL;
	mu_device_unlock(devices, map);
	map->slot = NULL;
}

/* What is there now instead of @map, which is not registered; false when there
 * is nothing. Under (H). */
static bool find_other(const struct mu_pagemap *map,
		       struct mu_device_line *line)
{
	const struct mu_devices *devices = map->devices;

	for (unsigned i = 0; i < map->nr_ranges; i++) {
		const struct mu_device_range *range = &map->ranges[i];
		unsigned at = mu_device_lower_bound(devices, range->start);

		if (at == mu_device_lines(devices))
			continue;
		*line = mu_device_line(devices, at);
		if (line->start < range->end)
			return true;
	}
	return false;
}

static enum mu_status not_registered(const struct mu_pagemap *map,
				     struct mu_error *error)
{
	/* NULL: it never was. */
	struct mu_devices *devices = map->devices;
	struct mu_device_who who = mu_device_who(map);
	const char *name = who.name ? who.name : "a pagemap";
	enum mu_status status = MU_ERR_NOT_FOUND;
	struct mu_device_line line;
	bool other;

	if (!devices)
		return mu_fail(error, status, 0,
			       "%s: 0x%llx-0x%llx is not registered", name,
			       who.first, who.last);
	mu_lock(devices->port, &devices->lock);
	other = find_other(map, &line);
	if (other)
		mu_fail(error, status, 0,
			"%s: 0x%llx-0x%llx is not registered (removed twice?): "
			"0x%llx-0x%llx is %s's",
			name, who.first, who.last,
			mu_first_byte(devices, line.start),
			mu_last_byte(devices, line.end), line.slot->map->name);
	mu_unlock(&devices->lock);
	if (other)
		return status;
	return mu_fail(error, status, 0,
		       "%s: 0x%llx-0x%llx is not registered (removed twice?): "
		       "no device is there",
		       name, who.first, who.last);
}

static enum mu_status refuse(struct mu_pagemap *map, struct mu_error *error)
{
	struct mu_device_who who = mu_device_who(map);

	/* So that nobody registers it while we look at its range. */
	if (mu_pagemap_become(map, MU_PAGEMAP_NONE, MU_PAGEMAP_CHANGING)) {
		enum mu_status status = not_registered(map, error);

		mu_pagemap_become(map, MU_PAGEMAP_CHANGING, MU_PAGEMAP_NONE);
		return status;
	}
	return mu_fail(error, MU_ERR_BUSY, 0,
		       "%s: 0x%llx-0x%llx is being registered or removed",
		       who.name, who.first, who.last);
}

/* Report that @map is in use; it cannot go meanwhile. */
static enum mu_status in_use(const struct mu_pagemap *map,
			     struct mu_error *error)
{
	const struct mu_devices *devices = map->devices;
	struct mu_device_who who = mu_device_who(map);
	/* relaxed: a number for the message. */
	ull refs =
		atomic_load_explicit(&map->slot->refs, memory_order_relaxed) &
		~MU_DEVICE_DEAD;
	const char *s = refs == 1 ? "" : "s";
	mu_pfn_t start, end;

	/* The search takes a time proportional to the memory. */
	if (!error || !mu_device_find_in_use(map, &start, &end))
		return mu_fail(error, MU_ERR_BUSY, 0,
			       "%s: 0x%llx-0x%llx is in use: %llu reference%s, "
			       "none of a page",
			       who.name, who.first, who.last, refs, s);
	return mu_fail(error, MU_ERR_BUSY, 0,
		       "%s: 0x%llx-0x%llx is in use: %llu reference%s, one of "
		       "the page 0x%llx-0x%llx",
		       who.name, who.first, who.last, refs, s,
		       mu_first_byte(devices, start),
		       mu_last_byte(devices, end));
}

static enum mu_status take_out(struct mu_pagemap *map, bool waits,
			       struct mu_error *error)
{
	if (!mu_pagemap_become(map, MU_PAGEMAP_REGISTERED, MU_PAGEMAP_CHANGING))
		return refuse(map, error);
	if (!mu_device_kill(map->devices->port, map->slot, !waits)) {
		enum mu_status status = in_use(map, error);

		mu_pagemap_become(map, MU_PAGEMAP_CHANGING,
				  MU_PAGEMAP_REGISTERED);
		return status;
	}
	mu_pagemap_withdraw(map);
	mu_pagemap_become(map, MU_PAGEMAP_CHANGING, MU_PAGEMAP_NONE);
	return MU_OK;
}

enum mu_status mu_pagemap_remove(struct mu_pagemap *map, struct mu_error *error)
{
	return take_out(map, true, error);
}

enum mu_status mu_pagemap_try_remove(struct mu_pagemap *map,
				     struct mu_error *error)
{
	return take_out(map, false, error);
}
