// SPDX-License-Identifier: MIT
/*
 * memmap_pages: the hooks memmap_map and its kin, by page tables.
 *
 * Descriptors lie in windows that were taken from memblock before the allocator
 * started (memup/backing.h), 0.39 % of memory with pages of 4 KiB, which is not
 * wasted: a kernel that uses all of memory needs all of them. memmap_map_at()
 * maps what memup names.
 *
 * Only the requested blocks are mapped, so a pristine descriptor is never
 * present, and touching one is a page fault. (With pages of 64 KiB, which hold
 * the descriptors of four blocks, these four.) The price is that descriptors
 * are mapped by the smallest leaves. If TLB reach matters more than the trap, a
 * kernel would map 2 MiB at a time (128 blocks), as Linux's vmemmap does.
 *
 * Taking blocks away flushes all TLBs (flush.c), since the same descriptors may
 * be backed by other memory next time.
 */
#include "ports/bare/arch.h"
#include "ports/bare/bare.h"
#include "ports/bare/flush.h"

static uint64_t bytes_of(mu_pfn_t start, mu_pfn_t end)
{
	return (end - start) * sizeof(struct mu_page);
}

/* A zeroed page for a table of the memmap; under memmap_lock. */
static mu_phys_t new_table(void *arg)
{
	struct mu_bare *bare = arg;
	mu_phys_t table = mu_backing_take_table(&bare->backing);
	uint64_t *words = (uint64_t *)(bare->config.direct + table);

	if (table == MU_PHYS_MAX)
		return 0;
	for (unsigned i = 0; i < BARE_PAGE / sizeof(*words); i++)
		words[i] = 0;
	return table;
}

enum mu_status mu_bare_memmap_reserve(struct mu_bare *bare,
				      struct mu_memblock *memblock,
				      const struct bare_tables *tables,
				      const struct mu_range *late,
				      unsigned nr_late, struct mu_error *error)
{
	const struct mu_backing_tables shape = {
		.memmap = bare->config.memmap,
		.page_shift = BARE_PAGE_SHIFT,
		.bits = BARE_TABLE_BITS,
		.levels = BARE_ROOT_LEVEL,
	};

	bare->tables = *tables;
	bare->tables.new_table = new_table;
	bare->tables.arg = bare;
	return mu_backing_reserve(&bare->backing, memblock, &shape, late,
				  nr_late, error);
}

static uintptr_t lock(struct mu_bare *bare)
{
	uintptr_t flags = arch_irq_save();

	/* acquire, and release below: the tables as the last owner left them.
	 * The owner may be waiting for us to flush. */
	while (atomic_exchange_explicit(&bare->memmap_lock, 1,
					memory_order_acquire))
		mu_bare_pause(bare, 0);
	return flags;
}

static void unlock(struct mu_bare *bare, uintptr_t flags)
{
	atomic_store_explicit(&bare->memmap_lock, 0, memory_order_release);
	arch_irq_restore(flags);
}

enum mu_status mu_bare_memmap_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	struct mu_bare *bare = arg;
	mu_pfn_t unit = mu_backing_unit(&bare->backing);
	enum mu_status status = MU_OK;
	uintptr_t flags;

	*start &= ~(unit - 1);
	*end = (*end + unit - 1) & ~(unit - 1);
	flags = lock(bare);
	for (mu_pfn_t pfn = *start; pfn < *end && status == MU_OK;
	     pfn += unit) {
		mu_phys_t phys = mu_backing_phys(&bare->backing, pfn);

		status =
			phys == MU_PHYS_MAX
				? MU_ERR_NOMEM
				: bare_map(&bare->tables,
					   mu_backing_virt(&bare->backing, pfn),
					   phys, bytes_of(0, unit),
					   ARCH_MAP_DATA);
	}
	unlock(bare, flags);
	return status;
}

enum mu_status mu_bare_memmap_map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
				     mu_phys_t base)
{
	struct mu_bare *bare = arg;
	uintptr_t flags = lock(bare);
	enum mu_status status =
		bare_map(&bare->tables, mu_backing_virt(&bare->backing, start),
			 base, bytes_of(start, end), ARCH_MAP_DATA);

	unlock(bare, flags);
	return status;
}

void mu_bare_memmap_unmap(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	struct mu_bare *bare = arg;
	mu_pfn_t unit = mu_backing_unit(&bare->backing);
	uintptr_t flags = lock(bare);

	/* What shares a page with blocks that stay, stays. */
	start = (start + unit - 1) & ~(unit - 1);
	end &= ~(unit - 1);
	if (start < end)
		bare_unmap(&bare->tables,
			   mu_backing_virt(&bare->backing, start),
			   bytes_of(start, end));
	mu_bare_flush(bare);
	unlock(bare, flags);
}
