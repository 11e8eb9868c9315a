// SPDX-License-Identifier: MIT
/* Allocation: each case top-down and bottom-up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/memblock_model.h"

#define BASE 0x100000ull /* the arena: 1 MiB of memory from here */
#define SIZE 0x100000ull
#define KERN MU_MEMBLOCK_RSRV_KERN

static struct mbm_world world;
static struct mbm_image image;
static struct mu_memblock *const mb = &world.mb;

static int start_down(void **state)
{
	(void)state;
	mbm_start(&world, BASE, SIZE);
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

static mu_phys_t either(mu_phys_t up, mu_phys_t down)
{
	return mb->bottom_up ? up : down;
}

/* What mu_memblock_phys_alloc() gives, or 0 with nothing changed. */
static mu_phys_t phys(mu_phys_t size, mu_phys_t align)
{
	mu_phys_t base = 0;
	enum mu_status status;

	mbm_save(&world, &image);
	status = mu_memblock_phys_alloc(mb, size, align, &base);
	if (!status)
		return base;
	assert_int_equal(status, MU_ERR_NOMEM);
	assert_int_equal(base, 0);
	mbm_same(&world, &image);
	return 0;
}

static mu_phys_t in_range(mu_phys_t size, mu_phys_t from, mu_phys_t to)
{
	mu_phys_t base = 0;

	mbm_save(&world, &image);
	if (mu_memblock_phys_alloc_range(mb, size, 64, from, to, &base))
		mbm_same(&world, &image);
	return base;
}

static void simple(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	assert_int_equal(phys(0x1000, 64), either(BASE, BASE + SIZE - 0x1000));
	mbm_expect(&mb->reserved,
		   {either(BASE, BASE + SIZE - 0x1000), 0x1000, KERN, -1});
	/* The next touches it and is of its kind: one region. */
	assert_int_equal(phys(0x800, 64),
			 either(BASE + 0x1000, BASE + SIZE - 0x1800));
	mbm_expect(&mb->reserved,
		   {either(BASE, BASE + SIZE - 0x1800), 0x1800, KERN, -1});
	assert_int_equal(world.warnings, 0);
}

static void aligned(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE + 1, SIZE - 2));
	assert_int_equal(phys(10, 1), either(BASE + 1, BASE + SIZE - 11));
	assert_int_equal(phys(10, 0x10000),
			 either(BASE + 0x10000, BASE + SIZE - 0x10000));
	assert_int_equal(phys(10, SIZE), 0);
	assert_int_equal(phys(10, (mu_phys_t)1 << 63), 0);
	/* No alignment is a cache line, and a line in the log. */
	assert_int_equal(phys(10, 0), either(BASE + 64, BASE + SIZE - 64));
	assert_int_equal(world.warnings, 1);
}

static void the_only_gap(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(mu_memblock_reserve(mb, BASE, 0x4000, 0));
	ok(mu_memblock_reserve(mb, BASE + 0x6000, SIZE - 0x8000, 0));
	ok(mu_memblock_reserve(mb, BASE + SIZE - 0x1000, 0x1000, 0));
	assert_int_equal(phys(0x3000, 64), 0);
	assert_int_equal(phys(0x2000, 64), BASE + 0x4000);
	assert_int_equal(phys(0x1001, 64), 0);
	assert_int_equal(phys(0x1000, 64), BASE + SIZE - 0x2000);
	assert_int_equal(phys(1, 1), 0); /* all is reserved */
	assert_int_equal(mb->reserved.total_size, SIZE);
}

static void second_fit(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(mu_memblock_reserve(mb, BASE + 0x1000, 0x1000, 0));
	ok(mu_memblock_reserve(mb, BASE + SIZE - 0x2000, 0x1000, 0));
	assert_int_equal(phys(0x1800, 64),
			 either(BASE + 0x2000, BASE + SIZE - 0x3800));
}

static void small_gaps(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	for (mu_phys_t at = 0; at < SIZE; at += 0x10000)
		ok(mu_memblock_reserve(mb, BASE + at + 0x1000, 0xf000, 0));
	assert_int_equal(phys(0x1001, 1), 0);
	assert_int_equal(phys(0x1000, 1), either(BASE, BASE + SIZE - 0x10000));
}

static void no_memory(void **state)
{
	(void)state;
	assert_int_equal(phys(1, 1), 0);
	ok(mu_memblock_add(mb, BASE, 0x1000));
	assert_int_equal(phys(0x1001, 1), 0);
	assert_int_equal(phys(UINT64_MAX, 1), 0);
}

static void page_0_is_no_memory(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, 0, 0x3000));
	assert_int_equal(phys(0x2001, 1), 0);
	assert_int_equal(phys(0x2000, 1), 0x1000);
	assert_int_equal(phys(1, 1), 0);
	mb->page_shift = 16;
	ok(mu_memblock_phys_free(mb, 0, 0x3000));
	assert_int_equal(phys(1, 1), 0);
}

static void ranges(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	assert_int_equal(in_range(0x1000, BASE + 0x4000, BASE + 0x8000),
			 either(BASE + 0x4000, BASE + 0x7000));
	assert_int_equal(in_range(0x3000, BASE + 0x4000, BASE + 0x8000),
			 either(BASE + 0x5000, BASE + 0x4000));
	assert_int_equal(in_range(0x1000, BASE + 0x4000, BASE + 0x8000), 0);
	/* A range that starts below memory, that ends past it, none at all. */
	assert_int_equal(in_range(0x1000, 0, BASE + 0x2000),
			 either(BASE, BASE + 0x1000));
	assert_int_equal(in_range(0x1000, BASE + SIZE - 0x2000, MU_PHYS_MAX),
			 either(BASE + SIZE - 0x2000, BASE + SIZE - 0x1000));
	assert_int_equal(in_range(0x1000, 0, BASE), 0);
	assert_int_equal(in_range(0x1000, BASE + SIZE, MU_PHYS_MAX), 0);
	assert_int_equal(in_range(0x1000, BASE + 0x20000, BASE + 0x10000), 0);
}

static void the_limit(void **state)
{
	void *virt = NULL;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	mb->current_limit = BASE + 0x2000;
	assert_int_equal(phys(0x1000, 64), either(BASE, BASE + 0x1000));
	assert_int_equal(
		in_range(0x1000, BASE + 0x2000, MU_MEMBLOCK_ALLOC_ACCESSIBLE),
		0);
	assert_int_equal(
		in_range(0x1000, BASE + 0x2000, MU_MEMBLOCK_ALLOC_ANYWHERE),
		either(BASE + 0x2000, BASE + SIZE - 0x1000));
	/* Pointers stay below it, whatever was asked for. */
	ok(mu_memblock_alloc_try_nid_raw(
		mb, 0x1000, 64, 0, MU_MEMBLOCK_ALLOC_ANYWHERE, -1, &virt));
	assert_ptr_equal(virt, world.arena + either(0x1000, 0));
	fails(MU_ERR_NOMEM, mu_memblock_alloc_raw(mb, 1, 64, &virt));
}

static void bad_arguments(void **state)
{
	mu_phys_t base = 7;
	void *virt = &base;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	mbm_save(&world, &image);
	fails(MU_ERR_INVALID, mu_memblock_phys_alloc(mb, 0, 64, &base));
	fails(MU_ERR_INVALID, mu_memblock_phys_alloc(mb, 1, 48, &base));
	fails(MU_ERR_RANGE,
	      mu_memblock_phys_alloc_try_nid(mb, 1, 64, -2, &base));
	fails(MU_ERR_RANGE,
	      mu_memblock_alloc_node(mb, 1, 64, MU_MAX_NODES, &virt));
	mbm_same(&world, &image);
	assert_int_equal(base, 7);
	assert_ptr_equal(virt, &base);
}

static void zeroed_and_raw(void **state)
{
	char *virt = NULL;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(mu_memblock_alloc(mb, 100, 64, (void **)&virt));
	assert_ptr_equal(virt, world.arena + either(0, SIZE - 128));
	for (int i = 0; i < 100; i++)
		assert_int_equal(virt[i], 0);
	assert_int_equal((unsigned char)virt[100], 0xa5);
	ok(mu_memblock_alloc_raw(mb, 100, 64, (void **)&virt));
	for (int i = 0; i < 100; i++)
		assert_int_equal((unsigned char)virt[i], 0xa5);
	ok(mu_memblock_alloc_exact_nid_raw(mb, 100, 64, 0, 0, -1,
					   (void **)&virt));
	assert_int_equal((unsigned char)virt[0], 0xa5);
	ok(mu_memblock_alloc_node(mb, 100, 64, -1, (void **)&virt));
	assert_int_equal(virt[99], 0);
	ok(mu_memblock_alloc_try_nid(mb, 100, 64, 0, 0, -1, (void **)&virt));
	assert_int_equal(virt[99], 0);
	ok(mu_memblock_alloc_from(mb, 100, 64, 0, (void **)&virt));
	assert_int_equal(virt[99], 0);
	ok(mu_memblock_alloc_low(mb, 100, 64, (void **)&virt));
	assert_int_equal(virt[99], 0);
}

static void from_an_address(void **state)
{
	char *virt;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	ok(mu_memblock_alloc_from(mb, 0x1000, 64, BASE + 0x10001,
				  (void **)&virt));
	assert_ptr_equal(virt, world.arena + either(0x10040, SIZE - 0x1000));
	/* Nothing above: the address is dropped, not the allocation. */
	ok(mu_memblock_alloc_from(mb, 0x2000, 64, BASE + SIZE - 0x1800,
				  (void **)&virt));
	assert_ptr_equal(virt, world.arena + either(0, SIZE - 0x3000));
	ok(mu_memblock_alloc_exact_nid_raw(mb, 0x1000, 64, BASE + SIZE, 0, -1,
					   (void **)&virt));
	/* Physical allocations have no such mercy. */
	assert_int_equal(in_range(0x1000, BASE + SIZE, MU_PHYS_MAX), 0);
}

static void low(void **state)
{
	mu_phys_t top = 4 * MU_GIB;
	bool up = mb->bottom_up;
	void *virt;

	(void)state;
	mbm_stop(&world);
	mbm_start(&world, top - 0x8000, 0x10000);
	mb->bottom_up = up;
	ok(mu_memblock_add(mb, top - 0x8000, 0x10000));
	ok(mu_memblock_alloc_low(mb, 0x1000, 64, &virt));
	assert_ptr_equal(virt, world.arena + either(0, 0x7000));
	ok(mu_memblock_alloc_low(mb, 0x7000, 64, &virt));
	fails(MU_ERR_NOMEM, mu_memblock_alloc_low(mb, 1, 64, &virt));
}

static void no_pointer(void **state)
{
	void *virt = &world;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	mbm_save(&world, &image);
	world.fail_map = 1;
	fails(MU_ERR_NOMEM, mu_memblock_alloc(mb, 1, 64, &virt));
	world.port.phys_to_virt = NULL;
	fails(MU_ERR_UNSUPPORTED, mu_memblock_alloc(mb, 1, 64, &virt));
	mbm_same(&world, &image);
	assert_ptr_equal(virt, &world);
	assert_int_not_equal(phys(1, 64), 0);
}

static enum mu_status take_all(void *arg, mu_phys_t base, mu_phys_t size)
{
	(void)arg;
	(void)base;
	(void)size;
	return MU_OK;
}

static void after_the_hand_over(void **state)
{
	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	mu_memblock_set_late_free(mb, take_all, NULL);
	assert_int_equal(phys(1, 64), 0);
	assert_true(mbm_logged(&world, "after the hand-over"));
}

/* The table of reservations is full: no allocation, unless it merges. */
static void table_full(void **state)
{
	mu_phys_t base = 7;

	(void)state;
	ok(mu_memblock_add(mb, BASE, SIZE));
	for (mu_phys_t i = 0; i < 128; i++)
		ok(mu_memblock_reserve(mb, BASE + 0x1000 + i * 0x1000, 0x800,
				       0));
	mbm_save(&world, &image);
	fails(MU_ERR_FULL, mu_memblock_phys_alloc(mb, 0x400, 64, &base));
	mbm_same(&world, &image);
	assert_int_equal(base, 7);
	/* Just below, or just above, one of the same kind. */
	ok(mu_memblock_reserved_mark_kern(mb, BASE + 0x2000, 0x800));
	ok(mu_memblock_phys_alloc_range(mb, 0x800, 64, BASE + 0x1800,
					BASE + 0x2000, &base));
	ok(mu_memblock_phys_alloc_range(mb, 0x400, 64, BASE + 0x2800,
					BASE + 0x2c00, &base));
	assert_int_equal(mb->reserved.cnt, 128);
}

int main(void)
{
#define T(name)                                         \
	{#name "_down", name, start_down, stop, NULL},  \
	{                                               \
#name "_up", name, start_up, stop, NULL \
	}
	const struct CMUnitTest tests[] = {
		T(simple),
		T(aligned),
		T(the_only_gap),
		T(second_fit),
		T(small_gaps),
		T(no_memory),
		T(page_0_is_no_memory),
		T(ranges),
		T(the_limit),
		T(bad_arguments),
		T(zeroed_and_raw),
		T(from_an_address),
		T(low),
		T(no_pointer),
		T(after_the_hand_over),
		T(table_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
