// SPDX-License-Identifier: MIT
/*
 * From the allocator to offline.
 *
 *     begin     the range is checked and listed, memblock calls it offline: (H)
 *     gather    what is pristine is claimed, what is online is isolated, blocks
 *               that others are initialising are waited for, until all of it is
 *               claimed or isolated
 *     clear     what is in use is asked for, until nothing is
 *     finish    taken out: no descriptors, no backing; counters: (H)
 *
 * Nothing is gone until clear has succeeded, so putting everything back means
 * to move isolated blocks back to their zone and to make the pristine pieces
 * extents again, for which room was kept. Pieces are few: a range without
 * reserved memory in it was made into at most three extents, and each cut added
 * one more.
 */
#include "deferred/memory.h"
#include "hotplug/internal.h"
#include "hotplug/isolated.h"
#include "memmap/blocks.h"

#define MAX_PIECES 64

/* Pristine memory that was taken out of the extents. */
struct piece {
	mu_pfn_t start, end;
};

struct offline {
	struct mu_hotplug_change change;
	struct mu_isolated isolated;
	struct piece pieces[MAX_PIECES];
	unsigned nr_pieces;
	mu_pfn_t withdrawn; /* pages in them */
};

/* ---- Begin: under (H) ---- */

struct one_zone {
	struct mu_hotplug_range first; /* piece */
	struct mu_hotplug_range second;
	unsigned nr;
};

static void note_piece(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t start, mu_pfn_t end)
{
	struct one_zone *one = arg;
	struct mu_hotplug_range range = {start, end, nid, type};

	if (!one->nr++) {
		one->first = range;
	} else if (type == one->first.type) {
		one->nr--;
	} else {
		one->second = range;
	}
}

/* Is all of @range in one zone? Region by region. */
static enum mu_status check_zone(const struct mu_hotplug *hotplug,
				 struct mu_hotplug_range *range,
				 struct mu_error *error)
{
	struct one_zone one = {.nr = 0};
	mu_pfn_t start, end;
	uint64_t cursor;

	mu_for_each_mem_pfn_range (hotplug->memblock, cursor, MU_NO_NODE,
				   &start, &end, NULL) {
		start = MU_MAX(start, range->start);
		end = MU_MIN(end, range->end);
		mu_layout_cut(hotplug->layout, range->nid, start, end,
			      note_piece, &one);
	}
	range->type = one.first.type;
	if (one.nr == 1)
		return MU_OK;
	return mu_fail(error, MU_ERR_INVALID, 0,
		       "0x%llx-0x%llx cannot be taken offline: 0x%llx-0x%llx "
		       "is in zone %s, 0x%llx-0x%llx in zone %s",
		       mu_hp_first(hotplug, range->start),
		       mu_hp_last(hotplug, range->end),
		       mu_hp_first(hotplug, one.first.start),
		       mu_hp_last(hotplug, one.first.end),
		       mu_zone_type_str(one.first.type),
		       mu_hp_first(hotplug, one.second.start),
		       mu_hp_last(hotplug, one.second.end),
		       mu_zone_type_str(one.second.type));
}

/* Check that nothing of it is reserved, and that each block is of one zone. */
static enum mu_status check_reserved(const struct mu_hotplug *hotplug,
				     const struct mu_hotplug_range *range,
				     struct mu_error *error)
{
	const struct mu_memblock_type *reserved = &hotplug->memblock->reserved;
	mu_phys_t base = range->start << hotplug->page_shift;
	mu_phys_t end = range->end << hotplug->page_shift;
	unsigned i = mu_table_after(reserved, base);
	mu_pfn_t ragged = mu_memmap_next_ragged(hotplug->memmap, range->start,
						range->end);

	if (i < reserved->cnt && reserved->regions[i].base < end)
		return mu_fail(error, MU_ERR_RESERVED, 0,
			       "0x%llx-0x%llx cannot be taken offline: "
			       "0x%llx-0x%llx is reserved",
			       (ull)base, (ull)end - 1,
			       (ull)reserved->regions[i].base,
			       (ull)mu_region_end(&reserved->regions[i]) - 1);
	if (ragged < range->end)
		return mu_fail(error, MU_ERR_RESERVED, 0,
			       "0x%llx-0x%llx cannot be taken offline: the "
			       "block 0x%llx-0x%llx was not free memory of one "
			       "zone from end to end at the start",
			       (ull)base, (ull)end - 1,
			       mu_hp_first(hotplug, ragged),
			       mu_hp_last(hotplug, ragged + MU_BLOCK_PAGES));
	return MU_OK;
}

static enum mu_status check(struct mu_hotplug *hotplug, struct offline *offline,
			    struct mu_error *error)
{
	struct mu_hotplug_range *range = &offline->change.range;
	struct mu_isolated *isolated = &offline->isolated;
	struct mu_node *node;
	enum mu_status status = mu_hp_check(hotplug, "taken offline", range,
					    false, MU_ERR_OFFLINE, error);

	if (status == MU_OK)
		status = check_reserved(hotplug, range, error);
	if (status == MU_OK)
		status = check_zone(hotplug, range, error);
	if (status != MU_OK)
		return status;
	node = &hotplug->buddy->nodes[range->nid];
	isolated->hotplug = hotplug;
	isolated->range = *range;
	isolated->from = &hotplug->buddy->zones[node->zone_id[range->type]];
	isolated->zone = mu_hp_zone(hotplug, range->nid, MU_ZONE_ISOLATED);
	if (isolated->zone)
		return MU_OK;
	return mu_fail(error, MU_ERR_FULL, 0,
		       "0x%llx-0x%llx cannot be taken offline: there are %u "
		       "zones of at most %u",
		       mu_hp_first(hotplug, range->start),
		       mu_hp_last(hotplug, range->end),
		       hotplug->buddy->max_zones, hotplug->buddy->max_zones);
}

/* ---- Gather ---- */

/* Take all that is pristine. */
static enum mu_status withdraw(struct offline *offline, struct mu_error *error)
{
	const struct mu_hotplug_range *range = &offline->change.range;
	struct mu_isolated *isolated = &offline->isolated;
	struct mu_deferred *deferred = isolated->hotplug->deferred;
	enum mu_status status = MU_OK;

	while (status == MU_OK) {
		struct piece *piece = &offline->pieces[offline->nr_pieces];
		mu_pfn_t pfn, pages;

		status =
			offline->nr_pieces == MAX_PIECES
				? MU_ERR_FULL
				: mu_deferred_withdraw(deferred, isolated->from,
						       range->start, range->end,
						       &pfn, &pages);
		if (status != MU_OK)
			break;
		*piece = (struct piece){pfn, pfn + pages};
		offline->nr_pieces++;
		offline->withdrawn += pages;
	}
	if (status == MU_ERR_NOT_FOUND)
		return MU_OK;
	return mu_fail(
		error, status, 0,
		"0x%llx-0x%llx cannot be taken offline: it has pristine "
		"memory in more pieces than there is room for (%u taken)",
		mu_hp_first(isolated->hotplug, range->start),
		mu_hp_last(isolated->hotplug, range->end), offline->nr_pieces);
}

static enum mu_status gather(struct offline *offline, struct mu_error *error)
{
	struct mu_isolated *isolated = &offline->isolated;
	const struct mu_hotplug_range *range = &offline->change.range;
	mu_pfn_t all = range->end - range->start;
	enum mu_status status = MU_OK;

	for (unsigned spins = 0; status == MU_OK; spins++) {
		mu_pfn_t got = 0;

		status = withdraw(offline, error);
		if (status == MU_OK && offline->withdrawn < all)
			status = mu_isolated_gather(isolated, &got, error);
		if (offline->withdrawn + got == all)
			break;
		/* Somebody is initialising a block, or holds a page that
		 * extends beyond the range. */
		mu_pause(isolated->hotplug->port, spins);
	}
	return status;
}

/* ---- Back, or away ---- */

static void put_back(struct offline *offline)
{
	struct mu_isolated *isolated = &offline->isolated;
	struct mu_deferred *deferred = isolated->hotplug->deferred;

	mu_isolated_put_back(isolated);
	while (offline->nr_pieces) {
		struct piece *piece = &offline->pieces[--offline->nr_pieces];

		mu_deferred_add_late(deferred, isolated->from, piece->start,
				     piece->end);
	}
}

static void take_away(struct offline *offline)
{
	struct mu_isolated *isolated = &offline->isolated;
	struct mu_deferred *deferred = isolated->hotplug->deferred;
	uint64_t began = mu_hp_lock(isolated->hotplug);

	/* CPUs that read descriptors under (H) are done, and will not do so
	 * again. */
	offline->change.leaving = true;
	mu_hp_unlock(isolated->hotplug, began);
	if (offline->withdrawn < isolated->range.end - isolated->range.start)
		mu_isolated_take_away(isolated);
	/* CPUs that saw it pristine may be about to back it. */
	mu_deferred_settle(deferred, isolated->from);
	mu_isolated_unback(isolated);
	while (offline->nr_pieces) {
		mu_deferred_unpromise(deferred, isolated->from);
		offline->nr_pieces--;
	}
}

/* Clear the flag; the regions that it split merge again, so this cannot fail.
 */
static void stay(struct mu_hotplug *hotplug, struct mu_hotplug_change *change)
{
	enum mu_status status =
		mu_hp_flag(hotplug, &change->range, 0, MU_MEMBLOCK_OFFLINE);

	mu_verify(hotplug->port, status == MU_OK);
}

static enum mu_status begin(struct mu_hotplug *hotplug, struct offline *offline,
			    struct mu_error *error)
{
	enum mu_status status = mu_hp_begin(hotplug, &offline->change, error);

	if (status != MU_OK)
		return status;
	status = check(hotplug, offline, error);
	if (status != MU_OK)
		mu_hp_end(hotplug, &offline->change);
	return status;
}

static enum mu_status mark(struct mu_hotplug *hotplug,
			   const struct mu_hotplug_range *range,
			   struct mu_error *error)
{
	enum mu_status status =
		mu_hp_flag(hotplug, range, MU_MEMBLOCK_OFFLINE, 0);

	if (status == MU_OK)
		return MU_OK;
	return mu_fail(error, status, 0,
		       "0x%llx-0x%llx cannot be taken offline: memblock has %u "
		       "regions of at most %u",
		       mu_hp_first(hotplug, range->start),
		       mu_hp_last(hotplug, range->end),
		       hotplug->memblock->memory.cnt,
		       hotplug->memblock->memory.max);
}

/* Update counters and marks for what is left. Under (H). */
static void count_out(struct mu_hotplug *hotplug, struct offline *offline)
{
	const struct mu_hotplug_range *range = &offline->change.range;

	mu_hp_shrink_span(hotplug, offline->isolated.from, range->start,
			  range->end);
	mu_hp_rebalance(hotplug, range->nid);
}

enum mu_status mu_hotplug_offline(struct mu_hotplug *hotplug, mu_phys_t base,
				  mu_phys_t size, uint64_t patience,
				  struct mu_error *error)
{
	struct offline offline = {.change.what = "taken offline"};
	struct mu_hotplug_range *range = &offline.change.range;
	enum mu_status status =
		mu_hp_range(hotplug, "nothing can be taken offline at", base,
			    size, MU_BLOCK_PAGES, range, error);
	bool asked;
	uint64_t began;

	if (status != MU_OK)
		return status;
	began = mu_hp_lock(hotplug);
	status = begin(hotplug, &offline, error);
	mu_hp_unlock(hotplug, began);
	if (status != MU_OK)
		return status;
	status = mu_hp_ask(hotplug, MU_GOING_OFFLINE, range, error);
	asked = status == MU_OK;
	began = mu_hp_lock(hotplug);
	if (asked)
		status = mark(hotplug, range, error);
	if (status != MU_OK)
		mu_hp_end(hotplug, &offline.change);
	mu_hp_unlock(hotplug, began);
	if (status != MU_OK)
		goto out;

	mu_isolated_be_patient(&offline.isolated, patience);
	status = gather(&offline, error);
	if (status == MU_OK && offline.withdrawn < range->end - range->start)
		status = mu_isolated_clear(&offline.isolated, error);
	if (status == MU_OK)
		take_away(&offline);
	else
		put_back(&offline);

	began = mu_hp_lock(hotplug);
	if (status == MU_OK)
		count_out(hotplug, &offline);
	else
		stay(hotplug, &offline.change);
	mu_hp_end(hotplug, &offline.change);
	mu_hp_unlock(hotplug, began);
out:
	if (asked)
		mu_hp_tell(hotplug,
			   status == MU_OK ? MU_WENT_OFFLINE : MU_STAYS_ONLINE,
			   range);
	return status;
}
