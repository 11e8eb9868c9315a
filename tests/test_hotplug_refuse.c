// SPDX-License-Identifier: MIT
/*
 * What hotplug says no to: by which status, with which ranges in the message,
 * and that nothing has changed.
 */
#include "tests/plug.h"

#include <string.h>

#define ADD(base, size, nid, flags)                                          \
	mu_hotplug_add(&world.mm.hotplug, base, size, nid, MU_ONLINE_KERNEL, \
		       flags, &world.error)
#define ONLINE(base, size)                                                 \
	mu_hotplug_online(&world.mm.hotplug, base, size, MU_ONLINE_KERNEL, \
			  &world.error)
#define OFFLINE(base, size) \
	mu_hotplug_offline(&world.mm.hotplug, base, size, 0, &world.error)
#define REMOVE(base, size) \
	mu_hotplug_remove(&world.mm.hotplug, base, size, &world.error)

static struct world world;

static void says(const char *part)
{
	if (!strstr(world.error.text, part))
		fail_msg("no '%s' in: %s", part, world.error.text);
}

static void adding(void **state)
{
	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_NO);

	plug_refused(&world, ADD(PLUG_AT, 0, 0, 0), MU_ERR_RANGE);
	plug_refused(&world,
		     ADD(~(mu_phys_t)0 - SECTION + 1, 2 * SECTION, 0, 0),
		     MU_ERR_RANGE);
	/* Past the limit of the machine. */
	plug_refused(&world, ADD(MU_TIB - SECTION, 2 * SECTION, 0, 0),
		     MU_ERR_RANGE);
	plug_expect_text(&world, MU_TIB - SECTION, 2 * SECTION);
	plug_expect_text(&world, 0, MU_TIB);
	/* Not whole sections: the message has some that would be. */
	plug_refused(&world, ADD(PLUG_AT + SECTION + BLOCK, SECTION, 0, 0),
		     MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT + SECTION + BLOCK, SECTION);
	plug_expect_text(&world, PLUG_AT + SECTION, 2 * SECTION);
	plug_refused(&world, ADD(PLUG_AT + SECTION, BLOCK, 0, 0),
		     MU_ERR_INVALID);
	/* No such node. */
	plug_refused(&world, ADD(PLUG_AT + SECTION, SECTION, 4, 0),
		     MU_ERR_RANGE);
	says("node 4 is not one of 0-3");
	plug_refused(&world, ADD(PLUG_AT + SECTION, SECTION, -1, 0),
		     MU_ERR_RANGE);
	plug_refused(&world, ADD(PLUG_AT + SECTION, SECTION, 0, 0x80),
		     MU_ERR_INVALID);
	/* RAM of the boot, RAM that was added. */
	plug_refused(&world, ADD(SECTION, 2 * SECTION, 0, 0), MU_ERR_OVERLAP);
	plug_expect_text(&world, SECTION, 2 * SECTION);
	plug_expect_text(&world, 0, 2 * SECTION);
	plug_refused(&world, ADD(PLUG_AT - SECTION, 3 * SECTION, 0, 0),
		     MU_ERR_OVERLAP);
	plug_expect_text(&world, PLUG_AT, SECTION);
	world_destroy(&world);
}

/* What is reserved where there is no memory: windows of devices, say. */
static void reserved(void **state)
{
	(void)state;
	plug_init(&world, "256M/2", MU_POLICY_LAZY);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock,
					     PLUG_AT + SECTION, PAGE,
					     MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	plug_refused(&world, ADD(PLUG_AT, 2 * SECTION, 0, 0), MU_ERR_OVERLAP);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	plug_expect_text(&world, PLUG_AT + SECTION, PAGE);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
	world_destroy(&world);
}

static void devices(void **state)
{
	struct mu_device_range range = {
		.base = PLUG_AT + SECTION, .size = 2 * MU_MIB, .nid = 0};
	struct mu_pagemap map = {.name = "pmem0",
				 .type = MU_DEVICE_GENERIC,
				 .lazy = true,
				 .ranges = &range,
				 .nr_ranges = 1};

	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	assert_int_equal(
		mu_pagemap_register(&world.mm.devices, &map, 1, &world.error),
		MU_OK);
	plug_refused(&world, ADD(PLUG_AT, 2 * SECTION, 0, 0), MU_ERR_OVERLAP);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	plug_expect_text(&world, PLUG_AT + SECTION, 2 * MU_MIB);
	says("pmem0");
	assert_int_equal(mu_pagemap_remove(&map, &world.error), MU_OK);
	/* And the other way round. */
	plug_add(&world, PLUG_AT, 2 * SECTION, 0, MU_ONLINE_NO);
	assert_int_equal(
		mu_pagemap_register(&world.mm.devices, &map, 1, &world.error),
		MU_ERR_OVERLAP);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	world_destroy(&world);
}

static void online(void **state)
{
	(void)state;
	plug_up(&world, "128M@0:0+128M@128M:1/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_NO);
	plug_add(&world, PLUG_AT + SECTION, SECTION, 1, MU_ONLINE_NO);

	plug_refused(&world, ONLINE(PLUG_AT, 0), MU_ERR_RANGE);
	plug_refused(&world, ONLINE(MU_TIB, SECTION), MU_ERR_RANGE);
	plug_refused(&world, ONLINE(PLUG_AT + PAGE, BLOCK), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT + PAGE, BLOCK);
	plug_refused(&world,
		     mu_hotplug_online(&world.mm.hotplug, PLUG_AT, BLOCK,
				       MU_ONLINE_NO, &world.error),
		     MU_ERR_INVALID);
	/* Of two nodes. */
	plug_refused(&world, ONLINE(PLUG_AT, 2 * SECTION), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	plug_expect_text(&world, PLUG_AT + SECTION, SECTION);
	/* A hole, at the end and at the beginning. */
	plug_refused(&world, ONLINE(PLUG_AT + SECTION, 2 * SECTION),
		     MU_ERR_HOLE);
	plug_expect_text(&world, PLUG_AT + SECTION, 2 * SECTION);
	plug_expect_text(&world, PLUG_AT + 2 * SECTION, SECTION);
	plug_refused(&world, ONLINE(PLUG_AT - SECTION, 2 * SECTION),
		     MU_ERR_HOLE);
	plug_expect_text(&world, PLUG_AT - SECTION, SECTION);
	/* Online already, in part. */
	plug_online(&world, PLUG_AT, BLOCK, MU_ONLINE_KERNEL);
	plug_refused(&world, ONLINE(PLUG_AT, SECTION), MU_ERR_BUSY);
	plug_expect_text(&world, PLUG_AT, SECTION);
	plug_expect_text(&world, PLUG_AT, BLOCK);
	plug_refused(&world, ONLINE(SECTION, BLOCK), MU_ERR_BUSY);
	plug_expect_text(&world, SECTION, SECTION);
	world_destroy(&world);
}

static void offline(void **state)
{
	(void)state;
	plug_init(&world, "128M@0:0+128M@128M:1/2", MU_POLICY_LAZY);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, 64 * MU_MIB,
					     8 * MU_MIB, MU_MEMBLOCK_NONE),
			 MU_OK);
	assert_int_equal(mu_memblock_reserve(&world.mm.memblock, 97 * MU_MIB,
					     PAGE, MU_MEMBLOCK_NONE),
			 MU_OK);
	world_start(&world);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
	plug_add(&world, PLUG_AT + SECTION, SECTION, 0, MU_ONLINE_MOVABLE);
	plug_add(&world, PLUG_AT + 2 * SECTION, SECTION, 0, MU_ONLINE_NO);

	plug_refused(&world, OFFLINE(PLUG_AT, 0), MU_ERR_RANGE);
	plug_refused(&world, OFFLINE(PLUG_AT, PAGE), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT, PAGE);
	/* Two zones, two nodes, a hole. */
	plug_refused(&world, OFFLINE(PLUG_AT, 2 * SECTION), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	plug_expect_text(&world, PLUG_AT, SECTION);
	plug_expect_text(&world, PLUG_AT + SECTION, SECTION);
	plug_refused(&world, OFFLINE(SECTION - BLOCK, 2 * BLOCK),
		     MU_ERR_INVALID);
	plug_refused(&world, OFFLINE(PLUG_AT - BLOCK, 2 * BLOCK), MU_ERR_HOLE);
	plug_expect_text(&world, PLUG_AT - BLOCK, BLOCK);
	/* Reserved: whole blocks, and a page. */
	plug_refused(&world, OFFLINE(60 * MU_MIB, 2 * BLOCK), MU_ERR_RESERVED);
	plug_expect_text(&world, 60 * MU_MIB, 2 * BLOCK);
	plug_expect_text(&world, 64 * MU_MIB, 8 * MU_MIB);
	plug_refused(&world, OFFLINE(96 * MU_MIB, BLOCK), MU_ERR_RESERVED);
	plug_expect_text(&world, 97 * MU_MIB, PAGE);
	/* Given to the allocator later, but a block of many pieces. */
	assert_int_equal(mu_free_reserved(&world.mm, 97 * MU_MIB, PAGE), MU_OK);
	plug_refused(&world, OFFLINE(92 * MU_MIB, 3 * BLOCK), MU_ERR_RESERVED);
	plug_expect_text(&world, 96 * MU_MIB, BLOCK);
	/* What was reserved in whole blocks is free memory like any. */
	assert_int_equal(mu_free_reserved(&world.mm, 64 * MU_MIB, 8 * MU_MIB),
			 MU_OK);
	plug_offline(&world, 60 * MU_MIB, 3 * BLOCK);
	/* Offline already. */
	plug_refused(&world, OFFLINE(PLUG_AT + SECTION, 2 * SECTION),
		     MU_ERR_OFFLINE);
	plug_expect_text(&world, PLUG_AT + 2 * SECTION, SECTION);
	plug_refused(&world, OFFLINE(64 * MU_MIB, BLOCK), MU_ERR_OFFLINE);
	plug_expect_text(&world, 60 * MU_MIB, 3 * BLOCK);
	world_destroy(&world);
}

static void removing(void **state)
{
	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 4 * SECTION, 0, MU_ONLINE_KERNEL);

	plug_refused(&world, REMOVE(PLUG_AT, 0), MU_ERR_RANGE);
	plug_refused(&world, REMOVE(PLUG_AT, BLOCK), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT, BLOCK);
	/* Online, all of it or a block. */
	plug_refused(&world, REMOVE(PLUG_AT, SECTION), MU_ERR_BUSY);
	plug_expect_text(&world, PLUG_AT, SECTION);
	plug_expect_text(&world, PLUG_AT, 4 * SECTION);
	plug_offline(&world, PLUG_AT, SECTION - BLOCK);
	plug_refused(&world, REMOVE(PLUG_AT, SECTION), MU_ERR_BUSY);
	plug_offline(&world, PLUG_AT + SECTION - BLOCK, BLOCK);
	plug_remove(&world, PLUG_AT, SECTION);
	/* Twice. */
	plug_refused(&world, REMOVE(PLUG_AT, SECTION), MU_ERR_NOT_FOUND);
	plug_expect_text(&world, PLUG_AT, SECTION);
	/* What hosts descriptors goes with what it hosts. */
	plug_add_hosted(&world, 2 * PLUG_AT, 8 * SECTION, 0, MU_ONLINE_NO);
	plug_refused(&world, REMOVE(2 * PLUG_AT, SECTION), MU_ERR_BUSY);
	plug_expect_text(&world, 2 * PLUG_AT, SECTION);
	plug_expect_text(&world, 2 * PLUG_AT, 8 * SECTION);
	plug_remove(&world, 2 * PLUG_AT, 8 * SECTION);
	world_destroy(&world);
}

static void hosting(void **state)
{
	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	plug_add_hosted(&world, PLUG_AT, 8 * SECTION, 0, MU_ONLINE_NO);
	/* Its own descriptors are in the first block. */
	plug_refused(&world, ONLINE(PLUG_AT, BLOCK), MU_ERR_RESERVED);
	plug_expect_text(&world, PLUG_AT, BLOCK);
	plug_expect_text(&world, PLUG_AT, 8 * SECTION);
	plug_add_hosted(&world, PLUG_AT + 8 * SECTION, 8 * SECTION, 0,
			MU_ONLINE_NO);
	plug_refused(&world, ONLINE(PLUG_AT + 7 * SECTION, 2 * SECTION),
		     MU_ERR_RESERVED);
	plug_expect_text(&world, PLUG_AT + 8 * SECTION, BLOCK);
	plug_online(&world, PLUG_AT + 8 * SECTION, 8 * SECTION,
		    MU_ONLINE_KERNEL);
	world_destroy(&world);

	plug_init(&world, "256M/2", MU_POLICY_LAZY);
	world.port.memmap_map_at = NULL;
	world_start(&world);
	plug_refused(&world, ADD(PLUG_AT, SECTION, 0, MU_ADD_HOSTED),
		     MU_ERR_UNSUPPORTED);
	plug_expect_text(&world, PLUG_AT, SECTION);
	world_destroy(&world);
}

static void poison(void **state)
{
	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	assert_int_equal(mu_memory_failure(&world.mm.hotplug, PLUG_AT / PAGE,
					   NULL, &world.error),
			 MU_ERR_HOLE);
	plug_expect_text(&world, PLUG_AT, PAGE);
	assert_int_equal(
		mu_memory_failure(&world.mm.hotplug, UINT64_MAX, NULL, NULL),
		MU_ERR_HOLE);
	assert_int_equal(mu_memory_failure(&world.mm.hotplug, 5000, NULL, NULL),
			 MU_OK);
	assert_int_equal(
		mu_memory_failure(&world.mm.hotplug, 5000, NULL, &world.error),
		MU_ERR_OVERLAP);
	plug_expect_text(&world, 5000 * PAGE, PAGE);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding),  cmocka_unit_test(reserved),
		cmocka_unit_test(devices), cmocka_unit_test(online),
		cmocka_unit_test(offline), cmocka_unit_test(removing),
		cmocka_unit_test(hosting), cmocka_unit_test(poison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
