// SPDX-License-Identifier: MIT
/*
 * Chains of allocations, and the consumers that allocate for each CPU.
 */
#include "base/bits.h"
#include "base/port.h"
#include "boot/early.h"
#include "memup/early.h"

void mu_early_init(struct mu_early *early)
{
	*early = (struct mu_early){.first = MU_NO_PFN, .last = MU_NO_PFN};
}

static void append(struct mu_mm *mm, struct mu_early *early, mu_pfn_t pfn,
		   unsigned order)
{
	mu_pfn_to_page(&mm->memmap, pfn)->private_data = MU_NO_PFN;
	if (early->first == MU_NO_PFN)
		early->first = pfn;
	else
		mu_pfn_to_page(&mm->memmap, early->last)->private_data = pfn;
	early->last = pfn;
	early->allocations++;
	early->pages += (uint64_t)1 << order;
	/* Single pages: no more often than a block is initialised. */
	if (order == MU_BLOCK_ORDER || early->pages % MU_BLOCK_PAGES == 0)
		mu_watchdog(mm->port);
}

/* One piece of 2^@order pages. */
static enum mu_status take_piece(struct mu_mm *mm, int nid, unsigned order,
				 struct mu_early *early)
{
	enum mu_status status;
	mu_pfn_t pfn, end;

	if (order <= MU_BLOCK_ORDER) {
		status = mu_alloc_pages(&mm->buddy, nid, order, 0, &pfn);
		if (status == MU_OK)
			append(mm, early, pfn, order);
		return status;
	}
	status = mu_alloc_run(&mm->deferred, nid, order, 0, &pfn);
	if (status != MU_OK)
		return status;
	for (end = pfn + ((mu_pfn_t)1 << order); pfn < end;
	     pfn += MU_BLOCK_PAGES)
		append(mm, early, pfn, MU_BLOCK_ORDER);
	return MU_OK;
}

static enum mu_status take_pages(struct mu_mm *mm, int nid, uint64_t pages,
				 unsigned order, struct mu_early *early)
{
	while (pages) {
		enum mu_status status;

		order = MU_MIN(order, mu_log2(pages));
		status = take_piece(mm, nid, order, early);
		if (status == MU_OK)
			pages -= (uint64_t)1 << order;
		else if (status == MU_ERR_NOMEM && order)
			order--;
		else
			return status;
	}
	return MU_OK;
}

mu_pfn_t mu_early_next(const struct mu_mm *mm, const struct mu_early *early,
		       mu_pfn_t pfn)
{
	return pfn == early->last
		       ? MU_NO_PFN
		       : mu_pfn_to_page(&mm->memmap, pfn)->private_data;
}

enum mu_status mu_early_free(struct mu_mm *mm, struct mu_early *early)
{
	while (early->first != MU_NO_PFN) {
		mu_pfn_t pfn = early->first;
		mu_pfn_t next = mu_early_next(mm, early, pfn);
		unsigned order = mu_pfn_to_page(&mm->memmap, pfn)->order;
		enum mu_status status = mu_free_pages(&mm->buddy, pfn, order);

		if (status != MU_OK)
			return status;
		early->first = next;
		early->allocations--;
		early->pages -= (uint64_t)1 << order;
		if (early->pages % MU_BLOCK_PAGES == 0)
			mu_watchdog(mm->port);
	}
	mu_early_init(early);
	return MU_OK;
}

enum mu_status mu_early_undo(struct mu_mm *mm, struct mu_early *early,
			     enum mu_status status)
{
	/* Nobody else has seen what was allocated here: it can be freed. */
	if (status != MU_OK && mu_early_free(mm, early) != MU_OK)
		return MU_ERR_CORRUPT;
	return status;
}

static enum mu_status bytes_to_pages(const struct mu_mm *mm, uint64_t bytes,
				     uint64_t *pages)
{
	if (!bytes)
		return MU_ERR_INVALID;
	if (bytes > MU_PHYS_MAX)
		return MU_ERR_RANGE;
	*pages = ((bytes - 1) >> mm->page_shift) + 1;
	return MU_OK;
}

enum mu_status mu_early_pages(struct mu_mm *mm, int nid, uint64_t bytes,
			      unsigned max_order, struct mu_early *early)
{
	uint64_t pages;
	enum mu_status status = bytes_to_pages(mm, bytes, &pages);

	mu_early_init(early);
	if (status != MU_OK)
		return status;
	if (max_order > MU_GIGANTIC_ORDER)
		return MU_ERR_RANGE;
	status = take_pages(mm, nid, pages, max_order, early);
	return mu_early_undo(mm, early, status);
}

/* @pages for each CPU in pieces of 2^@order, near its node. */
static enum mu_status take_percpu(struct mu_mm *mm, uint64_t pages,
				  unsigned order, mu_pfn_t *first,
				  unsigned nr_first, struct mu_early *early)
{
	unsigned cpus = mu_cpu_count(mm->port);
	enum mu_status status = MU_OK;

	if (first && nr_first < cpus)
		return MU_ERR_FULL;
	for (unsigned cpu = 0; cpu < cpus && status == MU_OK; cpu++) {
		int nid = mu_cpu_node(mm->port, cpu);

		for (uint64_t i = 0; i < pages && status == MU_OK;
		     i += (uint64_t)1 << order) {
			status = take_piece(mm, nid, order, early);
			if (first && !i)
				first[cpu] = early->last;
		}
	}
	return mu_early_undo(mm, early, status);
}

enum mu_status mu_early_percpu(struct mu_mm *mm, uint64_t bytes,
			       mu_pfn_t *first, unsigned nr_first,
			       struct mu_early *early)
{
	uint64_t pages;
	enum mu_status status = bytes_to_pages(mm, bytes, &pages);
	unsigned order;

	mu_early_init(early);
	if (status != MU_OK)
		return status;
	if (pages > MU_BLOCK_PAGES)
		return MU_ERR_RANGE;
	order = mu_log2(pages) + !mu_is_pow2(pages);
	return take_percpu(mm, (uint64_t)1 << order, order, first, nr_first,
			   early);
}

enum mu_status mu_early_trace(struct mu_mm *mm, uint64_t bytes, mu_pfn_t *first,
			      unsigned nr_first, struct mu_early *early)
{
	uint64_t pages;
	enum mu_status status = bytes_to_pages(mm, bytes, &pages);

	mu_early_init(early);
	if (status != MU_OK)
		return status;
	return take_percpu(mm, pages, 0, first, nr_first, early);
}
