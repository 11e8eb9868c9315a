// SPDX-License-Identifier: MIT
/*
 * Hash tables whose size depends on the machine's memory.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "base/string.h"
#include "boot/early.h"
#include "memup/early.h"

/* Up to here tables grow with memory, above it with its square root. */
#define ADAPT_ABOVE (64 * MU_GIB)
#define MAX_SCALE   51

/* Bytes that the allocator manages. */
static uint64_t managed_bytes(struct mu_mm *mm)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		struct mu_zone *zone = &mm->buddy.zones[i];
		uintptr_t flags = mu_lock_irqsave(mm->port, &zone->lock);

		pages += zone->managed_pages;
		mu_unlock_irqrestore(mm->port, &zone->lock, flags);
	}
	return pages << mm->page_shift;
}

static uint64_t entries_of_memory(const struct mu_hash_spec *spec,
				  uint64_t bytes, uint64_t least)
{
	unsigned scale = spec->scale;
	uint64_t entries;

	for (uint64_t base = ADAPT_ABOVE; base < bytes; base *= 4)
		scale++;
	/* Memory that the boot itself took should not halve a table. */
	entries = mu_align_up(bytes, MU_MIB) >> scale;
	entries = MU_MAX(entries, least);
	return mu_is_pow2(entries) ? entries : (uint64_t)2 << mu_log2(entries);
}

/* Buckets to begin with: a power of two. */
static uint64_t choose_entries(const struct mu_hash_spec *spec, uint64_t memory,
			       uint64_t least)
{
	uint64_t entries = spec->entries, high = spec->high_limit;

	if (!entries)
		entries = entries_of_memory(spec, memory, least);
	if (!high)
		high = memory / 16 / spec->bucket_size;
	high = MU_MIN(high, MU_PHYS_MAX / spec->bucket_size);
	entries = MU_MAX(entries, spec->low_limit);
	entries = MU_MIN(entries, high);
	return (uint64_t)1 << mu_log2(MU_MAX(entries, 1));
}

static enum mu_status zero(struct mu_mm *mm, const struct mu_early *early)
{
	const struct mu_port *port = mm->port;

	for (mu_pfn_t pfn = early->first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(mm, early, pfn)) {
		unsigned shift = mu_pfn_to_page(&mm->memmap, pfn)->order +
				 mm->page_shift;
		mu_phys_t size = (mu_phys_t)1 << shift;
		void *memory = port->phys_to_virt(port->arg,
						  pfn << mm->page_shift, size);

		if (!memory)
			return MU_ERR_UNSUPPORTED;
		memset(memory, 0, size);
		mu_watchdog(port);
	}
	return MU_OK;
}

enum mu_status mu_early_hash(struct mu_mm *mm, const struct mu_hash_spec *spec,
			     struct mu_hash *hash)
{
	unsigned order = spec->max_order ? spec->max_order : MU_GIGANTIC_ORDER;
	uint64_t page = (uint64_t)1 << mm->page_shift;
	uint64_t entries, least;
	enum mu_status status;

	mu_early_init(&hash->memory);
	hash->entries = 0;
	hash->shift = 0;
	if (!spec->bucket_size ||
	    (spec->high_limit && spec->low_limit > spec->high_limit))
		return MU_ERR_INVALID;
	if (spec->scale > MAX_SCALE)
		return MU_ERR_RANGE;
	if (spec->zero && !mm->port->phys_to_virt)
		return MU_ERR_UNSUPPORTED;

	least = MU_MAX(page / spec->bucket_size, 1);
	entries = choose_entries(spec, managed_bytes(mm), least);
	least = MU_MAX(least, spec->low_limit);
	while ((status = mu_early_pages(mm, spec->nid,
					entries * spec->bucket_size, order,
					&hash->memory)) == MU_ERR_NOMEM &&
	       entries / 2 >= least)
		entries /= 2;
	if (status == MU_OK && spec->zero)
		status = mu_early_undo(mm, &hash->memory,
				       zero(mm, &hash->memory));
	if (status == MU_OK) {
		hash->entries = entries;
		hash->shift = mu_log2(entries);
	}
	return status;
}
