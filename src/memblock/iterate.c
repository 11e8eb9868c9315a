// SPDX-License-Identifier: MIT
/*
 * iterate: ranges of one type that are not in another.
 *
 * Two sorted tables walked in lockstep: regions of the first, gaps of the
 * second. Gap i of a table lies before its region i, the last one after all
 * regions. A cursor has the next region in its low half and the next gap in its
 * high half; a walk over one table alone takes the other as empty, that is, as
 * one gap that covers everything.
 */
#include "memblock/table.h"

#include "base/bits.h"

struct range {
	mu_phys_t start, end;
	int nid;
};

static const struct mu_memblock_type nothing = {.cnt = 0};

static struct range gap_of(const struct mu_memblock_type *type, uint32_t i)
{
	return (struct range){
		.start = i ? mu_region_end(&type->regions[i - 1]) : 0,
		.end = i < type->cnt ? type->regions[i].base : UINT64_MAX,
	};
}

static bool meet(const struct mu_memblock_region *region,
		 const struct range *gap, struct range *out)
{
	*out = (struct range){
		.start = MU_MAX(region->base, gap->start),
		.end = MU_MIN(mu_region_end(region), gap->end),
		.nid = region->nid,
	};
	return out->start < out->end;
}

static uint64_t cursor_of(uint32_t region, uint32_t gap)
{
	return (uint64_t)gap << 32 | region;
}

/* Which regions of memory a walk sees; reserved ones are never filtered. */
struct filter {
	const struct mu_memblock *mb;
	int nid;
	unsigned flags;
};

static bool skips(const struct filter *filter,
		  const struct mu_memblock_region *region)
{
	const unsigned only = MU_MEMBLOCK_MIRROR | MU_MEMBLOCK_SCRATCH;
	unsigned hidden = MU_MEMBLOCK_NOMAP | MU_MEMBLOCK_DRIVER_MANAGED |
			  MU_MEMBLOCK_OFFLINE;

	if (!filter)
		return false;
	if (filter->mb->movable_node)
		hidden |= MU_MEMBLOCK_HOTPLUG;
	return (filter->nid != MU_NO_NODE && filter->nid != region->nid) ||
	       (filter->flags & only & ~region->flags) ||
	       (region->flags & hidden & ~filter->flags);
}

static bool next(const struct mu_memblock_type *type,
		 const struct mu_memblock_type *without,
		 const struct filter *filter, uint64_t *cursor,
		 struct range *out)
{
	uint32_t a = (uint32_t)*cursor, b = (uint32_t)(*cursor >> 32);

	for (; a < type->cnt; a++) {
		const struct mu_memblock_region *region = &type->regions[a];
		mu_phys_t end = mu_region_end(region);

		if (skips(filter, region))
			continue;
		for (; b <= without->cnt; b++) {
			struct range gap = gap_of(without, b);

			if (gap.start >= end)
				break;
			if (!meet(region, &gap, out))
				continue;
			/* Move on in the table whose range ends first. */
			*cursor = end <= gap.end ? cursor_of(a + 1, b)
						 : cursor_of(a, b + 1);
			return true;
		}
	}
	*cursor = cursor_of(a, b);
	return false;
}

/* As next(), but the cursor's low half is the number of regions not seen. */
static bool prev(const struct mu_memblock_type *type,
		 const struct mu_memblock_type *without,
		 const struct filter *filter, uint64_t *cursor,
		 struct range *out)
{
	uint32_t a = MU_MIN((uint32_t)*cursor, type->cnt);
	uint32_t b = MU_MIN((uint32_t)(*cursor >> 32), without->cnt);

	for (; a > 0; a--) {
		const struct mu_memblock_region *region = &type->regions[a - 1];

		if (skips(filter, region))
			continue;
		for (;; b--) {
			struct range gap = gap_of(without, b);

			if (gap.end <= region->base)
				break;
			if (meet(region, &gap, out)) {
				*cursor = gap.start <= region->base
						  ? cursor_of(a - 1, b)
						  : cursor_of(a, b - 1);
				return true;
			}
			if (!b)
				break;
		}
	}
	*cursor = cursor_of(a, b);
	return false;
}

static bool tell(bool found, const struct range *range, mu_phys_t *start,
		 mu_phys_t *end, int *nid)
{
	if (found && start)
		*start = range->start;
	if (found && end)
		*end = range->end;
	if (found && nid)
		*nid = range->nid;
	return found;
}

bool mu_memblock_next_mem(const struct mu_memblock *mb, uint64_t *cursor,
			  int nid, unsigned flags, mu_phys_t *start,
			  mu_phys_t *end, int *out_nid)
{
	const struct filter filter = {mb, nid, flags};
	struct range range;

	return tell(next(&mb->memory, &nothing, &filter, cursor, &range),
		    &range, start, end, out_nid);
}

bool mu_memblock_prev_mem(const struct mu_memblock *mb, uint64_t *cursor,
			  int nid, unsigned flags, mu_phys_t *start,
			  mu_phys_t *end, int *out_nid)
{
	const struct filter filter = {mb, nid, flags};
	struct range range;

	return tell(prev(&mb->memory, &nothing, &filter, cursor, &range),
		    &range, start, end, out_nid);
}

bool mu_memblock_next_reserved(const struct mu_memblock *mb, uint64_t *cursor,
			       mu_phys_t *start, mu_phys_t *end, int *out_nid)
{
	struct range range;

	return tell(next(&mb->reserved, &nothing, NULL, cursor, &range), &range,
		    start, end, out_nid);
}

bool mu_memblock_prev_reserved(const struct mu_memblock *mb, uint64_t *cursor,
			       mu_phys_t *start, mu_phys_t *end, int *out_nid)
{
	struct range range;

	return tell(prev(&mb->reserved, &nothing, NULL, cursor, &range), &range,
		    start, end, out_nid);
}

bool mu_memblock_next_free(const struct mu_memblock *mb, uint64_t *cursor,
			   int nid, unsigned flags, mu_phys_t *start,
			   mu_phys_t *end, int *out_nid)
{
	const struct filter filter = {mb, nid, flags};
	struct range range;

	return tell(next(&mb->memory, &mb->reserved, &filter, cursor, &range),
		    &range, start, end, out_nid);
}

bool mu_memblock_prev_free(const struct mu_memblock *mb, uint64_t *cursor,
			   int nid, unsigned flags, mu_phys_t *start,
			   mu_phys_t *end, int *out_nid)
{
	const struct filter filter = {mb, nid, flags};
	struct range range;

	return tell(prev(&mb->memory, &mb->reserved, &filter, cursor, &range),
		    &range, start, end, out_nid);
}

bool mu_memblock_next_physmem(const struct mu_memblock *mb, uint64_t *cursor,
			      const struct mu_memblock_type *without,
			      mu_phys_t *start, mu_phys_t *end)
{
	struct range range;

	return tell(next(&mb->physmem, without ? without : &nothing, NULL,
			 cursor, &range),
		    &range, start, end, NULL);
}

#define ANY_FLAGS                                  \
	(MU_MEMBLOCK_HOTPLUG | MU_MEMBLOCK_NOMAP | \
	 MU_MEMBLOCK_DRIVER_MANAGED | MU_MEMBLOCK_OFFLINE)

/* The whole pages of *@range, as pfns in its place; are there any? */
static bool to_pages(const struct mu_memblock *mb, struct range *range)
{
	mu_phys_t page = (mu_phys_t)1 << mb->page_shift;

	range->start = mu_align_up(range->start, page) >> mb->page_shift;
	range->end >>= mb->page_shift;
	return range->start < range->end;
}

bool mu_memblock_next_mem_pfn(const struct mu_memblock *mb, uint64_t *cursor,
			      int nid, mu_pfn_t *start, mu_pfn_t *end,
			      int *out_nid)
{
	const struct filter filter = {mb, nid, ANY_FLAGS};
	struct range range;
	bool found;

	do {
		found = next(&mb->memory, &nothing, &filter, cursor, &range);
	} while (found && !to_pages(mb, &range));
	return tell(found, &range, start, end, out_nid);
}

bool mu_memblock_prev_mem_pfn(const struct mu_memblock *mb, uint64_t *cursor,
			      int nid, mu_pfn_t *start, mu_pfn_t *end,
			      int *out_nid)
{
	const struct filter filter = {mb, nid, ANY_FLAGS};
	struct range range;
	bool found;

	do {
		found = prev(&mb->memory, &nothing, &filter, cursor, &range);
	} while (found && !to_pages(mb, &range));
	return tell(found, &range, start, end, out_nid);
}
