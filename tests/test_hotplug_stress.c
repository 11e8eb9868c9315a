// SPDX-License-Identifier: MIT
/*
 * Memory comes and goes while others allocate, free, initialise and look. For
 * ThreadSanitizer, and for what is lost when two of them meet.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <time.h>

#define ROUNDS (TEST_TSAN ? 40u : 120u)
#define SLOTS  64u /* of each thread */
#define ADDED  (9 * SECTION)
#define ROOM   (10 * SECTION)

static struct plug_client client;
static _Atomic unsigned changing; /* threads that change memory still */
static _Atomic unsigned poisoned;
static _Atomic unsigned cached; /* how often some cache held pages */

/* A second after all, a machine may be slow. */
#define PATIENCE 20000000000u

static bool went(struct world *world, enum mu_status status)
{
	if (status == MU_OK || status == MU_ERR_BUSY || status == MU_ERR_FULL)
		return true;
	print_error("hotplug: %s\n", world->error.text);
	return false;
}

/* Thread 0: memory of node 1 or 2 comes, is used, and goes. */
static bool plug(struct world *world)
{
	struct mu_hotplug *hotplug = &world->mm.hotplug;

	for (unsigned i = 0; i < ROUNDS; i++) {
		enum mu_online online =
			i % 3 ? MU_ONLINE_KERNEL : MU_ONLINE_MOVABLE;
		struct timespec soon = {0, 300000};

		if (mu_hotplug_add(hotplug, PLUG_AT, ADDED, 1 + (int)(i % 2),
				   online, i % 4 == 3 ? MU_ADD_HOSTED : 0,
				   &world->error) != MU_OK)
			return went(world, MU_ERR_CORRUPT);
		nanosleep(&soon, NULL);
		/* What hosts the descriptors is offline. */
		if (mu_hotplug_offline(hotplug,
				       PLUG_AT + (i % 4 == 3 ? 2 * BLOCK : 0),
				       ADDED - (i % 4 == 3 ? 2 * BLOCK : 0),
				       PATIENCE, &world->error) != MU_OK)
			return went(world, MU_ERR_CORRUPT);
		if (mu_hotplug_remove(hotplug, PLUG_AT, ADDED, &world->error) !=
		    MU_OK)
			return went(world, MU_ERR_CORRUPT);
	}
	return true;
}

/* Thread 1: blocks of the boot go offline and come back. */
static bool blocks(struct world *world)
{
	struct mu_hotplug *hotplug = &world->mm.hotplug;
	uint64_t seed = 5;

	for (unsigned i = 0; i < 3 * ROUNDS; i++) {
		mu_phys_t base = (4 + world_random(&seed, 20)) * BLOCK;
		mu_phys_t size = (1 + world_random(&seed, 4)) * BLOCK;
		enum mu_online online = world_random(&seed, 2)
						? MU_ONLINE_KERNEL
						: MU_ONLINE_MOVABLE;
		struct mu_error error;
		enum mu_status status =
			mu_hotplug_offline(hotplug, base, size, 0, &error);

		/* It may lie in two zones by now. */
		if (status == MU_ERR_INVALID)
			continue;
		if (!went(world, status))
			return false;
		if (status == MU_OK &&
		    mu_hotplug_online(hotplug, base, size, online, &error) !=
			    MU_OK)
			return went(world, MU_ERR_CORRUPT);
	}
	return true;
}

static bool huge(struct world *world, unsigned at, uint64_t *seed)
{
	unsigned order =
		world_random(seed, 8) ? MU_HUGE_ORDER : MU_GIGANTIC_ORDER;
	mu_pfn_t pfn;

	if (mu_alloc_huge(&world->mm.deferred, (int)world_random(seed, 3),
			  order, MU_ALLOC_MOVABLE, 1, &pfn) != 1)
		return true;
	mu_page_state(&world->mm, pfn + world_random(seed, 512));
	/* Kept, so that hotplug may ask for it. */
	while (atomic_exchange(&client.lock.held, 1))
		;
	if (!client.held[at].pfn) {
		client.held[at].pfn = pfn;
		client.held[at].order = order;
		client.held[at].pinned = false;
		pfn = 0;
	}
	atomic_store(&client.lock.held, 0);
	return !pfn || mu_free_pages(&world->mm.buddy, pfn, order) == MU_OK;
}

static bool look(struct world *world, uint64_t *seed)
{
	mu_pfn_t pfn = (PLUG_AT + world_random(seed, ROOM)) / PAGE;
	enum mu_status status;
	bool later;

	if (world_random(seed, 2))
		pfn = world_random(seed, 32768);
	mu_page_state(&world->mm, pfn);
	status = mu_init_now(&world->mm, pfn, pfn + 1);
	if (status != MU_OK && status != MU_ERR_FULL)
		return false;
	if (world_random(seed, 50) || atomic_load(&poisoned) > 40)
		return true;
	status = mu_memory_failure(&world->mm.hotplug, pfn, &later, NULL);
	if (status == MU_OK)
		atomic_fetch_add(&poisoned, 1);
	return status == MU_OK || status == MU_ERR_HOLE ||
	       status == MU_ERR_BUSY || status == MU_ERR_OVERLAP ||
	       status == MU_ERR_FULL;
}

/* The others. */
static bool use(struct world *world, unsigned index)
{
	uint64_t seed = index;

	for (unsigned i = 0; atomic_load(&changing); i++) {
		unsigned at =
			index * SLOTS + (unsigned)world_random(&seed, SLOTS);
		int nid = (int)world_random(&seed, 3);
		unsigned order = (unsigned)world_random(&seed, 8);
		unsigned flags = world_random(&seed, 2) ? MU_ALLOC_MOVABLE : 0;
		mu_pfn_t pfn;

		if (!plug_client_take(&client, at, nid, order, flags) &&
		    !plug_client_give(&client, at))
			return false;
		if (i % 16 == 0 && !huge(world, at, &seed))
			return false;
		if (i % 8 == 0 && !look(world, &seed))
			return false;
		if (i % 64 == 0 &&
		    mu_alloc_run(&world->mm.deferred, nid, 11, flags, &pfn) ==
			    MU_OK &&
		    (mu_free_pages(&world->mm.buddy, pfn, MU_BLOCK_ORDER) !=
			     MU_OK ||
		     mu_free_pages(&world->mm.buddy, pfn + MU_BLOCK_PAGES,
				   MU_BLOCK_ORDER) != MU_OK))
			return false;
		if (i % 32 == 0) {
			struct mu_buddy *buddy = &world->mm.buddy;

			mu_deferred_take(&world->mm.deferred, nid, 2, NULL);
			if (mu_zone_cached(buddy, &buddy->zones[0]))
				atomic_fetch_add(&cached, 1);
		}
	}
	return true;
}

static bool work(struct world *world, unsigned index, void *arg)
{
	bool fine;

	(void)arg;
	if (index > 1)
		return use(world, index);
	fine = index ? blocks(world) : plug(world);
	atomic_fetch_sub(&changing, 1);
	return fine;
}

static void all_at_once(unsigned cache_pages)
{
	struct world world;
	struct mu_census census;

	plug_init(&world, "128M@0:0+64M@128M:1/4", MU_POLICY_LAZY);
	world.config.cache_pages = cache_pages;
	world_start(&world);
	plug_client_init(&client, &world);
	atomic_store(&changing, 2);
	atomic_store(&poisoned, 0);
	atomic_store(&cached, 0);
	world_run(&world, 5, work, NULL);
	world_validate(&world, NULL);
	assert_true(client.moved > 0);
	assert_true(client.events[MU_WENT_OFFLINE] > ROUNDS);
	if (cache_pages == MU_NO_CACHES)
		assert_int_equal(cached, 0);
	else
		assert_true(cached > 0);
	plug_client_give_all(&client);
	world_validate(&world, &census);
	assert_int_equal(census.allocated, 0);
	assert_int_equal(census.offline, 0);
	world_destroy(&world);
}

static void without_caches(void **state)
{
	(void)state;
	all_at_once(MU_NO_CACHES);
}

/* Two threads say that they are CPU 0. */
static void with_caches(void **state)
{
	(void)state;
	all_at_once(64);
}

/* Huge pages, too, go to caches. */
static void with_large_caches(void **state)
{
	(void)state;
	all_at_once(2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_caches),
		cmocka_unit_test(with_caches),
		cmocka_unit_test(with_large_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
