// SPDX-License-Identifier: MIT
/* Add, remove, reserve and free in every way that ranges can meet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/memblock_model.h"

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

static int start(void **state)
{
	(void)state;
	mbm_start(&world, 0, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mbm_stop(&world);
	return 0;
}

/* The two tables obey the same rules: each case is run on both. */
static enum mu_status put(int type, mu_phys_t base, mu_phys_t size)
{
	return type == MBM_MEMORY ? mu_memblock_add(mb, base, size)
				  : mu_memblock_reserve(mb, base, size, 0);
}

static enum mu_status take(int type, mu_phys_t base, mu_phys_t size)
{
	return type == MBM_MEMORY ? mu_memblock_remove(mb, base, size)
				  : mu_memblock_phys_free(mb, base, size);
}

static const struct mu_memblock_type *table(int type)
{
	return type == MBM_MEMORY ? &mb->memory : &mb->reserved;
}

static void empty_at_first(void **state)
{
	(void)state;
	for (int type = 0; type < 2; type++) {
		mbm_expect_empty(table(type));
		assert_int_equal(table(type)->max, 128);
	}
	assert_string_equal(mb->memory.name, "memory");
	assert_string_equal(mb->reserved.name, "reserved");
	assert_false(mb->bottom_up);
	assert_int_equal(mu_memblock_start_of_DRAM(mb), 0);
	assert_int_equal(mu_memblock_end_of_DRAM(mb), 0);
	assert_int_equal(mu_memblock_phys_mem_size(mb), 0);
	assert_int_equal(mu_memblock_reserved_size(mb), 0);
	assert_false(mu_memblock_is_memory(mb, 0));
	assert_false(mu_memblock_is_reserved(mb, 0));
}

static void put_cases(void **state)
{
	const struct {
		mu_phys_t base, size;
		unsigned cnt;
		struct mu_memblock_region region[3];
	} cases[] = {
		/* There is [0x8000, 0xc000) already. */
		{0x20000,
		 0x1000,
		 2,
		 {{0x8000, 0x4000, 0, -1}, {0x20000, 0x1000, 0, -1}}},
		{0x1000,
		 0x1000,
		 2,
		 {{0x1000, 0x1000, 0, -1}, {0x8000, 0x4000, 0, -1}}},
		{0x6000, 0x4000, 1, {{0x6000, 0x6000, 0, -1}}},
		{0xa000, 0x4000, 1, {{0x8000, 0x6000, 0, -1}}},
		{0x9000, 0x1000, 1, {{0x8000, 0x4000, 0, -1}}},
		{0x8000, 0x4000, 1, {{0x8000, 0x4000, 0, -1}}},
		{0x7000, 0x1000, 1, {{0x7000, 0x5000, 0, -1}}},
		{0xc000, 0x1000, 1, {{0x8000, 0x5000, 0, -1}}},
		{0x4000, 0x10000, 1, {{0x4000, 0x10000, 0, -1}}},
		{0xc001, 1, 2, {{0x8000, 0x4000, 0, -1}, {0xc001, 1, 0, -1}}},
		{0x8000, 0, 1, {{0x8000, 0x4000, 0, -1}}},
	};

	(void)state;
	for (int type = 0; type < 2; type++) {
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]);
		     i++) {
			mu_memblock_init(mb, &world.port);
			ok(put(type, 0x8000, 0x4000));
			for (int twice = 0; twice < 2; twice++) {
				ok(put(type, cases[i].base, cases[i].size));
				mbm_expect_at(table(type), cases[i].region,
					      cases[i].cnt, __FILE__, __LINE__);
			}
		}
	}
}

static void take_cases(void **state)
{
	const struct {
		mu_phys_t base, size;
		unsigned cnt;
		struct mu_memblock_region region[3];
	} cases[] = {
		/* There is [0x8000, 0xc000) and [0x10000, 0x14000). */
		{0x1000,
		 0x1000,
		 2,
		 {{0x8000, 0x4000, 0, -1}, {0x10000, 0x4000, 0, -1}}},
		{0xc000,
		 0x4000,
		 2,
		 {{0x8000, 0x4000, 0, -1}, {0x10000, 0x4000, 0, -1}}},
		{0x6000,
		 0x3000,
		 2,
		 {{0x9000, 0x3000, 0, -1}, {0x10000, 0x4000, 0, -1}}},
		{0xb000,
		 0x2000,
		 2,
		 {{0x8000, 0x3000, 0, -1}, {0x10000, 0x4000, 0, -1}}},
		{0x9000,
		 0x1000,
		 3,
		 {{0x8000, 0x1000, 0, -1},
		  {0xa000, 0x2000, 0, -1},
		  {0x10000, 0x4000, 0, -1}}},
		{0x8000, 0x4000, 1, {{0x10000, 0x4000, 0, -1}}},
		{0x10000, 0x4000, 1, {{0x8000, 0x4000, 0, -1}}},
		{0xa000,
		 0x8000,
		 2,
		 {{0x8000, 0x2000, 0, -1}, {0x12000, 0x2000, 0, -1}}},
		{0, 0x20000, 0, {{0}}},
		{0x9000,
		 0,
		 2,
		 {{0x8000, 0x4000, 0, -1}, {0x10000, 0x4000, 0, -1}}},
	};

	(void)state;
	for (int type = 0; type < 2; type++) {
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]);
		     i++) {
			mu_memblock_init(mb, &world.port);
			ok(put(type, 0x8000, 0x4000));
			ok(put(type, 0x10000, 0x4000));
			ok(take(type, cases[i].base, cases[i].size));
			mbm_expect_at(table(type), cases[i].region,
				      cases[i].cnt, __FILE__, __LINE__);
		}
		/* Of an empty table, and the last region of a table. */
		mu_memblock_init(mb, &world.port);
		ok(take(type, 0x1000, 0x1000));
		mbm_expect_empty(table(type));
		ok(put(type, 0x1000, 0x1000));
		ok(take(type, 0x1000, 0x1000));
		mbm_expect_empty(table(type));
	}
}

static void between_two(void **state)
{
	(void)state;
	for (int type = 0; type < 2; type++) {
		mu_memblock_init(mb, &world.port);
		ok(put(type, 0x1000, 0x1000));
		ok(put(type, 0x3000, 0x1000));
		ok(put(type, 0x5000, 0x1000));
		ok(put(type, 0x2000, 0x1000));
		mbm_expect(table(type), {0x1000, 0x3000, 0, -1},
			   {0x5000, 0x1000, 0, -1});
		ok(put(type, 0, 0x8000));
		mbm_expect(table(type), {0, 0x8000, 0, -1});
	}
}

static void the_limits_of_addresses(void **state)
{
	(void)state;
	for (int type = 0; type < 2; type++) {
		mu_memblock_init(mb, &world.port);
		ok(put(type, MU_PHYS_MAX - 0x1000, 0x1000));
		ok(put(type, 0, 0x1000));
		mbm_expect(table(type), {0, 0x1000, 0, -1},
			   {MU_PHYS_MAX - 0x1000, 0x1000, 0, -1});
		mbm_save(&world, &image);
		fails(MU_ERR_RANGE, put(type, MU_PHYS_MAX - 0x1000, 0x1001));
		fails(MU_ERR_RANGE, put(type, MU_PHYS_MAX, 1));
		fails(MU_ERR_RANGE, put(type, MU_PHYS_MAX + 1, 0));
		fails(MU_ERR_RANGE, put(type, 0x1000, UINT64_MAX));
		fails(MU_ERR_RANGE, put(type, UINT64_MAX - 0xfff, 0x1000));
		fails(MU_ERR_RANGE, put(type, UINT64_MAX, 2));
		fails(MU_ERR_RANGE, take(type, 0x1000, UINT64_MAX));
		fails(MU_ERR_RANGE, take(type, UINT64_MAX, 1));
		mbm_same(&world, &image);
		ok(put(type, 0, MU_PHYS_MAX));
		mbm_expect(table(type), {0, MU_PHYS_MAX, 0, -1});
		ok(take(type, MU_PHYS_MAX - 1, 1));
		mbm_expect(table(type), {0, MU_PHYS_MAX - 1, 0, -1});
	}
}

static void nodes_and_flags_part(void **state)
{
	(void)state;
	ok(mu_memblock_add_node(mb, 0x1000, 0x1000, 0, 0));
	ok(mu_memblock_add_node(mb, 0x2000, 0x1000, 1, 0));
	ok(mu_memblock_add_node(mb, 0x3000, 0x1000, 1, MU_MEMBLOCK_HOTPLUG));
	ok(mu_memblock_add_node(mb, 0x4000, 0x1000, 1, MU_MEMBLOCK_HOTPLUG));
	mbm_expect(&mb->memory, {0x1000, 0x1000, 0, 0}, {0x2000, 0x1000, 0, 1},
		   {0x3000, 0x2000, MU_MEMBLOCK_HOTPLUG, 1});

	/* What is known stays; only the holes take the new attributes. */
	assert_int_equal(world.warnings, 0);
	ok(mu_memblock_add_node(mb, 0, 0x6000, 2, MU_MEMBLOCK_MIRROR));
	assert_int_equal(world.warnings, 3);
	mbm_expect(&mb->memory, {0, 0x1000, MU_MEMBLOCK_MIRROR, 2},
		   {0x1000, 0x1000, 0, 0}, {0x2000, 0x1000, 0, 1},
		   {0x3000, 0x2000, MU_MEMBLOCK_HOTPLUG, 1},
		   {0x5000, 0x1000, MU_MEMBLOCK_MIRROR, 2});

	ok(mu_memblock_reserve_node(mb, 0x1000, 0x1000, 3,
				    MU_MEMBLOCK_RSRV_NOINIT));
	ok(mu_memblock_reserve(mb, 0x2000, 0x1000, MU_MEMBLOCK_RSRV_KERN));
	mbm_expect(&mb->reserved, {0x1000, 0x1000, MU_MEMBLOCK_RSRV_NOINIT, 3},
		   {0x2000, 0x1000, MU_MEMBLOCK_RSRV_KERN, -1});
}

static void bad_attributes(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, 0, 0x10000));
	mbm_save(&world, &image);
	fails(MU_ERR_RANGE,
	      mu_memblock_add_node(mb, 0x20000, 0x1000, MU_MAX_NODES, 0));
	fails(MU_ERR_RANGE, mu_memblock_add_node(mb, 0x20000, 0x1000, -2, 0));
	fails(MU_ERR_RANGE,
	      mu_memblock_set_node(mb, 0, 0x1000, &mb->memory, MU_MAX_NODES));
	fails(MU_ERR_INVALID, mu_memblock_add_node(mb, 0x20000, 0x1000, 0,
						   MU_MEMBLOCK_RSRV_KERN));
	fails(MU_ERR_INVALID,
	      mu_memblock_add_node(mb, 0x20000, 0x1000, 0, 0x8000));
	fails(MU_ERR_INVALID,
	      mu_memblock_reserve(mb, 0, 0x1000, MU_MEMBLOCK_NOMAP));
	fails(MU_ERR_INVALID,
	      mu_memblock_setclr_flag(mb, &mb->memory, 0, 0x1000, true,
				      MU_MEMBLOCK_RSRV_NOINIT));
	fails(MU_ERR_INVALID,
	      mu_memblock_setclr_flag(mb, &mb->reserved, 0, 0x1000, true,
				      MU_MEMBLOCK_HOTPLUG));
	mbm_same(&world, &image);
	ok(mu_memblock_add_node(mb, 0x20000, 0x1000, MU_MAX_NODES - 1, 0));
}

static void mark_and_clear(void **state)
{
	const struct {
		enum mu_status (*mark)(struct mu_memblock *, mu_phys_t,
				       mu_phys_t);
		enum mu_status (*clear)(struct mu_memblock *, mu_phys_t,
					mu_phys_t);
		unsigned flag;
	} memory[] = {
		{mu_memblock_mark_hotplug, mu_memblock_clear_hotplug, 1},
		{mu_memblock_mark_mirror, mu_memblock_clear_mirror, 2},
		{mu_memblock_mark_nomap, mu_memblock_clear_nomap, 4},
		{mu_memblock_mark_driver_managed,
		 mu_memblock_clear_driver_managed, 8},
		{mu_memblock_mark_scratch, mu_memblock_clear_scratch, 0x40},
		{mu_memblock_reserved_mark_noinit,
		 mu_memblock_reserved_clear_noinit, 0x10},
		{mu_memblock_reserved_mark_kern,
		 mu_memblock_reserved_clear_kern, 0x20},
	};

	(void)state;
	ok(put(MBM_MEMORY, 0x1000, 0x8000));
	ok(put(MBM_RESERVED, 0x1000, 0x8000));
	for (unsigned i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		unsigned flag = memory[i].flag;
		int type = flag & MU_MEMBLOCK_RESERVED_FLAGS ? MBM_RESERVED
							     : MBM_MEMORY;

		ok(memory[i].mark(mb, 0x3000, 0x1000));
		mbm_expect(table(type), {0x1000, 0x2000, 0, -1},
			   {0x3000, 0x1000, flag, -1}, {0x4000, 0x5000, 0, -1});
		/* Holes stay holes, on both sides. */
		ok(memory[i].mark(mb, 0, 0x4000));
		mbm_expect(table(type), {0x1000, 0x3000, flag, -1},
			   {0x4000, 0x5000, 0, -1});
		ok(memory[i].clear(mb, 0x2000, 0x1000));
		mbm_expect(table(type), {0x1000, 0x1000, flag, -1},
			   {0x2000, 0x1000, 0, -1}, {0x3000, 0x1000, flag, -1},
			   {0x4000, 0x5000, 0, -1});
		ok(memory[i].clear(mb, 0, 0x100000));
		mbm_expect(table(type), {0x1000, 0x8000, 0, -1});
		fails(MU_ERR_RANGE, memory[i].mark(mb, 1, UINT64_MAX));
	}
}

static void nodes(void **state)
{
	(void)state;
	ok(put(MBM_MEMORY, 0x1000, 0x4000));
	ok(put(MBM_MEMORY, 0x8000, 0x4000));
	ok(put(MBM_RESERVED, 0x2000, 0x4000));
	fails(MU_ERR_NOT_FOUND, mu_memblock_validate_numa_coverage(mb, 0x7fff));
	assert_true(mbm_logged(&world, "32768 of 32768 bytes have no node"));
	ok(mu_memblock_set_node(mb, 0, 0x3000, &mb->memory, 0));
	ok(mu_memblock_set_node(mb, 0x3000, 0x7000, &mb->memory, 1));
	ok(mu_memblock_set_node(mb, 0, 0x3000, &mb->reserved, 0));
	mbm_expect(&mb->memory, {0x1000, 0x2000, 0, 0}, {0x3000, 0x2000, 0, 1},
		   {0x8000, 0x2000, 0, 1}, {0xa000, 0x2000, 0, -1});
	mbm_expect(&mb->reserved, {0x2000, 0x1000, 0, 0},
		   {0x3000, 0x3000, 0, -1});
	ok(mu_memblock_validate_numa_coverage(mb, 0x2000));
	fails(MU_ERR_NOT_FOUND, mu_memblock_validate_numa_coverage(mb, 0x1fff));
	ok(mu_memblock_set_node(mb, 0, 0x100000, &mb->memory, 0));
	ok(mu_memblock_validate_numa_coverage(mb, 0));
	mbm_expect(&mb->memory, {0x1000, 0x4000, 0, 0}, {0x8000, 0x4000, 0, 0});
}

/* 128 regions are full, and only what needs one more says so. */
static void full_is_exact(void **state)
{
	(void)state;
	for (int type = 0; type < 2; type++) {
		mu_memblock_init(mb, &world.port);
		for (mu_phys_t i = 0; i < 128; i++)
			ok(put(type, i * 0x4000, 0x2000));
		mbm_save(&world, &image);
		fails(MU_ERR_FULL, put(type, 0x200000, 0x1000));
		fails(MU_ERR_FULL, put(type, 0x3000, 1));
		fails(MU_ERR_FULL, take(type, 0x1000, 0x800));
		fails(MU_ERR_FULL,
		      mu_memblock_set_node(mb, 0, 0x1000,
					   type ? &mb->reserved : &mb->memory,
					   7));
		mbm_same(&world, &image);
		ok(put(type, 0x2000, 0x1000)); /* touches the first */
		assert_int_equal(table(type)->cnt, 128);
		ok(put(type, 0x3000, 0x1000)); /* joins the first two */
		assert_int_equal(table(type)->cnt, 127);
		ok(take(type, 0x1000, 0x800)); /* splits them */
		assert_int_equal(table(type)->cnt, 128);
	}
}

static void without_a_port(void **state)
{
	(void)state;
	mu_memblock_init(mb, NULL);
	mb->debug = true;
	ok(mu_memblock_add(mb, 0x1000, 0x1000));
	mu_memblock_dump_all(mb);
	mu_memblock_allow_resize(mb);
	for (mu_phys_t i = 1; i < 128; i++)
		ok(mu_memblock_add(mb, i * 0x4000, 0x2000));
	fails(MU_ERR_UNSUPPORTED, mu_memblock_add(mb, 0x100000000, 1));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		T(empty_at_first),
		T(put_cases),
		T(take_cases),
		T(between_two),
		T(the_limits_of_addresses),
		T(nodes_and_flags_part),
		T(bad_attributes),
		T(mark_and_clear),
		T(nodes),
		T(full_is_exact),
		T(without_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
