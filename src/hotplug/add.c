// SPDX-License-Identifier: MIT
/*
 * Memory that appears, and disappears: what memblock, the table of sections and
 * the hosts record about it. The allocator does not know it yet, or any more.
 */
#include "hotplug/internal.h"
#include "memmap/blocks.h"

/* Check that nothing of @range is in @type. */
static enum mu_status check_free(const struct mu_hotplug *hotplug,
				 const struct mu_memblock_type *type,
				 const struct mu_hotplug_range *range,
				 struct mu_error *error)
{
	mu_phys_t base = range->start << hotplug->page_shift;
	mu_phys_t end = range->end << hotplug->page_shift;
	unsigned i = mu_table_after(type, base);
	const struct mu_memblock_region *region = &type->regions[i];

	if (i == type->cnt || region->base >= end)
		return MU_OK;
	return mu_fail(error, MU_ERR_OVERLAP, 0,
		       "RAM cannot be added at 0x%llx-0x%llx: it overlaps "
		       "%s, 0x%llx-0x%llx",
		       (ull)base, (ull)end - 1,
		       type == &hotplug->memblock->memory ? "RAM"
							  : "what is reserved",
		       (ull)region->base, (ull)mu_region_end(region) - 1);
}

mu_pfn_t mu_hp_hosting_pages(const struct mu_hotplug *hotplug, mu_pfn_t start,
			     mu_pfn_t end)
{
	mu_phys_t bytes = (end - start) * sizeof(struct mu_page);

	return mu_align_up(bytes, MU_BLOCK_PAGES << hotplug->page_shift) >>
	       hotplug->page_shift;
}

/* Checks that depend on nothing but the machine. */
static enum mu_status check_add(const struct mu_hotplug *hotplug,
				const struct mu_hotplug_range *range, int nid,
				unsigned flags, struct mu_error *error)
{
	ull first = mu_hp_first(hotplug, range->start);
	ull last = mu_hp_last(hotplug, range->end);
	mu_pfn_t hosting =
		mu_hp_hosting_pages(hotplug, range->start, range->end);

	if (nid < 0 || (unsigned)nid >= hotplug->buddy->nr_nodes)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "RAM cannot be added at 0x%llx-0x%llx: node %d "
			       "is not one of 0-%u",
			       first, last, nid, hotplug->buddy->nr_nodes - 1);
	if (flags & ~MU_ADD_HOSTED)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "RAM cannot be added at 0x%llx-0x%llx: flags "
			       "0x%x, of which 0x%x are known",
			       first, last, flags, MU_ADD_HOSTED);
	if (!(flags & MU_ADD_HOSTED))
		return MU_OK;
	if (!hotplug->port->memmap_map_at || !hotplug->port->memmap_unmap_at)
		return mu_fail(error, MU_ERR_UNSUPPORTED, 0,
			       "0x%llx-0x%llx cannot host its descriptors "
			       "without the port's memmap_map_at and "
			       "memmap_unmap_at",
			       first, last);
	if (hosting >= range->end - range->start)
		return mu_fail(error, MU_ERR_NOMEM, 0,
			       "0x%llx-0x%llx cannot host its descriptors: "
			       "they take 0x%llx-0x%llx",
			       first, last, first,
			       mu_hp_last(hotplug, range->start + hosting));
	return MU_OK;
}

/* Enter it everywhere. Under (H). */
static enum mu_status enter(struct mu_hotplug *hotplug,
			    const struct mu_hotplug_range *range,
			    unsigned flags, struct mu_error *error)
{
	struct mu_memblock *memblock = hotplug->memblock;
	mu_phys_t base = range->start << hotplug->page_shift;
	mu_phys_t size = (range->end - range->start) << hotplug->page_shift;
	bool hosted = flags & MU_ADD_HOSTED;
	struct mu_table_edit edit = {
		.base = base,
		.end = base + size,
		.fill = true,
		.fill_flags = MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_OFFLINE,
		.fill_nid = range->nid,
	};
	const char *full = "mu_limits.ranges";
	enum mu_status status;
	uintptr_t irq;

	status = check_free(hotplug, &memblock->memory, range, error);
	if (status == MU_OK)
		status = check_free(hotplug, &memblock->reserved, range, error);
	if (status == MU_OK)
		status = mu_device_check_overlap(hotplug->devices, "RAM", base,
						 size, error);
	if (status != MU_OK)
		return status;
	if (!mu_memmap_keep_room(hotplug->memmap, range->start, range->end)) {
		full = "mu_limits.late";
		status = MU_ERR_FULL;
	} else if (hosted) {
		status = mu_memmap_add_host(hotplug->memmap, range->start,
					    range->end, base);
	}
	if (status == MU_OK) {
		irq = mu_lock_irqsave(hotplug->port, hotplug->memblock_lock);
		status = mu_memblock_edit(memblock, &memblock->memory, &edit);
		mu_unlock_irqrestore(hotplug->port, hotplug->memblock_lock,
				     irq);
		if (status != MU_OK && hosted)
			mu_memmap_remove_host(hotplug->memmap, range->start);
	}
	if (status == MU_OK)
		return MU_OK;
	return mu_fail(error, status, 0,
		       "RAM cannot be added at 0x%llx-0x%llx: a table has no "
		       "room (%u regions of %u): %s is too small",
		       (ull)base, (ull)(base + size) - 1, memblock->memory.cnt,
		       memblock->memory.max, full);
}

enum mu_status mu_hotplug_add(struct mu_hotplug *hotplug, mu_phys_t base,
			      mu_phys_t size, int nid, enum mu_online online,
			      unsigned flags, struct mu_error *error)
{
	struct mu_hotplug_change change = {.what = "added"};
	enum mu_status status =
		mu_hp_range(hotplug, "RAM cannot be added at", base, size,
			    MU_SECTION_PAGES, &change.range, error);
	uint64_t began;

	if (status == MU_OK)
		status = check_add(hotplug, &change.range, nid, flags, error);
	if (status != MU_OK)
		return status;
	change.range.nid = nid;
	began = mu_hp_lock(hotplug);
	status = mu_hp_begin(hotplug, &change, error);
	if (status == MU_OK) {
		status = enter(hotplug, &change.range, flags, error);
		mu_hp_end(hotplug, &change);
	}
	mu_hp_unlock(hotplug, began);
	if (online == MU_ONLINE_DEFAULT)
		online = hotplug->auto_online;
	if (status == MU_OK && online != MU_ONLINE_NO)
		status = mu_hotplug_online(hotplug, base, size, online, error);
	return status;
}

/* ---- Away ---- */

/* Does a host of descriptors extend across an end of @range? */
static enum mu_status check_hosts(const struct mu_hotplug *hotplug,
				  const struct mu_hotplug_range *range,
				  struct mu_error *error)
{
	struct mu_memmap_host host;
	mu_pfn_t pfn = range->start;

	for (; mu_memmap_next_host(hotplug->memmap, pfn, &host) &&
	       host.start < range->end;
	     pfn = host.end) {
		if (host.start >= range->start && host.end <= range->end)
			continue;
		return mu_fail(error, MU_ERR_BUSY, 0,
			       "0x%llx-0x%llx cannot be removed: it has a part "
			       "of 0x%llx-0x%llx, which hosts its own "
			       "descriptors",
			       mu_hp_first(hotplug, range->start),
			       mu_hp_last(hotplug, range->end),
			       mu_hp_first(hotplug, host.start),
			       mu_hp_last(hotplug, host.end));
	}
	return MU_OK;
}

/* No descriptors are in use any more, so release their backing: the hosts', and
 * what the port backed along with neighbours of blocks that were offline
 * already. O(sections of which any is backed): not under (H), but while the
 * range is listed. */
static void unback(struct mu_hotplug *hotplug,
		   const struct mu_hotplug_range *range)
{
	struct mu_memmap_host host;
	mu_pfn_t pfn = range->start;

	for (; mu_memmap_next_host(hotplug->memmap, pfn, &host) &&
	       host.start < range->end;
	     pfn = host.end) {
		mu_memmap_unback(hotplug->memmap, pfn, host.start);
		mu_memmap_unback_sections(hotplug->memmap, host.start,
					  host.end);
	}
	mu_memmap_unback(hotplug->memmap, pfn, range->end);
}

/* May it go? Under (H). */
static enum mu_status check_remove(struct mu_hotplug *hotplug,
				   struct mu_hotplug_range *range,
				   struct mu_error *error)
{
	enum mu_status status = mu_hp_check(hotplug, "removed", range, true,
					    MU_ERR_BUSY, error);

	if (status == MU_ERR_HOLE) {
		/* That error's text fits here, too. */
		if (error)
			error->status = MU_ERR_NOT_FOUND;
		return MU_ERR_NOT_FOUND;
	}
	return status == MU_OK ? check_hosts(hotplug, range, error) : status;
}

/* Forget it. Under (H). */
static enum mu_status leave(struct mu_hotplug *hotplug,
			    const struct mu_hotplug_range *range,
			    struct mu_error *error)
{
	struct mu_table_edit edit = {
		.base = range->start << hotplug->page_shift,
		.end = range->end << hotplug->page_shift,
		.drop = true,
	};
	struct mu_memmap_host host;
	uintptr_t flags =
		mu_lock_irqsave(hotplug->port, hotplug->memblock_lock);
	enum mu_status status = mu_memblock_edit(
		hotplug->memblock, &hotplug->memblock->memory, &edit);

	mu_unlock_irqrestore(hotplug->port, hotplug->memblock_lock, flags);
	if (status != MU_OK)
		return mu_fail(error, status, 0,
			       "0x%llx-0x%llx cannot be removed: memblock has "
			       "%u regions of at most %u",
			       (ull)edit.base, (ull)edit.end - 1,
			       hotplug->memblock->memory.cnt,
			       hotplug->memblock->memory.max);
	mu_buddy_forget_poison(hotplug->buddy, range->start, range->end);
	while (mu_memmap_next_host(hotplug->memmap, range->start, &host) &&
	       host.start < range->end)
		mu_memmap_remove_host(hotplug->memmap, host.start);
	return MU_OK;
}

enum mu_status mu_hotplug_remove(struct mu_hotplug *hotplug, mu_phys_t base,
				 mu_phys_t size, struct mu_error *error)
{
	struct mu_hotplug_change change = {.what = "removed"};
	enum mu_status status =
		mu_hp_range(hotplug, "no RAM can be removed at", base, size,
			    MU_SECTION_PAGES, &change.range, error);
	uint64_t began;

	if (status != MU_OK)
		return status;
	began = mu_hp_lock(hotplug);
	status = mu_hp_begin(hotplug, &change, error);
	if (status != MU_OK) {
		mu_hp_unlock(hotplug, began);
		return status;
	}
	status = check_remove(hotplug, &change.range, error);
	if (status == MU_OK) {
		mu_hp_unlock(hotplug, began);
		unback(hotplug, &change.range);
		began = mu_hp_lock(hotplug);
		status = leave(hotplug, &change.range, error);
	}
	mu_hp_end(hotplug, &change);
	mu_hp_unlock(hotplug, began);
	return status;
}
