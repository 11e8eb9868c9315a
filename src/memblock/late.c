// SPDX-License-Identifier: MIT
/*
 * late: what is freed after the hand-over.
 *
 * A page whose descriptor is not initialised yet cannot go to the page
 * allocator. Linux dropped such pages: early in 2026 about 140 MB of a 512 MB
 * machine were found to be lost that way (B. Herrenschmidt, M. Rapoport, on
 * efi_free_boot_services()). Here they wait, in a table like the others, which
 * merges adjacent ranges.
 */
#include "memblock/find.h"

#include "base/bits.h"

void mu_memblock_set_late_free(struct mu_memblock *mb,
			       mu_memblock_late_free_t fn, void *arg)
{
	mb->late_free = fn;
	mb->late_free_arg = arg;
}

static enum mu_status wait(struct mu_memblock *mb, mu_phys_t base,
			   mu_phys_t end)
{
	const struct mu_table_edit edit = {
		.base = base,
		.end = end,
		.fill = true,
		.fill_nid = MU_NO_NODE,
	};

	return mu_memblock_edit(mb, &mb->late, &edit);
}

enum mu_status mu_memblock_pass_on(struct mu_memblock *mb, mu_phys_t base,
				   mu_phys_t size)
{
	mu_phys_t page = (mu_phys_t)1 << mb->page_shift;
	enum mu_status status = mu_memblock_check(base, size);
	mu_phys_t end;

	if (status)
		return status;
	end = mu_align_down(base + size, page);
	base = mu_align_up(base, page);
	if (base >= end)
		return MU_OK;
	if (mu_memblock_overlaps_region(&mb->late, base, end - base))
		return MU_ERR_OVERLAP;
	status = mb->late_free(mb->late_free_arg, base, end - base);
	return status == MU_ERR_BUSY ? wait(mb, base, end) : status;
}

/* Offer every range that waits; returns the last refusal, or MU_OK. */
static enum mu_status offer(struct mu_memblock *mb)
{
	struct mu_memblock_type *late = &mb->late;
	enum mu_status status = MU_OK;
	unsigned i = 0;

	while (i < late->cnt) {
		struct mu_table_edit edit = {
			.base = late->regions[i].base,
			.end = mu_region_end(&late->regions[i]),
			.drop = true,
		};
		enum mu_status answer =
			mb->late_free
				? mb->late_free(mb->late_free_arg, edit.base,
						edit.end - edit.base)
				: MU_ERR_BUSY;

		if (answer) {
			status = answer;
			i++;
		} else {
			mu_table_apply(late, &edit);
		}
	}
	return status;
}

enum mu_status mu_memblock_flush_late(struct mu_memblock *mb)
{
	return offer(mb);
}

/* Empty @type and go back to @init, the array that is part of its memblock. */
static void empty(struct mu_memblock_type *type,
		  struct mu_memblock_region *init, unsigned max)
{
	*type = (struct mu_memblock_type){
		.max = max,
		.regions = init,
		.name = type->name,
	};
}

enum mu_status mu_memblock_discard(struct mu_memblock *mb)
{
	const struct mu_memblock_type *types[] = {&mb->memory, &mb->reserved,
						  &mb->physmem};
	unsigned need = 0;

	if (!mb->late_free)
		return MU_ERR_INVALID;
	/* There must be room for all arrays to wait before any is freed. */
	for (unsigned i = 0; i < MU_ARRAY_SIZE(types); i++)
		need += types[i]->array_size ? 1 : 0;
	if (need > mb->late.max - mb->late.cnt)
		return MU_ERR_FULL;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(types); i++) {
		struct mu_table_edit edit = {
			.base = types[i]->array_base,
			.end = types[i]->array_base + types[i]->array_size,
			.fill = true,
			.fill_nid = MU_NO_NODE,
		};

		if (types[i]->array_size)
			mu_table_apply(&mb->late, &edit);
	}
	empty(&mb->memory, mb->memory_init, MU_MEMBLOCK_REGIONS);
	empty(&mb->reserved, mb->reserved_init, MU_MEMBLOCK_REGIONS);
	empty(&mb->physmem, mb->physmem_init, MU_MEMBLOCK_PHYSMEM);
	offer(mb);
	return MU_OK;
}
