/* SPDX-License-Identifier: MIT */
/* find: where there is room, and the one function that changes tables. */
#ifndef MU_MEMBLOCK_FIND_H
#define MU_MEMBLOCK_FIND_H

#include "memblock/table.h"

/* The flags of the regions that allocations look at first. O(n). */
unsigned mu_memblock_choose_flags(const struct mu_memblock *mb);

/*
 * The highest free @size bytes (with bottom_up the lowest) aligned to @align, a
 * power of two, in [@start, @end), among what mu_memblock_next_free() finds
 * with @nid and @flags, and not in the first page. 0 if there are none.
 */
mu_phys_t mu_memblock_find(const struct mu_memblock *mb, mu_phys_t size,
			   mu_phys_t align, mu_phys_t start, mu_phys_t end,
			   int nid, unsigned flags);

/*
 * Apply @edit to @type, after growing its table if necessary. MU_ERR_FULL,
 * MU_ERR_NOMEM, MU_ERR_UNSUPPORTED; then nothing has changed.
 */
enum mu_status mu_memblock_edit(struct mu_memblock *mb,
				struct mu_memblock_type *type,
				const struct mu_table_edit *edit) MU_MUST_CHECK;

/*
 * Pass the whole pages of the range on to who takes what is freed after the
 * hand-over; there is one. Otherwise as mu_memblock_free_late().
 */
enum mu_status mu_memblock_pass_on(struct mu_memblock *mb, mu_phys_t base,
				   mu_phys_t size) MU_MUST_CHECK;

/* MU_ERR_RANGE when [@base, @base + @size) wraps or passes MU_PHYS_MAX. */
static inline enum mu_status mu_memblock_check(mu_phys_t base, mu_phys_t size)
{
	return base <= MU_PHYS_MAX && size <= MU_PHYS_MAX - base ? MU_OK
								 : MU_ERR_RANGE;
}

static inline bool mu_memblock_valid_nid(int nid)
{
	return nid == MU_NO_NODE || (nid >= 0 && nid < MU_MAX_NODES);
}

#endif
