// SPDX-License-Identifier: MIT
/*
 * Memory in use that is to go offline: what the client is asked, what he is
 * told, and that everything is back where it was when he does not give it.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct world world;
static struct plug_client client;

static void up(const char *text, enum mu_policy policy)
{
	plug_up(&world, text, policy);
	plug_client_init(&client, &world);
}

static void down(void)
{
	plug_client_give_all(&client);
	world_destroy(&world);
}

static enum mu_status offline(mu_phys_t base, mu_phys_t size, uint64_t patience)
{
	return mu_hotplug_offline(&world.mm.hotplug, base, size, patience,
				  &world.error);
}

/* Pages of every order all over the range: they move, and nothing is lost. */
static void moves(void **state)
{
	unsigned inside = 0;

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 2 * SECTION, 1, MU_ONLINE_KERNEL);
	for (unsigned i = 0; i < 150; i++) {
		assert_true(plug_client_take(&client, i, 1, i % MU_NR_ORDERS,
					     MU_ALLOC_RESERVES));
		inside += client.held[i].pfn >= PLUG_AT / PAGE;
	}
	assert_true(inside > 50);
	plug_offline(&world, PLUG_AT, 2 * SECTION);
	assert_int_equal(client.moved, inside);
	for (unsigned i = 0; i < 150; i++)
		assert_true(client.held[i].pfn < PLUG_AT / PAGE);
	assert_int_equal(client.events[MU_GOING_OFFLINE], 1);
	assert_int_equal(client.events[MU_WENT_OFFLINE], 1);
	assert_int_equal(client.events[MU_STAYS_ONLINE], 0);
	assert_int_equal(client.last.start, PLUG_AT / PAGE);
	assert_int_equal(client.last.end, (PLUG_AT + 2 * SECTION) / PAGE);
	assert_int_equal(client.last.nid, 1);
	assert_int_equal(client.last.type, MU_ZONE_NORMAL);
	plug_remove(&world, PLUG_AT, 2 * SECTION);
	down();
}

/* One page is not given: all others are where they were. */
static void one_stays(void **state)
{
	struct plug_image before;

	(void)state;
	for (unsigned policy = 0; policy < 3; policy++) {
		up("256M/2", world_policies[policy]);
		plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
		for (unsigned i = 0; i < 60; i++)
			assert_true(plug_client_take(&client, i, 1, i % 8,
						     MU_ALLOC_THISNODE));
		for (unsigned i = 0; i < 60; i++)
			client.held[i].pinned = true;
		plug_take(&world, &before);
		for (unsigned times = 0; times < 3; times++) {
			plug_refused(&world, offline(PLUG_AT, SECTION, 0),
				     MU_ERR_BUSY);
			plug_expect_text(&world, PLUG_AT, SECTION);
			assert_non_null(strstr(world.error.text, "is in use"));
		}
		assert_int_equal(client.events[MU_STAYS_ONLINE], 3);
		/* A little patience does not help either. */
		plug_refused(&world, offline(PLUG_AT, SECTION, 2000000),
			     MU_ERR_BUSY);
		plug_compare(&world, &before);
		plug_client_give_all(&client);
		plug_offline(&world, PLUG_AT, SECTION);
		down();
	}
}

static bool give_slowly(struct world *unused, unsigned index, void *arg)
{
	(void)arg;
	(void)unused;
	if (index == 0)
		return mu_hotplug_offline(&world.mm.hotplug, PLUG_AT, SECTION,
					  UINT64_MAX, &world.error) == MU_OK;
	for (unsigned i = 0; i < 200; i++) {
		struct timespec ms = {0, 50000};

		nanosleep(&ms, NULL);
		if (!plug_client_give(&client, i))
			return false;
	}
	return true;
}

/* Nobody to ask: what is in use is waited for. */
static void waits(void **state)
{
	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	world.mm.hotplug.ops = NULL;
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
	for (unsigned i = 0; i < 200; i++)
		assert_true(plug_client_take(&client, i, 1, i % 4,
					     MU_ALLOC_THISNODE));
	world_run(&world, 2, give_slowly, NULL);
	plug_remove(&world, PLUG_AT, SECTION);
	down();
}

static void vetoes(void **state)
{
	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_NO);
	client.refuse[MU_GOING_ONLINE] = MU_ERR_CANCELLED;
	plug_refused(&world,
		     mu_hotplug_online(&world.mm.hotplug, PLUG_AT, SECTION,
				       MU_ONLINE_MOVABLE, &world.error),
		     MU_ERR_CANCELLED);
	plug_expect_text(&world, PLUG_AT, SECTION);
	assert_non_null(strstr(world.error.text, "the client refused"));
	assert_int_equal(client.events[MU_STAYS_OFFLINE], 0);
	client.refuse[MU_GOING_ONLINE] = MU_OK;
	/* What he says of the others is not listened to. */
	client.refuse[MU_CAME_ONLINE] = MU_ERR_CORRUPT;
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_MOVABLE);
	assert_int_equal(client.last.type, MU_ZONE_MOVABLE);
	assert_int_equal(client.events[MU_GOING_ONLINE], 2);
	assert_int_equal(client.events[MU_CAME_ONLINE], 1);
	client.refuse[MU_GOING_OFFLINE] = MU_ERR_UNSUPPORTED;
	plug_refused(&world, offline(PLUG_AT, SECTION, 0), MU_ERR_UNSUPPORTED);
	assert_int_equal(client.events[MU_STAYS_ONLINE], 0);
	client.refuse[MU_GOING_OFFLINE] = MU_OK;
	plug_offline(&world, PLUG_AT, SECTION);
	down();
}

/* The client refuses a page for good: no patience then. */
static enum mu_status never(void *arg, mu_pfn_t pfn, unsigned order)
{
	(void)arg;
	(void)pfn;
	(void)order;
	return MU_ERR_INVALID;
}

static void never_given(void **state)
{
	static const struct mu_hotplug_ops stubborn = {.migrate = never};

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	world.mm.hotplug.ops = &stubborn;
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
	assert_true(plug_client_take(&client, 0, 1, 3, MU_ALLOC_THISNODE));
	plug_refused(&world, offline(PLUG_AT, SECTION, UINT64_MAX),
		     MU_ERR_INVALID);
	plug_expect_text(&world, client.held[0].pfn * PAGE, 8 * PAGE);
	down();
}

/* Pages with one descriptor, wholly in the range. */
static void sparse(void **state)
{
	mu_pfn_t huge[5], gigantic[2];

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 4 * MU_GIB, 1, MU_ONLINE_MOVABLE);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 1, MU_HUGE_ORDER,
				       MU_ALLOC_MOVABLE, 5, huge),
			 5);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 1, MU_GIGANTIC_ORDER,
				       MU_ALLOC_MOVABLE, 2, gigantic),
			 2);
	world_validate(&world, NULL);
	plug_refused(&world, offline(PLUG_AT, 4 * MU_GIB, 0), MU_ERR_BUSY);
	/* One of them given while it is isolated: by the client, who is asked
	 * for the others too. */
	for (unsigned i = 0; i < 5; i++) {
		client.held[i].pfn = huge[i];
		client.held[i].order = MU_HUGE_ORDER;
	}
	for (unsigned i = 0; i < 2; i++) {
		client.held[5 + i].pfn = gigantic[i];
		client.held[5 + i].order = MU_GIGANTIC_ORDER;
	}
	plug_offline(&world, PLUG_AT, 4 * MU_GIB);
	assert_int_equal(client.moved, 7);
	plug_remove(&world, PLUG_AT, 4 * MU_GIB);
	down();
}

/* A gigantic page that reaches out of the range has to go first. */
static void reaches_out(void **state)
{
	mu_pfn_t gigantic;

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	plug_add(&world, PLUG_AT, 2 * MU_GIB, 1, MU_ONLINE_KERNEL);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 1, MU_GIGANTIC_ORDER,
				       0, 1, &gigantic),
			 1);
	assert_int_equal(gigantic, (PLUG_AT + MU_GIB) / PAGE);
	plug_refused(&world,
		     offline(PLUG_AT + MU_GIB - SECTION, 3 * SECTION, 0),
		     MU_ERR_BUSY);
	plug_expect_text(&world, PLUG_AT + MU_GIB, MU_GIB);
	client.held[0].pfn = gigantic;
	client.held[0].order = MU_GIGANTIC_ORDER;
	plug_offline(&world, PLUG_AT + MU_GIB - SECTION, 3 * SECTION);
	assert_int_equal(client.moved, 1);
	down();
}

/* A run that is split, pages that are split while isolated: a client that gives
 * back in pieces. */
static enum mu_status split(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct mu_buddy *buddy = &world.mm.buddy;
	unsigned *asked = arg;

	++*asked;
	if (!order)
		return mu_free_pages(buddy, pfn, 0);
	return mu_split_pages(buddy, pfn, order, order - 1);
}

static void in_pieces(void **state)
{
	static const struct mu_hotplug_ops splitter = {.migrate = split};
	unsigned asked = 0;
	mu_pfn_t pfn;

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	world.mm.hotplug.ops = &splitter;
	world.mm.hotplug.ops_arg = &asked;
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
	assert_int_equal(mu_alloc_run(&world.mm.deferred, 1, 12, 0, &pfn),
			 MU_OK);
	assert_int_equal(
		mu_alloc_huge(&world.mm.deferred, 1, MU_HUGE_ORDER, 0, 1, &pfn),
		1);
	assert_int_equal(offline(PLUG_AT, SECTION, UINT64_MAX), MU_OK);
	/* Four blocks and half a one, to the page. */
	assert_int_equal(asked, 4 * 2047 + 1023);
	world_validate(&world, NULL);
	down();
}

/* Changes of one range exclude each other; others go on meanwhile. */
static enum mu_status nested(void *arg, mu_pfn_t pfn, unsigned order)
{
	struct mu_hotplug *hotplug = &world.mm.hotplug;
	unsigned *asked = arg;
	struct mu_error error;

	++*asked;
	if (mu_hotplug_offline(hotplug, PLUG_AT, BLOCK, 0, &error) !=
		    MU_ERR_BUSY ||
	    !strstr(error.text, "is being taken offline") ||
	    mu_hotplug_online(hotplug, PLUG_AT, BLOCK, MU_ONLINE_KERNEL,
			      NULL) != MU_ERR_BUSY ||
	    mu_hotplug_remove(hotplug, PLUG_AT, SECTION, NULL) != MU_ERR_BUSY)
		return MU_ERR_CORRUPT;
	/* Elsewhere. */
	if (mu_hotplug_add(hotplug, 2 * PLUG_AT, SECTION, 2, MU_ONLINE_KERNEL,
			   0, NULL) != MU_OK ||
	    mu_hotplug_offline(hotplug, 2 * PLUG_AT, SECTION, 0, NULL) !=
		    MU_OK ||
	    mu_hotplug_remove(hotplug, 2 * PLUG_AT, SECTION, NULL) != MU_OK)
		return MU_ERR_CORRUPT;
	/* Isolated memory can be poisoned, and so can a pristine page of it. */
	if (mu_memory_failure(hotplug, pfn, NULL, NULL) != MU_OK ||
	    mu_memory_failure(hotplug, (PLUG_AT + SECTION) / PAGE - 1, NULL,
			      NULL) != MU_OK)
		return MU_ERR_CORRUPT;
	return mu_free_pages(&world.mm.buddy, pfn, order);
}

static void one_at_a_time(void **state)
{
	static const struct mu_hotplug_ops busy = {.migrate = nested};
	unsigned asked = 0;

	(void)state;
	up("256M/2", MU_POLICY_LAZY);
	world.mm.hotplug.ops = &busy;
	world.mm.hotplug.ops_arg = &asked;
	plug_add(&world, PLUG_AT, SECTION, 1, MU_ONLINE_KERNEL);
	assert_true(plug_client_take(&client, 0, 1, 2, MU_ALLOC_THISNODE));
	plug_offline(&world, PLUG_AT, SECTION);
	assert_int_equal(asked, 1);
	client.held[0].pfn = 0;
	/* The poison is remembered. */
	plug_online(&world, PLUG_AT, SECTION, MU_ONLINE_KERNEL);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	assert_int_equal(world_zone(&world, 1, MU_ZONE_NORMAL)->poisoned_pages,
			 2);
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),	 cmocka_unit_test(one_stays),
		cmocka_unit_test(waits),	 cmocka_unit_test(vetoes),
		cmocka_unit_test(never_given),	 cmocka_unit_test(sparse),
		cmocka_unit_test(reaches_out),	 cmocka_unit_test(in_pieces),
		cmocka_unit_test(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
