// SPDX-License-Identifier: MIT
/*
 * Registration: all checks, then one change of the table, then (unless lazy)
 * the job that writes descriptors. Only removal undoes anything, because
 * nothing is done by halves: all ranges of a pagemap come at once.
 */
#include "device/internal.h"
#include "memmap/blocks.h"

const char *mu_device_type_str(enum mu_device_type type)
{
	static const char *const names[] = {"unknown", "private", "coherent",
					    "fs-dax",  "generic", "p2p"};

	return (unsigned)type < MU_ARRAY_SIZE(names) ? names[type] : names[0];
}

/* ---- Checks of one pagemap by itself ---- */

static enum mu_status check_map(const struct mu_devices *devices,
				const struct mu_pagemap *map,
				struct mu_error *error)
{
	const struct mu_altmap *altmap = &map->altmap;
	bool of_gpu = map->type == MU_DEVICE_PRIVATE ||
		      map->type == MU_DEVICE_COHERENT;
	const char *name = map->name;

	if (!name)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "a pagemap must have a name");
	if (map->type < MU_DEVICE_PRIVATE || map->type > MU_DEVICE_P2P)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: type %u: types are 1 to %u", name,
			       (unsigned)map->type, (unsigned)MU_DEVICE_P2P);
	if (of_gpu && (!map->owner || !map->ops || !map->ops->page_free))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: %s memory must have an owner and page_free",
			       name, mu_device_type_str(map->type));
	if (map->order && map->order != MU_HUGE_ORDER &&
	    map->order != MU_GIGANTIC_ORDER)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: order %u: it can be 0, %d or %d", name,
			       map->order, MU_HUGE_ORDER, MU_GIGANTIC_ORDER);
	if (!map->nr_ranges)
		return mu_fail(error, MU_ERR_INVALID, 0, "%s: has no ranges",
			       name);
	if (!altmap->on)
		return MU_OK;
	if (map->type == MU_DEVICE_PRIVATE)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: the CPU cannot reach private memory, so it "
			       "cannot host descriptors",
			       name);
	if (altmap->align && !mu_is_pow2(altmap->align))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: alignment 0x%llx of the altmap is not a "
			       "power of two",
			       name, (ull)altmap->align);
	if (!devices->port->memmap_map_at || !devices->port->memmap_unmap_at)
		return mu_fail(error, MU_ERR_UNSUPPORTED, 0,
			       "%s: an altmap needs the port's memmap_map_at "
			       "and memmap_unmap_at",
			       name);
	return MU_OK;
}

static enum mu_status check_range(const struct mu_devices *devices,
				  const struct mu_pagemap *map, unsigned i,
				  struct mu_error *error)
{
	const struct mu_device_range *range = &map->ranges[i];
	mu_phys_t base = range->base, size = range->size;
	mu_phys_t limit = devices->memmap->end_pfn << devices->page_shift;
	mu_phys_t align = (mu_phys_t)1 << devices->page_shift << map->order;
	ull last = (ull)(base + size) - 1;

	align = MU_MAX(align, MU_DEVICE_ALIGN);
	if (!size || mu_wraps(base, size))
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%s: range %u, 0x%llx bytes at 0x%llx, is empty "
			       "or wraps",
			       map->name, i, (ull)size, (ull)base);
	if (base + size > limit)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%s: 0x%llx-0x%llx passes the end of the "
			       "memmap, 0x0-0x%llx",
			       map->name, (ull)base, last, (ull)limit - 1);
	if ((base | size) & (align - 1))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: 0x%llx-0x%llx is not a multiple of 0x%llx; "
			       "0x%llx-0x%llx would be",
			       map->name, (ull)base, last, (ull)align,
			       (ull)mu_align_down(base, align),
			       (ull)mu_align_up(base + size, align) - 1);
	if (i && base < range[-1].base + range[-1].size) {
		bool overlap = base + size > range[-1].base;

		return mu_fail(error, overlap ? MU_ERR_OVERLAP : MU_ERR_INVALID,
			       0,
			       "%s: its range 0x%llx-0x%llx %s its range "
			       "0x%llx-0x%llx",
			       map->name, (ull)base, last,
			       overlap ? "overlaps" : "should come before",
			       (ull)range[-1].base,
			       (ull)(range[-1].base + range[-1].size) - 1);
	}
	return MU_OK;
}

static enum mu_status prepare(const struct mu_devices *devices,
			      struct mu_pagemap *map, struct mu_error *error)
{
	enum mu_status status = check_map(devices, map, error);

	for (unsigned i = 0; i < map->nr_ranges && status == MU_OK; i++) {
		struct mu_device_range *range = &map->ranges[i];
		unsigned shift = devices->page_shift;

		status = check_range(devices, map, i, error);
		if (status != MU_OK)
			break;
		range->start = range->base >> shift;
		range->end = (range->base + range->size) >> shift;
		range->first = range->start;
		range->last = range->start +
			      ((range->end - range->start) >> map->order);
		range->hosted = 0;
		/* relaxed: published with the table. */
		atomic_store_explicit(&range->shared.claimed, 0,
				      memory_order_relaxed);
		atomic_store_explicit(&range->shared.ready, 0,
				      memory_order_relaxed);
		status = mu_altmap_place(devices, map, range, error);
	}
	return status;
}

/* ---- Checks against everything else, under (H) ---- */

const struct mu_memblock_region *
mu_device_ram_after(const struct mu_devices *devices, mu_phys_t base)
{
	const struct mu_memblock_type *memory = &devices->memblock->memory;
	unsigned lo = 0, hi = memory->cnt;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (memory->regions[mid].base + memory->regions[mid].size <=
		    base)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < memory->cnt ? &memory->regions[lo] : NULL;
}

enum mu_status mu_device_check_ram(const struct mu_devices *devices,
				   const struct mu_pagemap *map,
				   const struct mu_device_range *range,
				   struct mu_error *error)
{
	const struct mu_memblock_region *region =
		mu_device_ram_after(devices, range->base);

	if (!region || region->base >= range->base + range->size)
		return MU_OK;
	return mu_fail(error, MU_ERR_OVERLAP, 0,
		       "%s: 0x%llx-0x%llx overlaps RAM, 0x%llx-0x%llx of node "
		       "%d",
		       map->name, (ull)range->base,
		       (ull)(range->base + range->size) - 1, (ull)region->base,
		       (ull)(region->base + region->size) - 1,
		       MU_MAX(region->nid, 0));
}

enum mu_status mu_device_check_overlap(const struct mu_devices *devices,
				       const char *what, mu_phys_t base,
				       mu_phys_t size, struct mu_error *error)
{
	mu_pfn_t start = base >> devices->page_shift;
	unsigned i = mu_device_lower_bound(devices, start);
	struct mu_device_line line;

	if (i == mu_device_lines(devices))
		return MU_OK;
	line = mu_device_line(devices, i);
	if (mu_first_byte(devices, line.start) >= base + size)
		return MU_OK;
	return mu_fail(error, MU_ERR_OVERLAP, 0,
		       "%s: 0x%llx-0x%llx overlaps %s, 0x%llx-0x%llx", what,
		       (ull)base, (ull)(base + size) - 1, line.slot->map->name,
		       mu_first_byte(devices, line.start),
		       mu_last_byte(devices, line.end));
}

/* A free slot, or NULL. */
static struct mu_device_slot *find_slot(struct mu_devices *devices)
{
	struct mu_device_slot *slot;

	for (unsigned i = 0; i < devices->nr_slots; i++)
		if (!devices->slots[i].map)
			return &devices->slots[i];
	if (devices->nr_slots == devices->max_ranges)
		return NULL;
	slot = &devices->slots[devices->nr_slots++];
	memset(slot, 0, sizeof(*slot));
	return slot;
}

static enum mu_status enter(struct mu_devices *devices, struct mu_pagemap *map,
			    struct mu_error *error)
{
	unsigned nr = mu_device_lines(devices);
	enum mu_status status = MU_OK;

	for (unsigned i = 0; i < map->nr_ranges && status == MU_OK; i++) {
		const struct mu_device_range *range = &map->ranges[i];

		status = mu_device_check_ram(devices, map, range, error);
		if (status == MU_OK)
			status = mu_device_check_overlap(devices, map->name,
							 range->base,
							 range->size, error);
	}
	if (status != MU_OK)
		return status;
	/* Each pagemap has a range, so there is a slot if there is a line. */
	if (map->nr_ranges > devices->max_ranges - nr) {
		struct mu_device_who who = mu_device_who(map);

		return mu_fail(error, MU_ERR_FULL, 0,
			       "%s: 0x%llx-0x%llx: %u more ranges beside %u, "
			       "and mu_limits.ranges is %u",
			       who.name, who.first, who.last, map->nr_ranges,
			       nr, devices->max_ranges);
	}
	for (unsigned i = 0; i < map->nr_ranges; i++) {
		const struct mu_device_range *range = &map->ranges[i];

		if (!mu_memmap_keep_room(devices->memmap, range->start,
					 range->last)) {
			struct mu_device_who who = mu_device_who(map);

			return mu_fail(error, MU_ERR_FULL, 0,
				       "%s: 0x%llx-0x%llx: the table of "
				       "sections has no room for it: "
				       "mu_limits.late is too small",
				       who.name, who.first, who.last);
		}
	}
	map->slot = find_slot(devices);
	map->slot->map = map;
	/* relaxed: published with the table; a reader that tries a slot which
	 * it found in an older table has to look again. */
	atomic_store_explicit(&map->slot->gone, 0, memory_order_relaxed);
	/* release: such a reader has a reference to it for a moment. */
	atomic_store_explicit(&map->slot->refs, 0, memory_order_release);
	mu_device_table_add(devices, map);
	return MU_OK;
}

static enum mu_status say_registered(const struct mu_pagemap *map,
				     struct mu_error *error)
{
	struct mu_device_who who = mu_device_who(map);

	return mu_fail(error, MU_ERR_BUSY, 0,
		       "%s: 0x%llx-0x%llx is registered, or being registered "
		       "or removed",
		       who.name, who.first, who.last);
}

/* Not all of it could be backed: remove it again. */
static enum mu_status give_up(struct mu_pagemap *map, enum mu_status status,
			      struct mu_error *error)
{
	struct mu_device_who who = mu_device_who(map);
	/* relaxed: a statistic. */
	uint64_t written =
		atomic_load_explicit(&map->written, memory_order_relaxed);

	mu_pagemap_kill(map);
	mu_pagemap_withdraw(map);
	return mu_fail(error, status, 0,
		       "%s: 0x%llx-0x%llx: no backing after %llu descriptors",
		       who.name, who.first, who.last, (ull)written);
}

enum mu_status mu_pagemap_register(struct mu_devices *devices,
				   struct mu_pagemap *map, unsigned threads,
				   struct mu_error *error)
{
	enum mu_status status;

	if (!mu_pagemap_become(map, MU_PAGEMAP_NONE, MU_PAGEMAP_CHANGING))
		return say_registered(map, error);
	map->devices = devices;
	map->wait_ns = map->lock_ns = 0;
	/* relaxed: published with the table. */
	atomic_store_explicit(&map->written, 0, memory_order_relaxed);
	status = prepare(devices, map, error);
	if (status != MU_OK)
		goto out;
	mu_device_lock(devices, map);
	status = enter(devices, map, error);
	mu_device_unlock(devices, map);
	if (status != MU_OK)
		goto out;
	if (!map->lazy)
		status = mu_pagemap_finish(map, threads);
	if (status != MU_OK)
		status = give_up(map, status, error);
out:
	mu_pagemap_become(map, MU_PAGEMAP_CHANGING,
			  status == MU_OK ? MU_PAGEMAP_REGISTERED
					  : MU_PAGEMAP_NONE);
	return status;
}
