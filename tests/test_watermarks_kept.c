// SPDX-License-Identifier: MIT
/*
 * What a client set stays set when memory comes and goes, and may be set while
 * it does.
 */
#include "tests/plug.h"

static struct world world;

static uint64_t min_marks(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < world.mm.buddy.nr_zones; i++)
		if (world.mm.buddy.zones[i].type < MU_ZONE_MOVABLE)
			sum += world.mm.buddy.zones[i].watermark[MU_WMARK_MIN];
	return sum;
}

static void stays(void **state)
{
	const uint64_t min = 20000;
	uint64_t before;

	(void)state;
	plug_up(&world, "512M/2", MU_POLICY_LAZY);
	before = min_marks();
	assert_true(before < min / 2);
	mu_buddy_set_watermarks(&world.mm.buddy, min, 12);
	/* Shares are rounded down, zone by zone. */
	assert_in_range(min_marks(), min - 4, min);
	plug_add(&world, PLUG_AT, SECTION, 0, MU_ONLINE_KERNEL);
	assert_in_range(min_marks(), min - 4, min);
	plug_offline(&world, PLUG_AT, SECTION);
	plug_remove(&world, PLUG_AT, SECTION);
	assert_in_range(min_marks(), min - 4, min);
	/* And the default is a setting, too: it follows the memory. */
	mu_buddy_set_watermarks(&world.mm.buddy, 0, 12);
	assert_int_equal(min_marks(), before);
	plug_add(&world, PLUG_AT, 4 * SECTION, 0, MU_ONLINE_KERNEL);
	assert_true(min_marks() > before);
	world_destroy(&world);
}

static bool both(struct world *unused, unsigned index, void *arg)
{
	(void)unused, (void)arg;
	for (unsigned i = 0; i < 60; i++) {
		mu_phys_t at = PLUG_AT + index * SECTION;

		if (index == 0) {
			mu_buddy_set_watermarks(&world.mm.buddy, 9000 + i, 12);
			continue;
		}
		if (mu_hotplug_add(&world.mm.hotplug, at, SECTION, 0,
				   MU_ONLINE_KERNEL, 0, NULL) != MU_OK ||
		    mu_hotplug_offline(&world.mm.hotplug, at, SECTION, 0,
				       NULL) != MU_OK ||
		    mu_hotplug_remove(&world.mm.hotplug, at, SECTION, NULL) !=
			    MU_OK)
			return false;
	}
	return true;
}

static void at_once(void **state)
{
	(void)state;
	plug_up(&world, "512M/4", MU_POLICY_LAZY);
	world_run(&world, 3, both, NULL);
	assert_in_range(min_marks(), 9059 - 4, 9059);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays),
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
