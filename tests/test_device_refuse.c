// SPDX-License-Identifier: MIT
/*
 * What cannot be registered or removed: each has a status of its own and a line
 * that names both ranges, and changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "tests/pmem.h"

#define BASE (4 * MU_GIB)
#define SIZE (256 * MU_MIB)
#define END  (8 * MU_GIB)

/* What is registered, or removed, is refused with @status and each of the
 * texts, ended by NULL, in the message. */
static void check_refusal(struct world *world, struct pmem *pmem,
			  enum mu_status status, const char *const *texts)
{
	struct mu_devices *devices = &world->mm.devices;
	struct pmem_mark mark;

	pmem_mark(world, &mark, 0, 0);
	memset(&world->error, 0, sizeof(world->error));
	assert_int_equal(
		mu_pagemap_register(devices, &pmem->map, 1, &world->error),
		status);
	assert_int_equal(world->error.status, status);
	for (; *texts; texts++)
		if (!strstr(world->error.text, *texts))
			fail_msg("no \"%s\" in: %s", *texts, world->error.text);
	pmem_check_mark(world, &mark);
	/* Nor is the error needed. */
	assert_int_equal(mu_pagemap_register(devices, &pmem->map, 1, NULL),
			 status);
}

#define refused(world, pmem, status, ...)                               \
	check_refusal(world, pmem, status,                              \
		      (const char *const[]){                            \
			      (pmem)->map.name ? (pmem)->map.name : "", \
			      __VA_ARGS__, NULL})

static void ranges(void **state)
{
	struct world world;
	struct pmem old, new;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&old, "old", BASE, SIZE);
	pmem_register(&world, &old);

	/* Another pagemap: at its beginning, its end, inside, around. */
	pmem_one(&new, "new", BASE - 2 * MU_MIB, 4 * MU_MIB);
	refused(&world, &new, MU_ERR_OVERLAP, "0xffe00000-0x1001fffff",
		"old, 0x100000000-0x10fffffff");
	pmem_one(&new, "new", BASE + SIZE - 2 * MU_MIB, 4 * MU_MIB);
	refused(&world, &new, MU_ERR_OVERLAP, "0x10fe00000-0x1101fffff",
		"old, 0x100000000-0x10fffffff");
	pmem_one(&new, "new", BASE + 2 * MU_MIB, 2 * MU_MIB);
	refused(&world, &new, MU_ERR_OVERLAP, "old");
	pmem_one(&new, "new", BASE - SIZE, 3 * SIZE);
	refused(&world, &new, MU_ERR_OVERLAP, "old");
	/* RAM, and neither the first nor all of its ranges. */
	pmem_init(&new, "new");
	pmem_add(&new, MU_GIB - 2 * MU_MIB, 4 * MU_MIB, 0);
	pmem_add(&new, 2 * BASE - SIZE, SIZE, 0);
	refused(&world, &new, MU_ERR_OVERLAP, "0x3fe00000-0x401fffff",
		"RAM, 0x0-0x3fffffff of node 0");
	pmem_init(&new, "new");
	pmem_add(&new, 2 * MU_GIB, SIZE, 0);
	pmem_add(&new, BASE, SIZE, 0);
	refused(&world, &new, MU_ERR_OVERLAP, "old");
	assert_null(mu_pagemap_get(&world.mm.devices, 2 * MU_GIB >> 12));
	/* Itself. */
	pmem_init(&new, "new");
	pmem_add(&new, 2 * MU_GIB, SIZE, 0);
	pmem_add(&new, 2 * MU_GIB + SIZE - 2 * MU_MIB, SIZE, 0);
	refused(&world, &new, MU_ERR_OVERLAP, "0x80000000-0x8fffffff",
		"0x8fe00000-0x9fdfffff");
	new.ranges[1].base = MU_GIB;
	refused(&world, &new, MU_ERR_INVALID, "0x40000000-0x4fffffff",
		"should come before", "0x80000000-0x8fffffff");
	/* The end of the memmap. */
	pmem_one(&new, "new", END - SIZE, SIZE + 2 * MU_MIB);
	refused(&world, &new, MU_ERR_RANGE, "0x1f0000000-0x2001fffff",
		"0x0-0x1ffffffff");
	pmem_one(&new, "new", -(2 * MU_MIB), 4 * MU_MIB);
	refused(&world, &new, MU_ERR_RANGE, "wraps");
	pmem_one(&new, "new", BASE + SIZE, 0);
	refused(&world, &new, MU_ERR_RANGE, "0x0 bytes at 0x110000000");
	/* Alignment: 2 MiB, or what a compound page has. */
	pmem_one(&new, "new", BASE + SIZE + MU_MIB, 4 * MU_MIB);
	refused(&world, &new, MU_ERR_INVALID, "0x110100000-0x1104fffff",
		"0x110000000-0x1105fffff");
	pmem_one(&new, "new", BASE + SIZE, 3 * MU_MIB);
	refused(&world, &new, MU_ERR_INVALID, "0x110000000-0x1103fffff");
	pmem_one(&new, "new", BASE + SIZE, MU_GIB);
	new.map.order = MU_GIGANTIC_ORDER;
	refused(&world, &new, MU_ERR_INVALID, "0x110000000-0x14fffffff",
		"0x40000000", "0x100000000-0x17fffffff");

	pmem_remove(&world, &old);
	world_destroy(&world);
}

static void maps(void **state)
{
	static const struct mu_device_ops none = {.page_free = NULL};
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "gpu", BASE, SIZE);
	pmem.map.type = 0;
	refused(&world, &pmem, MU_ERR_INVALID, "type 0", "1 to 5");
	pmem.map.type = MU_DEVICE_P2P + 1;
	refused(&world, &pmem, MU_ERR_INVALID, "type 6");
	pmem.map.type = MU_DEVICE_PRIVATE;
	pmem.map.owner = NULL;
	refused(&world, &pmem, MU_ERR_INVALID, "private", "owner");
	pmem.map.owner = &pmem;
	pmem.map.ops = &none;
	refused(&world, &pmem, MU_ERR_INVALID, "private", "page_free");
	pmem.map.type = MU_DEVICE_COHERENT;
	pmem.map.ops = NULL;
	refused(&world, &pmem, MU_ERR_INVALID, "coherent", "page_free");
	pmem.map.type = MU_DEVICE_FS_DAX;
	pmem.map.order = 10;
	refused(&world, &pmem, MU_ERR_INVALID, "order 10", "0, 9 or 18");
	pmem.map.order = 0;
	pmem.map.nr_ranges = 0;
	refused(&world, &pmem, MU_ERR_INVALID, "no ranges");
	pmem.map.nr_ranges = 1;
	pmem.map.name = NULL;
	refused(&world, &pmem, MU_ERR_INVALID, "name");
	pmem.map.name = "fine";
	for (unsigned type = MU_DEVICE_FS_DAX; type <= MU_DEVICE_P2P; type++) {
		pmem.map.type = (enum mu_device_type)type;
		pmem_register(&world, &pmem);
		pmem_remove(&world, &pmem);
	}
	assert_string_equal(mu_device_type_str(MU_DEVICE_FS_DAX), "fs-dax");
	assert_string_equal(mu_device_type_str((enum mu_device_type)77),
			    "unknown");
	world_destroy(&world);
}

static void twice(void **state)
{
	struct mu_pagemap zero = {.name = NULL};
	struct mu_pagemap *map;
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "pmem", BASE, SIZE);
	assert_int_equal(mu_pagemap_remove(&zero, &world.error),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(mu_pagemap_remove(&pmem.map, &world.error),
			 MU_ERR_NOT_FOUND);
	pmem_register(&world, &pmem);
	refused(&world, &pmem, MU_ERR_BUSY, "0x100000000-0x10fffffff",
		"registered");
	map = mu_pagemap_get(&world.mm.devices, BASE >> 12);
	assert_non_null(map);
	assert_int_equal(mu_pagemap_try_remove(map, &world.error), MU_ERR_BUSY);
	assert_non_null(
		strstr(world.error.text, "pmem: 0x100000000-0x10fffffff"));
	assert_non_null(
		strstr(world.error.text, "1 reference, none of a page"));
	mu_pagemap_put(map);
	pmem_remove(&world, &pmem);
	memset(&world.error, 0, sizeof(world.error));
	assert_int_equal(mu_pagemap_remove(&pmem.map, &world.error),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(world.error.status, MU_ERR_NOT_FOUND);
	assert_non_null(
		strstr(world.error.text, "pmem: 0x100000000-0x10fffffff"));
	assert_int_equal(mu_pagemap_try_remove(&pmem.map, NULL),
			 MU_ERR_NOT_FOUND);
	world_destroy(&world);
}

/* What is in use is named: the pagemap, and the first page of it that somebody
 * has, wherever it is and however many there are to a descriptor. */
static void in_use(void **state)
{
	static const struct {
		unsigned order;
		bool altmap;
		mu_phys_t at, first, last;
	} cases[] = {
		{0, false, 0, 0, 0xfff},
		{0, false, SIZE - 1, SIZE - 4096, SIZE - 1},
		{0, true, SIZE - 1, SIZE - 4096, SIZE - 1},
		{MU_HUGE_ORDER, false, 5 * MU_MIB, 4 * MU_MIB, 6 * MU_MIB - 1},
	};
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const mu_phys_t at = BASE + 2 * SIZE;
		struct mu_page *page;
		char text[128];

		pmem_init(&pmem, "pmem");
		/* Neither begins with a block. */
		pmem_add(&pmem, BASE + 2 * MU_MIB, SIZE, 0);
		pmem_add(&pmem, at + 2 * MU_MIB, SIZE, 0);
		pmem.map.order = cases[i / 2].order;
		pmem.map.altmap.on = cases[i / 2].altmap;
		pmem.map.lazy = i % 2;
		pmem_register(&world, &pmem);
		assert_int_equal(
			mu_device_page_take(
				&pmem.map,
				(at + 2 * MU_MIB + cases[i / 2].at) >> 12,
				&page),
			MU_OK);
		assert_int_equal(mu_pagemap_try_remove(&pmem.map, &world.error),
				 MU_ERR_BUSY);
		snprintf(text, sizeof(text),
			 "pmem: 0x100200000-0x1301fffff is in use: 1 "
			 "reference, one of the page 0x%llx-0x%llx",
			 (unsigned long long)(at + 2 * MU_MIB +
					      cases[i / 2].first),
			 (unsigned long long)(at + 2 * MU_MIB +
					      cases[i / 2].last));
		assert_string_equal(world.error.text, text);
		assert_int_equal(mu_pagemap_try_remove(&pmem.map, NULL),
				 MU_ERR_BUSY);
		world_validate(&world, NULL);
		mu_device_page_put(&pmem.map, page);
		pmem_remove(&world, &pmem);
	}
	world_destroy(&world);
}

/* Removed twice, and another one is there by now. */
static void another(void **state)
{
	struct world world;
	struct pmem old, new;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_init(&old, "old");
	pmem_add(&old, BASE, SIZE, 0);
	pmem_add(&old, BASE + 2 * SIZE, SIZE, 0);
	pmem_one(&new, "new", BASE + 3 * SIZE - 2 * MU_MIB, 2 * SIZE);
	pmem_register(&world, &old);
	pmem_remove(&world, &old);
	assert_int_equal(mu_pagemap_remove(&old.map, &world.error),
			 MU_ERR_NOT_FOUND);
	assert_string_equal(world.error.text,
			    "old: 0x100000000-0x12fffffff is not registered "
			    "(removed twice?): no device is there");
	pmem_register(&world, &new);
	assert_int_equal(mu_pagemap_try_remove(&old.map, &world.error),
			 MU_ERR_NOT_FOUND);
	assert_string_equal(world.error.text,
			    "old: 0x100000000-0x12fffffff is not registered "
			    "(removed twice?): 0x12fe00000-0x14fdfffff is "
			    "new's");
	pmem_remove(&world, &new);
	world_destroy(&world);
}

/* More ranges than the limits say, and more memory. */
static void full(void **state)
{
	struct mu_limits limits = {
		.end = 64 * MU_TIB, .late = 256 * MU_GIB, .ranges = 3};
	struct pmem pmem[3];
	struct world world;

	(void)state;
	world_init_late(&world, "1G/2", MU_POLICY_LAZY, &limits);
	world_start(&world);
	pmem_init(&pmem[0], "a");
	pmem_add(&pmem[0], BASE, SIZE, 0);
	pmem_add(&pmem[0], BASE + SIZE, SIZE, 0);
	pmem_register(&world, &pmem[0]);
	pmem_init(&pmem[1], "b");
	pmem_add(&pmem[1], BASE + 2 * SIZE, SIZE, 0);
	pmem_add(&pmem[1], BASE + 4 * SIZE, SIZE, 0);
	refused(&world, &pmem[1], MU_ERR_FULL, "2 more", "beside 2", "is 3");
	pmem[1].map.nr_ranges = 1;
	pmem_register(&world, &pmem[1]);
	pmem_one(&pmem[2], "c", BASE + 8 * SIZE, SIZE);
	refused(&world, &pmem[2], MU_ERR_FULL, "1 more", "beside 3");
	pmem_remove(&world, &pmem[0]);
	pmem_register(&world, &pmem[2]);
	pmem_remove(&world, &pmem[2]);
	pmem_remove(&world, &pmem[1]);
	/* 256 GiB take 2 leaves, and 3 ranges 6 more: 4 TiB are too much. */
	pmem_one(&pmem[0], "large", 8 * MU_TIB, 4 * MU_TIB);
	pmem[0].map.lazy = true;
	refused(&world, &pmem[0], MU_ERR_FULL, "0x80000000000-0xbffffffffff",
		"mu_limits.late");
	/* Few descriptors need few. */
	pmem[0].map.order = MU_HUGE_ORDER;
	pmem_register(&world, &pmem[0]);
	pmem_remove(&world, &pmem[0]);
	world_destroy(&world);

	/* No limits, no devices. */
	world_up(&world, "1G@0+1G@8G/2", MU_POLICY_LAZY);
	pmem_one(&pmem[0], "none", BASE, SIZE);
	pmem[0].map.lazy = true;
	assert_int_not_equal(
		mu_pagemap_register(&world.mm.devices, &pmem[0].map, 1, NULL),
		MU_OK);
	world_destroy(&world);
}

/* For who adds RAM. */
static void overlap(void **state)
{
	const struct mu_devices *devices;
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	devices = &world.mm.devices;
	pmem_one(&pmem, "pmem", BASE, SIZE);
	assert_int_equal(
		mu_device_check_overlap(devices, "ram", BASE, SIZE, NULL),
		MU_OK);
	pmem_register(&world, &pmem);
	assert_int_equal(mu_device_check_overlap(devices, "ram", BASE - SIZE,
						 SIZE, NULL),
			 MU_OK);
	assert_int_equal(mu_device_check_overlap(devices, "ram", BASE + SIZE,
						 SIZE, NULL),
			 MU_OK);
	assert_int_equal(mu_device_check_overlap(devices, "ram", BASE - 1, 2,
						 &world.error),
			 MU_ERR_OVERLAP);
	assert_string_equal(world.error.text,
			    "ram: 0xffffffff-0x100000000 overlaps pmem, "
			    "0x100000000-0x10fffffff");
	assert_int_equal(mu_device_check_overlap(devices, "ram",
						 BASE + SIZE - 1, SIZE, NULL),
			 MU_ERR_OVERLAP);
	pmem_remove(&world, &pmem);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),  cmocka_unit_test(maps),
		cmocka_unit_test(twice),   cmocka_unit_test(in_use),
		cmocka_unit_test(another), cmocka_unit_test(full),
		cmocka_unit_test(overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
