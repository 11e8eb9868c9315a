// SPDX-License-Identifier: MIT
/*
 * Credits: how allocations keep to a zone's marks without a shared counter.
 */
#include "block/block.h"

/* How many credits a slot takes at once, and keeps at most. */
#define CREDITS_TAKE 2048
#define CREDITS_KEEP 8192

bool mu_block_spend(struct mu_block_slot *slot, int64_t pages)
{
	/* relaxed: a number, which publishes nothing. */
	int64_t have =
		atomic_load_explicit(&slot->credits, memory_order_relaxed);

	while (have >= pages)
		if (atomic_compare_exchange_weak_explicit(
			    &slot->credits, &have, have - pages,
			    memory_order_relaxed, memory_order_relaxed))
			return true;
	return false;
}

void mu_block_earn(struct mu_block_zone *zone, struct mu_block_slot *slot,
		   int64_t pages)
{
	/* relaxed: as above. */
	int64_t have = pages + atomic_fetch_add_explicit(&slot->credits, pages,
							 memory_order_relaxed);

	if (MU_LIKELY(have <= CREDITS_KEEP))
		return;
	if (mu_block_spend(slot, have - CREDITS_KEEP / 2))
		atomic_fetch_add_explicit(&zone->avail, have - CREDITS_KEEP / 2,
					  memory_order_relaxed);
}

/* Take @pages and up to @more from what the zone has above @mark. */
static bool take(struct mu_block_zone *zone, struct mu_block_slot *slot,
		 int64_t pages, int64_t mark, int64_t more)
{
	/* relaxed: as above. */
	int64_t have = atomic_load_explicit(&zone->avail, memory_order_relaxed);
	int64_t low = atomic_load_explicit(&zone->low, memory_order_relaxed);
	int64_t extra;

	do {
		if (have - pages < mark)
			return false;
		/* Credits are above the low mark; and so that all slots may
		 * take some, none takes much of a little. */
		extra = (have - pages - MU_MAX(mark, low)) /
			(2 * (int64_t)zone->nr_slots);
		extra = MU_MAX(MU_MIN(extra, more), 0);
	} while (!atomic_compare_exchange_weak_explicit(
		&zone->avail, &have, have - pages - extra, memory_order_relaxed,
		memory_order_relaxed));
	if (extra)
		atomic_fetch_add_explicit(&slot->credits, extra,
					  memory_order_relaxed);
	return true;
}

bool mu_block_reserve(struct mu_block_zone *zone, struct mu_block_slot *slot,
		      int64_t pages, int64_t mark)
{
	if (take(zone, slot, pages, mark, CREDITS_TAKE))
		return true;
	for (unsigned i = 0; i < zone->nr_slots; i++) {
		struct mu_block_slot *other = &zone->slots[i];
		int64_t had;

		/* relaxed: as above. Only a look, so that lines of CPUs that
		 * have nothing stay with them. */
		if (!atomic_load_explicit(&other->credits,
					  memory_order_relaxed))
			continue;
		had = atomic_exchange_explicit(&other->credits, 0,
					       memory_order_relaxed);
		atomic_fetch_add_explicit(&zone->avail, had,
					  memory_order_relaxed);
		if (take(zone, slot, pages, mark, 0))
			return true;
	}
	return false;
}

int64_t mu_block_free_pages(const struct mu_block_zone *zone)
{
	/* relaxed: a snapshot. */
	int64_t pages =
		atomic_load_explicit(&zone->avail, memory_order_relaxed);

	for (unsigned i = 0; i < zone->nr_slots; i++)
		pages += atomic_load_explicit(&zone->slots[i].credits,
					      memory_order_relaxed);
	return pages;
}
