// SPDX-License-Identifier: MIT
/*
 * memmap_map: memory behind descriptors.
 *
 * Where it comes from. The hook may not ask memup for memory, and must not run
 * out of it: a claim that cannot be backed is an allocation that fails. So all
 * that descriptors can ever need is taken from memblock before the allocator
 * starts, as one *window* for each region of memory, near it:
 *
 *     memmap (virtual)   [ pfn 0 ... |=== region's descriptors ===| ... ]
 *                                    :       a constant apart     :
 *     window (physical)              |============================|
 *
 * A descriptor's place in its window is its place in the memmap, so there is
 * nothing to allocate, nothing to count, and two CPUs that map the same block
 * write the same entries. Taking the windows is one reservation each, whatever
 * their size; a page of them is touched when its first block is mapped. They
 * are 0.39 % of memory, which is not wasted: a kernel that uses all of memory
 * needs all of them. Memory that may come later (a device's) has its window
 * from the start, too, unless the device hosts its descriptors itself:
 * memmap_map_at() then maps what memup names.
 *
 * Only the requested block is mapped, so a pristine descriptor is never
 * present, and touching one is a page fault. The price is that descriptors are
 * mapped by leaves of 4 KiB, four per block. If TLB reach matters more than the
 * trap, a kernel would map 2 MiB at a time (128 blocks), as Linux's vmemmap
 * does.
 *
 * Taking blocks away flushes all TLBs (flush.c), since the same descriptors may
 * be backed by other memory next time.
 */
#include "ports/x86_64/asm.h"
#include "ports/x86_64/flush.h"
#include "ports/x86_64/x86_64.h"

#define BLOCK_BYTES (MU_BLOCK_PAGES * sizeof(struct mu_page))

_Static_assert(BLOCK_BYTES % 4096 == 0, "blocks are mapped one by one");

/* ---- Windows ---- */

static uint64_t bytes_of(mu_pfn_t start, mu_pfn_t end)
{
	return (end - start) * sizeof(struct mu_page);
}

static uintptr_t virt_of(const struct mu_x86 *x86, mu_pfn_t pfn)
{
	return x86->config.memmap + bytes_of(0, pfn);
}

/* How many tables that map @shift bits each the addresses of a window touch. */
static uint64_t spans(uintptr_t from, uintptr_t to, unsigned shift)
{
	return ((to - 1) >> shift) - (from >> shift) + 1;
}

static uint64_t tables_of(const struct mu_x86 *x86, mu_pfn_t start,
			  mu_pfn_t end)
{
	uintptr_t from = virt_of(x86, start), to = virt_of(x86, end);

	return spans(from, to, 21) + spans(from, to, 30) + spans(from, to, 39);
}

struct reserve {
	struct mu_x86 *x86;
	struct mu_memblock *memblock;
	unsigned max_windows;
	uint64_t nr_tables;
	enum mu_status status;
};

/* Take a window for blocks from @start to @end near @nid, or, if there is no
 * room for it in one piece, two of half the size. */
static void take_window(struct reserve *reserve, mu_pfn_t start, mu_pfn_t end,
			int nid)
{
	struct mu_x86 *x86 = reserve->x86;
	uint64_t bytes = bytes_of(start, end);
	mu_pfn_t middle = start + ((end - start) / 2 & ~(MU_BLOCK_PAGES - 1));
	mu_phys_t phys;

	if (reserve->status != MU_OK)
		return;
	if (x86->nr_windows == reserve->max_windows) {
		reserve->status = MU_ERR_FULL;
		return;
	}
	reserve->status = mu_memblock_phys_alloc_try_nid(
		reserve->memblock, bytes, BLOCK_BYTES, nid, &phys);
	if (reserve->status == MU_ERR_NOMEM && middle > start) {
		reserve->status = MU_OK;
		take_window(reserve, start, middle, nid);
		take_window(reserve, middle, end, nid);
	} else if (reserve->status == MU_OK) {
		x86->windows[x86->nr_windows++] = (struct mu_x86_window){
			.start = start, .end = end, .phys = phys};
		reserve->nr_tables += tables_of(x86, start, end);
	}
}

static void take_bytes(struct reserve *reserve, mu_pfn_t *end, mu_phys_t base,
		       mu_phys_t size, int nid)
{
	mu_pfn_t start = (base >> 12) & ~(MU_BLOCK_PAGES - 1);

	/* A block that two regions share belongs to the first. */
	start = start < *end ? *end : start;
	*end = (base + size + X86_PAGE - 1) >> 12;
	*end = (*end + MU_BLOCK_PAGES - 1) & ~(MU_BLOCK_PAGES - 1);
	if (start < *end)
		take_window(reserve, start, *end, nid);
}

/* Memory that is there and that may come, both sorted, in address order. */
static void take_windows(struct reserve *reserve, const struct mu_range *late,
			 unsigned nr_late)
{
	const struct mu_memblock_region *region;
	const struct mu_range *end_late = late + nr_late;
	mu_pfn_t end = 0;

	mu_for_each_mem_region (reserve->memblock, region) {
		for (; late < end_late && late->base < region->base; late++)
			take_bytes(reserve, &end, late->base, late->size,
				   late->nid);
		take_bytes(reserve, &end, region->base, region->size,
			   region->nid);
	}
	for (; late < end_late; late++)
		take_bytes(reserve, &end, late->base, late->size, late->nid);
}

static enum mu_status fail(struct mu_error *error, enum mu_status status,
			   const char *text)
{
	if (error) {
		unsigned i = 0;

		*error = (struct mu_error){.status = status};
		for (; text[i] && i < sizeof(error->text) - 1; i++)
			error->text[i] = text[i];
	}
	return status;
}

/* A page for a table of the memmap; under memmap_lock. */
static mu_phys_t new_table(void *arg)
{
	struct mu_x86 *x86 = arg;
	mu_phys_t table = x86->table_next;
	uint64_t *words = (uint64_t *)(x86->config.direct + table);

	if (table == x86->table_end)
		return 0;
	x86->table_next += X86_PAGE;
	for (unsigned i = 0; i < 512; i++)
		words[i] = 0;
	return table;
}

enum mu_status mu_x86_memmap_reserve(struct mu_x86 *x86,
				     struct mu_memblock *memblock,
				     const struct x86_tables *tables,
				     const struct mu_range *late,
				     unsigned nr_late, struct mu_error *error)
{
	struct reserve reserve = {
		.x86 = x86,
		.memblock = memblock,
		/* Most regions have their window in one piece. */
		.max_windows = 2 * (memblock->memory.cnt + nr_late) + 62,
	};
	enum mu_status status;
	mu_phys_t phys;
	void *windows;

	status = mu_memblock_alloc_raw(
		memblock, reserve.max_windows * sizeof(*x86->windows), 64,
		&windows);
	if (status != MU_OK)
		return fail(error, status, "no memory for the memmap's list");
	x86->windows = windows;
	x86->nr_windows = 0;
	take_windows(&reserve, late, nr_late);
	if (reserve.status != MU_OK)
		return fail(error, reserve.status,
			    "there is no room for the descriptors of all "
			    "memory");
	status = mu_memblock_phys_alloc(memblock, reserve.nr_tables * X86_PAGE,
					X86_PAGE, &phys);
	if (status != MU_OK)
		return fail(error, status,
			    "there is no room for the memmap's page tables");
	x86->table_next = phys;
	x86->table_end = phys + reserve.nr_tables * X86_PAGE;
	x86->tables = *tables;
	x86->tables.new_table = new_table;
	x86->tables.arg = x86;
	return MU_OK;
}

uint64_t mu_x86_memmap_bytes(const struct mu_x86 *x86)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < x86->nr_windows; i++)
		bytes += bytes_of(x86->windows[i].start, x86->windows[i].end) +
			 tables_of(x86, x86->windows[i].start,
				   x86->windows[i].end) *
				 X86_PAGE;
	return bytes;
}

mu_pfn_t mu_x86_memmap_pfn(const struct mu_x86 *x86, uintptr_t virt)
{
	uintptr_t offset = virt - x86->config.memmap;

	if (virt < x86->config.memmap ||
	    offset / sizeof(struct mu_page) >= MU_PHYS_MAX / X86_PAGE)
		return MU_PHYS_MAX;
	return offset / sizeof(struct mu_page);
}

static const struct mu_x86_window *find_window(const struct mu_x86 *x86,
					       mu_pfn_t pfn)
{
	unsigned low = 0, high = x86->nr_windows;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (x86->windows[middle].end <= pfn)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == x86->nr_windows || x86->windows[low].start > pfn)
		return NULL;
	return &x86->windows[low];
}

/* ---- The hooks ---- */

static uintptr_t lock(struct mu_x86 *x86)
{
	uintptr_t flags = x86_irq_save();

	/* acquire, and release below: the tables as the last owner left them.
	 * The owner may be waiting for us to flush. */
	while (atomic_exchange_explicit(&x86->memmap_lock, 1,
					memory_order_acquire))
		mu_x86_pause(x86, 0);
	return flags;
}

static void unlock(struct mu_x86 *x86, uintptr_t flags)
{
	atomic_store_explicit(&x86->memmap_lock, 0, memory_order_release);
	x86_irq_restore(flags);
}

static enum mu_status map_block(struct mu_x86 *x86, mu_pfn_t pfn)
{
	const struct mu_x86_window *window = find_window(x86, pfn);

	if (!window)
		return MU_ERR_NOMEM;
	return x86_map(&x86->tables, virt_of(x86, pfn),
		       window->phys + bytes_of(window->start, pfn), BLOCK_BYTES,
		       X86_MAP_DATA);
}

enum mu_status mu_x86_memmap_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	struct mu_x86 *x86 = arg;
	uintptr_t flags = lock(x86);
	enum mu_status status = MU_OK;

	for (mu_pfn_t pfn = *start; pfn < *end && status == MU_OK;
	     pfn += MU_BLOCK_PAGES)
		status = map_block(x86, pfn);
	unlock(x86, flags);
	return status;
}

enum mu_status mu_x86_memmap_map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
				    mu_phys_t base)
{
	struct mu_x86 *x86 = arg;
	uintptr_t flags = lock(x86);
	enum mu_status status = x86_map(&x86->tables, virt_of(x86, start), base,
					bytes_of(start, end), X86_MAP_DATA);

	unlock(x86, flags);
	return status;
}

void mu_x86_memmap_unmap(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_x86 *x86 = arg;
	uintptr_t flags = lock(x86);

	x86_unmap(&x86->tables, virt_of(x86, start), bytes_of(start, end));
	mu_x86_flush(x86);
	unlock(x86, flags);
}
