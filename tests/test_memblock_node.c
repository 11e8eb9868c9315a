// SPDX-License-Identifier: MIT
/*
 * Allocation by node and by flag, top-down and bottom-up. Eight nodes:
 *
 *     node   0    1    2         3    4    5    6         7
 *     MiB    1    1    1  hole   1    1    1    1  hole   1
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/memblock_model.h"

#define KERN MU_MEMBLOCK_RSRV_KERN

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

/* The first address of node @nid. */
static mu_phys_t node(int nid)
{
	mu_phys_t mib = 1 + (mu_phys_t)nid + (nid > 2) + (nid > 6);

	return mib * MU_MIB;
}

static int start_down(void **state)
{
	(void)state;
	mbm_start(&world, 0, 0);
	for (int nid = 0; nid < 8; nid++)
		ok(mu_memblock_add_node(mb, node(nid), MU_MIB, nid, 0));
	return 0;
}

static int start_up(void **state)
{
	start_down(state);
	mb->bottom_up = true;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

/* Where @size bytes go if the free range [@from, @to) takes them. */
static mu_phys_t either(mu_phys_t from, mu_phys_t to, mu_phys_t size)
{
	return mb->bottom_up ? from : to - size;
}

static mu_phys_t get(mu_phys_t size, mu_phys_t from, mu_phys_t to, int nid,
		     bool exact_nid)
{
	mu_phys_t base = 0;
	enum mu_status status;

	mbm_save(&world, &image);
	status = mu_memblock_alloc_range_nid(mb, size, 64, from, to, nid,
					     exact_nid, &base);
	if (!status)
		return base;
	assert_int_equal(status, MU_ERR_NOMEM);
	assert_int_equal(base, 0);
	mbm_same(&world, &image);
	return 0;
}

static void on_its_node(void **state)
{
	(void)state;
	for (int nid = 0; nid < 8; nid++) {
		mu_phys_t at = either(node(nid), node(nid) + MU_MIB, 0x1000);

		assert_int_equal(get(0x1000, 0, 0, nid, nid % 2), at);
		assert_true(mu_memblock_is_region_reserved(mb, at, 0x1000));
	}
	/* The reservations know their nodes. */
	assert_int_equal(mb->reserved.cnt, 8);
	assert_int_equal(mb->reserved.regions[3].nid, 3);
	assert_int_equal(mb->reserved.regions[3].flags, KERN);
}

static void node_too_small(void **state)
{
	mu_phys_t size = MU_MIB + 0x1000;

	(void)state;
	/* No region is larger than a node's, though 3 to 6 touch. */
	assert_int_equal(get(size, 0, 0, 4, false), 0);
	ok(mu_memblock_set_node(mb, node(5), MU_MIB, &mb->memory, 6));
	assert_int_equal(get(size, 0, 0, 4, true), 0);
	assert_int_equal(get(size, 0, 0, 4, false),
			 either(node(5), node(7) - MU_MIB, size));
	mbm_expect(&mb->reserved,
		   {either(node(5), node(7) - MU_MIB, size), size, KERN, -1});
}

static void node_reserved(void **state)
{
	(void)state;
	ok(mu_memblock_reserve(mb, node(4), MU_MIB, 0));
	assert_int_equal(get(0x1000, 0, 0, 4, true), 0);
	assert_int_equal(get(0x1000, 0, 0, 4, false),
			 either(node(0), node(7) + MU_MIB, 0x1000));
	/* In part: what is left of the node is enough. */
	ok(mu_memblock_phys_free(mb, node(4) + 0x4000, 0x2000));
	assert_int_equal(get(0x2000, 0, 0, 4, true), node(4) + 0x4000);
}

static void node_in_pieces(void **state)
{
	(void)state;
	for (mu_phys_t at = 0; at < MU_MIB; at += 0x20000)
		ok(mu_memblock_reserve(mb, node(2) + at, 0x10000, 0));
	assert_int_equal(get(0x10001, 0, 0, 2, true), 0);
	assert_int_equal(get(0x10000, 0, 0, 2, true),
			 either(node(2) + 0x10000, node(3) - MU_MIB, 0x10000));
}

static void absent_node(void **state)
{
	(void)state;
	assert_int_equal(get(0x1000, 0, 0, 9, true), 0);
	assert_int_equal(get(0x1000, 0, 0, 9, false),
			 either(node(0), node(7) + MU_MIB, 0x1000));
}

static void node_and_range(void **state)
{
	mu_phys_t mid = node(4) + MU_MIB / 2;

	(void)state;
	/* The range spans 4 in part and 5: only what is in both counts. */
	assert_int_equal(get(0x1000, mid, node(6), 4, true),
			 either(mid, node(5), 0x1000));
	assert_int_equal(get(0x1000, mid, node(6), 5, true),
			 either(node(5), node(6), 0x1000));
	/* The node and the range do not meet. */
	assert_int_equal(get(0x1000, mid, node(6), 1, true), 0);
	assert_int_equal(get(0x2000, node(2), node(3), 1, false),
			 either(node(2), node(2) + MU_MIB, 0x2000));
	assert_int_equal(get(MU_MIB, node(2), node(3), 1, false), 0);
	/* A hole has nothing on any node. */
	assert_int_equal(get(1, node(2) + MU_MIB, node(3), 2, false), 0);
}

static void mirrored_first(void **state)
{
	(void)state;
	ok(mu_memblock_mark_mirror(mb, node(1), MU_MIB));
	ok(mu_memblock_mark_mirror(mb, node(5), MU_MIB));
	assert_int_equal(get(0x1000, 0, 0, -1, false),
			 either(node(1), node(5) + MU_MIB, 0x1000));
	assert_int_equal(get(0x1000, 0, 0, 5, true),
			 either(node(5),
				node(5) + MU_MIB - (mb->bottom_up ? 0 : 0x1000),
				0x1000));
	/* Mirrored on another node comes before not mirrored on this one. */
	assert_int_equal(world.warnings, 0);
	assert_int_equal(get(MU_MIB / 2, 0, 0, 3, false),
			 either(node(1) + 0x1000, node(5) + MU_MIB - 0x2000,
				MU_MIB / 2));
	assert_int_equal(world.warnings, 0);
	/* Exact node, or too much: not mirrored, with a warning. */
	assert_int_equal(get(0x1000, 0, 0, 3, true),
			 either(node(3), node(4), 0x1000));
	assert_int_equal(world.warnings, 1);
	assert_true(mbm_logged(&world, "no 4096 bytes of mirrored memory"));
	ok(mu_memblock_reserve(mb, node(1) + MU_MIB / 2, 64, 0));
	assert_int_equal(get(MU_MIB, 0, 0, 2, false), node(2));
	assert_int_equal(world.warnings, 2);
	/* Nothing is mirrored any more: nothing to warn of. */
	ok(mu_memblock_clear_mirror(mb, 0, node(7)));
	assert_int_not_equal(get(MU_MIB, 0, 0, 6, false), 0);
	assert_int_equal(world.warnings, 2);
}

static void not_for_us(void **state)
{
	(void)state;
	ok(mu_memblock_mark_nomap(mb, node(0), MU_MIB));
	ok(mu_memblock_mark_driver_managed(mb, node(1), MU_MIB));
	ok(mu_memblock_mark_hotplug(mb, node(6), 3 * MU_MIB));
	assert_int_equal(get(0x1000, 0, 0, 0, true), 0);
	assert_int_equal(get(0x1000, 0, 0, 1, true), 0);
	assert_int_equal(get(0x1000, 0, 0, -1, false),
			 either(node(2), node(7) + MU_MIB, 0x1000));
	mb->movable_node = true;
	assert_int_equal(get(0x1000, 0, 0, 7, true), 0);
	assert_int_equal(get(0x2000, 0, 0, 7, false),
			 either(node(2) + (mb->bottom_up ? 0x1000 : 0), node(6),
				0x2000));
}

static void scratch_alone(void **state)
{
	(void)state;
	ok(mu_memblock_mark_scratch(mb, node(3), 0x4000));
	mb->scratch_only = true;
	assert_int_equal(get(0x1000, 0, 0, 6, false),
			 either(node(3), node(3) + 0x4000, 0x1000));
	assert_int_equal(get(0x1000, 0, 0, 6, true), 0);
	assert_int_equal(get(0x4000, 0, 0, -1, false), 0);
	mb->scratch_only = false;
	assert_int_not_equal(get(0x4000, 0, 0, -1, false), 0);
}

int main(void)
{
#define T(name)                                         \
	{#name "_down", name, start_down, stop, NULL},  \
	{                                               \
#name "_up", name, start_up, stop, NULL \
	}
	const struct CMUnitTest tests[] = {
		T(on_its_node),	   T(node_too_small), T(node_reserved),
		T(node_in_pieces), T(absent_node),    T(node_and_range),
		T(mirrored_first), T(not_for_us),     T(scratch_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
