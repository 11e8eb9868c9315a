// SPDX-License-Identifier: MIT
/* query: what is at an address, and are the tables what they should be? */
#include "memblock/find.h"

#include "base/bits.h"

mu_phys_t mu_memblock_phys_mem_size(const struct mu_memblock *mb)
{
	return mb->memory.total_size;
}

mu_phys_t mu_memblock_reserved_size(const struct mu_memblock *mb)
{
	return mb->reserved.total_size;
}

mu_phys_t mu_memblock_start_of_DRAM(const struct mu_memblock *mb)
{
	return mb->memory.cnt ? mb->memory.regions[0].base : 0;
}

mu_phys_t mu_memblock_end_of_DRAM(const struct mu_memblock *mb)
{
	unsigned cnt = mb->memory.cnt;

	return cnt ? mu_region_end(&mb->memory.regions[cnt - 1]) : 0;
}

bool mu_memblock_is_memory(const struct mu_memblock *mb, mu_phys_t addr)
{
	return mu_table_search(&mb->memory, addr);
}

bool mu_memblock_is_map_memory(const struct mu_memblock *mb, mu_phys_t addr)
{
	const struct mu_memblock_region *region =
		mu_table_search(&mb->memory, addr);

	return region && !(region->flags & MU_MEMBLOCK_NOMAP);
}

bool mu_memblock_is_reserved(const struct mu_memblock *mb, mu_phys_t addr)
{
	return mu_table_search(&mb->reserved, addr);
}

bool mu_memblock_is_region_memory(const struct mu_memblock *mb, mu_phys_t base,
				  mu_phys_t size)
{
	const struct mu_memblock_type *type = &mb->memory;
	mu_phys_t at = base;

	if (!size || mu_memblock_check(base, size))
		return false;
	for (unsigned i = mu_table_after(type, base);
	     i < type->cnt && type->regions[i].base <= at; i++) {
		at = mu_region_end(&type->regions[i]);
		if (at >= base + size)
			return true;
	}
	return false;
}

bool mu_memblock_overlaps_region(const struct mu_memblock_type *type,
				 mu_phys_t base, mu_phys_t size)
{
	unsigned i = mu_table_after(type, base);

	return size && !mu_memblock_check(base, size) && i < type->cnt &&
	       type->regions[i].base < base + size;
}

bool mu_memblock_is_region_reserved(const struct mu_memblock *mb,
				    mu_phys_t base, mu_phys_t size)
{
	return mu_memblock_overlaps_region(&mb->reserved, base, size);
}

int mu_memblock_search_pfn_nid(const struct mu_memblock *mb, mu_pfn_t pfn,
			       mu_pfn_t *start_pfn, mu_pfn_t *end_pfn)
{
	const struct mu_memblock_region *region = NULL;

	if (pfn < MU_PHYS_MAX >> mb->page_shift)
		region = mu_table_search(&mb->memory, pfn << mb->page_shift);
	if (!region)
		return MU_NO_NODE;
	if (start_pfn)
		*start_pfn = region->base >> mb->page_shift;
	if (end_pfn)
		*end_pfn = mu_region_end(region) >> mb->page_shift;
	return region->nid;
}

static bool is_canonical(const struct mu_memblock_type *type)
{
	mu_phys_t size = 0;

	if (type->cnt > type->max)
		return false;
	for (unsigned i = 0; i < type->cnt; i++) {
		const struct mu_memblock_region *region = &type->regions[i];
		const struct mu_memblock_region *last = region - 1;

		if (!region->size ||
		    mu_memblock_check(region->base, region->size))
			return false;
		if (i && (mu_region_end(last) > region->base ||
			  (mu_region_end(last) == region->base &&
			   last->nid == region->nid &&
			   last->flags == region->flags)))
			return false;
		size += region->size;
	}
	return size == type->total_size;
}

enum mu_status mu_memblock_validate(const struct mu_memblock *mb)
{
	return is_canonical(&mb->memory) && is_canonical(&mb->reserved) &&
			       is_canonical(&mb->physmem) &&
			       is_canonical(&mb->late)
		       ? MU_OK
		       : MU_ERR_CORRUPT;
}
