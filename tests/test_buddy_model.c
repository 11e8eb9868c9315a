// SPDX-License-Identifier: MIT
/*
 * Random allocations and frees against a map of owners: a byte a page, nothing
 * else.
 */
#include "tests/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define MOST 8192

struct held {
	mu_pfn_t pfn;
	unsigned order;
	uint64_t tag; /* in private_data of its descriptor */
	unsigned refs;
};

struct owners {
	struct world world;
	uint8_t *owned; /* one byte a page */
	mu_pfn_t end;
	struct held held[MOST];
	unsigned nr;
	uint64_t pages; /* that are owned */
	unsigned refused, crowded;
	uint64_t seed;
};

static void own(struct owners *owners, mu_pfn_t pfn, unsigned order)
{
	mu_pfn_t pages = (mu_pfn_t)1 << order;

	assert_int_equal(pfn & (pages - 1), 0);
	assert_true(pfn + pages <= owners->end);
	for (mu_pfn_t i = 0; i < pages; i++) {
		assert_int_equal(owners->owned[pfn + i], 0);
		owners->owned[pfn + i] = 1;
	}
	owners->pages += pages;
	owners->crowded +=
		owners->pages * 10 > world_managed(&owners->world) * 9;
}

static void disown(struct owners *owners, mu_pfn_t pfn, unsigned order)
{
	mu_pfn_t pages = (mu_pfn_t)1 << order;

	memset(owners->owned + pfn, 0, pages);
	owners->pages -= pages;
}

static void allocate(struct owners *owners)
{
	static const unsigned zones[4] = {0, MU_ALLOC_DMA, MU_ALLOC_DMA32,
					  MU_ALLOC_MOVABLE};
	struct mu_buddy *buddy = &owners->world.mm.buddy;
	uint64_t *seed = &owners->seed;
	struct held *held = &owners->held[owners->nr];
	unsigned order = (unsigned)world_random(
		seed, 1 + world_random(seed, MU_NR_ORDERS));
	unsigned zone = zones[world_random(seed, 4)];
	unsigned flags = zone | (unsigned)world_random(seed, 8) << 3;
	int nid = (int)world_random(seed, 3) - 1;
	const struct mu_zone *from;
	enum mu_status status;
	mu_pfn_t pfn;

	if (owners->nr == MOST)
		return;
	status = mu_alloc_pages(buddy, nid, order, flags, &pfn);
	if (status != MU_OK) {
		assert_int_equal(status, MU_ERR_NOMEM);
		owners->refused++;
		/* With reserves a single page is refused by nobody. */
		if (order == 0 && (flags & MU_ALLOC_RESERVES) &&
		    zone == MU_ALLOC_MOVABLE && !(flags & MU_ALLOC_THISNODE))
			assert_int_equal(owners->pages,
					 world_managed(&owners->world));
		return;
	}
	own(owners, pfn, order);
	from = world_zone_of(&owners->world, pfn);
	assert_true(from->type <= (zone == MU_ALLOC_DMA	    ? MU_ZONE_DMA
				   : zone == MU_ALLOC_DMA32 ? MU_ZONE_DMA32
				   : zone		    ? MU_ZONE_MOVABLE
							    : MU_ZONE_NORMAL));
	if (flags & MU_ALLOC_THISNODE)
		assert_int_equal(from->nid, MU_MAX(nid, 0));
	*held = (struct held){pfn, order, world_random(seed, UINT64_MAX), 1};
	mu_pfn_to_page(&owners->world.mm.memmap, pfn)->private_data = held->tag;
	owners->nr++;
}

/* Give one back in one of the three ways, or play with its references. */
static void let_go(struct owners *owners)
{
	struct mu_buddy *buddy = &owners->world.mm.buddy;
	unsigned at = (unsigned)world_random(&owners->seed, owners->nr);
	struct held *held = &owners->held[at];
	struct mu_page *page =
		mu_memmap_lookup(&owners->world.mm.memmap, held->pfn);

	assert_non_null(page);
	assert_int_equal(page->private_data, held->tag);
	assert_int_equal(page->order, held->order);
	assert_int_equal(page->refcount, held->refs);
	switch (world_random(&owners->seed, 8)) {
	case 0:
		mu_page_get(page);
		held->refs++;
		return;
	case 1:
	case 2:
	case 3:
		assert_int_equal(mu_page_put(buddy, page), MU_OK);
		if (--held->refs)
			return;
		break;
	case 4:
		if (held->refs > 1) {
			assert_int_equal(mu_free_page(buddy, page),
					 MU_ERR_BUSY);
			return;
		}
		assert_int_equal(mu_free_page(buddy, page), MU_OK);
		break;
	default:
		if (held->refs > 1) {
			assert_int_equal(
				mu_free_pages(buddy, held->pfn, held->order),
				MU_ERR_BUSY);
			return;
		}
		assert_int_equal(mu_free_pages(buddy, held->pfn, held->order),
				 MU_OK);
	}
	disown(owners, held->pfn, held->order);
	*held = owners->held[--owners->nr];
}

/* A free that cannot be right, of any page: nothing changes. */
static void free_wrongly(struct owners *owners)
{
	const struct mu_memmap *memmap = &owners->world.mm.memmap;
	mu_pfn_t pfn = world_random(&owners->seed, owners->end + 10);
	unsigned order = (unsigned)world_random(&owners->seed, 12);
	enum mu_status status;

	for (unsigned i = 0; i < owners->nr; i++)
		if (owners->held[i].pfn == pfn)
			return;
	status = mu_free_pages(&owners->world.mm.buddy, pfn, order);
	if (pfn >= owners->end)
		assert_int_equal(status, MU_ERR_HOLE);
	else if (order > MU_BLOCK_ORDER)
		assert_int_equal(status, MU_ERR_ORDER);
	else if (!mu_memmap_online(memmap, pfn))
		assert_int_equal(status, MU_ERR_PRISTINE);
	else if (mu_page_kind(mu_pfn_to_page(memmap, pfn)) == MU_PAGE_RESERVED)
		assert_int_equal(status, MU_ERR_RESERVED);
	else
		assert_int_equal(status, MU_ERR_NOT_ALLOCATED);
}

static void check(struct owners *owners)
{
	struct mu_census census;
	uint64_t owned = 0;

	world_validate(&owners->world, &census);
	for (mu_pfn_t pfn = 0; pfn < owners->end; pfn++)
		owned += owners->owned[pfn];
	assert_int_equal(owned, owners->pages);
	assert_int_equal(census.allocated, owners->pages);
}

static void run(uint64_t seed, const char *machine, unsigned page_shift,
		enum mu_policy policy)
{
	struct owners *owners = calloc(1, sizeof(*owners));
	struct world *world;

	assert_non_null(owners);
	world = &owners->world;
	owners->seed = world_seed(seed);
	world_init_machine(world, world_machine(machine, page_shift), policy,
			   world_backing());
	world->config.dma_limit = 8 * MU_MIB;
	world->config.dma32_limit = 33 * MU_MIB;
	world->config.movablecore = 8 * MU_MIB;
	world->config.min_free_pages = 1 + seed % 3 * 300;
	world_start(world);
	owners->end = world->mm.memmap.end_pfn;
	owners->owned = calloc(owners->end, 1);
	assert_non_null(owners->owned);
	for (unsigned step = 0; step < (TEST_TSAN ? 15000 : 60000); step++) {
		/* Fill up, then drain, then fill up again. */
		unsigned grow = step / 3000 % 2 ? 35 : 65;

		if (world_random(&owners->seed, 10) == 0)
			free_wrongly(owners);
		else if (!owners->nr || world_random(&owners->seed, 100) < grow)
			allocate(owners);
		else
			let_go(owners);
		if (step % 2500 == 1234)
			check(owners);
		/* What was pristine comes online among pages in use. */
		if (policy == MU_POLICY_DEFERRED && step == 1500)
			assert_int_equal(mu_mm_finish(&world->mm, 0), MU_OK);
	}
	check(owners);
	while (owners->nr)
		let_go(owners);
	check(owners);
	assert_int_equal(owners->pages, 0);
	/* It was full at times, and then somebody was refused. */
	assert_true(owners->refused > 100 && owners->crowded > 100);
	world_destroy(world);
	free(owners->owned);
	free(owners);
}

static void machine_of_two_nodes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++)
			run(seed, "2x48M/2", 12, world_policies[p]);
}

static void interleaved(void **state)
{
	(void)state;
	for (uint64_t seed = 5; seed <= 7; seed++)
		for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++)
			run(seed,
			    "9M@1M:0+5M@11M:1+20M@20M:0+3M@40M:1+30M@43M:0/2",
			    12, world_policies[p]);
}

static void large_pages(void **state)
{
	(void)state;
	for (size_t p = 0; p < MU_ARRAY_SIZE(world_policies); p++)
		run(8, "2x300M/2", 16, world_policies[p]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_of_two_nodes),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(large_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
