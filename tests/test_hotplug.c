// SPDX-License-Identifier: MIT
/*
 * Memory that comes and goes, step by step; each step validated.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const struct mu_limits none;

/* Under every policy, in both kinds of zones. */
static void come_and_go(void **state)
{
	static const enum mu_online kinds[] = {MU_ONLINE_KERNEL,
					       MU_ONLINE_MOVABLE};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		enum mu_policy policy = world_policies[i / 2];
		enum mu_online online = kinds[i % 2];
		struct plug_image before;
		struct mu_census census;
		struct world world;
		struct mu_zone *zone;

		plug_up(&world, "256M/2", policy);
		if (policy == MU_POLICY_DEFERRED)
			assert_int_equal(mu_mm_finish(&world.mm, 0), MU_OK);
		plug_take(&world, &before);
		plug_add(&world, PLUG_AT, 2 * SECTION, 0, MU_ONLINE_NO);
		assert_int_equal(plug_state(&world, PLUG_AT), MU_STATE_OFFLINE);
		world_validate(&world, &census);
		assert_int_equal(census.offline, 2 * SECTION / PAGE);

		plug_online(&world, PLUG_AT, 2 * SECTION, online);
		assert_int_equal(plug_state(&world, PLUG_AT),
				 policy == MU_POLICY_LAZY ? MU_STATE_PRISTINE
							  : MU_STATE_ONLINE);
		zone = world_zone(&world, 0,
				  i % 2 ? MU_ZONE_MOVABLE : MU_ZONE_NORMAL);
		assert_non_null(zone);
		assert_int_equal(zone->end_pfn, (PLUG_AT + 2 * SECTION) / PAGE);
		assert_int_equal(zone->present_pages,
				 (i % 2 ? 0 : 65536) + 2 * SECTION / PAGE);
		/* There is a hole before it, unless it is alone. */
		assert_int_equal(mu_zone_is_contiguous(zone), i % 2);
		world_validate(&world, &census);
		assert_int_equal(census.offline, 0);

		plug_offline(&world, PLUG_AT, 2 * SECTION);
		assert_int_equal(plug_state(&world, PLUG_AT), MU_STATE_OFFLINE);
		assert_int_equal(world.mm.memmap.backed_pages, before.backed);
		plug_remove(&world, PLUG_AT, 2 * SECTION);
		assert_int_equal(plug_state(&world, PLUG_AT), MU_STATE_ABSENT);
		plug_compare(&world, &before);
		world_destroy(&world);
	}
}

/* Pristine memory never gets a descriptor, however large it is. */
static void pristine(void **state)
{
	struct plug_image before;
	struct world world;

	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	plug_take(&world, &before);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(mu_hotplug_add(&world.mm.hotplug, PLUG_AT,
						512 * MU_GIB, 0,
						MU_ONLINE_KERNEL, 0, NULL),
				 MU_OK);
		assert_int_equal(mu_hotplug_offline(&world.mm.hotplug, PLUG_AT,
						    512 * MU_GIB, 0, NULL),
				 MU_OK);
		assert_int_equal(mu_hotplug_remove(&world.mm.hotplug, PLUG_AT,
						   512 * MU_GIB, NULL),
				 MU_OK);
	}
	plug_compare(&world, &before);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims, 0);
	world_destroy(&world);
}

/* Many small ranges that touch take one extent, and one region. */
static void block_by_block(void **state)
{
	struct world world;
	const struct mu_pristine *pristine;
	mu_phys_t at;

	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	pristine = &world.mm.deferred.zones[0];
	for (at = PLUG_AT; at < PLUG_AT + 100 * SECTION; at += SECTION)
		assert_int_equal(mu_hotplug_add(&world.mm.hotplug, at, SECTION,
						0, MU_ONLINE_KERNEL, 0,
						&world.error),
				 MU_OK);
	world_validate(&world, NULL);
	assert_int_equal(pristine->nr_extents, 2);
	assert_int_equal(world.mm.memblock.memory.cnt, 2);
	/* From the end, from the beginning, and from the middle. */
	plug_offline(&world, PLUG_AT + 90 * SECTION, 10 * SECTION);
	plug_offline(&world, PLUG_AT, 10 * SECTION);
	plug_offline(&world, PLUG_AT + 50 * SECTION, BLOCK);
	plug_offline(&world, PLUG_AT + 40 * SECTION, SECTION);
	plug_online(&world, PLUG_AT + 50 * SECTION, BLOCK, MU_ONLINE_KERNEL);
	plug_online(&world, PLUG_AT + 40 * SECTION, SECTION, MU_ONLINE_MOVABLE);
	assert_int_equal(world_zone(&world, 0, MU_ZONE_MOVABLE)->present_pages,
			 SECTION / PAGE);
	assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
	world_validate(&world, NULL);
	plug_offline(&world, PLUG_AT + 40 * SECTION, SECTION);
	plug_offline(&world, PLUG_AT + 10 * SECTION, 30 * SECTION);
	plug_offline(&world, PLUG_AT + 41 * SECTION, 49 * SECTION);
	plug_remove(&world, PLUG_AT, 100 * SECTION);
	assert_int_equal(world.mm.buddy.nodes[0].end_pfn, 65536);
	assert_int_equal(world_zone(&world, 0, MU_ZONE_NORMAL)->end_pfn, 65536);
	assert_true(
		mu_zone_is_contiguous(world_zone(&world, 0, MU_ZONE_NORMAL)));
	world_destroy(&world);
}

/* A node that had nothing has memory, and its allocations find it first. */
static void new_node(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn, far;

	(void)state;
	plug_up(&world, "2x128M/2", MU_POLICY_LAZY);
	assert_int_equal(mu_alloc_pages(buddy, 3, 0, 0, &far), MU_OK);
	assert_int_equal(mu_alloc_pages(buddy, 3, 0, MU_ALLOC_THISNODE, &pfn),
			 MU_ERR_NOMEM);
	plug_add(&world, PLUG_AT, SECTION, 3, MU_ONLINE_KERNEL);
	assert_int_equal(buddy->nodes[3].present_pages, SECTION / PAGE);
	assert_int_equal(buddy->nodes[3].start_pfn, PLUG_AT / PAGE);
	assert_int_equal(mu_alloc_pages(buddy, 3, 0, MU_ALLOC_THISNODE, &pfn),
			 MU_OK);
	assert_true(pfn >= PLUG_AT / PAGE);
	assert_int_equal(
		mu_page_nid(buddy, mu_pfn_to_page(&world.mm.memmap, pfn)), 3);
	assert_ptr_equal(buddy->nodes[3].preferred[MU_ZONE_NORMAL],
			 world_zone(&world, 3, MU_ZONE_NORMAL));
	/* The others fall back on it, the last of all. */
	assert_ptr_equal(mu_zonelist_zone(buddy, &buddy->nodes[0], 2),
			 world_zone(&world, 3, MU_ZONE_NORMAL));
	assert_null(mu_zonelist_zone(buddy, &buddy->nodes[0], 3));
	assert_ptr_equal(mu_zonelist_zone(buddy, &buddy->nodes[2], 0),
			 world_zone(&world, 3, MU_ZONE_NORMAL));
	assert_true(
		world_zone(&world, 3, MU_ZONE_NORMAL)->watermark[MU_WMARK_MIN] >
		0);
	/* In use: it stays. Given back: it goes. */
	plug_refused(&world,
		     mu_hotplug_offline(&world.mm.hotplug, PLUG_AT, SECTION, 0,
					&world.error),
		     MU_ERR_BUSY);
	plug_expect_text(&world, pfn * PAGE, PAGE);
	assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	plug_offline(&world, PLUG_AT, SECTION);
	plug_remove(&world, PLUG_AT, SECTION);
	assert_int_equal(buddy->nodes[3].present_pages, 0);
	assert_null(buddy->nodes[3].preferred[MU_ZONE_NORMAL]);
	assert_int_equal(mu_alloc_pages(buddy, 3, 0, MU_ALLOC_THISNODE, &pfn),
			 MU_ERR_NOMEM);
	assert_int_equal(mu_free_pages(buddy, far, 0), MU_OK);
	/* It comes again, to the same zone. */
	plug_add(&world, PLUG_AT + SECTION, SECTION, 3, MU_ONLINE_MOVABLE);
	assert_int_equal(mu_alloc_pages(buddy, 3, 0, MU_ALLOC_MOVABLE, &pfn),
			 MU_OK);
	assert_int_equal(world_zone_of(&world, pfn)->type, MU_ZONE_MOVABLE);
	assert_int_equal(mu_free_pages(buddy, pfn, 0), MU_OK);
	world_destroy(&world);
}

/* The marks are those that the machine would have if it had booted so. */
static void marks_follow(void **state)
{
	struct world grown, booted;

	(void)state;
	plug_up(&grown, "256M", MU_POLICY_LAZY);
	plug_add(&grown, 2 * SECTION, 6 * SECTION, 0, MU_ONLINE_KERNEL);
	plug_up(&booted, "1G", MU_POLICY_LAZY);
	for (unsigned i = 0; i < MU_NR_WMARKS; i++)
		assert_int_equal(grown.mm.buddy.zones[0].watermark[i],
				 booted.mm.buddy.zones[0].watermark[i]);
	assert_true(mu_zone_is_contiguous(&grown.mm.buddy.zones[0]));
	assert_int_equal(grown.mm.buddy.zones[0].present_pages,
			 booted.mm.buddy.zones[0].present_pages);
	world_destroy(&booted);
	world_destroy(&grown);
}

/* Memory of the boot goes and comes like any other; no limits are needed. */
static void boot_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct plug_image before;
		struct world world;

		world_init(&world, "1G", world_policies[i]);
		world_one_zone(&world);
		world_start(&world);
		assert_int_equal(world.mm.limits.ranges, none.ranges);
		plug_take(&world, &before);
		plug_offline(&world, 512 * MU_MIB, 3 * BLOCK);
		assert_int_equal(plug_state(&world, 512 * MU_MIB + BLOCK),
				 MU_STATE_OFFLINE);
		assert_int_equal(mu_init_now(&world.mm, 0, MU_GIB / PAGE),
				 MU_OK);
		assert_false(mu_memmap_online(&world.mm.memmap,
					      512 * MU_MIB / PAGE));
		world_validate(&world, NULL);
		plug_offline(&world, 768 * MU_MIB, 2 * SECTION);
		plug_remove(&world, 768 * MU_MIB, 2 * SECTION);
		plug_online(&world, 512 * MU_MIB, 3 * BLOCK, MU_ONLINE_KERNEL);
		plug_refused(&world,
			     mu_hotplug_offline(&world.mm.hotplug, 0, BLOCK, 0,
						&world.error),
			     MU_ERR_RESERVED);
		world_destroy(&world);
	}
}

/* Memory that hosts its own descriptors: they are where it says, none of what
 * they lie in is handed out, and the host's memory is left alone. */
static void hosted(void **state)
{
	const mu_phys_t size = 16 * SECTION;
	struct mu_page *window, *page;
	struct plug_image before, after;
	struct mu_census census;
	struct world world;
	mu_pfn_t *pfns = malloc(size / PAGE * sizeof(*pfns));
	uint64_t nr;

	(void)state;
	assert_non_null(pfns);
	plug_up(&world, "64M/2", MU_POLICY_LAZY);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	plug_take(&world, &before);
	plug_add_hosted(&world, PLUG_AT, size, 1, MU_ONLINE_MOVABLE);
	world_validate(&world, &census);
	/* 2 GiB: 8 MiB of descriptors, two blocks. */
	assert_int_equal(census.offline, 2 * BLOCK / PAGE);
	assert_int_equal(plug_state(&world, PLUG_AT + BLOCK), MU_STATE_OFFLINE);
	assert_int_equal(plug_state(&world, PLUG_AT + 2 * BLOCK),
			 MU_STATE_PRISTINE);
	for (nr = 0; nr < size / PAGE; nr++) {
		if (mu_alloc_pages(&world.mm.buddy, 1, 0,
				   MU_ALLOC_MOVABLE | MU_ALLOC_THISNODE |
					   MU_ALLOC_RESERVES,
				   &pfns[nr]) != MU_OK)
			break;
		assert_true(pfns[nr] >= (PLUG_AT + 2 * BLOCK) / PAGE);
		mu_pfn_to_page(&world.mm.memmap, pfns[nr])->private_data =
			pfns[nr];
	}
	assert_int_equal(nr, (size - 2 * BLOCK) / PAGE);
	window = mu_hosted_map_device(world.hosted, PLUG_AT, 2 * BLOCK);
	assert_non_null(window);
	for (uint64_t i = 0; i < nr; i++) {
		page = &window[pfns[i] - PLUG_AT / PAGE];
		assert_int_equal(page->private_data, pfns[i]);
	}
	munmap(window, 2 * BLOCK);
	world_free_all(&world, pfns, nr, 0);
	free(pfns);
	/* It goes in parts, comes back, and goes for good. */
	plug_offline(&world, PLUG_AT + 4 * SECTION, 3 * BLOCK);
	plug_online(&world, PLUG_AT + 4 * SECTION, 3 * BLOCK, MU_ONLINE_KERNEL);
	assert_int_equal(mu_mm_finish(&world.mm, 2), MU_OK);
	plug_offline(&world, PLUG_AT + 4 * SECTION, 3 * BLOCK);
	plug_offline(&world, PLUG_AT + 2 * BLOCK, 4 * SECTION - 2 * BLOCK);
	plug_offline(&world, PLUG_AT + 4 * SECTION + 3 * BLOCK,
		     12 * SECTION - 3 * BLOCK);
	plug_remove(&world, PLUG_AT, size);
	plug_take(&world, &after);
	assert_int_equal(after.backed, before.backed);
	plug_compare(&world, &before);
	world_destroy(&world);
}

/* Pages of other sizes, in a hole: sections and blocks are larger. */
static void page_sizes(void **state)
{
	const struct mu_limits limits = {.end = 72 * MU_GIB,
					 .late = 8 * MU_GIB,
					 .ranges = 4,
					 .nodes = 2};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		unsigned shift = i % 2 ? 14 : 16;
		mu_phys_t section = MU_SECTION_PAGES << shift;
		mu_phys_t block = MU_BLOCK_PAGES << shift;
		struct mu_census census;
		struct world world;
		mu_pfn_t pfn;

		world_init_machine(&world, world_machine("8G@0+8G@64G", shift),
				   world_policies[i / 2], world_backing());
		assert_int_equal(mu_mm_set_limits(&world.mm, &limits, NULL),
				 MU_OK);
		world_start(&world);
		plug_refused(&world,
			     mu_hotplug_add(&world.mm.hotplug, 16 * MU_GIB,
					    section / 2, 1, MU_ONLINE_KERNEL, 0,
					    &world.error),
			     MU_ERR_INVALID);
		plug_add(&world, 16 * MU_GIB, 2 * section, 1, MU_ONLINE_KERNEL);
		assert_int_equal(mu_alloc_pages(&world.mm.buddy, 1, 3,
						MU_ALLOC_THISNODE, &pfn),
				 MU_OK);
		assert_in_range(pfn << shift, 16 * MU_GIB,
				16 * MU_GIB + 2 * section - 1);
		plug_refused(&world,
			     mu_hotplug_offline(&world.mm.hotplug, 16 * MU_GIB,
						2 * section, 0, &world.error),
			     MU_ERR_BUSY);
		plug_expect_text(&world, pfn << shift, (mu_phys_t)8 << shift);
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 3), MU_OK);
		plug_offline(&world, 16 * MU_GIB + section, block);
		world_validate(&world, &census);
		assert_int_equal(census.offline, MU_BLOCK_PAGES);
		plug_online(&world, 16 * MU_GIB + section, block,
			    MU_ONLINE_MOVABLE);
		plug_offline(&world, 16 * MU_GIB + section, block);
		plug_offline(&world, 16 * MU_GIB, section);
		plug_offline(&world, 16 * MU_GIB + section + block,
			     section - block);
		plug_remove(&world, 16 * MU_GIB, 2 * section);
		world_destroy(&world);
	}
}

/* ---- Extensions come and go with the descriptors ---- */

static struct {
	int64_t mapped, initialised;
} ext_pages;

static enum mu_status ext_map(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg;
	ext_pages.mapped += (int64_t)(end - start);
	return MU_OK;
}

static void ext_unmap(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg;
	ext_pages.mapped -= (int64_t)(end - start);
}

static void ext_init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg;
	ext_pages.initialised += (int64_t)(end - start);
}

static void extensions(void **state)
{
	const size_t bytes = MU_TIB / PAGE * 8;
	struct mu_page_ext ext = {.size = 8,
				  .map = ext_map,
				  .unmap = ext_unmap,
				  .init = ext_init};
	struct world world;
	int64_t mapped, initialised;

	(void)state;
	ext.span = bytes;
	memset(&ext_pages, 0, sizeof(ext_pages));
	ext.base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(ext.base, MAP_FAILED);
	plug_init(&world, "64M/2", MU_POLICY_EAGER);
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext), MU_OK);
	world_start(&world);
	mapped = ext_pages.mapped;
	initialised = ext_pages.initialised;
	for (int64_t i = 1; i <= 3; i++) {
		plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
		assert_int_equal(ext_pages.mapped - mapped, SECTION / PAGE);
		assert_int_equal(ext_pages.initialised - initialised,
				 (uint64_t)i * SECTION / PAGE);
		plug_offline(&world, PLUG_AT, SECTION);
		assert_int_equal(ext_pages.mapped, mapped);
		plug_remove(&world, PLUG_AT, SECTION);
	}
	world_destroy(&world);
	munmap(ext.base, bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(come_and_go),	  cmocka_unit_test(pristine),
		cmocka_unit_test(block_by_block), cmocka_unit_test(new_node),
		cmocka_unit_test(marks_follow),	  cmocka_unit_test(boot_memory),
		cmocka_unit_test(hosted),	  cmocka_unit_test(page_sizes),
		cmocka_unit_test(extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
