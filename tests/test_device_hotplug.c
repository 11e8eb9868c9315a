// SPDX-License-Identifier: MIT
/*
 * Devices and RAM that come and go in the same places: sections that both have
 * a part of, and ranges that one gets and the other does not. At random against
 * a model, and by many threads at once.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "tests/plug.h"
#include "tests/pmem.h"

/* RAM ends in the middle of a block; then what both want. */
#define RAM_END	      (1022 * MU_MIB)
#define BASE	      MU_GIB
#define UNIT	      (2 * MU_MIB)
#define UNITS	      (6 * UNITS_SECTION) /* from RAM_END on */
#define UNITS_SECTION 64u
#define MAPS	      6u
#define STEPS	      (TEST_TSAN ? 500u : TEST_ASAN ? 1500u : 4000u)

enum { NOBODY = -1, OFFLINE = -2, ONLINE = -3 }; /* or a pagemap's number */

static struct {
	struct world world;
	struct pmem maps[MAPS];
	bool registered[MAPS];
	int owner[UNITS];
	uint64_t seed;
	unsigned done[6], refused[6];
} sim;

static unsigned roll(unsigned limit)
{
	return (unsigned)world_random(&sim.seed, limit);
}

static mu_phys_t at(unsigned unit)
{
	return RAM_END + unit * UNIT;
}

static bool all(unsigned unit, unsigned nr, int owner)
{
	for (; nr--; unit++)
		if (sim.owner[unit] != owner)
			return false;
	return true;
}

static void set(unsigned unit, unsigned nr, int owner)
{
	for (; nr--; unit++)
		sim.owner[unit] = owner;
}

static bool count(unsigned op, bool expected, enum mu_status status)
{
	if (expected != (status == MU_OK))
		fail_msg("operation %u: %s", op,
			 status == MU_OK ? "ok" : sim.world.error.text);
	if (expected)
		sim.done[op]++;
	else
		sim.refused[op]++;
	return expected;
}

static void try_register(unsigned m)
{
	struct pmem *pmem = &sim.maps[m];
	unsigned unit = roll(UNITS / 2);
	bool expected = true;

	pmem_init(pmem, "map");
	pmem->map.lazy = roll(2);
	pmem->map.order = roll(3) ? 0 : MU_HUGE_ORDER;
	for (unsigned i = 0, nr = 1 + roll(3); i < nr && unit < UNITS; i++) {
		unsigned units = 1 + roll(MU_MIN(UNITS - unit, 80));

		pmem_add(pmem, at(unit), units * UNIT, (int)roll(2));
		expected = expected && all(unit, units, NOBODY);
		unit += units + roll(3);
	}
	if (!count(0, expected,
		   mu_pagemap_register(&sim.world.mm.devices, &pmem->map,
				       1 + roll(2), &sim.world.error))) {
		assert_int_equal(sim.world.error.status, MU_ERR_OVERLAP);
		return;
	}
	sim.registered[m] = true;
	for (unsigned i = 0; i < pmem->map.nr_ranges; i++)
		set((unsigned)((pmem->ranges[i].base - RAM_END) / UNIT),
		    (unsigned)(pmem->ranges[i].size / UNIT), (int)m);
}

static void try_remove(unsigned m)
{
	struct pmem *pmem = &sim.maps[m];

	count(1, true, mu_pagemap_remove(&pmem->map, &sim.world.error));
	sim.registered[m] = false;
	for (unsigned i = 0; i < pmem->map.nr_ranges; i++)
		set((unsigned)((pmem->ranges[i].base - RAM_END) / UNIT),
		    (unsigned)(pmem->ranges[i].size / UNIT), NOBODY);
}

/* Sections 1 to 5 of the area are whole; blocks are two units. */
static void change_ram(unsigned op)
{
	struct mu_hotplug *hotplug = &sim.world.mm.hotplug;
	bool whole = op == 2 || op == 5 || roll(2);
	unsigned size = whole ? UNITS_SECTION : 2;
	unsigned first = 1 + roll((UNITS - 1) / size) * size;
	unsigned nr = (1 + roll(whole ? 2 : 20)) * size;
	static const int from[] = {NOBODY, OFFLINE, ONLINE, OFFLINE};
	static const int to[] = {OFFLINE, ONLINE, OFFLINE, NOBODY};
	mu_phys_t base = at(first), bytes;
	enum mu_status status;
	bool expected;

	if (first + nr > UNITS)
		nr = size;
	bytes = nr * UNIT;
	expected = all(first, nr, from[op - 2]);
	if (op == 2)
		status = mu_hotplug_add(hotplug, base, bytes, 0, MU_ONLINE_NO,
					0, &sim.world.error);
	else if (op == 3)
		status = mu_hotplug_online(hotplug, base, bytes,
					   MU_ONLINE_KERNEL, &sim.world.error);
	else if (op == 4)
		status = mu_hotplug_offline(hotplug, base, bytes, 0,
					    &sim.world.error);
	else
		status = mu_hotplug_remove(hotplug, base, bytes,
					   &sim.world.error);
	if (count(op, expected, status))
		set(first, nr, to[op - 2]);
}

/* Descriptors come to life, of devices and of RAM. */
static void touch(void)
{
	mu_pfn_t pfn =
		(RAM_END + world_random(&sim.seed, (mu_phys_t)UNITS * UNIT)) /
		PAGE;
	int owner = sim.owner[(pfn * PAGE - RAM_END) / UNIT];
	struct mu_pagemap *map = mu_pagemap_get(&sim.world.mm.devices, pfn);
	struct mu_page *page;

	assert_ptr_equal(map, owner < 0 ? NULL : &sim.maps[owner].map);
	if (map) {
		assert_int_equal(mu_device_page(map, pfn, &page), MU_OK);
		assert_int_equal(mu_page_kind(page), MU_PAGE_DEVICE);
		mu_pagemap_put(map);
	} else {
		enum mu_status status =
			mu_init_now(&sim.world.mm, pfn, pfn + 1);

		assert_true(status == MU_OK || status == MU_ERR_FULL);
		page = mu_memmap_lookup(&sim.world.mm.memmap, pfn);
		assert_int_equal(page != NULL,
				 status == MU_OK && owner == ONLINE);
	}
}

static void compare(void)
{
	static const enum mu_page_state states[] = {
		MU_STATE_ABSENT, MU_STATE_OFFLINE, MU_STATE_PRISTINE};
	uint64_t pages[3] = {0}, device = 0;
	struct mu_census census;

	world_validate(&sim.world, &census);
	for (unsigned unit = 0; unit < UNITS; unit++) {
		int owner = sim.owner[unit];
		enum mu_page_state state =
			mu_page_state(&sim.world.mm, at(unit) / PAGE);

		if (owner >= 0) {
			assert_int_equal(state, MU_STATE_DEVICE);
			device += UNIT / PAGE;
			continue;
		}
		if (owner != ONLINE || state != MU_STATE_ONLINE)
			assert_int_equal(state, states[-owner - 1]);
		pages[-owner - 1] += UNIT / PAGE;
	}
	assert_int_equal(census.device, device);
	assert_int_equal(census.offline, pages[1]);
	assert_int_equal(sim.world.mm.buddy.nodes[0].present_pages,
			 RAM_END / PAGE + pages[2]);
}

static void at_random(void **state)
{
	(void)state;
	memset((void *)&sim, 0, sizeof(sim));
	set(0, UNITS, NOBODY);
	pmem_world(&sim.world, "1022M/2", 4 * MU_GIB, 12);
	sim.seed = world_seed(0xde71ce);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned m = roll(MAPS), op = roll(12);

		if (op >= 6)
			touch();
		else if (op >= 2)
			change_ram(op);
		else if (sim.registered[m])
			try_remove(m);
		else
			try_register(m);
		compare();
	}
	for (unsigned op = 0; op < 6; op++)
		assert_true(sim.done[op] && (op == 1 || sim.refused[op]));
	for (unsigned m = 0; m < MAPS; m++)
		if (sim.registered[m])
			try_remove(m);
	compare();
	world_destroy(&sim.world);
}

/* ---- At once ---- */

#define TURNS	(TEST_TSAN ? 150u : 600u)
#define AREA	(4 * SECTION) /* from BASE on, and what is before it */
#define THREADS 7u

static _Atomic unsigned changing, registered, added, lost[2];

/* What came stays for a while, so that others find it there; and who found
 * something waits as long. */
static void stay(void)
{
	struct timespec ns = {0, 50000};

	nanosleep(&ns, NULL);
}

static bool devices(struct world *world, unsigned index)
{
	uint64_t seed = 300 + index;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct mu_error error;
		struct pmem pmem;
		enum mu_status status;
		struct mu_page *page;

		pmem_init(&pmem, "map");
		pmem_add(&pmem,
			 RAM_END + world_random(&seed, AREA / UNIT - 70) * UNIT,
			 (1 + world_random(&seed, 70)) * UNIT, 0);
		pmem.map.lazy = world_random(&seed, 2);
		status = mu_pagemap_register(&world->mm.devices, &pmem.map, 2,
					     &error);
		if (status == MU_ERR_OVERLAP) {
			lost[0]++;
			stay();
			continue;
		}
		if (status != MU_OK)
			return false;
		registered++;
		stay();
		if (mu_device_page(&pmem.map, pmem.ranges[0].end - 1, &page) !=
			    MU_OK ||
		    mu_pagemap_remove(&pmem.map, &error) != MU_OK)
			return false;
	}
	return true;
}

static bool ram(struct world *world, unsigned index)
{
	struct mu_hotplug *hotplug = &world->mm.hotplug;
	uint64_t seed = 400 + index;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		mu_phys_t base = BASE + world_random(&seed, 3) * SECTION;
		mu_phys_t size = (1 + world_random(&seed, 2)) * SECTION;
		struct mu_error error;
		enum mu_status status = mu_hotplug_add(
			hotplug, base, size, 0, MU_ONLINE_KERNEL, 0, &error);

		if (status == MU_ERR_OVERLAP || status == MU_ERR_BUSY) {
			lost[1]++;
			stay();
			continue;
		}
		if (status != MU_OK)
			return false;
		added++;
		stay();
		if (mu_hotplug_offline(hotplug, base, size, UINT64_MAX,
				       &error) != MU_OK ||
		    mu_hotplug_remove(hotplug, base, size, &error) != MU_OK)
			return false;
	}
	return true;
}

/* The last blocks of the boot's RAM, in the section that devices begin in. */
static bool blocks(struct world *world)
{
	struct mu_hotplug *hotplug = &world->mm.hotplug;
	uint64_t seed = 500;

	for (unsigned turn = 0; turn < 2 * TURNS; turn++) {
		mu_phys_t base = BASE - (2 + world_random(&seed, 20)) * BLOCK;
		enum mu_status status =
			mu_hotplug_offline(hotplug, base, BLOCK, 0, NULL);

		if (status != MU_OK && status != MU_ERR_BUSY)
			return false;
		if (status == MU_OK &&
		    mu_hotplug_online(hotplug, base, BLOCK, MU_ONLINE_KERNEL,
				      NULL) != MU_OK)
			return false;
	}
	return true;
}

/* Threads that allocate, initialise, look up and touch, for as long as others
 * change. */
static bool use(struct world *world, unsigned index)
{
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t seed = 600 + index;

	while (atomic_load(&changing)) {
		mu_phys_t addr = BASE - 16 * BLOCK +
				 world_random(&seed, AREA + 16 * BLOCK);
		unsigned order = (unsigned)world_random(&seed, 11);
		mu_pfn_t pfn = addr / PAGE, got;
		struct mu_pagemap *map =
			mu_pagemap_get(&world->mm.devices, pfn);
		struct mu_page *page;
		enum mu_status status;

		mu_page_state(&world->mm, pfn);
		if (map) {
			bool ok = mu_device_page(map, pfn, &page) == MU_OK &&
				  mu_page_kind(page) == MU_PAGE_DEVICE &&
				  page->private_data == 0;

			mu_pagemap_put(map);
			if (!ok)
				return false;
		}
		status = mu_init_now(&world->mm, pfn, pfn + 1);
		if (status != MU_OK && status != MU_ERR_FULL)
			return false;
		if (mu_alloc_pages(buddy, 0, order, 0, &got) == MU_OK &&
		    mu_free_pages(buddy, got, order) != MU_OK)
			return false;
	}
	return true;
}

static bool work(struct world *world, unsigned index, void *arg)
{
	bool fine;

	(void)arg;
	if (index > 4)
		return use(world, index);
	fine = index < 2   ? devices(world, index)
	       : index < 4 ? ram(world, index)
			   : blocks(world);
	atomic_fetch_sub(&changing, 1);
	return fine;
}

static void at_once(void **state)
{
	struct pmem_mark mark;
	struct mu_census census;
	struct world world;

	(void)state;
	pmem_world(&world, "1022M/8", 4 * MU_GIB, 12);
	pmem_mark(&world, &mark, RAM_END + UNIT, AREA);
	atomic_store(&changing, 5);
	world_run(&world, THREADS, work, NULL);
	print_message("registered %u, lost %u; added %u, lost %u\n", registered,
		      lost[0], added, lost[1]);
	assert_true(registered && added && lost[0] && lost[1]);
	world_validate(&world, &census);
	assert_int_equal(census.device, 0);
	assert_int_equal(census.offline, 0);
	assert_int_equal(world.mm.buddy.nodes[0].present_pages, RAM_END / PAGE);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_random),
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
