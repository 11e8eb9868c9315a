// SPDX-License-Identifier: MIT
/*
 * grow: tables that are too small move to memory that memblock allocates.
 *
 * Moving a table changes the reserved table: the new array is reserved, the old
 * one, if it was allocated too, is freed. So any other full table may make the
 * reserved table grow, and the reserved table when it is full needs room for
 * its own new array. Both are settled before anything changes: first how long
 * each array must be, then one place for all new arrays, then copies, and only
 * then, when there is certainly room, the edits of the reserved table. The
 * place is outside the range under change: that is about to be used or to go.
 */
#include "base/string.h"
#include "memblock/find.h"

#include "base/assert.h"
#include "base/fmt.h"

/* A new array: max is 0 where the old one stays. */
struct plan {
	struct mu_memblock_type *type;
	unsigned max;
	mu_phys_t size;
};

/* Double the size in @plan until its table holds @cnt regions. */
static bool plan_for(const struct mu_memblock *mb, struct plan *plan,
		     unsigned cnt)
{
	unsigned max = plan->type->max;

	if (cnt <= max)
		return false;
	while (max < cnt)
		max *= 2;
	plan->max = max;
	plan->size = mu_align_up(2 * (mu_phys_t)max *
					 sizeof(struct mu_memblock_region),
				 (mu_phys_t)1 << mb->page_shift);
	return true;
}

static mu_phys_t find_outside(const struct mu_memblock *mb, mu_phys_t size,
			      const struct mu_table_edit *edit)
{
	mu_phys_t align = (mu_phys_t)1 << mb->page_shift;
	mu_phys_t limit = mb->current_limit;
	unsigned flags = mu_memblock_choose_flags(mb);

	for (;; flags &= ~MU_MEMBLOCK_MIRROR) {
		mu_phys_t found = mu_memblock_find(mb, size, align, edit->end,
						   limit, MU_NO_NODE, flags);

		if (!found)
			found = mu_memblock_find(mb, size, align, 0,
						 MU_MIN(edit->base, limit),
						 MU_NO_NODE, flags);
		if (found || !(flags & MU_MEMBLOCK_MIRROR))
			return found;
	}
}

/* Switch to the array of @plan at @base; where the old one was in *@old. */
static void move_table(const struct mu_memblock *mb, const struct plan *plan,
		       mu_phys_t base, void *array, struct mu_table_edit *old)
{
	struct mu_memblock_type *type = plan->type;

	memcpy(array, type->regions, type->cnt * sizeof(*type->regions));
	*old = (struct mu_table_edit){
		.base = type->array_base,
		.end = type->array_base + type->array_size,
		.drop = true,
	};
	type->regions = array;
	type->max = plan->max;
	type->array_base = base;
	type->array_size = plan->size;
	mu_log(mb->port, MU_LOG_INFO,
	       "memblock: %s is doubled to %u at [0x%016llx-0x%016llx]",
	       type->name, type->max, (unsigned long long)base,
	       (unsigned long long)(base + plan->size - 1));
}

static enum mu_status grow(struct mu_memblock *mb,
			   struct mu_memblock_type *type, unsigned cnt,
			   const struct mu_table_edit *edit)
{
	bool other = type != &mb->reserved;
	struct plan plans[2] = {{.type = other ? type : &mb->memory},
				{.type = &mb->reserved}};
	struct plan *first = &plans[0], *reserved = &plans[1];
	struct mu_table_edit old[2], new = {.fill = true};
	unsigned need;
	char *array;

	if (!mb->can_resize || mb->late_free || type == &mb->late)
		return MU_ERR_FULL;
	if (!mb->port->phys_to_virt)
		return MU_ERR_UNSUPPORTED;

	/* One more region for the new arrays, one for each that is freed. */
	need = other ? mb->reserved.cnt : cnt;
	if (other && plan_for(mb, first, cnt))
		need += type->array_size ? 1 : 0;
	if (plan_for(mb, reserved, need + 1) && mb->reserved.array_size)
		plan_for(mb, reserved, need + 2);

	new.base = find_outside(mb, first->size + reserved->size, edit);
	if (!new.base)
		return MU_ERR_NOMEM;
	new.end = new.base + first->size + reserved->size;
	array = mb->port->phys_to_virt(mb->port->arg, new.base,
				       new.end - new.base);
	if (!array)
		return MU_ERR_NOMEM;

	new.fill_flags = MU_MEMBLOCK_RSRV_KERN;
	new.fill_nid = MU_NO_NODE;
	for (int i = 0; i < 2; i++) {
		old[i] = (struct mu_table_edit){.drop = true};
		if (plans[i].max)
			move_table(mb, &plans[i],
				   i ? new.base + first->size : new.base,
				   i ? array + first->size : array, &old[i]);
	}
	mu_table_apply(&mb->reserved, &new);
	for (int i = 0; i < 2; i++) {
		if (old[i].end)
			mu_table_apply(&mb->reserved, &old[i]);
	}
	return MU_OK;
}

enum mu_status mu_memblock_edit(struct mu_memblock *mb,
				struct mu_memblock_type *type,
				const struct mu_table_edit *edit)
{
	unsigned cnt = mu_table_count(type, edit);

	if (cnt > type->max) {
		enum mu_status status = grow(mb, type, cnt, edit);

		if (status)
			return status;
		mu_assert(mb->port, mu_table_count(type, edit) <= type->max);
	}
	mu_table_apply(type, edit);
	return MU_OK;
}

/* ---- Tables in the caller's memory ---- */

static size_t room_of(const struct mu_memblock_type *type, unsigned more)
{
	return mu_align_up(2 * ((size_t)type->cnt + more) *
				   sizeof(*type->regions),
			   MU_CACHE_LINE);
}

size_t mu_memblock_room_size(const struct mu_memblock *mb, unsigned more)
{
	return room_of(&mb->memory, more) + room_of(&mb->reserved, more);
}

enum mu_status mu_memblock_make_room(struct mu_memblock *mb, unsigned more,
				     void *buf, size_t size)
{
	struct mu_memblock_type *types[] = {&mb->memory, &mb->reserved};
	char *at = buf;

	if (size < mu_memblock_room_size(mb, more))
		return MU_ERR_FULL;
	for (unsigned i = 0; i < MU_ARRAY_SIZE(types); i++) {
		struct mu_memblock_type *type = types[i];
		size_t bytes = room_of(type, more);

		memcpy(at, type->regions, type->cnt * sizeof(*type->regions));
		type->regions = (struct mu_memblock_region *)(void *)at;
		type->max = type->cnt + more;
		at += bytes;
	}
	mb->can_resize = false;
	return MU_OK;
}
