// SPDX-License-Identifier: MIT
/*
 * What the client is told: every change begins with a question, ends with one
 * answer, and says the same range in both; a change that he refuses ends there,
 * and one that is refused before it begins is not heard of.
 */
#include "tests/plug.h"

#include <stdio.h>
#include <string.h>

#define MOST 64

static struct world world;

static struct {
	struct {
		enum mu_hotplug_event event;
		struct mu_hotplug_range range;
		enum mu_page_state state; /* of its first page then */
	} heard[MOST];
	unsigned nr;
	enum mu_status veto[MU_STAYS_ONLINE + 1];
	enum mu_status migrate;
	/* Called once, from within the next question. */
	void (*meanwhile)(void);
} client;

static enum mu_status event(void *arg, enum mu_hotplug_event event,
			    const struct mu_hotplug_range *range)
{
	void (*meanwhile)(void) = client.meanwhile;

	assert_ptr_equal(arg, &client);
	assert_true(client.nr < MOST);
	client.heard[client.nr].event = event;
	client.heard[client.nr].range = *range;
	client.heard[client.nr++].state =
		mu_page_state(&world.mm, range->start);
	client.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	return client.veto[event];
}

static enum mu_status migrate(void *arg, mu_pfn_t pfn, unsigned order)
{
	(void)arg;
	return client.migrate == MU_OK
		       ? mu_free_pages(&world.mm.buddy, pfn, order)
		       : client.migrate;
}

static const struct mu_hotplug_ops ops = {.event = event, .migrate = migrate};

static void up(enum mu_policy policy)
{
	memset(&client, 0, sizeof(client));
	plug_up(&world, "256M/2", policy);
	world.mm.hotplug.ops = &ops;
	world.mm.hotplug.ops_arg = &client;
}

/* It was @n'th in the order, of [@base, @base + @size), and so was the page. */
static void heard(unsigned n, enum mu_hotplug_event event, mu_phys_t base,
		  mu_phys_t size, enum mu_zone_type type,
		  enum mu_page_state state)
{
	const struct mu_hotplug_range *range = &client.heard[n].range;

	assert_true(n < client.nr);
	assert_int_equal(client.heard[n].event, event);
	assert_int_equal(range->start, base / PAGE);
	assert_int_equal(range->end, (base + size) / PAGE);
	assert_int_equal(range->nid, 1);
	assert_int_equal(range->type, type);
	assert_int_equal(client.heard[n].state, state);
}

static void heard_no_more(unsigned nr)
{
	assert_int_equal(client.nr, nr);
	client.nr = 0;
}

static enum mu_status online(mu_phys_t base, mu_phys_t size)
{
	return mu_hotplug_online(&world.mm.hotplug, base, size,
				 MU_ONLINE_MOVABLE, &world.error);
}

static enum mu_status offline(mu_phys_t base, mu_phys_t size)
{
	return mu_hotplug_offline(&world.mm.hotplug, base, size, 0,
				  &world.error);
}

/* By the time that he hears of it it is so, and not before. */
static void in_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		enum mu_page_state there = world_policies[i] == MU_POLICY_LAZY
						   ? MU_STATE_PRISTINE
						   : MU_STATE_ONLINE;

		up(world_policies[i]);
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
		heard_no_more(0);
		plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
		heard(0, MU_GOING_ONLINE, PLUG_AT, SECTION, MU_ZONE_MOVABLE,
		      MU_STATE_OFFLINE);
		heard(1, MU_CAME_ONLINE, PLUG_AT, SECTION, MU_ZONE_MOVABLE,
		      there);
		heard_no_more(2);
		plug_offline(&world, PLUG_AT + BLOCK, 2 * BLOCK);
		heard(0, MU_GOING_OFFLINE, PLUG_AT + BLOCK, 2 * BLOCK,
		      MU_ZONE_MOVABLE, there);
		heard(1, MU_WENT_OFFLINE, PLUG_AT + BLOCK, 2 * BLOCK,
		      MU_ZONE_MOVABLE, MU_STATE_OFFLINE);
		heard_no_more(2);
		plug_offline(&world, PLUG_AT, BLOCK);
		plug_offline(&world, PLUG_AT + 3 * BLOCK, SECTION - 3 * BLOCK);
		heard_no_more(4);
		plug_remove(&world, PLUG_AT, SECTION);
		/* Added and online in one: as if one after the other. */
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
		heard(0, MU_GOING_ONLINE, PLUG_AT, SECTION, MU_ZONE_NORMAL,
		      MU_STATE_OFFLINE);
		heard(1, MU_CAME_ONLINE, PLUG_AT, SECTION, MU_ZONE_NORMAL,
		      there);
		heard_no_more(2);
		/* What hosts descriptors does not come. */
		plug_add_hosted(&world, 2 * PLUG_AT, SECTION, 1,
				MU_ONLINE_KERNEL);
		heard(0, MU_GOING_ONLINE, 2 * PLUG_AT + BLOCK, SECTION - BLOCK,
		      MU_ZONE_NORMAL, MU_STATE_OFFLINE);
		heard_no_more(2);
		world_destroy(&world);
	}
}

static void vetoes(void **state)
{
	static const enum mu_status all[] = {MU_ERR_BUSY, MU_ERR_CANCELLED,
					     MU_ERR_UNSUPPORTED, MU_ERR_NOMEM};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		enum mu_page_state there = world_policies[i] == MU_POLICY_LAZY
						   ? MU_STATE_PRISTINE
						   : MU_STATE_ONLINE;

		up(world_policies[i]);
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
		for (unsigned j = 0; j < 4; j++) {
			client.veto[MU_GOING_ONLINE] = all[j];
			plug_refused(&world, online(PLUG_AT, SECTION), all[j]);
			heard(0, MU_GOING_ONLINE, PLUG_AT, SECTION,
			      MU_ZONE_MOVABLE, MU_STATE_OFFLINE);
			heard_no_more(1);
			/* Nothing is left of it: not even the range. */
			client.veto[MU_GOING_ONLINE] = MU_OK;
			plug_online(&world, PLUG_AT, SECTION,
				    MU_ONLINE_MOVABLE);
			heard_no_more(2);
			client.veto[MU_GOING_OFFLINE] = all[j];
			plug_refused(&world, offline(PLUG_AT, SECTION), all[j]);
			heard(0, MU_GOING_OFFLINE, PLUG_AT, SECTION,
			      MU_ZONE_MOVABLE, there);
			heard_no_more(1);
			client.veto[MU_GOING_OFFLINE] = MU_OK;
			plug_offline(&world, PLUG_AT, SECTION);
			heard_no_more(2);
		}
		/* What was added stays, offline, if he does not want it. */
		client.veto[MU_GOING_ONLINE] = MU_ERR_CANCELLED;
		assert_int_equal(mu_hotplug_add(&world.mm.hotplug,
						PLUG_AT + SECTION, SECTION, 1,
						MU_ONLINE_KERNEL, 0,
						&world.error),
				 MU_ERR_CANCELLED);
		heard_no_more(1);
		assert_int_equal(plug_state(&world, PLUG_AT + SECTION),
				 MU_STATE_OFFLINE);
		plug_remove(&world, PLUG_AT, 2 * SECTION);
		heard_no_more(0);
		world_destroy(&world);
	}
}

/* The table of ranges fills up while he is asked. */
static void fill_up(void)
{
	world.mm.memblock.memory.max = world.mm.memblock.memory.cnt;
}

/* He agreed, and it did not come to it after all. */
static void cancelled(void **state)
{
	const mu_phys_t at = PLUG_AT + 4 * BLOCK;
	unsigned max;
	mu_pfn_t pfn;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		enum mu_page_state there = world_policies[i] == MU_POLICY_LAZY
						   ? MU_STATE_PRISTINE
						   : MU_STATE_ONLINE;

		up(world_policies[i]);
		max = world.mm.memblock.memory.max;
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
		client.meanwhile = fill_up;
		plug_refused(&world, online(at, BLOCK), MU_ERR_FULL);
		heard(0, MU_GOING_ONLINE, at, BLOCK, MU_ZONE_MOVABLE,
		      MU_STATE_OFFLINE);
		heard(1, MU_STAYS_OFFLINE, at, BLOCK, MU_ZONE_MOVABLE,
		      MU_STATE_OFFLINE);
		heard_no_more(2);
		world.mm.memblock.memory.max = max;
		plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
		heard_no_more(2);
		client.meanwhile = fill_up;
		plug_refused(&world, offline(at, BLOCK), MU_ERR_FULL);
		heard(0, MU_GOING_OFFLINE, at, BLOCK, MU_ZONE_MOVABLE, there);
		heard(1, MU_STAYS_ONLINE, at, BLOCK, MU_ZONE_MOVABLE, there);
		heard_no_more(2);
		world.mm.memblock.memory.max = max;
		/* Somebody has a page and keeps it, for now or for good. */
		assert_int_equal(
			mu_alloc_pages(&world.mm.buddy, 1, 0,
				       MU_ALLOC_MOVABLE | MU_ALLOC_THISNODE,
				       &pfn),
			MU_OK);
		for (unsigned j = 0; j < 2; j++) {
			client.migrate = j ? MU_ERR_INVALID : MU_ERR_BUSY;
			plug_refused(&world, offline(PLUG_AT, SECTION),
				     client.migrate);
			heard(0, MU_GOING_OFFLINE, PLUG_AT, SECTION,
			      MU_ZONE_MOVABLE, plug_state(&world, PLUG_AT));
			heard(1, MU_STAYS_ONLINE, PLUG_AT, SECTION,
			      MU_ZONE_MOVABLE, plug_state(&world, PLUG_AT));
			heard_no_more(2);
		}
		client.migrate = MU_OK;
		plug_offline(&world, PLUG_AT, SECTION);
		heard_no_more(2);
		world_destroy(&world);
	}
}

/* What cannot even begin is not his business. */
static void not_heard_of(void **state)
{
	(void)state;
	up(MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
	plug_refused(&world, online(PLUG_AT, PAGE), MU_ERR_INVALID);
	plug_refused(&world, online(PLUG_AT, 2 * SECTION), MU_ERR_HOLE);
	plug_refused(&world, online(SECTION, BLOCK), MU_ERR_BUSY);
	plug_refused(&world, offline(PLUG_AT, SECTION), MU_ERR_OFFLINE);
	plug_refused(&world, offline(0, BLOCK), MU_ERR_RESERVED);
	plug_refused(&world,
		     mu_hotplug_remove(&world.mm.hotplug, SECTION, SECTION,
				       &world.error),
		     MU_ERR_BUSY);
	heard_no_more(0);
	world_destroy(&world);
}

/* A client that changes another range while it is asked about one. */
static void another_range(void)
{
	enum mu_status status =
		mu_hotplug_add(&world.mm.hotplug, 2 * PLUG_AT, SECTION, 1,
			       MU_ONLINE_KERNEL, 0, &world.error);

	assert_int_equal(status, MU_OK);
	/* The one that it is asked about is taken. */
	assert_int_equal(online(PLUG_AT, BLOCK), MU_ERR_BUSY);
	plug_expect_text(&world, PLUG_AT, BLOCK);
	plug_expect_text(&world, PLUG_AT, SECTION);
	assert_int_equal(mu_hotplug_remove(&world.mm.hotplug, PLUG_AT, SECTION,
					   &world.error),
			 MU_ERR_BUSY);
}

static void nested(void **state)
{
	(void)state;
	up(MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
	client.meanwhile = another_range;
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
	heard(0, MU_GOING_ONLINE, PLUG_AT, SECTION, MU_ZONE_MOVABLE,
	      MU_STATE_OFFLINE);
	heard(1, MU_GOING_ONLINE, 2 * PLUG_AT, SECTION, MU_ZONE_NORMAL,
	      MU_STATE_OFFLINE);
	heard(2, MU_CAME_ONLINE, 2 * PLUG_AT, SECTION, MU_ZONE_NORMAL,
	      MU_STATE_PRISTINE);
	heard(3, MU_CAME_ONLINE, PLUG_AT, SECTION, MU_ZONE_MOVABLE,
	      MU_STATE_PRISTINE);
	heard_no_more(4);
	world_destroy(&world);
}

static void names(void **state)
{
	static const char *const all[] = {"going online",  "online",
					  "stays offline", "going offline",
					  "offline",	   "stays online"};

	(void)state;
	for (unsigned i = 0; i <= MU_STAYS_ONLINE; i++)
		assert_string_equal(
			mu_hotplug_event_str((enum mu_hotplug_event)i), all[i]);
	assert_string_equal(
		mu_hotplug_event_str((enum mu_hotplug_event)(unsigned)77),
		"unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),  cmocka_unit_test(vetoes),
		cmocka_unit_test(cancelled), cmocka_unit_test(not_heard_of),
		cmocka_unit_test(nested),    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
