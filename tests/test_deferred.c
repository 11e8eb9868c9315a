// SPDX-License-Identifier: MIT
/* Claims: every block once, no more than are used, and seen as what they are.
 */
#include "deferred/memory.h"
#include "tests/model.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static uint64_t claims(const struct world *world)
{
	return mu_deferred_stats(&world->mm.deferred).claims;
}

static uint64_t pristine(const struct world *world)
{
	return mu_deferred_stats(&world->mm.deferred).pristine_pages;
}

static mu_pfn_t alloc(struct world *world, int nid, unsigned order)
{
	mu_pfn_t pfn = UINT64_MAX;

	assert_int_equal(mu_alloc_pages(&world->mm.buddy, nid, order,
					MU_ALLOC_RESERVES, &pfn),
			 MU_OK);
	return pfn;
}

static void give(struct world *world, mu_pfn_t pfn, unsigned order)
{
	assert_int_equal(mu_free_pages(&world->mm.buddy, pfn, order), MU_OK);
}

/* ---- Extents ---- */

struct piece {
	uint64_t start, blocks;
};

static void expect_extents(const char *text, const struct piece *pieces,
			   unsigned nr)
{
	struct world world;
	const struct mu_pristine *zone;

	world_init(&world, text, MU_POLICY_LAZY);
	world_one_zone(&world);
	world_start(&world);
	zone = &world.mm.deferred.zones[0];
	assert_int_equal(zone->nr_extents, nr);
	for (unsigned i = 0; i < nr; i++) {
		uint64_t cursor = zone->extents[i].cursor;

		assert_int_equal(cursor & UINT32_MAX, pieces[i].start);
		assert_int_equal(cursor >> 32,
				 pieces[i].start + pieces[i].blocks);
	}
	world_destroy(&world);
}

/* Cut at gibibytes, which have 256 blocks, where there is a whole one. */
static void extents(void **state)
{
	(void)state;
	expect_extents("2G@1G", (struct piece[]){{256, 512}}, 1);
	expect_extents("12M@1G", (struct piece[]){{256, 3}}, 1);
	expect_extents("1028M@1020M", (struct piece[]){{255, 1}, {256, 256}},
		       2);
	expect_extents("2060M@1020M",
		       (struct piece[]){{255, 1}, {256, 512}, {768, 2}}, 3);
	/* A border inside, but nothing whole: one. */
	expect_extents("1G@512M", (struct piece[]){{128, 256}}, 1);
	/* Less than a block, or two parts of blocks: none. */
	expect_extents("4000K@1G", NULL, 0);
	expect_extents("6M@1025M", NULL, 0);
	expect_extents("9M@1025M", (struct piece[]){{257, 1}}, 1);
	expect_extents("8M@1G+8M@2G", (struct piece[]){{256, 2}, {512, 2}}, 2);
}

/* ---- Who claims, and how much ---- */

static void by_policy(void **state)
{
	struct world world;

	(void)state;
	world_up(&world, "2x256M/2", MU_POLICY_EAGER);
	/* Block 0 is ragged: page 0 is nobody's. */
	assert_int_equal(claims(&world), 127);
	assert_int_equal(pristine(&world), 0);
	world_destroy(&world);
	for (unsigned p = 1; p < 3; p++) {
		world_up(&world, "2x256M/2", world_policies[p]);
		assert_int_equal(claims(&world), 0);
		assert_int_equal(pristine(&world), 127 * MU_BLOCK_PAGES);
		assert_int_equal(world.mm.memmap.written_pages,
				 MU_BLOCK_PAGES - 1);
		world_destroy(&world);
	}
}

/* 64 TiB: what is spent is what is used. */
static void cost_follows_use(void **state)
{
	struct mu_memmap *memmap;
	mu_pfn_t pfns[MU_BLOCK_PAGES], one_more;
	struct world world;
	uint64_t backed;

	(void)state;
	world_up(&world, "64T/4", MU_POLICY_LAZY);
	memmap = &world.mm.memmap;
	assert_int_equal(claims(&world), 0);
	assert_int_equal(memmap->written_pages, MU_BLOCK_PAGES - 1);
	assert_int_equal(memmap->leaves_used, 1);
	for (unsigned i = 0; i < MU_BLOCK_PAGES; i++) {
		assert_int_equal(
			mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &pfns[i]),
			MU_OK);
		assert_int_equal(claims(&world), 1);
	}
	assert_int_equal(memmap->written_pages, 2 * MU_BLOCK_PAGES - 1);
	assert_in_range(memmap->backed_pages, 2 * MU_BLOCK_PAGES,
			2 * MU_SECTION_PAGES);
	backed = memmap->backed_pages;
	assert_int_equal(mu_alloc_pages(&world.mm.buddy, 0, 0, 0, &one_more),
			 MU_OK);
	assert_int_equal(claims(&world), 2);
	assert_in_range(memmap->backed_pages, backed, backed + MU_BLOCK_PAGES);
	/* What is given back is used before anything is claimed. */
	world_free_all(&world, pfns, MU_BLOCK_PAGES, 0);
	give(&world, one_more, 0);
	for (unsigned i = 0; i < 2; i++)
		pfns[i] = alloc(&world, 0, MU_BLOCK_ORDER);
	assert_int_equal(claims(&world), 2);
	assert_int_equal(pristine(&world),
			 ((uint64_t)1 << 34) - 3 * MU_BLOCK_PAGES);
	world_free_all(&world, pfns, 2, MU_BLOCK_ORDER);
	assert_int_equal(memmap->leaves_used, 1);
	world_destroy(&world);
}

/* Every page of the machine, at every order, from pristine memory. */
static void whole_machine(void **state)
{
	static const char *const machines[] = {
		"2x64M/2", "9M@1M:0+5M@11M:1+50M@20M:0+70M@70M:1/2"};

	(void)state;
	for (size_t m = 0; m < MU_ARRAY_SIZE(machines); m++) {
		for (unsigned order = 0; order < MU_NR_ORDERS; order++) {
			struct world world;
			struct model model;
			uint64_t blocks;

			world_up(&world, machines[m], MU_POLICY_LAZY);
			blocks = pristine(&world) >> MU_BLOCK_ORDER;
			model_init(&model, &world, NULL);
			model_check(&model);
			model_drain(&model, order);
			assert_int_equal(claims(&world), blocks);
			assert_int_equal(pristine(&world), 0);
			model_check(&model);
			model_check_lists(&model);
			model_destroy(&model);
			world_destroy(&world);
		}
	}
}

/* Nearest node first, as many as were asked for. */
static void take(void **state)
{
	enum mu_status status = MU_ERR_BUSY;
	struct mu_deferred *deferred;
	const struct mu_zone *here, *there;
	struct world world;

	(void)state;
	world_init(&world, "2x64M/2", MU_POLICY_LAZY);
	world_one_zone(&world);
	world_start(&world);
	deferred = &world.mm.deferred;
	here = world_zone(&world, 1, MU_ZONE_NORMAL);
	there = world_zone(&world, 0, MU_ZONE_NORMAL);
	assert_int_equal(mu_deferred_take(deferred, 1, 0, &status), 0);
	assert_int_equal(status, MU_OK);
	assert_int_equal(mu_deferred_take(deferred, 1, 5, NULL), 5);
	assert_int_equal(here->pristine_pages, 11 * MU_BLOCK_PAGES);
	assert_int_equal(here->growth, 5);
	assert_int_equal(mu_deferred_take(deferred, 1, 13, &status), 13);
	assert_int_equal(here->pristine_pages, 0);
	assert_int_equal(there->pristine_pages, 13 * MU_BLOCK_PAGES);
	/* A node that is none will do, too. */
	assert_int_equal(mu_deferred_take(deferred, -1, 1, &status), 1);
	assert_int_equal(mu_deferred_take(deferred, 99, 100, &status), 12);
	assert_int_equal(mu_deferred_take(deferred, 0, UINT64_MAX, &status), 0);
	assert_int_equal(status, MU_OK);
	assert_int_equal(claims(&world), 31);
	world_destroy(&world);
}

/* The answers of the source, one by one. */
static void answers(void **state)
{
	struct mu_deferred *deferred;
	struct mu_zone *zone;
	struct world world;
	mu_pfn_t pfn = 1;

	(void)state;
	world_init(&world, "12M@4M", MU_POLICY_LAZY);
	world_one_zone(&world);
	world_start(&world);
	deferred = &world.mm.deferred;
	zone = world_zone(&world, 0, MU_ZONE_NORMAL);
	assert_int_equal(mu_deferred_grow(deferred, zone, 3, 0, 0, &pfn),
			 MU_GREW);
	assert_int_equal(pfn, MU_BLOCK_PAGES);
	give(&world, pfn, 3);
	/* The mark forbids the page, not the growth. */
	pfn = 1;
	assert_int_equal(mu_deferred_grow(deferred, zone, 3, 3 * MU_BLOCK_PAGES,
					  0, &pfn),
			 MU_GROWN_BY_OTHER);
	assert_int_equal(pfn, 1);
	assert_int_equal(claims(&world), 2);
	assert_int_equal(
		mu_deferred_grow(deferred, zone, MU_NR_ORDERS, 0, 0, &pfn),
		MU_GREW);
	/* Nothing left: a CPU that has seen all of it knows, others look. */
	assert_int_equal(mu_deferred_grow(deferred, zone, 0, 0, 3, &pfn),
			 MU_EXHAUSTED);
	assert_int_equal(mu_deferred_grow(deferred, zone, 0, 0, 2, &pfn),
			 MU_GROWN_BY_OTHER);
	mu_deferred_wait(deferred, zone, 3);
	world_destroy(&world);
}

/* ---- Statistics ---- */

static uint64_t ticks;

static uint64_t ticking(void *arg)
{
	(void)arg;
	return ticks += 5;
}

static void stats(void **state)
{
	struct mu_deferred_stats stats;
	struct world world;

	(void)state;
	for (unsigned measure = 0; measure < 2; measure++) {
		ticks = 0;
		world_init(&world, "64M", MU_POLICY_LAZY);
		world.config.measure = measure;
		world.port.clock = ticking;
		world_start(&world);
		assert_int_equal(ticks, 0);
		give(&world, alloc(&world, 0, MU_BLOCK_ORDER), MU_BLOCK_ORDER);
		stats = mu_deferred_stats(&world.mm.deferred);
		assert_int_equal(stats.claims, 1);
		assert_int_equal(stats.claim_ns_max, measure ? 5 : 0);
		assert_int_equal(ticks, measure ? 10 : 0);
		assert_int_equal(stats.pristine_pages, 14 * MU_BLOCK_PAGES);
		world_destroy(&world);
	}
}

/* ---- Finish ---- */

static _Atomic uint64_t fillers; /* CPUs that wrote descriptors, a bit each */

static void note_filler(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	const struct mu_port *port = world_hosted_hook(arg);

	if (word != MU_MEMMAP_POISON)
		atomic_fetch_or(&fillers, (uint64_t)1 << port->cpu_id(arg));
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
	/* Let others have their turn: they are few, and so are the CPUs. */
	sched_yield();
}

static void finish_with(const char *machine, unsigned threads)
{
	struct mu_census census;
	struct world world;
	uint64_t blocks;
	unsigned most;

	world_init(&world, machine, MU_POLICY_DEFERRED);
	world.port.memmap_fill = note_filler;
	world_start(&world);
	atomic_store(&fillers, 0);
	most = mu_machine_cpus(world.machine);
	most = threads ? MU_MIN(threads, most) : most;
	blocks = pristine(&world) >> MU_BLOCK_ORDER;
	assert_int_equal(mu_mm_finish(&world.mm, threads), MU_OK);
	assert_int_equal(claims(&world), blocks);
	assert_int_equal(pristine(&world), 0);
	assert_true((unsigned)__builtin_popcountll(fillers) <= most);
	assert_int_equal(fillers != 0, blocks != 0);
	world_validate(&world, &census);
	assert_int_equal(census.pristine + census.busy, 0);
	/* There is nothing left to do. */
	assert_int_equal(mu_mm_finish(&world.mm, threads), MU_OK);
	assert_int_equal(claims(&world), blocks);
	world_destroy(&world);
}

static void finish(void **state)
{
	static const char *const machines[] = {"1G/4", "4x256M/4", "2x512M/2",
					       "133M@7M/3",
					       "100M@0:2+900M@1G:0/6"};

	(void)state;
	for (size_t m = 0; m < MU_ARRAY_SIZE(machines); m++)
		for (unsigned threads = 0; threads <= 4; threads++)
			finish_with(machines[m], threads);
	/* More than there are CPUs, and more than blocks are worth. */
	finish_with("64M/2", 4000);
	finish_with("4M@4M/8", 8);
	finish_with("4K/2", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extents),
		cmocka_unit_test(by_policy),
		cmocka_unit_test(cost_follows_use),
		cmocka_unit_test(whole_machine),
		cmocka_unit_test(take),
		cmocka_unit_test(answers),
		cmocka_unit_test(stats),
		cmocka_unit_test(finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
