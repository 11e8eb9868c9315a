// SPDX-License-Identifier: MIT
#include "base/string.h"
#include "memblock/table.h"

#include "base/bits.h"

/* Where pieces go: merged when they touch, stored when there is an array. */
struct sink {
	struct mu_memblock_region *out;
	unsigned nr;
	mu_phys_t size;
	struct mu_memblock_region last;
};

static void put(struct sink *sink, mu_phys_t base, mu_phys_t end,
		uint32_t flags, int32_t nid)
{
	struct mu_memblock_region *last = &sink->last;

	if (base >= end)
		return;
	if (sink->nr && mu_region_end(last) == base && last->flags == flags &&
	    last->nid == nid) {
		last->size += end - base;
	} else {
		*last = (struct mu_memblock_region){base, end - base, flags,
						    nid};
		sink->nr++;
	}
	sink->size += end - base;
	if (sink->out)
		sink->out[sink->nr - 1] = *last;
}

static void put_edited(struct sink *sink, const struct mu_table_edit *edit,
		       mu_phys_t base, mu_phys_t end,
		       const struct mu_memblock_region *region)
{
	if (region->flags & edit->spare)
		put(sink, base, end, region->flags, region->nid);
	else if (!edit->drop)
		put(sink, base, end, (region->flags | edit->set) & ~edit->clear,
		    edit->move ? edit->move_nid : region->nid);
}

/* Put the @nr regions of a window through @edit, lowest address first. */
static void rewrite(struct sink *sink, const struct mu_table_edit *edit,
		    const struct mu_memblock_region *window, unsigned nr)
{
	mu_phys_t at = edit->base; /* done up to here */

	for (unsigned i = 0; i < nr; i++) {
		const struct mu_memblock_region *region = &window[i];
		mu_phys_t base = region->base, end = mu_region_end(region);
		mu_phys_t in = MU_MAX(MU_MIN(base, edit->end), edit->base);
		mu_phys_t out = MU_MAX(MU_MIN(end, edit->end), edit->base);

		put(sink, base, MU_MIN(end, edit->base), region->flags,
		    region->nid);
		if (edit->fill)
			put(sink, at, in, edit->fill_flags, edit->fill_nid);
		put_edited(sink, edit, in, out, region);
		put(sink, MU_MAX(base, edit->end), end, region->flags,
		    region->nid);
		at = MU_MAX(at, out);
	}
	if (edit->fill)
		put(sink, at, edit->end, edit->fill_flags, edit->fill_nid);
}

unsigned mu_table_after(const struct mu_memblock_type *type, mu_phys_t addr)
{
	unsigned low = 0, high = type->cnt;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (mu_region_end(&type->regions[mid]) > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct mu_memblock_region *
mu_table_search(const struct mu_memblock_type *type, mu_phys_t addr)
{
	unsigned i = mu_table_after(type, addr);

	return i < type->cnt && type->regions[i].base <= addr
		       ? &type->regions[i]
		       : NULL;
}

/* The regions [*first, return value) overlap @edit or touch it. */
static unsigned window(const struct mu_memblock_type *type,
		       const struct mu_table_edit *edit, unsigned *first)
{
	unsigned last;

	*first = edit->base ? mu_table_after(type, edit->base - 1) : 0;
	last = mu_table_after(type, edit->end);
	if (last < type->cnt && type->regions[last].base <= edit->end)
		last++;
	return last;
}

unsigned mu_table_count(const struct mu_memblock_type *type,
			const struct mu_table_edit *edit)
{
	unsigned first, last = window(type, edit, &first);
	struct sink sink = {.out = NULL};

	rewrite(&sink, edit, type->regions + first, last - first);
	return type->cnt - (last - first) + sink.nr;
}

void mu_table_apply(struct mu_memblock_type *type,
		    const struct mu_table_edit *edit)
{
	unsigned first, last = window(type, edit, &first);
	unsigned cnt = mu_table_count(type, edit);
	struct mu_memblock_region *old = type->regions + type->max;
	struct sink sink = {.out = type->regions + first};

	memcpy(old, type->regions + first, (last - first) * sizeof(*old));
	memmove(type->regions + (last + cnt - type->cnt), type->regions + last,
		(type->cnt - last) * sizeof(*old));
	rewrite(&sink, edit, old, last - first);
	for (unsigned i = 0; i < last - first; i++)
		type->total_size -= old[i].size;
	type->total_size += sink.size;
	type->cnt = cnt;
}
