// SPDX-License-Identifier: MIT
/*
 * Random changes against a model that is a table of blocks. After each of them
 * the whole machine is validated and every block compared.
 */
#include "tests/plug.h"

#include <stdlib.h>
#include <string.h>

#define SECTIONS   8u
#define BLOCKS	   (SECTIONS * MU_SECTION_BLOCKS)
#define HELD	   200u
#define NODES	   3
#define POISON_MAX 40u

enum block { ABSENT, OFFLINE, KERNEL, MOVABLE };

static struct {
	struct world world;
	uint64_t seed;
	enum block blocks[BLOCKS];
	int nid[BLOCKS];
	struct {
		mu_pfn_t pfn; /* 0: none */
		unsigned order;
	} held[HELD];
	unsigned poisoned;
} sim;

/* By operation, in all runs. */
static unsigned done[4], refused[4];

static mu_phys_t at(unsigned block)
{
	return PLUG_AT + block * BLOCK;
}

static unsigned pick(unsigned limit)
{
	return (unsigned)world_random(&sim.seed, limit);
}

/* ---- What the model says ---- */

static bool all(unsigned first, unsigned nr, enum block what, bool same_node)
{
	for (unsigned i = first; i < first + nr; i++)
		if (sim.blocks[i] != what ||
		    (same_node && sim.nid[i] != sim.nid[first]))
			return false;
	return true;
}

static void set(unsigned first, unsigned nr, enum block what, int nid)
{
	for (unsigned i = first; i < first + nr; i++) {
		sim.blocks[i] = what;
		if (nid >= 0)
			sim.nid[i] = nid;
	}
}

/* ---- The client gives back whatever it is asked for ---- */

static enum mu_status give(void *arg, mu_pfn_t pfn, unsigned order)
{
	(void)arg;
	for (unsigned i = 0; i < HELD; i++) {
		if (sim.held[i].pfn != pfn || sim.held[i].order != order)
			continue;
		sim.held[i].pfn = 0;
		return mu_free_pages(&sim.world.mm.buddy, pfn, order);
	}
	return MU_ERR_CORRUPT;
}

/* ---- Operations: 0 to 3 change the machine ---- */

static enum mu_status change(unsigned op, unsigned first, unsigned nr, int nid,
			     bool movable)
{
	struct mu_hotplug *hotplug = &sim.world.mm.hotplug;
	mu_phys_t base = at(first), size = nr * BLOCK;
	enum mu_online online = movable ? MU_ONLINE_MOVABLE : MU_ONLINE_KERNEL;

	switch (op) {
	case 0:
		return mu_hotplug_add(hotplug, base, size, nid, MU_ONLINE_NO, 0,
				      &sim.world.error);
	case 1:
		return mu_hotplug_online(hotplug, base, size, online,
					 &sim.world.error);
	case 2:
		return mu_hotplug_offline(hotplug, base, size, 0,
					  &sim.world.error);
	default:
		return mu_hotplug_remove(hotplug, base, size, &sim.world.error);
	}
}

static void change_at_random(unsigned op)
{
	bool sections = op == 0 || op == 3 || pick(2);
	bool movable = pick(2), expected;
	unsigned unit = sections ? MU_SECTION_BLOCKS : 1;
	unsigned nr = unit * (1 + pick(sections ? 3 : 60));
	unsigned first = pick(BLOCKS / unit) * unit;
	int nid = (int)pick(NODES);
	enum mu_status status;

	if (first + nr > BLOCKS)
		nr = BLOCKS - first;
	if (op == 0)
		expected = all(first, nr, ABSENT, false);
	else if (op == 1)
		expected = all(first, nr, OFFLINE, true);
	else if (op == 2)
		expected = all(first, nr, KERNEL, true) ||
			   all(first, nr, MOVABLE, true);
	else
		expected = all(first, nr, OFFLINE, false);
	/* Of two nodes: it goes, node by node. */
	if (op == 3 && expected && !all(first, nr, OFFLINE, true))
		return;
	status = change(op, first, nr, nid, movable);
	if (expected != (status == MU_OK))
		fail_msg("operation %u of %u blocks from %u: %s", op, nr, first,
			 status == MU_OK ? "ok" : sim.world.error.text);
	if (status == MU_OK)
		done[op]++;
	else
		refused[op]++;
	if (status != MU_OK)
		return;
	if (op == 0)
		set(first, nr, OFFLINE, nid);
	else if (op == 1)
		set(first, nr, movable ? MOVABLE : KERNEL, -1);
	else if (op == 2)
		set(first, nr, OFFLINE, -1);
	else
		set(first, nr, ABSENT, -1);
}

static void allocate(void)
{
	static const unsigned orders[] = {
		0, 1, 3, 5, 8, MU_HUGE_ORDER, MU_BLOCK_ORDER};
	struct mu_mm *mm = &sim.world.mm;

	for (unsigned i = 0; i < 20; i++) {
		unsigned slot = pick(HELD), order = orders[pick(7)];
		unsigned flags =
			MU_ALLOC_RESERVES | (pick(2) ? MU_ALLOC_MOVABLE : 0);
		int nid = (int)pick(NODES);
		mu_pfn_t pfn;

		if (sim.held[slot].pfn) {
			assert_int_equal(mu_free_pages(&mm->buddy,
						       sim.held[slot].pfn,
						       sim.held[slot].order),
					 MU_OK);
			sim.held[slot].pfn = 0;
			continue;
		}
		if (order == MU_HUGE_ORDER && pick(2)) {
			if (mu_alloc_huge(&mm->deferred, nid, order, flags, 1,
					  &pfn) != 1)
				continue;
		} else if (mu_alloc_pages(&mm->buddy, nid, order, flags,
					  &pfn) != MU_OK) {
			continue;
		}
		sim.held[slot].pfn = pfn;
		sim.held[slot].order = order;
	}
}

static void poison(void)
{
	unsigned block = pick(BLOCKS);
	mu_pfn_t pfn = at(block) / PAGE + pick(1024);
	enum mu_status status;

	if (sim.poisoned == POISON_MAX)
		return;
	status = mu_memory_failure(&sim.world.mm.hotplug, pfn, NULL,
				   &sim.world.error);
	if (sim.blocks[block] == ABSENT) {
		assert_int_equal(status, MU_ERR_HOLE);
	} else if (status != MU_ERR_OVERLAP) {
		assert_int_equal(status, MU_OK);
		sim.poisoned++;
	}
}

static void init_now(void)
{
	unsigned block = pick(BLOCKS);
	enum mu_status status = mu_init_now(&sim.world.mm, at(block) / PAGE,
					    at(block) / PAGE + 1);

	assert_true(status == MU_OK || status == MU_ERR_FULL);
}

/* ---- Do they agree? ---- */

static void compare(void)
{
	static const enum mu_zone_type types[] = {
		MU_NR_ZONES, MU_NR_ZONES, MU_ZONE_NORMAL, MU_ZONE_MOVABLE};
	uint64_t present[NODES + 1][MU_NR_ZONES + 1] = {{0}}, offline = 0;
	struct mu_census census;

	world_validate(&sim.world, &census);
	for (unsigned i = 0; i < BLOCKS; i++) {
		enum mu_page_state state = plug_state(&sim.world, at(i));
		mu_pfn_t pfn = at(i) / PAGE;
		const struct mu_page *page =
			mu_memmap_lookup(&sim.world.mm.memmap, pfn);

		present[sim.nid[i]][types[sim.blocks[i]]] += MU_BLOCK_PAGES;
		if (sim.blocks[i] == ABSENT) {
			assert_int_equal(state, MU_STATE_ABSENT);
		} else if (sim.blocks[i] == OFFLINE) {
			assert_int_equal(state, MU_STATE_OFFLINE);
			offline += MU_BLOCK_PAGES;
		} else {
			const struct mu_zone *zone;

			assert_true(state == MU_STATE_PRISTINE ||
				    state == MU_STATE_ONLINE);
			assert_int_equal(page != NULL,
					 state == MU_STATE_ONLINE);
			if (!page)
				continue;
			zone = world_zone_of(&sim.world, pfn);
			assert_int_equal(zone->nid, sim.nid[i]);
			assert_int_equal(zone->type, types[sim.blocks[i]]);
			continue;
		}
		assert_null(page);
		assert_false(state == MU_STATE_ABSENT &&
			     mu_memmap_is_backed(&sim.world.mm.memmap, pfn));
	}
	assert_int_equal(census.offline, offline);
	/* Node 0 has the memory of the boot, too. */
	present[0][MU_ZONE_NORMAL] += 64 * MU_MIB / PAGE;
	for (int nid = 0; nid < NODES; nid++) {
		uint64_t sum = 0;

		for (unsigned type = 0; type < MU_NR_ZONES; type++) {
			const struct mu_zone *zone = world_zone(
				&sim.world, nid, (enum mu_zone_type)type);

			assert_int_equal(zone ? zone->present_pages : 0,
					 present[nid][type]);
			sum += present[nid][type];
		}
		assert_int_equal(sim.world.mm.buddy.nodes[nid].present_pages,
				 sum);
	}
	for (unsigned i = 0; i < HELD; i++) {
		const struct mu_page *page;

		if (!sim.held[i].pfn)
			continue;
		page = mu_memmap_lookup(&sim.world.mm.memmap, sim.held[i].pfn);
		assert_non_null(page);
		assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
		assert_int_equal(page->order, sim.held[i].order);
	}
}

static void run(enum mu_policy policy, uint64_t seed, unsigned times)
{
	static const struct mu_hotplug_ops ops = {.migrate = give};

	memset(&sim, 0, sizeof(sim));
	sim.seed = world_seed(seed);
	plug_up(&sim.world, "64M/2", policy);
	sim.world.mm.hotplug.ops = &ops;
	/* Sanitizers are slow. */
	times /= TEST_TSAN ? 5 : TEST_ASAN ? 2 : 1;
	for (unsigned i = 0; i < times; i++) {
		unsigned op = pick(8);

		if (op < 4)
			change_at_random(op);
		else if (op < 6)
			allocate();
		else if (op == 6)
			poison();
		else
			init_now();
		compare();
	}
	for (unsigned i = 0; i < HELD; i++)
		if (sim.held[i].pfn)
			assert_int_equal(
				give(NULL, sim.held[i].pfn, sim.held[i].order),
				MU_OK);
	world_destroy(&sim.world);
}

static void lazy(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		run(MU_POLICY_LAZY, seed, 600);
}

static void deferred(void **state)
{
	(void)state;
	run(MU_POLICY_DEFERRED, 101, 500);
}

static void eager(void **state)
{
	(void)state;
	run(MU_POLICY_EAGER, 201, 500);
}

/* None of the operations was always refused, or never. */
static void all_happened(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 4; op++)
		assert_true(done[op] && refused[op]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lazy),
		cmocka_unit_test(deferred),
		cmocka_unit_test(eager),
		cmocka_unit_test(all_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
