// SPDX-License-Identifier: MIT
/*
 * Blocks that are online, on their way out: gathered in a zone of their own,
 * asked for, and taken away or put back.
 */
#include "buddy/memory.h"
#include "hotplug/internal.h"
#include "hotplug/isolated.h"
#include "memmap/blocks.h"

/* ---- Walks over what is online ---- */

static bool has_bit(const _Atomic uint32_t *mask, mu_pfn_t pfn)
{
	/* acquire: the descriptors were written before. */
	return atomic_load_explicit(mask, memory_order_acquire) &
	       mu_block_bit(pfn);
}

/* The first block at or after *@pfn that is online; false when there is none.
 */
static bool next_online(const struct mu_isolated *isolated, mu_pfn_t *pfn)
{
	const struct mu_memmap *memmap = isolated->hotplug->memmap;

	while (*pfn < isolated->range.end) {
		const struct mu_section *section =
			mu_memmap_section(memmap, *pfn);

		if (section && has_bit(&section->online, *pfn))
			return true;
		/* relaxed: no older than the bit just read. */
		if (section && atomic_load_explicit(&section->online,
						    memory_order_relaxed))
			*pfn += MU_BLOCK_PAGES;
		else
			*pfn = mu_memmap_section_end(memmap, *pfn);
	}
	return false;
}

static bool is_gigantic(const struct mu_isolated *isolated, mu_pfn_t pfn)
{
	return has_bit(
		&mu_memmap_section(isolated->hotplug->memmap, pfn)->gigantic,
		pfn);
}

static bool is_isolated(const struct mu_isolated *isolated, mu_pfn_t pfn)
{
	const struct mu_page *page =
		mu_pfn_to_page(isolated->hotplug->memmap, pfn);

	/* A block's first page names its zone; nobody but us changes it. */
	return mu_page_zone(page) == isolated->zone->id;
}

/* The number of pages of what begins at block @pfn: a gigantic page, a block,
 * or 0 for a block of a gigantic page that is being freed or split. */
static mu_pfn_t pages_at(const struct mu_isolated *isolated, mu_pfn_t pfn)
{
	if (!is_gigantic(isolated, pfn))
		return MU_BLOCK_PAGES;
	return pfn & (MU_GIGANTIC_PAGES - 1) ? 0 : MU_GIGANTIC_PAGES;
}

/* ---- Asking ---- */

void mu_isolated_be_patient(struct mu_isolated *isolated, uint64_t ns)
{
	isolated->once = !ns;
	isolated->deadline = mu_clock(isolated->hotplug->port) + ns;
	if (isolated->deadline < ns)
		isolated->deadline = UINT64_MAX;
}

static bool is_over(const struct mu_isolated *isolated)
{
	return isolated->once ||
	       mu_clock(isolated->hotplug->port) >= isolated->deadline;
}

static enum mu_status in_use(const struct mu_isolated *isolated, mu_pfn_t pfn,
			     unsigned order, enum mu_status status,
			     struct mu_error *error)
{
	const struct mu_hotplug *hotplug = isolated->hotplug;
	mu_pfn_t end = pfn + ((mu_pfn_t)1 << order);

	return mu_fail(error, status, 0,
		       "0x%llx-0x%llx cannot be taken offline: 0x%llx-0x%llx "
		       "is in use%s%s",
		       mu_hp_first(hotplug, isolated->range.start),
		       mu_hp_last(hotplug, isolated->range.end),
		       mu_hp_first(hotplug, pfn), mu_hp_last(hotplug, end),
		       status == MU_ERR_BUSY ? ""
					     : ", and the client will not give "
					       "it back: ",
		       status == MU_ERR_BUSY ? "" : mu_status_str(status));
}

/* Ask the client for a page; MU_OK also if it may come later. */
static enum mu_status ask(const struct mu_isolated *isolated, mu_pfn_t pfn,
			  unsigned order, struct mu_error *error)
{
	const struct mu_hotplug *hotplug = isolated->hotplug;
	enum mu_status status;

	if (!hotplug->ops || !hotplug->ops->migrate)
		return MU_OK;
	status = hotplug->ops->migrate(hotplug->ops_arg, pfn, order);
	if (status == MU_OK || status == MU_ERR_BUSY)
		return MU_OK;
	return in_use(isolated, pfn, order, status, error);
}

/* ---- Gather ---- */

/* Ask for a gigantic page that extends beyond the range: it has to be split or
 * freed first. */
static enum mu_status ask_for_gigantic(struct mu_isolated *isolated,
				       mu_pfn_t head, bool over,
				       struct mu_error *error)
{
	const struct mu_page *page =
		mu_memmap_lookup(isolated->hotplug->memmap, head);

	if (!page || mu_page_kind(page) != MU_PAGE_ALLOCATED)
		return MU_OK;
	if (over)
		return in_use(isolated, head, MU_GIGANTIC_ORDER, MU_ERR_BUSY,
			      error);
	return ask(isolated, head, MU_GIGANTIC_ORDER, error);
}

/* Isolate what is at @pfn; *@pages is how much was isolated. */
static enum mu_status isolate(struct mu_isolated *isolated, mu_pfn_t pfn,
			      mu_pfn_t *pages, struct mu_error *error)
{
	const struct mu_hotplug *hotplug = isolated->hotplug;
	mu_pfn_t have = pages_at(isolated, pfn);
	enum mu_status status;

	*pages = 0;
	if (!have)
		return MU_OK;
	if (!is_isolated(isolated, pfn)) {
		status = mu_buddy_move(hotplug->buddy, isolated->from,
				       isolated->zone, pfn,
				       have == MU_GIGANTIC_PAGES);
		if (status == MU_ERR_RESERVED)
			return mu_fail(
				error, status, 0,
				"0x%llx-0x%llx cannot be taken offline: some "
				"page of 0x%llx-0x%llx is reserved",
				mu_hp_first(hotplug, isolated->range.start),
				mu_hp_last(hotplug, isolated->range.end),
				mu_hp_first(hotplug, pfn),
				mu_hp_last(hotplug, pfn + have));
		if (status != MU_OK)
			return MU_OK;
	}
	*pages = have;
	return MU_OK;
}

enum mu_status mu_isolated_gather(struct mu_isolated *isolated, mu_pfn_t *pages,
				  struct mu_error *error)
{
	const struct mu_hotplug_range *range = &isolated->range;
	enum mu_status status = MU_OK;
	mu_pfn_t pfn = range->start;
	bool over = isolated->asked && is_over(isolated);

	*pages = 0;
	/* Once for all blocks, so that their caches are not filled again for
	 * each. */
	mu_buddy_shut(isolated->hotplug->buddy, isolated->from);
	while (status == MU_OK && next_online(isolated, &pfn)) {
		mu_pfn_t head = mu_align_down(pfn, MU_GIGANTIC_PAGES);
		mu_pfn_t got, end = head + MU_GIGANTIC_PAGES;

		if (is_gigantic(isolated, pfn) &&
		    (head < range->start || end > range->end)) {
			isolated->asked = true;
			status = ask_for_gigantic(isolated, head, over, error);
			pfn = end;
			continue;
		}
		status = isolate(isolated, pfn, &got, error);
		*pages += got;
		pfn += MU_MAX(got, MU_BLOCK_PAGES);
	}
	mu_buddy_open(isolated->hotplug->buddy, isolated->from);
	return status;
}

/* ---- Clear ---- */

/* Ask for what is in use in the isolated block, or gigantic page, at @pfn; is
 * anything? */
static enum mu_status ask_for_block(struct mu_isolated *isolated, mu_pfn_t pfn,
				    mu_pfn_t pages, bool over, bool *used,
				    struct mu_error *error)
{
	struct mu_buddy *buddy = isolated->hotplug->buddy;
	/* A gigantic page has only its head to look at. */
	mu_pfn_t at = pfn, end = pfn + MU_MIN(pages, MU_BLOCK_PAGES);
	enum mu_status status = MU_OK;
	unsigned order;

	while (status == MU_OK && at < end &&
	       mu_buddy_find_in_use(buddy, isolated->zone, end, &at, &order)) {
		*used = true;
		/* It is not allocated at this moment. */
		if (order == MU_NR_ORDERS)
			break;
		status = over ? in_use(isolated, at, order, MU_ERR_BUSY, error)
			      : ask(isolated, at, order, error);
		at += (mu_pfn_t)1 << order;
	}
	return status;
}

enum mu_status mu_isolated_clear(struct mu_isolated *isolated,
				 struct mu_error *error)
{
	const struct mu_hotplug *hotplug = isolated->hotplug;
	mu_pfn_t first = isolated->range.start; /* all before it is free */
	enum mu_status status = MU_OK;
	bool over = false;

	for (unsigned spins = 0; status == MU_OK; spins++) {
		bool used = false;
		mu_pfn_t pfn = first;

		while (status == MU_OK && next_online(isolated, &pfn)) {
			mu_pfn_t pages = pages_at(isolated, pfn);

			if (pages)
				status = ask_for_block(isolated, pfn, pages,
						       over, &used, error);
			else
				used = true;
			pfn += MU_MAX(pages, MU_BLOCK_PAGES);
			if (!used)
				first = pfn;
		}
		if (!used)
			break;
		/* Look once more after asking for the last time: it may have
		 * been given back. */
		over = is_over(isolated);
		mu_watchdog(hotplug->port);
		mu_pause(hotplug->port, spins);
	}
	return status;
}

/* ---- Back, or away ---- */

void mu_isolated_put_back(struct mu_isolated *isolated)
{
	struct mu_buddy *buddy = isolated->hotplug->buddy;
	bool left = true;

	for (unsigned spins = 0; left; spins++) {
		mu_pfn_t pfn = isolated->range.start, pages;

		left = false;
		for (; next_online(isolated, &pfn);
		     pfn += MU_MAX(pages, MU_BLOCK_PAGES)) {
			pages = pages_at(isolated, pfn);
			if (!pages || !is_isolated(isolated, pfn))
				continue;
			if (mu_buddy_move(buddy, isolated->zone, isolated->from,
					  pfn,
					  pages == MU_GIGANTIC_PAGES) != MU_OK)
				left = true;
		}
		/* A gigantic page that is being freed or split: block by block.
		 */
		if (left)
			mu_pause(isolated->hotplug->port, spins);
	}
}

static bool is_hosted(const struct mu_isolated *isolated)
{
	const struct mu_hotplug_range *range = &isolated->range;
	struct mu_memmap_host host;

	return mu_memmap_next_host(isolated->hotplug->memmap, range->start,
				   &host) &&
	       host.start < range->end;
}

void mu_isolated_take_away(struct mu_isolated *isolated)
{
	struct mu_hotplug *hotplug = isolated->hotplug;
	mu_pfn_t pfn = isolated->range.start;

	for (; next_online(isolated, &pfn); pfn += MU_BLOCK_PAGES) {
		bool out =
			mu_buddy_extract(hotplug->buddy, isolated->zone, pfn);

		mu_verify(hotplug->port, out);
		mu_memmap_withdraw(hotplug->memmap, pfn, pfn + MU_BLOCK_PAGES);
		mu_memmap_forget(hotplug->memmap, pfn, pfn + MU_BLOCK_PAGES);
	}
}

void mu_isolated_unback(struct mu_isolated *isolated)
{
	/* A range that hosts its own descriptors gains nothing: they stay where
	 * they are until it is removed. */
	if (!is_hosted(isolated))
		mu_memmap_unback(isolated->hotplug->memmap,
				 isolated->range.start, isolated->range.end);
}
