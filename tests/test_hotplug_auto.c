// SPDX-License-Identifier: MIT
/*
 * The auto-online policy: where memory goes of which nobody said where.
 */
#include "tests/plug.h"

static struct world world;

static enum mu_status add(mu_phys_t base, int nid, enum mu_online online)
{
	return mu_hotplug_add(&world.mm.hotplug, base, SECTION, nid, online, 0,
			      &world.error);
}

static uint64_t sections(int nid, enum mu_zone_type type)
{
	const struct mu_zone *zone = world_zone(&world, nid, type);

	return zone ? zone->present_pages / MU_SECTION_PAGES : 0;
}

/* What the configuration said before the start holds, until the client says
 * something else. */
static void as_configured(void **state)
{
	static const struct {
		enum mu_online online;
		enum mu_page_state state;
		uint64_t kernel, movable;
	} cases[] = {
		{MU_ONLINE_NO, MU_STATE_OFFLINE, 0, 0},
		{MU_ONLINE_KERNEL, MU_STATE_PRISTINE, 1, 0},
		{MU_ONLINE_MOVABLE, MU_STATE_PRISTINE, 0, 1},
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		plug_init(&world, "256M/2", MU_POLICY_LAZY);
		world.config.auto_online = cases[i].online;
		world_start(&world);
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_DEFAULT);
		assert_int_equal(plug_state(&world, PLUG_AT), cases[i].state);
		assert_int_equal(sections(1, MU_ZONE_NORMAL), cases[i].kernel);
		assert_int_equal(sections(1, MU_ZONE_MOVABLE),
				 cases[i].movable);
		world.mm.hotplug.auto_online = MU_ONLINE_MOVABLE;
		plug_add(&world, PLUG_AT + SECTION, SECTION, 1,
			 MU_ONLINE_DEFAULT);
		assert_int_equal(sections(1, MU_ZONE_MOVABLE),
				 cases[i].movable + 1);
		/* Who says where is listened to. */
		plug_add(&world, PLUG_AT + 2 * SECTION, SECTION, 1,
			 MU_ONLINE_NO);
		assert_int_equal(plug_state(&world, PLUG_AT + 2 * SECTION),
				 MU_STATE_OFFLINE);
		world_destroy(&world);
	}
}

/* MOVABLE on all nodes together, up to the ratio and not past it; what is added
 * to the kernel's zones makes room for more. */
static void by_ratio(void **state)
{
	/* 2 sections at boot, twice as much MOVABLE: 4, then 1 of the kernel's
	 * to 2 MOVABLE. */
	static const bool movable[] = {true, true, true,  true, false,
				       true, true, false, true, true};
	uint64_t kernel = 0, moves = 0;

	(void)state;
	plug_init(&world, "256M/2", MU_POLICY_LAZY);
	world.config.auto_online = MU_ONLINE_RATIO;
	world.config.movable_ratio = 200;
	world_start(&world);
	for (unsigned i = 0; i < sizeof(movable) / sizeof(movable[0]); i++) {
		plug_add(&world, PLUG_AT + i * SECTION, SECTION, (int)i % 3,
			 i % 2 ? MU_ONLINE_DEFAULT : MU_ONLINE_RATIO);
		kernel += !movable[i];
		moves += movable[i];
		assert_int_equal(sections(0, MU_ZONE_MOVABLE) +
					 sections(1, MU_ZONE_MOVABLE) +
					 sections(2, MU_ZONE_MOVABLE),
				 moves);
		assert_int_equal(sections(0, MU_ZONE_NORMAL) +
					 sections(1, MU_ZONE_NORMAL) +
					 sections(2, MU_ZONE_NORMAL),
				 2 + kernel);
	}
	/* What goes counts no more; what comes back is asked about again. */
	plug_offline(&world, PLUG_AT, SECTION);
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_RATIO);
	assert_int_equal(sections(0, MU_ZONE_MOVABLE) +
				 sections(1, MU_ZONE_MOVABLE) +
				 sections(2, MU_ZONE_MOVABLE),
			 moves);
	world_destroy(&world);
}

static void defaults(void **state)
{
	(void)state;
	plug_up(&world, "256M/2", MU_POLICY_LAZY);
	assert_int_equal(world.mm.hotplug.auto_online, MU_ONLINE_NO);
	assert_int_equal(world.mm.hotplug.movable_ratio, 301);
	/* The largest ratio there is: no overflow makes it a small one. */
	world.mm.hotplug.movable_ratio = UINT32_MAX;
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_RATIO);
	assert_int_equal(sections(1, MU_ZONE_MOVABLE), 1);
	world.mm.hotplug.movable_ratio = 0;
	plug_add(&world, PLUG_AT + SECTION, SECTION, 1, MU_ONLINE_RATIO);
	assert_int_equal(sections(1, MU_ZONE_NORMAL), 1);
	assert_string_equal(mu_online_str(MU_ONLINE_RATIO), "ratio");
	assert_string_equal(mu_online_str(MU_ONLINE_DEFAULT), "default");
	/* What is neither a zone nor a way to choose one. */
	plug_add(&world, PLUG_AT + 2 * SECTION, SECTION, 1, MU_ONLINE_NO);
	plug_refused(&world,
		     mu_hotplug_online(&world.mm.hotplug, PLUG_AT + 2 * SECTION,
				       SECTION, MU_ONLINE_DEFAULT,
				       &world.error),
		     MU_ERR_INVALID);
	/* A default of itself: the memory is there, offline. */
	world.mm.hotplug.auto_online = MU_ONLINE_DEFAULT;
	assert_int_equal(add(PLUG_AT + 3 * SECTION, 1, MU_ONLINE_DEFAULT),
			 MU_ERR_INVALID);
	assert_int_equal(plug_state(&world, PLUG_AT + 3 * SECTION),
			 MU_STATE_OFFLINE);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_configured),
		cmocka_unit_test(by_ratio),
		cmocka_unit_test(defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
