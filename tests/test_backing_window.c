// SPDX-License-Identifier: MIT
/*
 * Windows of memory for descriptors against what they must be: every page of
 * memory has its descriptor in exactly one place, in memory that was taken and
 * is nobody else's, and there are as many tables as a walk of all addresses
 * touches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "memup/backing.h"

#define MEMMAP	 UINT64_C(0xffffe00000000000)
#define ARENA	 ((size_t)64 << 20) /* what phys_to_virt() reaches, from BASE */
#define BASE	 (UINT64_C(64) << 20)
#define MAX_LATE 4u

static char *arena;

static void *to_virt(void *arg, mu_phys_t base, mu_phys_t size)
{
	(void)arg;
	if (base < BASE || size > ARENA || base - BASE > ARENA - size)
		return NULL;
	return arena + (base - BASE);
}

static const struct mu_port port = {.phys_to_virt = to_virt};

struct world {
	struct mu_memblock memblock;
	struct mu_backing backing;
	struct mu_backing_tables tables;
	struct mu_range late[MAX_LATE];
	unsigned nr_late;
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* As arm64, x86-64 and RISC-V have them. */
static struct mu_backing_tables shape(unsigned page_shift)
{
	return (struct mu_backing_tables){
		.memmap = MEMMAP,
		.page_shift = page_shift,
		.bits = page_shift - 3,
		.levels = (47 - page_shift - 1) / (page_shift - 3),
	};
}

static void init(struct world *world, unsigned page_shift)
{
	memset(world, 0, sizeof(*world));
	mu_memblock_init(&world->memblock, &port);
	world->memblock.page_shift = page_shift;
	world->tables = shape(page_shift);
}

static void add(struct world *world, mu_phys_t base, mu_phys_t size, int nid)
{
	assert_int_equal(mu_memblock_add_node(&world->memblock, base, size, nid,
					      MU_MEMBLOCK_NONE),
			 MU_OK);
}

static enum mu_status reserve(struct world *world)
{
	struct mu_error error = {0};

	/* The list has to be where the port reaches. */
	world->memblock.current_limit = BASE + ARENA;
	return mu_backing_reserve(&world->backing, &world->memblock,
				  &world->tables, world->late, world->nr_late,
				  &error);
}

static uint64_t span_of(const struct world *world, unsigned level,
			const struct mu_backing_window *window)
{
	unsigned shift = world->tables.page_shift + world->tables.bits * level;
	uintptr_t from = mu_backing_virt(&world->backing, window->start);
	uintptr_t to = mu_backing_virt(&world->backing, window->end);
	uint64_t nr = 0;

	for (uintptr_t at = from >> shift; at <= (to - 1) >> shift; at++)
		nr++;
	return nr;
}

/* Sorted, disjoint, in whole units, in memory that is reserved. */
static void check_windows(struct world *world)
{
	const struct mu_backing *backing = &world->backing;
	mu_pfn_t unit = mu_backing_unit(backing), end = 0;
	uint64_t tables = 0, bytes = 0, page;

	page = UINT64_C(1) << world->tables.page_shift;
	for (unsigned i = 0; i < backing->nr_windows; i++) {
		const struct mu_backing_window *window = &backing->windows[i];
		uint64_t size =
			(window->end - window->start) * sizeof(struct mu_page);

		assert_true(window->start >= end);
		assert_true(window->end > window->start);
		assert_false(window->start % unit || window->end % unit);
		assert_false(window->phys % page);
		assert_true(mu_memblock_is_region_memory(&world->memblock,
							 window->phys, size));
		assert_true(mu_memblock_is_region_reserved(&world->memblock,
							   window->phys, size));
		for (unsigned j = 0; j < i; j++) {
			const struct mu_backing_window *other =
				&backing->windows[j];
			uint64_t other_size = (other->end - other->start) *
					      sizeof(struct mu_page);

			assert_true(window->phys + size <= other->phys ||
				    other->phys + other_size <= window->phys);
		}
		for (unsigned level = 1; level <= world->tables.levels; level++)
			tables += span_of(world, level, window);
		end = window->end;
		bytes += size;
	}
	assert_int_equal((backing->end_table - backing->next_table) / page,
			 tables);
	assert_int_equal(mu_backing_bytes(backing), bytes + tables * page);
}

/* The descriptor of @pfn is there, and comes back. */
static void check_page(const struct world *world, mu_pfn_t pfn)
{
	const struct mu_backing *backing = &world->backing;
	uintptr_t virt = mu_backing_virt(backing, pfn);

	assert_int_not_equal(mu_backing_phys(backing, pfn), MU_PHYS_MAX);
	assert_int_equal(virt, MEMMAP + pfn * sizeof(struct mu_page));
	assert_int_equal(mu_backing_pfn(backing, virt), pfn);
	assert_int_equal(mu_backing_pfn(backing, virt + 15), pfn);
	/* Pages of one unit are next to each other. */
	if ((pfn + 1) % mu_backing_unit(backing))
		assert_int_equal(mu_backing_phys(backing, pfn + 1),
				 mu_backing_phys(backing, pfn) +
					 sizeof(struct mu_page));
}

static void check_memory(const struct world *world)
{
	const struct mu_memblock_region *region;
	unsigned shift = world->tables.page_shift;

	mu_for_each_mem_region (&world->memblock, region) {
		check_page(world, region->base >> shift);
		check_page(world, (region->base + region->size / 2) >> shift);
		check_page(world, (region->base + region->size - 1) >> shift);
	}
	for (unsigned i = 0; i < world->nr_late; i++) {
		check_page(world, world->late[i].base >> shift);
		check_page(world, (world->late[i].base + world->late[i].size -
				   1) >> shift);
	}
}

static void check_tables(struct world *world)
{
	mu_phys_t page = (mu_phys_t)1 << world->tables.page_shift;
	mu_phys_t first = world->backing.next_table;
	uint64_t nr = (world->backing.end_table - first) / page;

	for (uint64_t i = 0; i < nr; i++)
		assert_int_equal(mu_backing_take_table(&world->backing),
				 first + i * page);
	assert_int_equal(mu_backing_take_table(&world->backing), MU_PHYS_MAX);
}

static void check(struct world *world)
{
	check_windows(world);
	check_memory(world);
	check_tables(world);
}

static void test_shapes(void **state)
{
	static const unsigned shifts[] = {12, 14, 16};
	struct world world;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		init(&world, shifts[i]);
		add(&world, BASE, ARENA, 0);
		/* A block, and a page of the next, shared by two regions. */
		add(&world, UINT64_C(4) << 30,
		    (MU_BLOCK_PAGES + 1) << shifts[i], 1);
		add(&world,
		    (UINT64_C(4) << 30) + ((MU_BLOCK_PAGES + 1) << shifts[i]),
		    UINT64_C(1) << 30, 2);
		world.late[world.nr_late++] =
			(struct mu_range){.base = UINT64_C(2) << 30,
					  .size = UINT64_C(1) << 28,
					  .type = MU_RANGE_PMEM};
		world.late[world.nr_late++] =
			(struct mu_range){.base = UINT64_C(1) << 40,
					  .size = UINT64_C(1) << 28,
					  .type = MU_RANGE_PMEM};
		assert_int_equal(reserve(&world), MU_OK);
		assert_int_equal(mu_backing_unit(&world.backing),
				 shifts[i] == 16 ? 4096 : 1024);
		check(&world);
		/* Between them is nothing. */
		assert_int_equal(
			mu_backing_phys(&world.backing,
					(UINT64_C(3) << 30) >> shifts[i]),
			MU_PHYS_MAX);
		assert_int_equal(
			mu_backing_phys(&world.backing,
					(UINT64_C(1) << 50) >> shifts[i]),
			MU_PHYS_MAX);
		assert_int_equal(mu_backing_pfn(&world.backing, MEMMAP - 1),
				 MU_PHYS_MAX);
	}
}

/* No free piece is as large as the window: it is halved until it fits. */
static void test_scattered(void **state)
{
	struct world world;

	(void)state;
	init(&world, 12);
	add(&world, BASE, ARENA, 0);
	add(&world, UINT64_C(1) << 32, UINT64_C(4) << 30, 0);
	/* 16 MiB of descriptors; the largest hole has 3 MiB. */
	for (mu_phys_t at = 0; at < ARENA; at += 4 << 20)
		assert_int_equal(mu_memblock_reserve(&world.memblock, BASE + at,
						     1 << 20, 0),
				 MU_OK);
	assert_int_equal(reserve(&world), MU_OK);
	assert_true(world.backing.nr_windows > 2);
	check(&world);
}

static void test_no_room(void **state)
{
	struct world world;
	struct mu_error error = {0};

	(void)state;
	init(&world, 12);
	add(&world, BASE, ARENA, 0);
	/* Needs 256 MiB of descriptors. */
	world.late[world.nr_late++] =
		(struct mu_range){.base = UINT64_C(1) << 40,
				  .size = UINT64_C(64) << 30,
				  .type = MU_RANGE_PMEM};
	assert_int_equal(reserve(&world), MU_ERR_NOMEM);
	init(&world, 12);
	add(&world, BASE, ARENA, 0);
	world.tables.page_shift = 17;
	world.memblock.current_limit = BASE + ARENA;
	assert_int_equal(mu_backing_reserve(&world.backing, &world.memblock,
					    &world.tables, NULL, 0, &error),
			 MU_ERR_INVALID);
	assert_non_null(strstr(error.text, "2^17"));
}

static void test_random(void **state)
{
	uint64_t random = 20240229;

	(void)state;
	for (unsigned turn = 0; turn < 300; turn++) {
		unsigned shift = 12 + 2 * (unsigned)(next_random(&random) % 3);
		uint64_t page = UINT64_C(1) << shift;
		mu_phys_t at = UINT64_C(1) << 32;
		struct world world;

		init(&world, shift);
		add(&world, BASE, ARENA, 0);
		for (unsigned i = (unsigned)(next_random(&random) % 12); i--;) {
			mu_phys_t size =
				page * (1 + next_random(&random) % 20000);

			at += page * (next_random(&random) % 5000);
			if (world.nr_late < MAX_LATE &&
			    !(next_random(&random) % 4))
				world.late[world.nr_late++] = (struct mu_range){
					.base = at,
					.size = size,
					.type = MU_RANGE_PMEM};
			else
				add(&world, at, size, (int)(i % 3));
			at += size;
		}
		assert_int_equal(reserve(&world), MU_OK);
		check(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_random),
	};
	int failed;

	arena = calloc(1, ARENA);
	if (!arena)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(arena);
	return failed;
}
