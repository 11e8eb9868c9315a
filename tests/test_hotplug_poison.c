// SPDX-License-Identifier: MIT
/* Pages that are lost while their block is on its way out of the allocator. */
#include "buddy/memory.h"
#include "tests/plug.h"

#include "base/bits.h"

#define LOST 3u

/* Isolated, a page of it is poisoned, and back again. */
static void isolated_and_back(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	struct mu_zone *normal, *isolated;
	mu_pfn_t block = 4 * MU_BLOCK_PAGES;

	(void)state;
	plug_up(&world, "32M", MU_POLICY_EAGER);
	/* Once, for the isolated zone. */
	plug_offline(&world, 6 * BLOCK, BLOCK);
	normal = world_zone(&world, 0, MU_ZONE_NORMAL);
	isolated = world_zone(&world, 0, MU_ZONE_ISOLATED);
	for (unsigned i = 0; i < LOST; i++) {
		bool later = true;

		assert_int_equal(
			mu_buddy_move(buddy, normal, isolated, block, false),
			MU_OK);
		assert_int_equal(mu_buddy_poison(buddy,
						 block + 5 + 300 * (mu_pfn_t)i,
						 &later),
				 MU_OK);
		assert_false(later);
		assert_int_equal(isolated->poisoned_pages, i + 1);
		assert_int_equal(
			mu_buddy_move(buddy, isolated, normal, block, false),
			MU_OK);
		assert_int_equal(normal->poisoned_pages, i + 1);
		assert_int_equal(isolated->poisoned_pages, 0);
		world_validate(&world, NULL);
	}
	world_destroy(&world);
}

/* ---- The same by hotplug ---- */

static mu_pfn_t lost[LOST];

/* The client will not give its page back, and meanwhile others are lost. */
static enum mu_status refuse(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct world *world = arg;
	bool later;

	(void)pfn, (void)order;
	for (unsigned i = 0; i < LOST; i++)
		assert_int_equal(mu_memory_failure(&world->mm.hotplug, lost[i],
						   &later, &world->error),
				 MU_OK);
	return MU_ERR_INVALID;
}

static void never(void *arg, unsigned spins)
{
	(void)arg;
	if (spins > 1000)
		fail_msg("put back for ever");
}

static void stays_online(void **state)
{
	static const struct mu_hotplug_ops ops = {.migrate = refuse};

	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++) {
		struct world world;
		struct mu_census census;
		mu_pfn_t pfn, block;

		plug_init(&world, "32M", world_policies[p]);
		world.port.pause = never;
		world_start(&world);
		world.mm.hotplug.ops = &ops;
		world.mm.hotplug.ops_arg = &world;
		assert_int_equal(mu_init_now(&world.mm, MU_BLOCK_PAGES,
					     4 * MU_BLOCK_PAGES),
				 MU_OK);
		do {
			assert_int_equal(
				mu_alloc_pages(&world.mm.buddy, 0, 3, 0, &pfn),
				MU_OK);
		} while (pfn < MU_BLOCK_PAGES);
		block = pfn / MU_BLOCK_PAGES * MU_BLOCK_PAGES;
		for (unsigned i = 0; i < LOST; i++)
			lost[i] = block + 301 * (i + (mu_pfn_t)1);
		assert_int_equal(mu_hotplug_offline(&world.mm.hotplug,
						    block * PAGE, BLOCK, 0,
						    &world.error),
				 MU_ERR_INVALID);
		world_validate(&world, &census);
		assert_int_equal(census.poisoned, LOST);
		assert_int_equal(census.offline, 0);
		assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, 3), MU_OK);
		plug_offline(&world, block * PAGE, BLOCK);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(isolated_and_back),
		cmocka_unit_test(stays_online),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
