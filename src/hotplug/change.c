// SPDX-License-Identifier: MIT
/*
 * What all changes have in common: the range, the lock, excluding other
 * changes, and asking the client.
 */
#include "hotplug/internal.h"

const char *mu_online_str(enum mu_online online)
{
	static const char *const names[] = {"offline", "kernel", "movable",
					    "ratio", "default"};

	return (unsigned)online < MU_ARRAY_SIZE(names) ? names[online]
						       : "unknown";
}

const char *mu_hotplug_event_str(enum mu_hotplug_event event)
{
	static const char *const names[] = {
		"going online",	 "online",  "stays offline",
		"going offline", "offline", "stays online",
	};

	return (unsigned)event < MU_ARRAY_SIZE(names) ? names[event]
						      : "unknown";
}

uint64_t mu_hp_lock(struct mu_hotplug *hotplug)
{
	mu_lock(hotplug->port, &hotplug->devices->lock);
	return hotplug->measure ? mu_clock(hotplug->port) : 0;
}

void mu_hp_unlock(struct mu_hotplug *hotplug, uint64_t began)
{
	if (hotplug->measure) {
		uint64_t ns = mu_clock(hotplug->port) - began;
		/* relaxed: statistics; written under the lock. */
		uint64_t max = atomic_load_explicit(&hotplug->lock_ns_max,
						    memory_order_relaxed);

		atomic_fetch_add_explicit(&hotplug->lock_ns, ns,
					  memory_order_relaxed);
		atomic_store_explicit(&hotplug->lock_ns_max, MU_MAX(max, ns),
				      memory_order_relaxed);
	}
	mu_unlock(&hotplug->devices->lock);
}

enum mu_status mu_hp_range(const struct mu_hotplug *hotplug, const char *what,
			   mu_phys_t base, mu_phys_t size, mu_pfn_t unit,
			   struct mu_hotplug_range *range,
			   struct mu_error *error)
{
	mu_phys_t limit = hotplug->memmap->end_pfn << hotplug->page_shift;
	mu_phys_t align = unit << hotplug->page_shift;
	mu_phys_t last = base + size - 1;

	if (!size || mu_wraps(base, size))
		return mu_fail(
			error, MU_ERR_RANGE, 0,
			"%s 0x%llx bytes at 0x%llx: it is empty or wraps", what,
			(ull)size, (ull)base);
	if (last >= limit)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%s 0x%llx-0x%llx: it passes the end of the "
			       "memmap, 0x0-0x%llx",
			       what, (ull)base, (ull)last, (ull)limit - 1);
	if ((base | size) & (align - 1))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s 0x%llx-0x%llx: it is not a multiple of "
			       "0x%llx; 0x%llx-0x%llx would be",
			       what, (ull)base, (ull)last, (ull)align,
			       (ull)mu_align_down(base, align),
			       (ull)mu_align_up(last + 1, align) - 1);
	*range = (struct mu_hotplug_range){
		.start = base >> hotplug->page_shift,
		.end = (base + size) >> hotplug->page_shift,
		.nid = MU_NO_NODE,
	};
	return MU_OK;
}

enum mu_status mu_hp_begin(struct mu_hotplug *hotplug,
			   struct mu_hotplug_change *change,
			   struct mu_error *error)
{
	const struct mu_hotplug_range *mine = &change->range;
	const struct mu_hotplug_change *other;

	for (other = hotplug->changes; other; other = other->next) {
		const struct mu_hotplug_range *range = &other->range;

		if (range->start < mine->end && mine->start < range->end)
			return mu_fail(
				error, MU_ERR_BUSY, 0,
				"0x%llx-0x%llx cannot be %s: "
				"0x%llx-0x%llx is being %s",
				mu_hp_first(hotplug, mine->start),
				mu_hp_last(hotplug, mine->end), change->what,
				mu_hp_first(hotplug, range->start),
				mu_hp_last(hotplug, range->end), other->what);
	}
	change->next = hotplug->changes;
	hotplug->changes = change;
	return MU_OK;
}

void mu_hp_end(struct mu_hotplug *hotplug, struct mu_hotplug_change *change)
{
	struct mu_hotplug_change **at = &hotplug->changes;

	while (*at != change)
		at = &(*at)->next;
	*at = change->next;
}

enum mu_status mu_hp_ask(struct mu_hotplug *hotplug,
			 enum mu_hotplug_event event,
			 const struct mu_hotplug_range *range,
			 struct mu_error *error)
{
	const struct mu_hotplug_ops *ops = hotplug->ops;
	enum mu_status status;

	if (!ops || !ops->event)
		return MU_OK;
	status = ops->event(hotplug->ops_arg, event, range);
	if (status == MU_OK)
		return MU_OK;
	return mu_fail(error, status, 0,
		       "0x%llx-0x%llx of node %d zone %s, %s: the client "
		       "refused: %s",
		       mu_hp_first(hotplug, range->start),
		       mu_hp_last(hotplug, range->end), range->nid,
		       mu_zone_type_str(range->type),
		       mu_hotplug_event_str(event), mu_status_str(status));
}

void mu_hp_tell(struct mu_hotplug *hotplug, enum mu_hotplug_event event,
		const struct mu_hotplug_range *range)
{
	const struct mu_hotplug_ops *ops = hotplug->ops;

	if (ops && ops->event)
		(void)ops->event(hotplug->ops_arg, event, range);
}

enum mu_status mu_hp_check(const struct mu_hotplug *hotplug, const char *what,
			   struct mu_hotplug_range *range, bool offline,
			   enum mu_status otherwise, struct mu_error *error)
{
	const struct mu_memblock_type *memory = &hotplug->memblock->memory;
	mu_phys_t base = range->start << hotplug->page_shift;
	mu_phys_t end = range->end << hotplug->page_shift, at = base;
	unsigned first = mu_table_after(memory, base);

	for (unsigned i = first; at < end; i++) {
		const struct mu_memblock_region *region = &memory->regions[i];
		bool is_offline;

		if (i == memory->cnt || region->base > at)
			return mu_fail(
				error, MU_ERR_HOLE, 0,
				"0x%llx-0x%llx cannot be %s: there is "
				"no memory at 0x%llx-0x%llx",
				(ull)base, (ull)end - 1, what, (ull)at,
				i == memory->cnt
					? (ull)end - 1
					: (ull)MU_MIN(region->base, end) - 1);
		is_offline = region->flags & MU_MEMBLOCK_OFFLINE;
		if (is_offline != offline)
			return mu_fail(
				error, otherwise, 0,
				"0x%llx-0x%llx cannot be %s: 0x%llx-0x%llx is "
				"%s",
				(ull)base, (ull)end - 1, what,
				(ull)region->base,
				(ull)mu_region_end(region) - 1,
				is_offline ? "offline" : "online");
		if (i == first)
			range->nid = MU_MAX(region->nid, 0);
		if (MU_MAX(region->nid, 0) != range->nid)
			return mu_fail(
				error, MU_ERR_INVALID, 0,
				"0x%llx-0x%llx cannot be %s: it begins on node "
				"%d, but 0x%llx-0x%llx is of node %d",
				(ull)base, (ull)end - 1, what, range->nid,
				(ull)region->base,
				(ull)mu_region_end(region) - 1,
				MU_MAX(region->nid, 0));
		at = mu_region_end(region);
	}
	return MU_OK;
}

enum mu_status mu_hp_flag(struct mu_hotplug *hotplug,
			  const struct mu_hotplug_range *range, uint32_t set,
			  uint32_t clear)
{
	struct mu_table_edit edit = {
		.base = range->start << hotplug->page_shift,
		.end = range->end << hotplug->page_shift,
		.set = set,
		.clear = clear,
	};
	uintptr_t flags =
		mu_lock_irqsave(hotplug->port, hotplug->memblock_lock);
	enum mu_status status = mu_memblock_edit(
		hotplug->memblock, &hotplug->memblock->memory, &edit);

	mu_unlock_irqrestore(hotplug->port, hotplug->memblock_lock, flags);
	return status;
}
