// SPDX-License-Identifier: MIT
/* Random histories against the model of tests/memblock_model.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/memblock_model.h"
#include "tests/world.h"

/* (One thread has no races to be found.) */
#define SEEDS (TEST_TSAN ? 3 : 24)
#define STEPS 1500

static struct mbm_world world;
static struct mbm_model model;
static struct mbm_image image;
static unsigned nr_full, nr_allocated, nr_nomem;

static const unsigned memory_flags[] = {
	MU_MEMBLOCK_HOTPLUG, MU_MEMBLOCK_MIRROR, MU_MEMBLOCK_NOMAP,
	MU_MEMBLOCK_DRIVER_MANAGED, MU_MEMBLOCK_SCRATCH};
static const unsigned reserved_flags[] = {MU_MEMBLOCK_RSRV_NOINIT,
					  MU_MEMBLOCK_RSRV_KERN};

static unsigned some_flag(uint64_t *seed, int type)
{
	return type == MBM_MEMORY ? memory_flags[mbm_random(seed, 5)]
				  : reserved_flags[mbm_random(seed, 2)];
}

static struct mu_memblock_type *type_at(int type)
{
	return type == MBM_MEMORY ? &world.mb.memory : &world.mb.reserved;
}

/*
 * One change of one range, to the model and to memblock. The model says first
 * whether it may be MU_ERR_FULL.
 */
static void step_edit(uint64_t *seed)
{
	static struct mbm_model after;
	int type = (int)mbm_random(seed, 2), nid = (int)mbm_random(seed, 3) - 1;
	unsigned from = mbm_random(seed, MBM_CELLS);
	unsigned len = mbm_random(seed, mbm_random(seed, 99) ? 4 : MBM_CELLS);
	unsigned to = from + len > MBM_CELLS ? MBM_CELLS : from + len;
	unsigned flag = mbm_random(seed, 3) ? 0 : some_flag(seed, type);
	mu_phys_t base = from * MBM_PAGE, size = (to - from) * MBM_PAGE;
	enum mu_status status, expected = MU_OK;

	after = model;
	mbm_save(&world, &image);
	switch (mbm_random(seed, 6)) {
	case 0:
	case 1:
		mbm_fill(&after, type, from, to, nid, flag);
		status = type == MBM_MEMORY
				 ? mu_memblock_add_node(&world.mb, base, size,
							nid, flag)
				 : mu_memblock_reserve_node(&world.mb, base,
							    size, nid, flag);
		break;
	case 2:
		mbm_drop(&after, type, from, to, 0);
		status = type == MBM_MEMORY
				 ? mu_memblock_remove(&world.mb, base, size)
				 : mu_memblock_phys_free(&world.mb, base, size);
		break;
	case 3:
		flag = some_flag(seed, type);
		mbm_flag(&after, type, from, to, flag, 0);
		status = mu_memblock_setclr_flag(&world.mb, type_at(type), base,
						 size, true, flag);
		break;
	case 4:
		flag = some_flag(seed, type);
		mbm_flag(&after, type, from, to, 0, flag);
		status = mu_memblock_setclr_flag(&world.mb, type_at(type), base,
						 size, false, flag);
		break;
	default:
		mbm_move(&after, type, from, to, nid);
		status = mu_memblock_set_node(&world.mb, base, size,
					      type_at(type), nid);
		break;
	}
	if (mbm_regions(&after, type, NULL) > MU_MEMBLOCK_REGIONS)
		expected = MU_ERR_FULL;
	assert_int_equal(status, expected);
	nr_full += expected == MU_ERR_FULL;
	if (expected)
		mbm_same(&world, &image);
	else
		model = after;
}

static void step_alloc(uint64_t *seed)
{
	unsigned from = mbm_random(seed, 2) ? mbm_random(seed, MBM_CELLS) : 0;
	unsigned to = mbm_random(seed, 2)
			      ? from + mbm_random(seed, MBM_CELLS - from)
			      : MBM_CELLS;
	unsigned size = 1 + mbm_random(seed, 6);
	unsigned align = 1u << mbm_random(seed, 4);
	int nid = (int)mbm_random(seed, 3) - 1;
	bool exact = mbm_random(seed, 2);
	unsigned at = mbm_alloc(&model, size, align, from, to, nid, exact);
	struct mbm_model after = model;
	mu_phys_t got = 1;
	enum mu_status status, expected = at ? MU_OK : MU_ERR_NOMEM;
	int marked = MU_NO_NODE;

	if (!to) /* would be ALLOC_ACCESSIBLE */
		return;
	mbm_save(&world, &image);
	status = mu_memblock_alloc_range_nid(&world.mb, size * MBM_PAGE,
					     align * MBM_PAGE, from * MBM_PAGE,
					     to * MBM_PAGE, nid, exact, &got);
	/* Where the node was had, the reservation tells it. */
	if (at && nid == model.cell[MBM_MEMORY][at].nid)
		marked = nid;
	mbm_fill(&after, MBM_RESERVED, at, at ? at + size : 0, marked,
		 MU_MEMBLOCK_RSRV_KERN);
	if (at && mbm_regions(&after, MBM_RESERVED, NULL) > MU_MEMBLOCK_REGIONS)
		expected = MU_ERR_FULL;
	assert_int_equal(status, expected);
	assert_int_equal(got, expected ? 1 : at * MBM_PAGE);
	nr_nomem += !at;
	nr_allocated += !expected;
	if (expected)
		mbm_same(&world, &image);
	else
		model = after;
}

static void limit_model(unsigned cells, bool keep_nomap)
{
	unsigned end = 0;

	for (; end < MBM_CELLS && cells; end++)
		cells -= model.cell[MBM_MEMORY][end].present;
	if (cells)
		return;
	mbm_drop(&model, MBM_MEMORY, end, MBM_CELLS,
		 keep_nomap ? MU_MEMBLOCK_NOMAP : 0);
	mbm_drop(&model, MBM_RESERVED, end, MBM_CELLS, 0);
}

/* A region of the model loses what is not in whole groups of @align cells. */
static void trim_model(unsigned align)
{
	static struct mu_memblock_region region[MBM_CELLS];
	unsigned cnt = mbm_regions(&model, MBM_MEMORY, region);

	for (unsigned i = 0; i < cnt; i++) {
		unsigned from = (unsigned)(region[i].base / MBM_PAGE);
		unsigned to = from + (unsigned)(region[i].size / MBM_PAGE);

		for (unsigned at = from; at < to; at++) {
			unsigned group = at / align * align;

			if (group < from || group + align > to)
				mbm_drop(&model, MBM_MEMORY, at, at + 1, 0);
		}
	}
}

static void step_limit(uint64_t *seed)
{
	unsigned from = mbm_random(seed, MBM_CELLS / 8);
	unsigned to = MBM_CELLS - mbm_random(seed, MBM_CELLS / 8);
	unsigned cells = 1 + mbm_random(seed, MBM_CELLS);
	unsigned align = 1u << mbm_random(seed, 3);
	bool empty = !world.mb.memory.cnt;

	switch (mbm_random(seed, 4)) {
	case 0:
		ok(mu_memblock_cap_memory_range(&world.mb, from * MBM_PAGE,
						(to - from) * MBM_PAGE));
		if (empty)
			break;
		mbm_drop(&model, MBM_MEMORY, 0, from, MU_MEMBLOCK_NOMAP);
		mbm_drop(&model, MBM_MEMORY, to, MBM_CELLS, MU_MEMBLOCK_NOMAP);
		mbm_drop(&model, MBM_RESERVED, 0, from, 0);
		mbm_drop(&model, MBM_RESERVED, to, MBM_CELLS, 0);
		break;
	case 1:
		mu_memblock_enforce_memory_limit(&world.mb, cells * MBM_PAGE);
		limit_model(cells, false);
		break;
	case 2:
		mu_memblock_mem_limit_remove_map(&world.mb, cells * MBM_PAGE);
		limit_model(cells, true);
		break;
	default:
		ok(mu_memblock_trim_memory(&world.mb, align * MBM_PAGE));
		trim_model(align);
		break;
	}
}

static void step_policy(uint64_t *seed)
{
	model.bottom_up = world.mb.bottom_up = mbm_random(seed, 2);
	model.movable_node = world.mb.movable_node = mbm_random(seed, 2);
	model.scratch_only = world.mb.scratch_only = !mbm_random(seed, 4);
}

static void histories(void **state)
{

	(void)state;
	for (uint64_t first = 1; first <= SEEDS; first++) {
		uint64_t seed = first;

		print_message("histories: seed %llu\n",
			      (unsigned long long)first);
		mbm_start(&world, 0, 0);
		memset(&model, 0, sizeof(model));
		for (unsigned i = 0; i < STEPS; i++) {
			unsigned what = mbm_random(&seed, 512);

			if (what == 0)
				step_limit(&seed);
			else if (what < 12)
				step_policy(&seed);
			else if (what < 120)
				step_alloc(&seed);
			else
				step_edit(&seed);
			mbm_check(&model, &world.mb);
		}
		mbm_stop(&world);
	}
	/* The histories went where it hurts. */
	assert_true(nr_allocated > 100 && nr_full > 100 && nr_nomem > 10);
}

/* An attribute belongs to an address: then no order of insertion matters. */
static void any_order(void **state)
{
	static struct mu_memblock_region part[96], sorted[MBM_CELLS];
	unsigned nr = sizeof(part) / sizeof(part[0]), cnt = 0;
	uint64_t seed = 7;

	(void)state;
	print_message("any_order: seed 7\n");
	for (unsigned i = 0; i < nr; i++) {
		unsigned area = mbm_random(&seed, 16), at, len;

		at = mbm_random(&seed, 60);
		len = 1 + mbm_random(&seed, 63 - at);
		part[i] = (struct mu_memblock_region){
			(area * 64 + at) * MBM_PAGE, len * MBM_PAGE,
			area % 3 ? 0 : MU_MEMBLOCK_HOTPLUG, (int)(area / 4)};
	}
	for (unsigned order = 0; order < 50; order++) {
		mbm_start(&world, 0, 0);
		for (unsigned i = nr; i-- > 0;) {
			unsigned j = mbm_random(&seed, i + 1);
			struct mu_memblock_region swap = part[j];

			part[j] = part[i];
			part[i] = swap;
			for (int twice = 0; twice < 2; twice++)
				ok(mu_memblock_add_node(&world.mb, swap.base,
							swap.size, swap.nid,
							swap.flags));
		}
		if (!order) {
			cnt = world.mb.memory.cnt;
			memcpy(sorted, world.mb.memory.regions,
			       cnt * sizeof(*sorted));
		}
		mbm_expect_at(&world.mb.memory, sorted, cnt, __FILE__,
			      __LINE__);
		assert_int_equal(world.warnings, 0);
		mbm_stop(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories),
		cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
