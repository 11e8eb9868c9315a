// SPDX-License-Identifier: MIT
/*
 * Every step of a change fails once: no memory behind descriptors, tables that
 * are full. What failed has changed nothing, and goes well the next time.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>

static struct world world;
static bool no_backing;

static enum mu_status map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	return no_backing ? MU_ERR_NOMEM
			  : world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static enum mu_status map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
			     mu_phys_t base)
{
	return no_backing ? MU_ERR_NOMEM
			  : world_hosted_hook(arg)->memmap_map_at(arg, start,
								  end, base);
}

static enum mu_status online(mu_phys_t base, mu_phys_t size)
{
	return mu_hotplug_online(&world.mm.hotplug, base, size,
				 MU_ONLINE_KERNEL, &world.error);
}

static enum mu_status offline(mu_phys_t base, mu_phys_t size)
{
	return mu_hotplug_offline(&world.mm.hotplug, base, size, 0,
				  &world.error);
}

/* No memory for descriptors: what comes stays pristine, and is lost to nobody
 * when there is memory again. */
static void backing(void **state)
{
	mu_pfn_t pfn;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		enum mu_policy policy = world_policies[i / 2];
		bool hosted = i % 2;
		mu_phys_t first = PLUG_AT + (hosted ? BLOCK : 0);

		no_backing = false;
		plug_init(&world, "64M/2", policy);
		world.port.memmap_map = map;
		world.port.memmap_map_at = map_at;
		world_start(&world);
		assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
		no_backing = true;
		plug_add_at(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL,
			    hosted ? MU_ADD_HOSTED : 0, __FILE__, __LINE__);
		assert_int_equal(plug_state(&world, first), MU_STATE_PRISTINE);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 1, 0,
						MU_ALLOC_THISNODE, &pfn),
				 MU_ERR_NOMEM);
		/* It does not need descriptors to go. */
		plug_offline(&world, first, PLUG_AT + SECTION - first);
		plug_online(&world, first, PLUG_AT + SECTION - first,
			    MU_ONLINE_MOVABLE);
		/* Nor does a poisoned page, nor to come with one. */
		assert_int_equal(mu_memory_failure(&world.mm.hotplug,
						   first / PAGE + 9, NULL,
						   &world.error),
				 MU_OK);
		world_validate(&world, NULL);
		plug_offline(&world, first, BLOCK);
		plug_online(&world, first, BLOCK, MU_ONLINE_KERNEL);
		plug_offline(&world, first, BLOCK);
		no_backing = false;
		plug_online(&world, first, BLOCK, MU_ONLINE_KERNEL);
		assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
		assert_int_equal(plug_state(&world, first), MU_STATE_ONLINE);
		plug_offline(&world, first, BLOCK);
		plug_offline(&world, first + BLOCK,
			     PLUG_AT + SECTION - first - BLOCK);
		plug_remove(&world, PLUG_AT, SECTION);
		world_destroy(&world);
	}
}

/* memblock's tables. */
static void regions(void **state)
{
	struct mu_memblock_type *memory = &world.mm.memblock.memory;
	unsigned max;

	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 4 * SECTION, 1, MU_ONLINE_KERNEL);
	max = memory->max;
	/* There is room for a whole region, not for one cut in three. */
	memory->max = memory->cnt;
	plug_refused(&world,
		     mu_hotplug_add(&world.mm.hotplug, 2 * PLUG_AT, SECTION, 0,
				    MU_ONLINE_NO, 0, &world.error),
		     MU_ERR_FULL);
	plug_expect_text(&world, 2 * PLUG_AT, SECTION);
	plug_refused(&world,
		     mu_hotplug_add(&world.mm.hotplug, 2 * PLUG_AT, SECTION, 0,
				    MU_ONLINE_NO, MU_ADD_HOSTED, &world.error),
		     MU_ERR_FULL);
	plug_refused(&world, offline(PLUG_AT + SECTION, SECTION), MU_ERR_FULL);
	plug_expect_text(&world, PLUG_AT + SECTION, SECTION);
	plug_offline(&world, PLUG_AT, 4 * SECTION);
	plug_refused(&world, online(PLUG_AT + SECTION, SECTION), MU_ERR_FULL);
	plug_refused(&world,
		     mu_hotplug_remove(&world.mm.hotplug, PLUG_AT + SECTION,
				       SECTION, &world.error),
		     MU_ERR_FULL);
	plug_remove(&world, PLUG_AT, 4 * SECTION);
	memory->max = max;
	world_destroy(&world);
}

/* The table of zones, that of extents, the places for leaves and hosts. */
static void tables(void **state)
{
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_pristine *pristine;
	unsigned max;

	(void)state;
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 4 * SECTION, 0, MU_ONLINE_NO);
	max = buddy->max_zones;
	buddy->max_zones = buddy->nr_zones;
	plug_refused(&world,
		     mu_hotplug_online(&world.mm.hotplug, PLUG_AT, SECTION,
				       MU_ONLINE_MOVABLE, &world.error),
		     MU_ERR_FULL);
	/* Nowhere to isolate. */
	plug_refused(&world, offline(BLOCK, BLOCK), MU_ERR_FULL);
	plug_expect_text(&world, BLOCK, BLOCK);
	buddy->max_zones = max;

	pristine = &world.mm.deferred.zones[0];
	max = pristine->max_extents;
	pristine->max_extents = pristine->nr_extents;
	plug_refused(&world, online(PLUG_AT, SECTION), MU_ERR_FULL);
	/* To cut something out of the middle takes two: the rest, and the way
	 * back. */
	pristine->max_extents++;
	plug_refused(&world, offline(8 * BLOCK, BLOCK), MU_ERR_FULL);
	pristine->max_extents++;
	plug_offline(&world, 8 * BLOCK, BLOCK);
	/* And back again. */
	plug_online(&world, 8 * BLOCK, BLOCK, MU_ONLINE_KERNEL);
	pristine->max_extents = max;
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
	plug_offline(&world, PLUG_AT, SECTION);

	world.mm.memmap.max_hosts = 0;
	plug_refused(&world,
		     mu_hotplug_add(&world.mm.hotplug, 2 * PLUG_AT, SECTION, 0,
				    MU_ONLINE_NO, MU_ADD_HOSTED, &world.error),
		     MU_ERR_FULL);
	/* Nor room for the sections of another 128 GiB. */
	max = world.mm.memmap.nr_leaves;
	world.mm.memmap.nr_leaves =
		world.mm.memmap.leaves_used + world.mm.memmap.leaves_kept;
	plug_add(&world, 2 * PLUG_AT, SECTION, 0, MU_ONLINE_NO);
	plug_refused(&world,
		     mu_hotplug_add(&world.mm.hotplug, 256 * MU_GIB, SECTION, 0,
				    MU_ONLINE_NO, 0, &world.error),
		     MU_ERR_FULL);
	assert_non_null(strstr(world.error.text, "mu_limits.late"));
	world.mm.memmap.nr_leaves = max;
	plug_add(&world, 256 * MU_GIB, SECTION, 0, MU_ONLINE_KERNEL);
	world_destroy(&world);
}

/* More pristine pieces than can be remembered: put back, and smaller ones go.
 */
static void many_pieces(void **state)
{
	const mu_phys_t size = 2 * SECTION + 2 * SECTION * 4;

	(void)state;
	plug_up(&world, "2G/2", MU_POLICY_LAZY);
	/* Every other block online: as many pieces as there is room for. */
	for (mu_phys_t at = BLOCK; at < size; at += 2 * BLOCK) {
		enum mu_status status =
			mu_init_now(&world.mm, at / PAGE, at / PAGE + 1);

		assert_true(status == MU_OK || status == MU_ERR_FULL);
	}
	plug_refused(&world, offline(BLOCK, size), MU_ERR_FULL);
	plug_expect_text(&world, BLOCK, size);
	plug_refused(&world, offline(BLOCK, size), MU_ERR_FULL);
	for (mu_phys_t at = BLOCK; at < size; at += 8 * BLOCK)
		if (offline(at, 8 * BLOCK) != MU_OK)
			assert_int_equal(world.error.status, MU_ERR_FULL);
	world_validate(&world, NULL);
	assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
	world_destroy(&world);
}

/* The zone would end inside of a block. */
static void ragged_zone(void **state)
{
	const struct mu_limits limits = {
		.end = MU_TIB, .late = 900 * MU_GIB, .ranges = 8, .nodes = 4};

	(void)state;
	world_init_late(&world, "64M/2", MU_POLICY_LAZY, &limits);
	world.config.dma32_limit = PLUG_AT + SECTION + 3 * PAGE;
	world_start(&world);
	plug_add(&world, PLUG_AT, 2 * SECTION, 0, MU_ONLINE_NO);
	plug_refused(&world, online(PLUG_AT, 2 * SECTION), MU_ERR_INVALID);
	plug_expect_text(&world, PLUG_AT, 2 * SECTION);
	/* MOVABLE has no such border; nor have the parts. */
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_KERNEL);
	plug_online(&world, PLUG_AT + SECTION, SECTION, MU_ONLINE_MOVABLE);
	assert_int_equal(world_zone(&world, 0, MU_ZONE_DMA32)->end_pfn,
			 (PLUG_AT + SECTION) / PAGE);
	world_destroy(&world);

	/* A border between blocks makes two pieces. */
	world_init_late(&world, "64M/2", MU_POLICY_LAZY, &limits);
	world.config.dma32_limit = PLUG_AT + SECTION + BLOCK;
	world_start(&world);
	plug_add(&world, PLUG_AT, 2 * SECTION, 1, MU_ONLINE_KERNEL);
	assert_int_equal(world_zone(&world, 1, MU_ZONE_DMA32)->present_pages,
			 (SECTION + BLOCK) / PAGE);
	assert_int_equal(world_zone(&world, 1, MU_ZONE_NORMAL)->present_pages,
			 (SECTION - BLOCK) / PAGE);
	plug_refused(&world, offline(PLUG_AT, 2 * SECTION), MU_ERR_INVALID);
	plug_offline(&world, PLUG_AT, SECTION + BLOCK);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backing),     cmocka_unit_test(regions),
		cmocka_unit_test(tables),      cmocka_unit_test(many_pieces),
		cmocka_unit_test(ragged_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
