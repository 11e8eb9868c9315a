// SPDX-License-Identifier: MIT
/*
 * A page that the hardware lost, in any state.
 */
#include "buddy/memory.h"
#include "deferred/memory.h"
#include "hotplug/internal.h"

/* Who is bringing @pfn online, or taking it offline? Under (H). */
static const struct mu_hotplug_change *
change_of(const struct mu_hotplug *hotplug, mu_pfn_t pfn)
{
	const struct mu_hotplug_change *change = hotplug->changes;

	while (change &&
	       (pfn < change->range.start || pfn >= change->range.end))
		change = change->next;
	return change;
}

/* Does the page at @pfn of @region belong to nobody, so that a note is all? */
static bool is_nobodys(const struct mu_hotplug *hotplug, mu_pfn_t pfn,
		       const struct mu_memblock_region *region)
{
	return region->flags & (MU_MEMBLOCK_OFFLINE | MU_MEMBLOCK_NOMAP) ||
	       !pfn ||
	       mu_memblock_is_region_reserved(
		       hotplug->memblock, pfn << hotplug->page_shift,
		       (mu_phys_t)1 << hotplug->page_shift);
}

/* The noted page at @pfn, of a range that is coming or going. It may be in use
 * or isolated; what is pristine, or has gone, comes back without the page. */
static enum mu_status try_changing(const struct mu_hotplug *hotplug,
				   const struct mu_hotplug_change *change,
				   mu_pfn_t pfn, bool *later)
{
	const struct mu_hotplug_range *range = &change->range;
	struct mu_buddy *buddy = hotplug->buddy;
	uint16_t id = buddy->nodes[range->nid].zone_id[range->type];
	enum mu_status status;
	bool busy;

	if (change->leaving)
		return MU_OK;
	/* Before the look: a block that is on its way to the lists is found
	 * here or there. */
	busy = id != MU_NO_ZONE &&
	       mu_deferred_is_busy(hotplug->deferred, &buddy->zones[id]);
	status = mu_buddy_poison_noted(buddy, pfn, later);
	return busy || mu_memmap_head(hotplug->memmap, pfn) ? status : MU_OK;
}

/*
 * Under (H). Note the page first, then look where it is: from the note on,
 * whoever claims its block leaves it out, and whoever claimed it before is seen
 * here. MU_ERR_BUSY: it is between two states, look again.
 */
static enum mu_status try_once(struct mu_hotplug *hotplug, mu_pfn_t pfn,
			       bool *noted, bool *later)
{
	const struct mu_memblock_region *region = mu_table_search(
		&hotplug->memblock->memory, pfn << hotplug->page_shift);
	const struct mu_hotplug_change *change;
	enum mu_status status = MU_OK;

	if (!region)
		return *noted ? MU_OK : MU_ERR_HOLE;
	if (!*noted)
		status = mu_buddy_note_poison(hotplug->buddy, pfn);
	if (status != MU_OK)
		return status;
	*noted = true;
	change = change_of(hotplug, pfn);
	if (region->flags & MU_MEMBLOCK_OFFLINE && change)
		return try_changing(hotplug, change, pfn, later);
	if (is_nobodys(hotplug, pfn, region) ||
	    mu_deferred_is_pristine(hotplug->deferred,
				    mu_layout_zone_at(hotplug->layout,
						      hotplug->buddy,
						      region->nid, pfn),
				    pfn, NULL))
		return MU_OK;
	return mu_buddy_poison_noted(hotplug->buddy, pfn, later);
}

static const char *why(enum mu_status status)
{
	switch (status) {
	case MU_ERR_HOLE:
		return "there is no memory";
	case MU_ERR_OVERLAP:
		return "it is known already";
	case MU_ERR_FULL:
	default:
		return "there are " MU_STR(MU_MAX_POISONED) " already: whoever "
							    "holds it keeps it";
	}
}

/* Not RAM; perhaps a device's, whose owner is told without (H). */
static enum mu_status tell_owner(struct mu_hotplug *hotplug, mu_pfn_t pfn,
				 struct mu_error *error)
{
	enum mu_status status =
		mu_device_memory_failure(hotplug->devices, pfn, 1);

	if (status == MU_OK || status == MU_ERR_NOT_FOUND)
		return status;
	return mu_fail(error, status, 0,
		       "pfn 0x%llx (0x%llx-0x%llx) is a device's, which says: "
		       "%s",
		       (ull)pfn, mu_hp_first(hotplug, pfn),
		       mu_hp_last(hotplug, pfn + 1), mu_status_str(status));
}

enum mu_status mu_memory_failure(struct mu_hotplug *hotplug, mu_pfn_t pfn,
				 bool *later, struct mu_error *error)
{
	enum mu_status status = MU_ERR_HOLE;
	bool ignored, noted = false;

	later = later ? later : &ignored;
	*later = false;
	for (unsigned spins = 0; pfn < hotplug->memmap->end_pfn; spins++) {
		uint64_t began = mu_hp_lock(hotplug);

		status = try_once(hotplug, pfn, &noted, later);
		mu_hp_unlock(hotplug, began);
		if (status != MU_ERR_BUSY)
			break;
		mu_pause(hotplug->port, spins);
	}
	if (status == MU_ERR_HOLE && pfn < hotplug->memmap->end_pfn) {
		enum mu_status told = tell_owner(hotplug, pfn, error);

		if (told != MU_ERR_NOT_FOUND)
			return told;
	}
	if (status == MU_OK)
		return MU_OK;
	return mu_fail(error, status, 0,
		       "pfn 0x%llx (0x%llx-0x%llx) is not poisoned: %s",
		       (ull)pfn, mu_hp_first(hotplug, pfn),
		       mu_hp_last(hotplug, pfn + 1), why(status));
}
