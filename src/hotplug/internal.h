/* SPDX-License-Identifier: MIT */
/* internal: what the files of this floor share. */
#ifndef MU_HOTPLUG_INTERNAL_H
#define MU_HOTPLUG_INTERNAL_H

#include "base/assert.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/port.h"
#include "base/string.h"
#include "hotplug/layout.h"
#include "memblock/find.h"

typedef unsigned long long ull;

/* First and last byte of a range of pfns, for a message. */
static inline ull mu_hp_first(const struct mu_hotplug *hotplug, mu_pfn_t pfn)
{
	return (ull)pfn << hotplug->page_shift;
}

static inline ull mu_hp_last(const struct mu_hotplug *hotplug, mu_pfn_t end)
{
	return ((ull)end << hotplug->page_shift) - 1;
}

/* A range that is being changed: on its changer's stack, listed under (H). */
struct mu_hotplug_change {
	struct mu_hotplug_change *next;
	struct mu_hotplug_range range;
	const char *what; /* "brought online", ... */
	bool leaving;	  /* its descriptors go: nobody may read them (H) */
};

/* ---- change.c ---- */

/* Take and release (H), measuring the time. */
uint64_t mu_hp_lock(struct mu_hotplug *hotplug);
void mu_hp_unlock(struct mu_hotplug *hotplug, uint64_t began);

/*
 * Store the pages of [@base, @base + @size), multiples of @unit pages, in
 * *@range; @what names the operation in messages. MU_ERR_RANGE, MU_ERR_INVALID.
 */
enum mu_status mu_hp_range(const struct mu_hotplug *hotplug, const char *what,
			   mu_phys_t base, mu_phys_t size, mu_pfn_t unit,
			   struct mu_hotplug_range *range,
			   struct mu_error *error) MU_MUST_CHECK;

/* List @change, unless another one touches its range: MU_ERR_BUSY. Under (H).
 */
enum mu_status mu_hp_begin(struct mu_hotplug *hotplug,
			   struct mu_hotplug_change *change,
			   struct mu_error *error) MU_MUST_CHECK;
void mu_hp_end(struct mu_hotplug *hotplug, struct mu_hotplug_change *change);

/* Ask the client, or notify it. */
enum mu_status mu_hp_ask(struct mu_hotplug *hotplug,
			 enum mu_hotplug_event event,
			 const struct mu_hotplug_range *range,
			 struct mu_error *error) MU_MUST_CHECK;
void mu_hp_tell(struct mu_hotplug *hotplug, enum mu_hotplug_event event,
		const struct mu_hotplug_range *range);

/*
 * Is all of @range memory, of one node, and each region offline as @offline
 * says? Its node in range->nid. MU_ERR_HOLE; @otherwise if a region is not so.
 * Under (H).
 */
enum mu_status mu_hp_check(const struct mu_hotplug *hotplug, const char *what,
			   struct mu_hotplug_range *range, bool offline,
			   enum mu_status otherwise,
			   struct mu_error *error) MU_MUST_CHECK;

/* Edit memblock's memory: @set and @clear on the regions of @range. Under (H).
 */
enum mu_status mu_hp_flag(struct mu_hotplug *hotplug,
			  const struct mu_hotplug_range *range, uint32_t set,
			  uint32_t clear) MU_MUST_CHECK;

/* ---- add.c ---- */

/* Pages that the descriptors of [@start, @end) occupy, in whole blocks. */
mu_pfn_t mu_hp_hosting_pages(const struct mu_hotplug *hotplug, mu_pfn_t start,
			     mu_pfn_t end);

/* ---- zone.c: all under (H) ---- */

/* The zone of @type on node @nid, made if there is none yet; NULL: no room. */
struct mu_zone *mu_hp_zone(struct mu_hotplug *hotplug, int nid,
			   enum mu_zone_type type);

/* [@start, @end) of @zone is present from now on; or not any more. memblock has
 * been updated already. */
void mu_hp_grow_span(struct mu_hotplug *hotplug, struct mu_zone *zone,
		     mu_pfn_t start, mu_pfn_t end);
void mu_hp_shrink_span(struct mu_hotplug *hotplug, struct mu_zone *zone,
		       mu_pfn_t start, mu_pfn_t end);

/* Memory of node @nid changed: update the marks and the fast path's zones. */
void mu_hp_rebalance(struct mu_hotplug *hotplug, int nid);

#endif
