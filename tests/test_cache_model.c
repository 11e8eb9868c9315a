// SPDX-License-Identifier: MIT
/*
 * Random allocations and frees by CPUs in turn, against a map of owners and
 * tests/model.h: whatever lies in caches, each page is somebody's, and all of
 * it can be had.
 */
#include "tests/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define MOST 4096
#define CPUS 4

struct held {
	mu_pfn_t pfn;
	unsigned order;
};

struct run {
	struct world world;
	struct model model;
	uint8_t *owned; /* one byte a page */
	struct held held[MOST];
	unsigned nr;
	uint64_t pages, seed;
	unsigned refused, most_cached;
};

static void own(struct run *run, mu_pfn_t pfn, unsigned order, uint8_t owner)
{
	mu_pfn_t pages = (mu_pfn_t)1 << order;

	assert_int_equal(pfn & (pages - 1), 0);
	assert_true(pfn + pages <= run->model.end);
	for (mu_pfn_t i = 0; i < pages; i++) {
		assert_true(run->model.pages[pfn + i].free);
		assert_int_equal(run->owned[pfn + i], !owner);
		run->owned[pfn + i] = owner;
	}
	run->pages += owner ? pages : -pages;
}

static void be_somebody(struct run *run)
{
	mu_hosted_set_cpu(run->world.hosted,
			  (unsigned)world_random(&run->seed, CPUS));
}

static unsigned random_order(struct run *run)
{
	/* Mostly what caches hold. */
	if (world_random(&run->seed, 4))
		return (unsigned)world_random(&run->seed, 4);
	return (unsigned)world_random(&run->seed, MU_NR_ORDERS);
}

static void allocate(struct run *run)
{
	static const unsigned zones[4] = {0, 0, MU_ALLOC_DMA32,
					  MU_ALLOC_MOVABLE};
	unsigned order = random_order(run);
	unsigned flags = zones[world_random(&run->seed, 4)];
	int nid = (int)world_random(&run->seed, 3) - 1;
	enum mu_status status;
	mu_pfn_t pfn;

	flags |= (unsigned)world_random(&run->seed, 8) << 3;
	if (run->nr == MOST)
		return;
	status = mu_alloc_pages(&run->world.mm.buddy, nid, order, flags, &pfn);
	if (status == MU_OK) {
		own(run, pfn, order, 1);
		run->held[run->nr++] = (struct held){pfn, order};
		return;
	}
	assert_int_equal(status, MU_ERR_NOMEM);
	run->refused++;
	/* With reserves a single page is refused by nobody. */
	if (order == 0 && (flags & MU_ALLOC_RESERVES) &&
	    (flags & MU_ALLOC_MOVABLE) && !(flags & MU_ALLOC_THISNODE))
		assert_int_equal(run->pages, run->model.free);
}

static void let_go(struct run *run, unsigned at)
{
	struct held *held = &run->held[at];

	own(run, held->pfn, held->order, 0);
	assert_int_equal(
		mu_free_pages(&run->world.mm.buddy, held->pfn, held->order),
		MU_OK);
	*held = run->held[--run->nr];
}

static uint64_t cached(struct run *run)
{
	struct mu_buddy *buddy = &run->world.mm.buddy;
	uint64_t pages = 0;

	for (unsigned i = 0; i < buddy->nr_zones; i++)
		pages += mu_zone_cached(buddy, &buddy->zones[i]);
	return pages;
}

static void check(struct run *run)
{
	struct mu_census census;

	world_validate(&run->world, &census);
	assert_int_equal(census.allocated, run->pages);
	assert_int_equal(census.free + census.pristine,
			 run->model.free - run->pages);
	run->most_cached = MU_MAX(run->most_cached, (unsigned)cached(run));
}

static void walk(struct run *run)
{
	for (unsigned step = 0; step < 12000; step++) {
		/* Fill up, then drain, then fill up again. */
		unsigned grow = step / 3000 % 2 ? 35 : 65;

		be_somebody(run);
		if (!run->nr || world_random(&run->seed, 100) < grow)
			allocate(run);
		else
			let_go(run,
			       (unsigned)world_random(&run->seed, run->nr));
		if (step % 1000 == 500)
			check(run);
		if (step % 2999 == 0)
			mu_buddy_drain(&run->world.mm.buddy,
				       &run->world.mm.buddy.zones[0]);
	}
	while (run->nr) {
		be_somebody(run);
		let_go(run, run->nr - 1);
	}
	check(run);
}

static void run_one(uint64_t seed, const char *machine, enum mu_policy policy,
		    unsigned cache_pages)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->seed = world_seed(seed);
	world_init(&run->world, machine, policy);
	run->world.config.dma_limit = 0;
	run->world.config.dma32_limit = 22 * MU_MIB;
	run->world.config.min_free_pages = 1 + seed % 3 * 300;
	run->world.config.cache_pages = cache_pages;
	world_start(&run->world);
	model_init(&run->model, &run->world, NULL);
	run->owned = calloc(run->model.end, 1);
	assert_non_null(run->owned);
	walk(run);
	assert_true(run->refused > 20 && run->most_cached > 0);
	/* All of it is there, in every order, for any CPU. */
	for (unsigned order = 0; order < MU_NR_ORDERS; order += 2) {
		be_somebody(run);
		model_drain(&run->model, order);
	}
	be_somebody(run);
	model_check_all(&run->model);
	mu_hosted_set_cpu(run->world.hosted, 0);
	model_destroy(&run->model);
	world_destroy(&run->world);
	free(run->owned);
	free(run);
}

static void two_nodes(void **state)
{
	static const unsigned pages[] = {1, 16, 64, 1000};

	(void)state;
	for (uint64_t seed = 1; seed <= (TEST_TSAN ? 1 : 3); seed++)
		for (size_t i = 0; i < 4; i++)
			run_one(seed, "2x24M/4", world_policies[(seed + i) % 3],
				pages[i]);
}

static void interleaved(void **state)
{
	static const unsigned pages[] = {4, 32, 200, 2000};

	(void)state;
	for (uint64_t seed = 4; seed <= (TEST_TSAN ? 4 : 6); seed++)
		for (size_t i = 0; i < 4; i++)
			run_one(seed, "9M@1M:0+5M@11M:1+20M@20M:0+13M@43M:1/4",
				world_policies[(seed + i) % 3], pages[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_nodes),
		cmocka_unit_test(interleaved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
