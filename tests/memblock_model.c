// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/memblock_model.h"

static void *map(void *arg, mu_phys_t base, mu_phys_t size)
{
	struct mbm_world *world = arg;

	world->maps++;
	if (world->fail_map && !--world->fail_map)
		return NULL;
	if (base < world->base || base - world->base > world->size ||
	    size > world->size - (base - world->base))
		return NULL;
	return world->arena + (base - world->base);
}

static void log_line(void *arg, enum mu_log_level level, const char *line)
{
	struct mbm_world *world = arg;

	if (world->logs < MBM_LOGS)
		snprintf(world->log[world->logs], sizeof(world->log[0]), "%s",
			 line);
	world->logs++;
	world->warnings += level == MU_LOG_WARN;
}

void mbm_start(struct mbm_world *world, mu_phys_t base, mu_phys_t size)
{
	memset(world, 0, sizeof(*world));
	world->base = base;
	world->size = size;
	if (size) {
		world->arena = malloc((size_t)size);
		assert_non_null(world->arena);
		memset(world->arena, 0xa5, (size_t)size);
	}
	world->port.arg = world;
	world->port.phys_to_virt = map;
	world->port.log = log_line;
	mu_memblock_init(&world->mb, &world->port);
}

void mbm_stop(struct mbm_world *world)
{
	assert_int_equal(mu_memblock_validate(&world->mb), MU_OK);
	free(world->arena);
	world->arena = NULL;
}

bool mbm_logged(const struct mbm_world *world, const char *text)
{
	for (unsigned i = 0; i < world->logs && i < MBM_LOGS; i++) {
		if (strstr(world->log[i], text))
			return true;
	}
	return false;
}

static const struct mu_memblock_type *type_of(const struct mbm_world *world,
					      int i)
{
	const struct mu_memblock_type *types[3] = {
		&world->mb.memory, &world->mb.reserved, &world->mb.late};

	return types[i];
}

void mbm_save(const struct mbm_world *world, struct mbm_image *image)
{
	for (int i = 0; i < 3; i++) {
		image->type[i] = *type_of(world, i);
		memcpy(image->region[i], image->type[i].regions,
		       image->type[i].cnt * sizeof(image->region[i][0]));
	}
}

void mbm_same(const struct mbm_world *world, const struct mbm_image *image)
{
	for (int i = 0; i < 3; i++) {
		const struct mu_memblock_type *type = type_of(world, i);

		assert_memory_equal(type, &image->type[i], sizeof(*type));
		if (type->cnt)
			assert_memory_equal(type->regions, image->region[i],
					    type->cnt *
						    sizeof(type->regions[0]));
	}
}

void mbm_expect_at(const struct mu_memblock_type *type,
		   const struct mu_memblock_region *region, unsigned cnt,
		   const char *file, int line)
{
	mu_phys_t size = 0;
	bool same = type->cnt == cnt;

	for (unsigned i = 0; same && i < cnt; i++) {
		same = !memcmp(&type->regions[i], &region[i], sizeof(*region));
		size += region[i].size;
	}
	if (same && size == type->total_size)
		return;
	print_error("%s.cnt %u, total %#llx, expected %u\n", type->name,
		    type->cnt, (unsigned long long)type->total_size, cnt);
	for (unsigned i = 0; i < type->cnt; i++)
		print_error("  %#llx + %#llx flags %#x node %d\n",
			    (unsigned long long)type->regions[i].base,
			    (unsigned long long)type->regions[i].size,
			    type->regions[i].flags, type->regions[i].nid);
	_fail(file, line);
}

void mbm_fill(struct mbm_model *model, int type, unsigned from, unsigned to,
	      int nid, unsigned flags)
{
	for (unsigned i = from; i < to; i++) {
		if (!model->cell[type][i].present)
			model->cell[type][i] =
				(struct mbm_cell){true, flags, nid};
	}
}

void mbm_drop(struct mbm_model *model, int type, unsigned from, unsigned to,
	      unsigned spare)
{
	for (unsigned i = from; i < to; i++) {
		if (!(model->cell[type][i].flags & spare))
			model->cell[type][i] = (struct mbm_cell){0};
	}
}

void mbm_flag(struct mbm_model *model, int type, unsigned from, unsigned to,
	      unsigned set, unsigned clear)
{
	for (unsigned i = from; i < to; i++) {
		if (!model->cell[type][i].present)
			continue;
		model->cell[type][i].flags |= set;
		model->cell[type][i].flags &= ~clear;
	}
}

void mbm_move(struct mbm_model *model, int type, unsigned from, unsigned to,
	      int nid)
{
	for (unsigned i = from; i < to; i++) {
		if (model->cell[type][i].present)
			model->cell[type][i].nid = nid;
	}
}

static bool alike(const struct mbm_cell *a, const struct mbm_cell *b)
{
	return a->present == b->present && a->flags == b->flags &&
	       a->nid == b->nid;
}

unsigned mbm_regions(const struct mbm_model *model, int type,
		     struct mu_memblock_region *region)
{
	const struct mbm_cell *cell = model->cell[type];
	unsigned cnt = 0;

	for (unsigned i = 0; i < MBM_CELLS; i++) {
		if (!cell[i].present)
			continue;
		if (!i || !alike(&cell[i - 1], &cell[i])) {
			if (region)
				region[cnt] = (struct mu_memblock_region){
					i * MBM_PAGE, 0, cell[i].flags,
					cell[i].nid};
			cnt++;
		}
		if (region)
			region[cnt - 1].size += MBM_PAGE;
	}
	return cnt;
}

bool mbm_free(const struct mbm_model *model, unsigned cell, int nid,
	      unsigned flags)
{
	const struct mbm_cell *memory = &model->cell[MBM_MEMORY][cell];

	if (!memory->present || model->cell[MBM_RESERVED][cell].present)
		return false;
	if (nid != MU_NO_NODE && nid != memory->nid)
		return false;
	if ((flags & MU_MEMBLOCK_MIRROR) &&
	    !(memory->flags & MU_MEMBLOCK_MIRROR))
		return false;
	if ((flags & MU_MEMBLOCK_SCRATCH) &&
	    !(memory->flags & MU_MEMBLOCK_SCRATCH))
		return false;
	if ((memory->flags & MU_MEMBLOCK_NOMAP) && !(flags & MU_MEMBLOCK_NOMAP))
		return false;
	if ((memory->flags & MU_MEMBLOCK_DRIVER_MANAGED) &&
	    !(flags & MU_MEMBLOCK_DRIVER_MANAGED))
		return false;
	return !(model->movable_node && (memory->flags & MU_MEMBLOCK_HOTPLUG) &&
		 !(flags & MU_MEMBLOCK_HOTPLUG));
}

static bool fits(const struct mbm_model *model, unsigned at, unsigned size,
		 int nid, unsigned flags)
{
	for (unsigned i = at; i < at + size; i++) {
		if (!mbm_free(model, i, nid, flags) ||
		    !alike(&model->cell[MBM_MEMORY][at],
			   &model->cell[MBM_MEMORY][i]))
			return false;
	}
	return true;
}

static unsigned find(const struct mbm_model *model, unsigned size,
		     unsigned align, unsigned from, unsigned to, int nid,
		     unsigned flags)
{
	unsigned best = 0;

	for (unsigned i = from ? from : 1; i + size <= to; i++) {
		if (i % align || !fits(model, i, size, nid, flags))
			continue;
		best = i;
		if (model->bottom_up)
			break;
	}
	return best;
}

unsigned mbm_alloc(const struct mbm_model *model, unsigned size, unsigned align,
		   unsigned from, unsigned to, int nid, bool exact_nid)
{
	unsigned flags = 0, at;

	for (unsigned i = 0; i < MBM_CELLS; i++)
		flags |= model->cell[MBM_MEMORY][i].flags & MU_MEMBLOCK_MIRROR;
	if (model->scratch_only)
		flags = MU_MEMBLOCK_SCRATCH;
	at = find(model, size, align, from, to, nid, flags);
	if (!at && !exact_nid)
		at = find(model, size, align, from, to, MU_NO_NODE, flags);
	flags &= ~MU_MEMBLOCK_MIRROR;
	if (!at)
		at = find(model, size, align, from, to, nid, flags);
	if (!at && !exact_nid)
		at = find(model, size, align, from, to, MU_NO_NODE, flags);
	return at;
}

static void check_cell(const struct mbm_model *model,
		       const struct mu_memblock *mb, unsigned i)
{
	const struct mbm_cell *memory = &model->cell[MBM_MEMORY][i];
	const struct mbm_cell *reserved = &model->cell[MBM_RESERVED][i];
	mu_phys_t addr = i * MBM_PAGE + i % 7;

	assert_int_equal(mu_memblock_is_memory(mb, addr), memory->present);
	assert_int_equal(mu_memblock_is_map_memory(mb, addr),
			 memory->present &&
				 !(memory->flags & MU_MEMBLOCK_NOMAP));
	assert_int_equal(mu_memblock_is_reserved(mb, addr), reserved->present);
	assert_int_equal(mu_memblock_search_pfn_nid(mb, i, NULL, NULL),
			 memory->present ? memory->nid : MU_NO_NODE);
}

/* Every free cell is in one range, and a range is of one region. */
static void check_walk(const struct mbm_model *model,
		       const struct mu_memblock *mb, int nid, unsigned flags,
		       bool up)
{
	static bool seen[MBM_CELLS];
	uint64_t cursor = up ? MU_MEMBLOCK_FIRST : MU_MEMBLOCK_LAST;
	mu_phys_t start, end, edge = up ? 0 : MBM_CELLS * MBM_PAGE;
	int node;

	memset(seen, 0, sizeof(seen));
	while (up ? mu_memblock_next_free(mb, &cursor, nid, flags, &start, &end,
					  &node)
		  : mu_memblock_prev_free(mb, &cursor, nid, flags, &start, &end,
					  &node)) {
		assert_true(start < end && (up ? start >= edge : end <= edge));
		edge = up ? end : start;
		assert_true(fits(model, (unsigned)(start / MBM_PAGE),
				 (unsigned)((end - start) / MBM_PAGE), nid,
				 flags));
		for (mu_phys_t at = start; at < end; at += MBM_PAGE) {
			seen[at / MBM_PAGE] = true;
			assert_int_equal(
				node,
				model->cell[MBM_MEMORY][at / MBM_PAGE].nid);
		}
	}
	for (unsigned i = 0; i < MBM_CELLS; i++)
		assert_int_equal(seen[i], mbm_free(model, i, nid, flags));
}

void mbm_check(const struct mbm_model *model, const struct mu_memblock *mb)
{
	static struct mu_memblock_region region[MBM_CELLS];
	unsigned cnt = mbm_regions(model, MBM_MEMORY, region);

	mbm_expect_at(&mb->memory, region, cnt, __FILE__, __LINE__);
	cnt = mbm_regions(model, MBM_RESERVED, region);
	mbm_expect_at(&mb->reserved, region, cnt, __FILE__, __LINE__);
	assert_int_equal(mu_memblock_validate(mb), MU_OK);
	for (unsigned i = 0; i < MBM_CELLS; i++)
		check_cell(model, mb, i);
	for (int up = 0; up < 2; up++) {
		check_walk(model, mb, MU_NO_NODE, 0, up);
		check_walk(model, mb, 1, MU_MEMBLOCK_HOTPLUG, up);
		check_walk(model, mb, MU_NO_NODE,
			   MU_MEMBLOCK_MIRROR | MU_MEMBLOCK_NOMAP, up);
		check_walk(model, mb, 0,
			   MU_MEMBLOCK_SCRATCH | MU_MEMBLOCK_DRIVER_MANAGED,
			   up);
	}
}

unsigned mbm_random(uint64_t *seed, unsigned limit)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ (z >> 31)) % limit);
}
