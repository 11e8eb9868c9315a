// SPDX-License-Identifier: MIT
/*
 * limit: make memory smaller. These cut from the outside in and so never need
 * one more region.
 */
#include "memblock/find.h"

#include "base/bits.h"
#include "base/fmt.h"

static void drop(struct mu_memblock_type *type, mu_phys_t base, mu_phys_t end,
		 uint32_t spare)
{
	const struct mu_table_edit edit = {
		.base = base,
		.end = end,
		.drop = true,
		.spare = spare,
	};

	mu_table_apply(type, &edit);
}

enum mu_status mu_memblock_trim_memory(struct mu_memblock *mb, mu_phys_t align)
{
	struct mu_memblock_type *type = &mb->memory;
	unsigned kept = 0;

	if (!mu_is_pow2(align))
		return MU_ERR_INVALID;
	type->total_size = 0;
	for (unsigned i = 0; i < type->cnt; i++) {
		struct mu_memblock_region region = type->regions[i];
		mu_phys_t end = mu_align_down(mu_region_end(&region), align);

		region.base = mu_align_up(region.base, align);
		if (region.base >= end)
			continue;
		region.size = end - region.base;
		type->total_size += region.size;
		type->regions[kept++] = region;
	}
	type->cnt = kept;
	return MU_OK;
}

enum mu_status mu_memblock_cap_memory_range(struct mu_memblock *mb,
					    mu_phys_t base, mu_phys_t size)
{
	enum mu_status status = mu_memblock_check(base, size);

	if (status || !size)
		return status;
	if (!mb->memory.cnt) {
		mu_log(mb->port, MU_LOG_WARN,
		       "memblock: there is no memory yet to cap to "
		       "[0x%016llx-0x%016llx]",
		       (unsigned long long)base,
		       (unsigned long long)(base + size - 1));
		return MU_OK;
	}
	drop(&mb->memory, 0, base, MU_MEMBLOCK_NOMAP);
	drop(&mb->memory, base + size, MU_PHYS_MAX, MU_MEMBLOCK_NOMAP);
	drop(&mb->reserved, 0, base, 0);
	drop(&mb->reserved, base + size, MU_PHYS_MAX, 0);
	return MU_OK;
}

/* Where the first @limit bytes of memory end; MU_PHYS_MAX if there are fewer.
 */
static mu_phys_t end_of_first(const struct mu_memblock *mb, mu_phys_t limit)
{
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (mb, region) {
		if (limit <= region->size)
			return region->base + limit;
		limit -= region->size;
	}
	return MU_PHYS_MAX;
}

void mu_memblock_enforce_memory_limit(struct mu_memblock *mb, mu_phys_t limit)
{
	mu_phys_t end = end_of_first(mb, limit);

	if (!limit)
		return;
	drop(&mb->memory, end, MU_PHYS_MAX, 0);
	drop(&mb->reserved, end, MU_PHYS_MAX, 0);
}

void mu_memblock_mem_limit_remove_map(struct mu_memblock *mb, mu_phys_t limit)
{
	mu_phys_t end = end_of_first(mb, limit);

	if (!limit)
		return;
	drop(&mb->memory, end, MU_PHYS_MAX, MU_MEMBLOCK_NOMAP);
	drop(&mb->reserved, end, MU_PHYS_MAX, 0);
}

enum mu_status mu_memblock_validate_numa_coverage(const struct mu_memblock *mb,
						  mu_phys_t threshold)
{
	const struct mu_memblock_region *region;
	mu_phys_t without = 0;

	mu_for_each_mem_region (mb, region) {
		if (region->nid == MU_NO_NODE)
			without += region->size;
	}
	if (without <= threshold)
		return MU_OK;
	mu_log(mb->port, MU_LOG_ERR,
	       "memblock: %llu of %llu bytes have no node, %llu may",
	       (unsigned long long)without,
	       (unsigned long long)mb->memory.total_size,
	       (unsigned long long)threshold);
	return MU_ERR_NOT_FOUND;
}
