// SPDX-License-Identifier: MIT
/*
 * backing_window: windows of memory for descriptors, and pages for the tables
 * that map them. See memup/backing.h.
 *
 * A window begins and ends at whole units, so that no page of descriptors has
 * two windows; a unit that two regions share belongs to the first.
 */
#include "base/fmt.h"
#include "memup/backing.h"

/* Room for windows that have to be halved. */
#define MORE_WINDOWS 62

static uint64_t bytes_of(mu_pfn_t start, mu_pfn_t end)
{
	return (end - start) * sizeof(struct mu_page);
}

static mu_phys_t page_of(const struct mu_backing *backing)
{
	return (mu_phys_t)1 << backing->tables.page_shift;
}

mu_pfn_t mu_backing_unit(const struct mu_backing *backing)
{
	mu_pfn_t pages = page_of(backing) / sizeof(struct mu_page);

	return pages > MU_BLOCK_PAGES ? pages : MU_BLOCK_PAGES;
}

uintptr_t mu_backing_virt(const struct mu_backing *backing, mu_pfn_t pfn)
{
	return backing->tables.memmap + bytes_of(0, pfn);
}

mu_pfn_t mu_backing_pfn(const struct mu_backing *backing, uintptr_t virt)
{
	uintptr_t offset = virt - backing->tables.memmap;

	if (virt < backing->tables.memmap ||
	    offset / sizeof(struct mu_page) >= MU_PHYS_MAX / page_of(backing))
		return MU_PHYS_MAX;
	return offset / sizeof(struct mu_page);
}

/* How many tables the addresses of pages [@start, @end) touch. */
static uint64_t tables_of(const struct mu_backing *backing, mu_pfn_t start,
			  mu_pfn_t end)
{
	const struct mu_backing_tables *tables = &backing->tables;
	uintptr_t from = mu_backing_virt(backing, start);
	uintptr_t last = mu_backing_virt(backing, end) - 1;
	uint64_t nr = 0;

	for (unsigned level = 1; level <= tables->levels; level++) {
		unsigned shift = tables->page_shift + tables->bits * level;

		nr += (last >> shift) - (from >> shift) + 1;
	}
	return nr;
}

struct reserve {
	struct mu_backing *backing;
	struct mu_memblock *memblock;
	unsigned max_windows;
	uint64_t nr_tables;
	mu_pfn_t end; /* of what has a window */
	enum mu_status status;
};

/* Take a window for units from @start to @end near @nid, or, if there is no
 * room for it in one piece, two of half the size. */
static void take_window(struct reserve *reserve, mu_pfn_t start, mu_pfn_t end,
			int nid)
{
	struct mu_backing *backing = reserve->backing;
	mu_pfn_t unit = mu_backing_unit(backing);
	mu_pfn_t middle = start + ((end - start) / 2 & ~(unit - 1));
	mu_phys_t phys;

	if (reserve->status != MU_OK)
		return;
	if (backing->nr_windows == reserve->max_windows) {
		reserve->status = MU_ERR_FULL;
		return;
	}
	reserve->status = mu_memblock_phys_alloc_try_nid(
		reserve->memblock, bytes_of(start, end), bytes_of(0, unit), nid,
		&phys);
	if (reserve->status == MU_ERR_NOMEM && middle > start) {
		reserve->status = MU_OK;
		take_window(reserve, start, middle, nid);
		take_window(reserve, middle, end, nid);
	} else if (reserve->status == MU_OK) {
		backing->windows[backing->nr_windows++] =
			(struct mu_backing_window){
				.start = start, .end = end, .phys = phys};
		reserve->nr_tables += tables_of(backing, start, end);
	}
}

static void take_bytes(struct reserve *reserve, mu_phys_t base, mu_phys_t size,
		       int nid)
{
	unsigned shift = reserve->backing->tables.page_shift;
	mu_pfn_t unit = mu_backing_unit(reserve->backing);
	mu_pfn_t start = (base >> shift) & ~(unit - 1);
	mu_pfn_t end = ((base + size - 1) >> shift) + 1;

	start = start < reserve->end ? reserve->end : start;
	end = (end + unit - 1) & ~(unit - 1);
	if (start >= end)
		return;
	reserve->end = end;
	take_window(reserve, start, end, nid);
}

/* Memory that is there and that may come, both sorted, in address order. */
static void take_windows(struct reserve *reserve, const struct mu_range *late,
			 unsigned nr_late)
{
	const struct mu_memblock_region *region;
	const struct mu_range *end_late = late + nr_late;

	mu_for_each_mem_region (reserve->memblock, region) {
		for (; late < end_late && late->base < region->base; late++)
			take_bytes(reserve, late->base, late->size, late->nid);
		take_bytes(reserve, region->base, region->size, region->nid);
	}
	for (; late < end_late; late++)
		take_bytes(reserve, late->base, late->size, late->nid);
}

static enum mu_status take_tables(struct reserve *reserve)
{
	struct mu_backing *backing = reserve->backing;
	mu_phys_t page = page_of(backing);
	enum mu_status status;

	status = mu_memblock_phys_alloc(reserve->memblock,
					reserve->nr_tables * page, page,
					&backing->next_table);
	backing->end_table = backing->next_table + reserve->nr_tables * page;
	return status;
}

enum mu_status mu_backing_reserve(struct mu_backing *backing,
				  struct mu_memblock *memblock,
				  const struct mu_backing_tables *tables,
				  const struct mu_range *late, unsigned nr_late,
				  struct mu_error *error)
{
	struct reserve reserve = {
		.backing = backing,
		.memblock = memblock,
		/* Most regions have their window in one piece. */
		.max_windows =
			2 * (memblock->memory.cnt + nr_late) + MORE_WINDOWS,
	};
	enum mu_status status;
	void *windows;

	if (tables->page_shift < MU_PAGE_SHIFT_MIN ||
	    tables->page_shift > MU_PAGE_SHIFT_MAX)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "the page size is 2^%u bytes, not 2^12 to 2^16",
			       tables->page_shift);
	*backing = (struct mu_backing){.tables = *tables};
	status = mu_memblock_alloc_raw(
		memblock, reserve.max_windows * sizeof(*backing->windows), 64,
		&windows);
	if (status != MU_OK)
		return mu_fail(error, status, 0,
			       "no memory for the list of %u windows of the "
			       "memmap",
			       reserve.max_windows);
	backing->windows = windows;
	take_windows(&reserve, late, nr_late);
	if (reserve.status != MU_OK)
		return mu_fail(error, reserve.status, 0,
			       "there is no room for the descriptors of all "
			       "memory, %u windows were found",
			       backing->nr_windows);
	status = take_tables(&reserve);
	if (status != MU_OK)
		return mu_fail(error, status, 0,
			       "there is no room for the memmap's page tables, "
			       "%lu pages",
			       (unsigned long)reserve.nr_tables);
	return MU_OK;
}

mu_phys_t mu_backing_take_table(struct mu_backing *backing)
{
	mu_phys_t table = backing->next_table;

	if (table == backing->end_table)
		return MU_PHYS_MAX;
	backing->next_table += page_of(backing);
	return table;
}

uint64_t mu_backing_bytes(const struct mu_backing *backing)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < backing->nr_windows; i++) {
		const struct mu_backing_window *window = &backing->windows[i];

		bytes += bytes_of(window->start, window->end) +
			 tables_of(backing, window->start, window->end) *
				 page_of(backing);
	}
	return bytes;
}

mu_phys_t mu_backing_phys(const struct mu_backing *backing, mu_pfn_t pfn)
{
	unsigned low = 0, high = backing->nr_windows;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (backing->windows[middle].end <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == backing->nr_windows || backing->windows[low].start > pfn)
		return MU_PHYS_MAX;
	return backing->windows[low].phys +
	       bytes_of(backing->windows[low].start, pfn);
}
