// SPDX-License-Identifier: MIT
/*
 * Pages that the hardware lost.
 *
 * They are listed in one short table. A page that is free leaves the lists at
 * once and its neighbours go back without it. One that is in use is marked:
 * whoever frees or splits it looks at the table. One that is pristine stays so:
 * whoever claims its block looks at the table, and nobody else has to.
 */
#include "base/assert.h"
#include "base/lock.h"
#include "buddy/lists.h"
#include "buddy/memory.h"
#include "buddy/poison.h"
#include "buddy/zone.h"

/* ---- The table, sorted ---- */

static unsigned nr_poisoned(const struct mu_buddy *buddy)
{
	/* relaxed: written under the lock. */
	return atomic_load_explicit(&buddy->nr_poisoned, memory_order_relaxed);
}

static void set_nr_poisoned(struct mu_buddy *buddy, unsigned nr)
{
	/* relaxed: a fence follows where it matters. */
	atomic_store_explicit(&buddy->nr_poisoned, nr, memory_order_relaxed);
}

/* The first entry that is not below @pfn. Under poison_lock. */
static unsigned place_of(const struct mu_buddy *buddy, mu_pfn_t pfn)
{
	unsigned lo = 0, hi = nr_poisoned(buddy);

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (buddy->poisoned[mid] < pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

mu_pfn_t mu_buddy_next_poisoned(struct mu_buddy *buddy, mu_pfn_t pfn,
				mu_pfn_t end)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &buddy->poison_lock);
	unsigned at = place_of(buddy, pfn);

	if (at < nr_poisoned(buddy) && buddy->poisoned[at] < end)
		end = buddy->poisoned[at];
	mu_unlock_irqrestore(buddy->port, &buddy->poison_lock, flags);
	return end;
}

enum mu_status mu_buddy_note_poison(struct mu_buddy *buddy, mu_pfn_t pfn)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &buddy->poison_lock);
	unsigned at = place_of(buddy, pfn), nr = nr_poisoned(buddy);
	enum mu_status status = MU_OK;

	if (at < nr && buddy->poisoned[at] == pfn) {
		status = MU_ERR_OVERLAP;
	} else if (nr == MU_MAX_POISONED) {
		status = MU_ERR_FULL;
	} else {
		for (; nr > at; nr--)
			buddy->poisoned[nr] = buddy->poisoned[nr - 1];
		buddy->poisoned[at] = pfn;
		set_nr_poisoned(buddy, nr_poisoned(buddy) + 1);
	}
	mu_unlock_irqrestore(buddy->port, &buddy->poison_lock, flags);
	/* seq_cst: what the caller reads of the page next is no older. Pairs
	 * with the fence in mu_buddy_has_poison(). */
	atomic_thread_fence(memory_order_seq_cst);
	return status;
}

bool mu_buddy_has_poison(struct mu_buddy *buddy, mu_pfn_t start, mu_pfn_t end)
{
	/* seq_cst: our claim comes before. */
	atomic_thread_fence(memory_order_seq_cst);
	return MU_UNLIKELY(nr_poisoned(buddy)) &&
	       mu_buddy_next_poisoned(buddy, start, end) < end;
}

void mu_buddy_forget_poison(struct mu_buddy *buddy, mu_pfn_t start,
			    mu_pfn_t end)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &buddy->poison_lock);
	unsigned first = place_of(buddy, start), past = place_of(buddy, end);

	for (unsigned i = past; i < nr_poisoned(buddy); i++)
		buddy->poisoned[first + i - past] = buddy->poisoned[i];
	set_nr_poisoned(buddy, nr_poisoned(buddy) - (past - first));
	mu_unlock_irqrestore(buddy->port, &buddy->poison_lock, flags);
}

/* ---- Pages ---- */

/* @page, inside a page of @zone, is about to be a page of its own. In an
 * isolated zone a tail may still name the old zone. */
static void say_zone(struct mu_page *page, const struct mu_zone *zone)
{
	/* release: as in mu_buddy_move(). */
	atomic_store_explicit(&page->zone, (uint16_t)zone->id,
			      memory_order_release);
}

/* Make it a poisoned page of its own. */
static void bury(struct mu_buddy *buddy, struct mu_zone *zone, mu_pfn_t pfn)
{
	struct mu_page *page = mu_pfn_to_page(buddy->memmap, pfn);

	say_zone(page, zone);
	mu_page_set(page, MU_PAGE_POISONED, 0);
	mu_zone_manage(zone, -1);
	zone->poisoned_pages++;
}

static void give_range(struct mu_buddy *buddy, struct mu_zone *zone,
		       mu_pfn_t pfn, mu_pfn_t end)
{
	unsigned order;

	while (mu_memblock_next_chunk(&pfn, end, MU_BLOCK_ORDER, &order)) {
		mu_pfn_t start = pfn - ((mu_pfn_t)1 << order);

		say_zone(mu_pfn_to_page(buddy->memmap, start), zone);
		mu_zone_give(buddy->memmap, zone, start, order);
	}
}

void mu_zone_give_around(struct mu_buddy *buddy, struct mu_zone *zone,
			 mu_pfn_t pfn, unsigned order)
{
	mu_pfn_t end = pfn + ((mu_pfn_t)1 << order), bad;

	mu_page_clear(mu_pfn_to_page(buddy->memmap, pfn), MU_PAGE_HAS_POISON);
	mu_page_set(mu_pfn_to_page(buddy->memmap, pfn), MU_PAGE_TAIL, 0);
	/* All poisoned ones first: their neighbours must not merge across them
	 * when they are given back. */
	for (bad = pfn; (bad = mu_buddy_next_poisoned(buddy, bad, end)) < end;
	     bad++)
		bury(buddy, zone, bad);
	while (pfn < end) {
		bad = mu_buddy_next_poisoned(buddy, pfn, end);
		give_range(buddy, zone, pfn, bad);
		pfn = bad + 1;
	}
}

void mu_buddy_add_around(struct mu_buddy *buddy, struct mu_zone *zone,
			 mu_pfn_t start)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);

	mu_assert(buddy->port, zone->pristine_pages >= MU_BLOCK_PAGES);
	zone->pristine_pages -= MU_BLOCK_PAGES;
	mu_zone_update_mark(zone);
	mu_zone_give_around(buddy, zone, start, MU_BLOCK_ORDER);
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
}

void mu_poison_mark(struct mu_buddy *buddy, mu_pfn_t start, mu_pfn_t end,
		    unsigned to)
{
	mu_pfn_t bad = start;

	for (; (bad = mu_buddy_next_poisoned(buddy, bad, end)) < end; bad++) {
		mu_pfn_t head = mu_align_down(bad, (mu_pfn_t)1 << to);
		struct mu_page *page = mu_pfn_to_page(buddy->memmap, head);
		uintptr_t flags = mu_irq_save(buddy->port);
		struct mu_zone *zone = mu_page_lock_zone(buddy, page);

		mu_page_add(page, MU_PAGE_HAS_POISON);
		mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	}
}

/* The first descriptor of the page of @zone that @pfn is in, or NULL. Under the
 * zone's lock. */
static struct mu_page *find_head(const struct mu_buddy *buddy,
				 const struct mu_zone *zone, mu_pfn_t pfn)
{
	static const unsigned gigantic = MU_GIGANTIC_ORDER;

	for (unsigned order = 0; order <= gigantic;
	     order = order == MU_BLOCK_ORDER ? gigantic : order + 1) {
		mu_pfn_t head = mu_align_down(pfn, (mu_pfn_t)1 << order);
		struct mu_page *page = mu_memmap_lookup(buddy->memmap, head);

		if (page && mu_page_zone(page) == zone->id &&
		    mu_page_kind(page) != MU_PAGE_TAIL &&
		    pfn - head < (mu_pfn_t)1 << page->order)
			return page;
		if (order == gigantic)
			break;
	}
	return NULL;
}

/* Mark the allocated @page, so that whoever frees it looks at the table. False
 * when it is being freed already. */
static bool mark(struct mu_page *page)
{
	uint8_t state = mu_page_flags(page);

	/* relaxed: the table is read under its own lock. */
	while ((state & MU_PAGE_KIND) == MU_PAGE_ALLOCATED)
		if (mu_page_swap_state(page, &state,
				       (uint8_t)(state | MU_PAGE_HAS_POISON)))
			return true;
	return (state & MU_PAGE_KIND) != MU_PAGE_CACHED;
}

/* Poison a page of @zone, under its lock. False when the page is not there, or
 * is in a cache, or on its way from its holder to one or to the lists. */
static bool poison_in(struct mu_buddy *buddy, struct mu_zone *zone,
		      mu_pfn_t pfn, bool *later)
{
	uintptr_t flags = mu_lock_irqsave(buddy->port, &zone->lock);
	struct mu_page *page = find_head(buddy, zone, pfn);
	bool found = page;

	*later = true;
	if (page && mu_page_kind(page) == MU_PAGE_FREE) {
		mu_pfn_t head = mu_page_to_pfn(buddy->memmap, page);
		unsigned order = page->order;

		mu_list_remove(buddy->memmap, zone, head);
		mu_zone_give_around(buddy, zone, head, order);
		*later = false;
	} else if (page && mu_page_kind(page) == MU_PAGE_POISONED) {
		/* Whoever initialised its block left it out. */
		*later = false;
	} else if (page) {
		found = mark(page);
	}
	mu_unlock_irqrestore(buddy->port, &zone->lock, flags);
	return found;
}

/* The same while the zone's caches are empty. */
static bool poison_uncached(struct mu_buddy *buddy, struct mu_zone *zone,
			    mu_pfn_t pfn, bool *later)
{
	bool found;

	mu_buddy_shut(buddy, zone);
	found = poison_in(buddy, zone, pfn, later);
	mu_buddy_open(buddy, zone);
	return found;
}

enum mu_status mu_buddy_poison_noted(struct mu_buddy *buddy, mu_pfn_t pfn,
				     bool *later)
{
	const struct mu_page *page = mu_memmap_head(buddy->memmap, pfn);
	struct mu_zone *zone;
	uint16_t isolated;

	if (!page)
		return MU_ERR_BUSY;
	zone = mu_page_zone_ptr(buddy, page);
	if (poison_in(buddy, zone, pfn, later) ||
	    poison_uncached(buddy, zone, pfn, later))
		return MU_OK;
	isolated = buddy->nodes[zone->nid].zone_id[MU_ZONE_ISOLATED];
	if (isolated != MU_NO_ZONE &&
	    poison_in(buddy, &buddy->zones[isolated], pfn, later))
		return MU_OK;
	/* It is being freed, or a gigantic page is being split. */
	return MU_ERR_BUSY;
}

enum mu_status mu_buddy_poison(struct mu_buddy *buddy, mu_pfn_t pfn,
			       bool *later)
{
	enum mu_status status;

	if (pfn >= buddy->memmap->end_pfn)
		return MU_ERR_HOLE;
	if (!mu_memmap_head(buddy->memmap, pfn))
		return MU_ERR_PRISTINE;
	status = mu_buddy_note_poison(buddy, pfn);
	for (unsigned spins = 0; status == MU_OK; spins++) {
		if (mu_buddy_poison_noted(buddy, pfn, later) == MU_OK)
			return MU_OK;
		mu_pause(buddy->port, spins);
	}
	return status;
}
