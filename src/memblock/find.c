// SPDX-License-Identifier: MIT
#include "memblock/find.h"

#include "base/bits.h"

unsigned mu_memblock_choose_flags(const struct mu_memblock *mb)
{
	const struct mu_memblock_region *region;

	if (mb->scratch_only)
		return MU_MEMBLOCK_SCRATCH;
	mu_for_each_mem_region (mb, region) {
		if (region->flags & MU_MEMBLOCK_MIRROR)
			return MU_MEMBLOCK_MIRROR;
	}
	return MU_MEMBLOCK_NONE;
}

/* Does [@start, @end) have room? Its highest or lowest place in *@found. */
static bool fits(const struct mu_memblock *mb, mu_phys_t size, mu_phys_t align,
		 mu_phys_t start, mu_phys_t end, mu_phys_t *found)
{
	if (start >= end || end - start < size)
		return false;
	*found = mb->bottom_up ? mu_align_up(start, align)
			       : mu_align_down(end - size, align);
	return mb->bottom_up ? *found <= end - size : *found >= start;
}

mu_phys_t mu_memblock_find(const struct mu_memblock *mb, mu_phys_t size,
			   mu_phys_t align, mu_phys_t start, mu_phys_t end,
			   int nid, unsigned flags)
{
	uint64_t i = mb->bottom_up ? MU_MEMBLOCK_FIRST : MU_MEMBLOCK_LAST;
	mu_phys_t from, to, found;

	/* Callers take 0 for failure. */
	start = MU_MAX(start, (mu_phys_t)1 << mb->page_shift);
	while (mb->bottom_up ? mu_memblock_next_free(mb, &i, nid, flags, &from,
						     &to, NULL)
			     : mu_memblock_prev_free(mb, &i, nid, flags, &from,
						     &to, NULL)) {
		if (fits(mb, size, align, MU_MAX(from, start), MU_MIN(to, end),
			 &found))
			return found;
	}
	return 0;
}
