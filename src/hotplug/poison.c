// SPDX-License-Identifier: MIT
/*
 * A page that the hardware lost, in any state.
 */
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

/* Under (H). MU_ERR_PRISTINE with the zone in *@zone: its block has to be
 * initialised first; without: look again. */
static enum mu_status try_once(struct mu_hotplug *hotplug, mu_pfn_t pfn,
			       bool *later, struct mu_zone **zone)
{
	const struct mu_memblock *memblock = hotplug->memblock;
	mu_phys_t base = pfn << hotplug->page_shift;
	const struct mu_memblock_region *region =
		mu_table_search(&memblock->memory, base);
	const struct mu_hotplug_change *change;
	enum mu_status status;

	if (!region)
		return MU_ERR_HOLE;
	change = change_of(hotplug, pfn);
	if (region->flags & MU_MEMBLOCK_OFFLINE && change) {
		/* It may be in use, or isolated; pristine memory belongs to
		 * whoever is changing it. */
		status = change->leaving
				 ? MU_ERR_PRISTINE
				 : mu_buddy_poison(hotplug->buddy, pfn, later);
		return status == MU_ERR_PRISTINE ? MU_ERR_BUSY : status;
	}
	if (region->flags & (MU_MEMBLOCK_OFFLINE | MU_MEMBLOCK_NOMAP) || !pfn ||
	    mu_memblock_is_region_reserved(memblock, base,
					   (mu_phys_t)1 << hotplug->page_shift))
		return mu_buddy_note_poison(hotplug->buddy, pfn);
	*zone = mu_layout_zone_at(hotplug->layout, hotplug->buddy, region->nid,
				  pfn);
	return mu_buddy_poison(hotplug->buddy, pfn, later);
}

/*
 * Initialise the block that @pfn is in, without (H), as an allocation does.
 * Whatever happens to the block meanwhile, it is claimed from an extent or not
 * at all, and taking it offline has to get it from there, too. MU_OK: look
 * again.
 */
static enum mu_status init_block(struct mu_hotplug *hotplug,
				 struct mu_zone *zone, mu_pfn_t pfn)
{
	enum mu_status status = mu_deferred_init_block(
		hotplug->deferred, zone, mu_align_down(pfn, MU_BLOCK_PAGES));

	/* Somebody else has claimed it, or it is in no extent by now. */
	return status == MU_ERR_BUSY ? MU_OK : status;
}

static const char *why(enum mu_status status)
{
	switch (status) {
	case MU_ERR_HOLE:
		return "there is no memory";
	case MU_ERR_OVERLAP:
		return "it is known already";
	case MU_ERR_FULL:
		return "there are " MU_STR(MU_MAX_POISONED) ", or its extent "
							    "cannot be cut";
	case MU_ERR_NOMEM:
		return "its block cannot be backed";
	default:
		return "it is coming online or going offline";
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
	bool ignored;

	later = later ? later : &ignored;
	*later = false;
	for (unsigned spins = 0; pfn < hotplug->memmap->end_pfn; spins++) {
		uint64_t began = mu_hp_lock(hotplug);
		struct mu_zone *zone = NULL;

		status = try_once(hotplug, pfn, later, &zone);
		mu_hp_unlock(hotplug, began);
		if (status != MU_ERR_PRISTINE)
			break;
		status = zone ? init_block(hotplug, zone, pfn) : MU_OK;
		if (status != MU_OK)
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
