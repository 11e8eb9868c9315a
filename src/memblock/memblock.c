// SPDX-License-Identifier: MIT
/* memblock: declare what memory exists and what is taken. */
#include "base/string.h"
#include "memblock/find.h"

#include "base/bits.h"
#include "base/fmt.h"

static const struct mu_port no_port;

void mu_memblock_init(struct mu_memblock *mb, const struct mu_port *port)
{
	memset(mb, 0, sizeof(*mb));
	mb->current_limit = MU_MEMBLOCK_ALLOC_ANYWHERE;
	mb->page_shift = MU_PAGE_SHIFT_MIN;
	mb->port = port ? port : &no_port;
	mb->memory.name = "memory";
	mb->memory.max = MU_MEMBLOCK_REGIONS;
	mb->memory.regions = mb->memory_init;
	mb->reserved.name = "reserved";
	mb->reserved.max = MU_MEMBLOCK_REGIONS;
	mb->reserved.regions = mb->reserved_init;
	mb->physmem.name = "physmem";
	mb->physmem.max = MU_MEMBLOCK_PHYSMEM;
	mb->physmem.regions = mb->physmem_init;
	mb->late.name = "late";
	mb->late.max = MU_MEMBLOCK_LATE;
	mb->late.regions = mb->late_init;
}

void mu_memblock_allow_resize(struct mu_memblock *mb)
{
	mb->can_resize = true;
}

/* Every change comes through here. */
static enum mu_status change(struct mu_memblock *mb,
			     struct mu_memblock_type *type, const char *verb,
			     mu_phys_t base, mu_phys_t size,
			     struct mu_table_edit *edit)
{
	enum mu_status status = mu_memblock_check(base, size);

	if (status || !size)
		return status;
	edit->base = base;
	edit->end = base + size;
	status = mu_memblock_edit(mb, type, edit);
	if (mb->debug)
		mu_log(mb->port, MU_LOG_DEBUG,
		       "memblock_%s %s: [0x%016llx-0x%016llx] %s", verb,
		       type->name, (unsigned long long)base,
		       (unsigned long long)(base + size - 1),
		       mu_status_str(status));
	return status;
}

/* What is known already stays as it is; warn where the new call differs. */
static void warn_of_mismatch(const struct mu_memblock *mb,
			     const struct mu_memblock_type *type,
			     mu_phys_t base, mu_phys_t end, int nid,
			     unsigned flags)
{
	for (unsigned i = mu_table_after(type, base);
	     i < type->cnt && type->regions[i].base < end; i++) {
		const struct mu_memblock_region *region = &type->regions[i];

		if ((nid == MU_NO_NODE || nid == region->nid) &&
		    (!flags || flags == region->flags))
			continue;
		mu_log(mb->port, MU_LOG_WARN,
		       "memblock: %s [0x%016llx-0x%016llx] stays node %d "
		       "flags 0x%x, not node %d flags 0x%x",
		       type->name, (unsigned long long)region->base,
		       (unsigned long long)(mu_region_end(region) - 1),
		       region->nid, region->flags, nid, flags);
	}
}

static enum mu_status insert(struct mu_memblock *mb,
			     struct mu_memblock_type *type, const char *verb,
			     mu_phys_t base, mu_phys_t size, int nid,
			     unsigned flags, unsigned known)
{
	struct mu_table_edit edit = {
		.fill = true,
		.fill_flags = flags,
		.fill_nid = nid,
	};
	enum mu_status status;

	if (flags & ~known)
		return MU_ERR_INVALID;
	if (!mu_memblock_valid_nid(nid))
		return MU_ERR_RANGE;
	status = mu_memblock_check(base, size);
	if (status)
		return status;
	warn_of_mismatch(mb, type, base, base + size, nid, flags);
	return change(mb, type, verb, base, size, &edit);
}

enum mu_status mu_memblock_add_node(struct mu_memblock *mb, mu_phys_t base,
				    mu_phys_t size, int nid, unsigned flags)
{
	return insert(mb, &mb->memory, "add", base, size, nid, flags,
		      MU_MEMBLOCK_MEMORY_FLAGS);
}

enum mu_status mu_memblock_add(struct mu_memblock *mb, mu_phys_t base,
			       mu_phys_t size)
{
	return mu_memblock_add_node(mb, base, size, MU_NO_NODE,
				    MU_MEMBLOCK_NONE);
}

enum mu_status mu_memblock_physmem_add(struct mu_memblock *mb, mu_phys_t base,
				       mu_phys_t size)
{
	return insert(mb, &mb->physmem, "add", base, size, MU_NO_NODE,
		      MU_MEMBLOCK_NONE, MU_MEMBLOCK_NONE);
}

enum mu_status mu_memblock_remove(struct mu_memblock *mb, mu_phys_t base,
				  mu_phys_t size)
{
	struct mu_table_edit edit = {.drop = true};

	return change(mb, &mb->memory, "remove", base, size, &edit);
}

enum mu_status mu_memblock_reserve_node(struct mu_memblock *mb, mu_phys_t base,
					mu_phys_t size, int nid, unsigned flags)
{
	return insert(mb, &mb->reserved, "reserve", base, size, nid, flags,
		      MU_MEMBLOCK_RESERVED_FLAGS);
}

enum mu_status mu_memblock_reserve(struct mu_memblock *mb, mu_phys_t base,
				   mu_phys_t size, unsigned flags)
{
	return mu_memblock_reserve_node(mb, base, size, MU_NO_NODE, flags);
}

enum mu_status mu_memblock_phys_free(struct mu_memblock *mb, mu_phys_t base,
				     mu_phys_t size)
{
	struct mu_table_edit edit = {.drop = true};

	if (mb->late_free)
		return mu_memblock_pass_on(mb, base, size);
	return change(mb, &mb->reserved, "phys_free", base, size, &edit);
}

enum mu_status mu_memblock_free_late(struct mu_memblock *mb, mu_phys_t base,
				     mu_phys_t size)
{
	return mu_memblock_phys_free(mb, base, size);
}

enum mu_status mu_memblock_setclr_flag(struct mu_memblock *mb,
				       struct mu_memblock_type *type,
				       mu_phys_t base, mu_phys_t size, bool set,
				       unsigned flag)
{
	unsigned known = type == &mb->memory ? MU_MEMBLOCK_MEMORY_FLAGS
					     : MU_MEMBLOCK_RESERVED_FLAGS;
	struct mu_table_edit edit = {
		.set = set ? flag : 0,
		.clear = set ? 0 : flag,
	};

	if (flag & ~known)
		return MU_ERR_INVALID;
	return change(mb, type, set ? "mark" : "clear", base, size, &edit);
}

enum mu_status mu_memblock_set_node(struct mu_memblock *mb, mu_phys_t base,
				    mu_phys_t size,
				    struct mu_memblock_type *type, int nid)
{
	struct mu_table_edit edit = {.move = true, .move_nid = nid};

	if (!mu_memblock_valid_nid(nid))
		return MU_ERR_RANGE;
	return change(mb, type, "set_node", base, size, &edit);
}
