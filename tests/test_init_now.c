// SPDX-License-Identifier: MIT
/*
 * The state of a page, descriptors on request, the walker over what is written,
 * and memory that is freed late.
 */
#include "tests/world.h"

#define PAGE 4096ull

/* 256 MiB with reservations: whole blocks, parts of blocks, one noinit. */
static void reserved_world(struct world *world, enum mu_policy policy)
{
	struct mu_memblock *mb = &world->mm.memblock;

	world_init(world, "256M,-4M@128M", policy);
	world_one_zone(world);
	assert_int_equal(mu_memblock_reserve(mb, 16 * MU_MIB, 8 * MU_MIB,
					     MU_MEMBLOCK_NONE),
			 MU_OK);
	assert_int_equal(mu_memblock_reserve(mb, 33 * MU_MIB + PAGE,
					     10 * MU_MIB, MU_MEMBLOCK_NONE),
			 MU_OK);
	assert_int_equal(mu_memblock_reserve(mb, 65 * MU_MIB, 10 * MU_MIB,
					     MU_MEMBLOCK_RSRV_NOINIT),
			 MU_OK);
	world_start(world);
}

static enum mu_page_state state_at(struct world *world, mu_phys_t addr)
{
	return mu_page_state(&world->mm, addr / PAGE);
}

static bool is_written(struct world *world, mu_phys_t addr)
{
	return mu_memmap_lookup(&world->mm.memmap, addr / PAGE);
}

static uint64_t walk(struct world *world)
{
	const struct mu_memmap *memmap = &world->mm.memmap;
	uint64_t found = 0;

	for (mu_pfn_t pfn = 0;
	     (pfn = mu_memmap_next(memmap, pfn, memmap->end_pfn)) <
	     memmap->end_pfn;
	     pfn++) {
		assert_non_null(mu_memmap_lookup(memmap, pfn));
		found++;
	}
	return found;
}

static void states(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	reserved_world(&world, MU_POLICY_LAZY);
	assert_int_equal(state_at(&world, 0), MU_STATE_RESERVED);
	assert_int_equal(state_at(&world, PAGE), MU_STATE_ONLINE);
	assert_int_equal(state_at(&world, 8 * MU_MIB), MU_STATE_PRISTINE);
	assert_int_equal(state_at(&world, 16 * MU_MIB), MU_STATE_RESERVED);
	assert_int_equal(state_at(&world, 33 * MU_MIB), MU_STATE_ONLINE);
	assert_int_equal(state_at(&world, 33 * MU_MIB + PAGE),
			 MU_STATE_RESERVED);
	assert_int_equal(state_at(&world, 43 * MU_MIB + PAGE), MU_STATE_ONLINE);
	assert_int_equal(state_at(&world, 128 * MU_MIB), MU_STATE_ABSENT);
	assert_int_equal(state_at(&world, 256 * MU_MIB), MU_STATE_ABSENT);
	assert_int_equal(
		mu_alloc_pages(&world.mm.buddy, 0, MU_BLOCK_ORDER, 0, &pfn),
		MU_OK);
	assert_int_equal(mu_page_state(&world.mm, pfn), MU_STATE_ONLINE);
	assert_int_equal(mu_page_state(&world.mm, pfn + 1023), MU_STATE_ONLINE);
	world_destroy(&world);
}

static void eager_writes_reserved(void **state)
{
	struct world world;
	struct mu_census census;

	(void)state;
	reserved_world(&world, MU_POLICY_EAGER);
	assert_true(is_written(&world, 0));
	assert_true(is_written(&world, 16 * MU_MIB));
	assert_true(is_written(&world, 40 * MU_MIB));
	/* But what is noinit is left alone, to the page. */
	assert_true(is_written(&world, 65 * MU_MIB - PAGE));
	assert_false(is_written(&world, 65 * MU_MIB));
	assert_false(is_written(&world, 70 * MU_MIB));
	assert_false(is_written(&world, 75 * MU_MIB - PAGE));
	assert_true(is_written(&world, 75 * MU_MIB));
	/* And a hole has none. */
	assert_false(is_written(&world, 130 * MU_MIB));
	world_validate(&world, &census);
	assert_int_equal(walk(&world),
			 census.total - census.hole - 10 * MU_MIB / PAGE);
	assert_int_equal(state_at(&world, 16 * MU_MIB), MU_STATE_RESERVED);
	world_destroy(&world);
}

static void on_request(void **state)
{
	struct world world;
	struct mu_census census;
	uint64_t before;

	(void)state;
	reserved_world(&world, MU_POLICY_LAZY);
	before = walk(&world);
	/* A block in the middle of an extent: it alone comes online. */
	assert_int_equal(mu_init_now(&world.mm, 200 * MU_MIB / PAGE + 5,
				     200 * MU_MIB / PAGE + 6),
			 MU_OK);
	assert_int_equal(walk(&world), before + MU_BLOCK_PAGES);
	assert_int_equal(state_at(&world, 200 * MU_MIB), MU_STATE_ONLINE);
	assert_int_equal(state_at(&world, 196 * MU_MIB), MU_STATE_PRISTINE);
	assert_int_equal(state_at(&world, 204 * MU_MIB), MU_STATE_PRISTINE);
	world_validate(&world, NULL);
	/* Again: nothing. */
	assert_int_equal(mu_init_now(&world.mm, 200 * MU_MIB / PAGE,
				     201 * MU_MIB / PAGE),
			 MU_OK);
	assert_int_equal(walk(&world), before + MU_BLOCK_PAGES);
	/* Reserved: a whole block, and part of one. */
	assert_int_equal(mu_init_now(&world.mm, 16 * MU_MIB / PAGE,
				     16 * MU_MIB / PAGE + 1),
			 MU_OK);
	assert_true(is_written(&world, 19 * MU_MIB));
	assert_false(is_written(&world, 20 * MU_MIB));
	assert_int_equal(mu_init_now(&world.mm, 34 * MU_MIB / PAGE,
				     34 * MU_MIB / PAGE + 1),
			 MU_OK);
	assert_true(is_written(&world, 34 * MU_MIB));
	assert_false(is_written(&world, 35 * MU_MIB));
	world_validate(&world, NULL);
	/* Everything, holes and noinit left out. */
	assert_int_equal(mu_init_now(&world.mm, 0, 256 * MU_MIB / PAGE), MU_OK);
	world_validate(&world, &census);
	assert_int_equal(census.pristine, 0);
	assert_int_equal(walk(&world),
			 census.total - census.hole - 10 * MU_MIB / PAGE);
	world_destroy(&world);
}

static void bad_requests(void **state)
{
	struct world world;

	(void)state;
	world_up(&world, "64M@0:0+64M@64M:1/2", MU_POLICY_LAZY);
	assert_int_equal(mu_init_now(&world.mm, 5, 5), MU_ERR_RANGE);
	assert_int_equal(mu_init_now(&world.mm, 6, 5), MU_ERR_RANGE);
	assert_int_equal(mu_init_now(&world.mm, 0, 128 * MU_MIB / PAGE + 1),
			 MU_ERR_RANGE);
	/* From one node to another: nothing is done. */
	assert_int_equal(mu_init_now(&world.mm, 0, 128 * MU_MIB / PAGE),
			 MU_ERR_RANGE);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims, 0);
	assert_int_equal(mu_init_now(&world.mm, 0, 64 * MU_MIB / PAGE), MU_OK);
	world_destroy(&world);
}

/* A page with one descriptor has it: nothing is written, or waited for. */
static void pages_with_one_descriptor(void **state)
{
	const unsigned orders[] = {MU_HUGE_ORDER, MU_GIGANTIC_ORDER};
	struct world world;
	mu_pfn_t pfn[2];

	(void)state;
	world_up(&world, "3G@4G", MU_POLICY_LAZY);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t written;

		assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, orders[i],
					       0, 1, &pfn[i]),
				 1);
		written = world.mm.memmap.written_pages;
		assert_int_equal(
			mu_init_now(&world.mm, pfn[i],
				    pfn[i] + ((mu_pfn_t)1 << orders[i])),
			MU_OK);
		assert_int_equal(world.mm.memmap.written_pages, written);
		assert_int_equal(mu_page_state(&world.mm, pfn[i] + 1),
				 MU_STATE_ONLINE);
	}
	assert_int_equal(mu_init_now(&world.mm, 4 * MU_GIB / PAGE,
				     world.mm.memmap.end_pfn),
			 MU_OK);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).pristine_pages,
			 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			mu_free_pages(&world.mm.buddy, pfn[i], orders[i]),
			MU_OK);
	world_destroy(&world);
}

/* Blocks asked for in a random order, until an extent has no room to be cut:
 * nothing is lost, and the rest can still be allocated. */
static void many_cuts(void **state)
{
	uint64_t seed = world_seed(3);
	struct world world;
	unsigned full = 0;

	(void)state;
	world_up(&world, "2G", MU_POLICY_LAZY);
	for (unsigned i = 0; i < 400; i++) {
		mu_pfn_t pfn = world_random(&seed, world.mm.memmap.end_pfn - 1);
		enum mu_status status = mu_init_now(&world.mm, pfn, pfn + 1);

		if (status == MU_ERR_FULL)
			full++;
		else
			assert_int_equal(status, MU_OK);
	}
	assert_true(full > 0);
	world_validate(&world, NULL);
	assert_int_equal(mu_mm_finish(&world.mm, 1), MU_OK);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).pristine_pages,
			 0);
	world_destroy(&world);
}

static void free_late(void **state)
{
	static const enum mu_policy policies[] = {MU_POLICY_EAGER,
						  MU_POLICY_LAZY};

	(void)state;
	for (unsigned p = 0; p < 2; p++) {
		struct world world;
		struct mu_mm *mm = &world.mm;
		struct mu_census before, after;

		reserved_world(&world, policies[p]);
		world_validate(&world, &before);
		/* Whole blocks: pristine again where nothing was written. */
		assert_int_equal(mu_free_reserved(mm, 16 * MU_MIB, 8 * MU_MIB),
				 MU_OK);
		world_validate(&world, &after);
		assert_int_equal(after.reserved,
				 before.reserved - 8 * MU_MIB / PAGE);
		assert_int_equal(state_at(&world, 16 * MU_MIB),
				 p ? MU_STATE_PRISTINE : MU_STATE_ONLINE);
		/* A page in the middle, then the rest around it. */
		assert_int_equal(mu_free_reserved(mm, 37 * MU_MIB, PAGE),
				 MU_OK);
		world_validate(&world, NULL);
		assert_int_equal(mu_free_reserved(mm, 37 * MU_MIB, PAGE),
				 MU_ERR_NOT_ALLOCATED);
		assert_int_equal(mu_free_reserved(mm, 33 * MU_MIB + PAGE,
						  4 * MU_MIB - PAGE),
				 MU_OK);
		assert_int_equal(
			mu_free_reserved(mm, 37 * MU_MIB + PAGE, 6 * MU_MIB),
			MU_OK);
		world_validate(&world, NULL);
		/* noinit memory gets its descriptors when it is freed, also
		 * when a few pages of a block are. */
		assert_int_equal(mu_free_reserved(mm, 69 * MU_MIB, 3 * PAGE),
				 MU_OK);
		world_validate(&world, NULL);
		assert_true(is_written(&world, 69 * MU_MIB));
		assert_int_equal(mu_free_reserved(mm, 65 * MU_MIB, 4 * MU_MIB),
				 MU_OK);
		world_validate(&world, NULL);
		assert_int_equal(mu_free_reserved(mm, 69 * MU_MIB + 3 * PAGE,
						  6 * MU_MIB - 3 * PAGE),
				 MU_OK);
		world_validate(&world, &after);
		assert_int_equal(after.reserved, 1);
		assert_int_equal(mu_mm_finish(mm, 1), MU_OK);
		world_destroy(&world);
	}
}

static void free_what_is_not_reserved(void **state)
{
	struct world world;
	struct mu_mm *mm = &world.mm;
	struct mu_census before, after;

	(void)state;
	reserved_world(&world, MU_POLICY_LAZY);
	world_validate(&world, &before);
	assert_int_equal(mu_free_reserved(mm, 8 * MU_MIB, PAGE),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_free_reserved(mm, 15 * MU_MIB, 2 * MU_MIB),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_free_reserved(mm, 128 * MU_MIB, PAGE), MU_ERR_HOLE);
	assert_int_equal(mu_free_reserved(mm, UINT64_MAX - 5, PAGE),
			 MU_ERR_RANGE);
	assert_int_equal(mu_free_reserved(mm, 256 * MU_MIB, PAGE),
			 MU_ERR_RANGE);
	/* Less than a page is none. */
	assert_int_equal(mu_free_reserved(mm, 16 * MU_MIB + 1, PAGE), MU_OK);
	world_validate(&world, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	world_destroy(&world);
}

/* Frees, requests, allocations and lost pages from several threads. */
static bool torment(struct world *world, unsigned index, void *arg)
{
	uint64_t seed = index + 1;
	struct mu_mm *mm = &world->mm;

	(void)arg;
	for (unsigned i = 0; i < 200; i++) {
		mu_pfn_t pfn = world_random(&seed, mm->memmap.end_pfn - 1);
		enum mu_status status;

		if (index == 0) {
			mu_phys_t base =
				16 * MU_MIB + world_random(&seed, 60 * MU_MIB);

			/* Some of it is reserved and some is not. */
			status = mu_free_reserved(mm, base & ~(PAGE - 1),
						  3 * PAGE);
			if (status != MU_OK && status != MU_ERR_NOT_ALLOCATED &&
			    status != MU_ERR_FULL)
				return false;
		} else if (index == 1) {
			status = mu_init_now(mm, pfn, pfn + 1);
			if (status != MU_OK && status != MU_ERR_FULL)
				return false;
		} else if (index == 2 && i < 100) {
			pfn = (16 * MU_MIB + world_random(&seed, 60 * MU_MIB)) /
			      PAGE;
			status = mu_memory_failure(&mm->hotplug, pfn, NULL,
						   NULL);
			if (status != MU_OK && status != MU_ERR_OVERLAP &&
			    status != MU_ERR_FULL)
				return false;
		} else {
			mu_page_state(mm, pfn);
			status = mu_alloc_pages(&mm->buddy, 0, i % 11, 0, &pfn);
			if (status != MU_OK ||
			    mu_free_pages(&mm->buddy, pfn, i % 11) != MU_OK)
				return false;
		}
	}
	return true;
}

static void nobody_has_what_is_lost(struct world *world)
{
	struct mu_mm *mm = &world->mm;

	assert_true(mm->buddy.nr_poisoned > 50);
	for (unsigned i = 0; i < mm->buddy.nr_poisoned; i++) {
		mu_pfn_t pfn = mm->buddy.poisoned[i];

		enum mu_page_state is = mu_page_state(mm, pfn);

		/* Noted, and left out when its memory comes. */
		if (is != MU_STATE_RESERVED && is != MU_STATE_PRISTINE)
			assert_int_equal(mu_page_kind(mu_memmap_lookup(
						 &mm->memmap, pfn)),
					 MU_PAGE_POISONED);
	}
}

static void all_at_once(void **state)
{
	struct world world;

	(void)state;
	for (unsigned p = 0; p < 2; p++) {
		reserved_world(&world, p ? MU_POLICY_LAZY : MU_POLICY_EAGER);
		world_run(&world, 4, torment, NULL);
		nobody_has_what_is_lost(&world);
		world_destroy(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(eager_writes_reserved),
		cmocka_unit_test(on_request),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(pages_with_one_descriptor),
		cmocka_unit_test(many_cuts),
		cmocka_unit_test(free_late),
		cmocka_unit_test(free_what_is_not_reserved),
		cmocka_unit_test(all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
