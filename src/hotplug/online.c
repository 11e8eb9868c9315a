// SPDX-License-Identifier: MIT
/*
 * From offline to the allocator. What can fail comes first: room is kept for
 * the extents of every piece, and zones are made. Then the client is asked;
 * after that only memblock's table can fail.
 */
#include "buddy/memory.h"
#include "deferred/memory.h"
#include "hotplug/internal.h"
#include "memmap/blocks.h"

/* One walk over the pieces of a range, each in one zone. */
struct pieces {
	struct mu_hotplug *hotplug;
	enum { KEEP_ROOM, GIVE_ROOM_BACK, COME } step;
	unsigned nr; /* extents that room was kept for, and not given back */
	enum mu_status status;
};

static void keep_room(struct pieces *pieces, const struct mu_zone *zone)
{
	if (mu_deferred_promise(pieces->hotplug->deferred, zone))
		pieces->nr++;
	else
		pieces->status = MU_ERR_FULL;
}

static void piece_of_extent(struct pieces *pieces, struct mu_zone *zone,
			    mu_pfn_t start, mu_pfn_t end)
{
	struct mu_deferred *deferred = pieces->hotplug->deferred;

	switch (pieces->step) {
	case KEEP_ROOM:
		keep_room(pieces, zone);
		break;
	case GIVE_ROOM_BACK:
		if (pieces->nr) {
			mu_deferred_unpromise(deferred, zone);
			pieces->nr--;
		}
		break;
	case COME:
	default:
		mu_deferred_add_late(deferred, zone, start, end);
	}
}

static void walk_piece(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct pieces *pieces = arg;
	struct mu_hotplug *hotplug = pieces->hotplug;
	struct mu_zone *zone;

	if (pieces->status != MU_OK)
		return;
	zone = mu_hp_zone(hotplug, nid, type);
	/* A zone that ends inside a block cannot have blocks there. */
	if (!zone || (start | end) & (MU_BLOCK_PAGES - 1)) {
		pieces->status = zone ? MU_ERR_INVALID : MU_ERR_FULL;
		return;
	}
	if (pieces->step == COME)
		mu_hp_grow_span(hotplug, zone, start, end);
	piece_of_extent(pieces, zone, start, end);
}

static enum mu_status walk(struct pieces *pieces,
			   const struct mu_hotplug_range *range, unsigned flag)
{
	pieces->status = MU_OK;
	mu_layout_cut_as(pieces->hotplug->layout, range->nid, flag,
			 range->start, range->end, walk_piece, pieces);
	return pieces->status;
}

static void give_room_back(struct pieces *pieces,
			   const struct mu_hotplug_range *range, unsigned flag)
{
	pieces->step = GIVE_ROOM_BACK;
	(void)walk(pieces, range, flag);
}

/* Leave out what hosts descriptors at the beginning of @range. Under (H). */
static enum mu_status leave_host_out(const struct mu_hotplug *hotplug,
				     struct mu_hotplug_range *range,
				     struct mu_error *error)
{
	struct mu_memmap_host host;
	mu_pfn_t pfn = range->start;

	for (; mu_memmap_next_host(hotplug->memmap, pfn, &host) &&
	       host.start < range->end;
	     pfn = host.end) {
		mu_pfn_t end =
			host.start +
			mu_hp_hosting_pages(hotplug, host.start, host.end);

		if (end <= range->start)
			continue;
		if (host.start > range->start || end >= range->end)
			return mu_fail(error, MU_ERR_RESERVED, 0,
				       "0x%llx-0x%llx cannot be brought "
				       "online: 0x%llx-0x%llx hosts the "
				       "descriptors of 0x%llx-0x%llx",
				       mu_hp_first(hotplug, range->start),
				       mu_hp_last(hotplug, range->end),
				       mu_hp_first(hotplug, host.start),
				       mu_hp_last(hotplug, end),
				       mu_hp_first(hotplug, host.start),
				       mu_hp_last(hotplug, host.end));
		range->start = end;
	}
	return MU_OK;
}

static enum mu_status say(const struct mu_hotplug *hotplug,
			  const struct mu_hotplug_range *range,
			  enum mu_status status, struct mu_error *error)
{
	const char *why = "a zone ends inside of a block";

	if (status == MU_ERR_FULL)
		why = "a table has no room for it (zones, extents or memblock)";
	return mu_fail(error, status, 0,
		       "0x%llx-0x%llx of node %d cannot be brought online: %s",
		       mu_hp_first(hotplug, range->start),
		       mu_hp_last(hotplug, range->end), range->nid, why);
}

/* Do all that can fail, and keep room for the rest. Under (H). */
static enum mu_status prepare(struct pieces *pieces,
			      struct mu_hotplug_change *change, unsigned flag,
			      struct mu_error *error)
{
	struct mu_hotplug *hotplug = pieces->hotplug;
	struct mu_hotplug_range *range = &change->range;
	enum mu_status status = mu_hp_check(hotplug, "brought online", range,
					    true, MU_ERR_BUSY, error);

	if (status == MU_OK)
		status = leave_host_out(hotplug, range, error);
	if (status != MU_OK)
		return status;
	range->type = mu_layout_type_as(hotplug->layout, range->nid, flag,
					range->start);
	status = walk(pieces, range, flag);
	if (status == MU_OK)
		return MU_OK;
	give_room_back(pieces, range, flag);
	return say(hotplug, range, status, error);
}

/* Under (H). */
static enum mu_status come(struct pieces *pieces,
			   const struct mu_hotplug_range *range, unsigned flag,
			   struct mu_error *error)
{
	struct mu_hotplug *hotplug = pieces->hotplug;
	unsigned other = flag ^ (MU_MEMBLOCK_KERNEL | MU_MEMBLOCK_MOVABLE);
	enum mu_status status =
		mu_hp_flag(hotplug, range, flag, other | MU_MEMBLOCK_OFFLINE);

	if (status != MU_OK) {
		give_room_back(pieces, range, flag);
		return say(hotplug, range, status, error);
	}
	pieces->step = COME;
	status = walk(pieces, range, flag);
	mu_hp_rebalance(hotplug, range->nid);
	return status;
}

/* MOVABLE if MOVABLE zones do not have too much then. Under (H). */
static enum mu_online by_ratio(const struct mu_hotplug *hotplug,
			       const struct mu_hotplug_range *range)
{
	const struct mu_buddy *buddy = hotplug->buddy;
	/* relaxed: zones come, and their pages change, under (H). */
	unsigned nr =
		atomic_load_explicit(&buddy->nr_zones, memory_order_relaxed);
	uint64_t movable = range->end - range->start, kernel = 0;
	/* So that the product fits. */
	uint64_t percent = MU_MIN(hotplug->movable_ratio, 1u << 20);

	for (unsigned i = 0; i < nr; i++) {
		const struct mu_zone *zone = &buddy->zones[i];
		uint64_t pages = atomic_load_explicit(&zone->present_pages,
						      memory_order_relaxed);

		if (zone->type == MU_ZONE_MOVABLE)
			movable += pages;
		else
			kernel += pages;
	}
	return movable * 100 <= kernel * percent ? MU_ONLINE_MOVABLE
						 : MU_ONLINE_KERNEL;
}

/* memblock's flag for it. Under (H). */
static unsigned flag_of(const struct mu_hotplug *hotplug, enum mu_online online,
			const struct mu_hotplug_range *range)
{
	if (online == MU_ONLINE_RATIO)
		online = by_ratio(hotplug, range);
	return online == MU_ONLINE_MOVABLE ? MU_MEMBLOCK_MOVABLE
					   : MU_MEMBLOCK_KERNEL;
}

/* What cannot be backed stays pristine, and is initialised on demand. */
static void initialise(struct mu_hotplug *hotplug)
{
	enum mu_status ignored =
		mu_deferred_finish(hotplug->deferred, hotplug->threads);

	(void)ignored;
}

enum mu_status mu_hotplug_online(struct mu_hotplug *hotplug, mu_phys_t base,
				 mu_phys_t size, enum mu_online online,
				 struct mu_error *error)
{
	unsigned flag = 0;
	struct mu_hotplug_change change = {.what = "brought online"};
	struct pieces pieces = {.hotplug = hotplug, .step = KEEP_ROOM};
	enum mu_status status, asked;
	uint64_t began;

	if (online != MU_ONLINE_KERNEL && online != MU_ONLINE_MOVABLE &&
	    online != MU_ONLINE_RATIO)
		return mu_fail(
			error, MU_ERR_INVALID, 0,
			"0x%llx bytes at 0x%llx cannot be brought "
			"online: as %u, which is neither kernel, movable "
			"nor ratio",
			(ull)size, (ull)base, (unsigned)online);
	status = mu_hp_range(hotplug, "nothing can be brought online at", base,
			     size, MU_BLOCK_PAGES, &change.range, error);
	if (status != MU_OK)
		return status;
	began = mu_hp_lock(hotplug);
	status = mu_hp_begin(hotplug, &change, error);
	if (status == MU_OK) {
		flag = flag_of(hotplug, online, &change.range);
		status = prepare(&pieces, &change, flag, error);
		if (status != MU_OK)
			mu_hp_end(hotplug, &change);
	}
	mu_hp_unlock(hotplug, began);
	if (status != MU_OK)
		return status;
	asked = mu_hp_ask(hotplug, MU_GOING_ONLINE, &change.range, error);
	began = mu_hp_lock(hotplug);
	if (asked == MU_OK)
		status = come(&pieces, &change.range, flag, error);
	else
		give_room_back(&pieces, &change.range, flag);
	mu_hp_end(hotplug, &change);
	mu_hp_unlock(hotplug, began);
	if (asked != MU_OK)
		return asked;
	if (status == MU_OK && hotplug->policy != MU_POLICY_LAZY)
		initialise(hotplug);
	mu_hp_tell(hotplug, status == MU_OK ? MU_CAME_ONLINE : MU_STAYS_OFFLINE,
		   &change.range);
	return status;
}
