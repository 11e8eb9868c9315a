// SPDX-License-Identifier: MIT
/*
 * Huge and gigantic pages with one descriptor, and runs of blocks.
 */
#include "tests/world.h"

static uint64_t written(const struct world *world)
{
	return world->mm.memmap.written_pages;
}

static uint64_t allocated(struct world *world)
{
	struct mu_census census;

	world_validate(world, &census);
	return census.allocated;
}

static void one_descriptor_each(unsigned order, const char *machine)
{
	mu_pfn_t pages = (mu_pfn_t)1 << order, pfns[6];
	struct world world;
	struct mu_mm *mm = &world.mm;
	uint64_t before;

	world_up(&world, machine, MU_POLICY_LAZY);
	before = written(&world);
	assert_int_equal(mu_alloc_huge(&mm->deferred, 0, order, 0, 6, pfns), 6);
	assert_int_equal(written(&world), before + 6);
	assert_int_equal(allocated(&world), 6 * pages);
	for (unsigned i = 0; i < 6; i++) {
		struct mu_page *page = mu_memmap_lookup(&mm->memmap, pfns[i]);

		assert_int_equal(pfns[i] & (pages - 1), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(pfns[i], pfns[j]);
		assert_non_null(page);
		assert_int_equal(page->order, order);
		assert_int_equal(page->refcount, 1);
		assert_int_equal(page->private_data, 0);
		/* Every pfn inside is told of by the first. */
		for (mu_pfn_t at = 1; at < pages; at = at * 3 + 1) {
			assert_null(
				mu_memmap_lookup(&mm->memmap, pfns[i] + at));
			assert_ptr_equal(
				mu_memmap_head(&mm->memmap, pfns[i] + at),
				page);
			assert_int_equal(mu_page_state(mm, pfns[i] + at),
					 MU_STATE_ONLINE);
		}
	}
	/* Freed, they are pages like others, and all descriptors are there. */
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(mu_free_pages(&mm->buddy, pfns[i] + 1, 0),
				 MU_ERR_PRISTINE);
		assert_int_equal(mu_free_pages(&mm->buddy, pfns[i], order - 1),
				 MU_ERR_ORDER);
		assert_int_equal(mu_free_pages(&mm->buddy, pfns[i], order),
				 MU_OK);
		assert_int_equal(mu_free_pages(&mm->buddy, pfns[i], order),
				 MU_ERR_NOT_ALLOCATED);
		world_validate(&world, NULL);
	}
	assert_int_equal(written(&world), before + 6 * pages);
	assert_int_equal(allocated(&world), 0);
	assert_int_equal(mu_mm_finish(mm, 1), MU_OK);
	world_destroy(&world);
}

static void huge(void **state)
{
	(void)state;
	one_descriptor_each(MU_HUGE_ORDER, "256M");
}

static void gigantic(void **state)
{
	(void)state;
	one_descriptor_each(MU_GIGANTIC_ORDER, "12G");
}

/* Half a block is left over: it goes to the lists. */
static void odd_number(void **state)
{
	struct world world;
	struct mu_census census, before;
	mu_pfn_t pfn;

	(void)state;
	world_up(&world, "256M", MU_POLICY_LAZY);
	world_validate(&world, &before);
	assert_int_equal(
		mu_alloc_huge(&world.mm.deferred, 0, MU_HUGE_ORDER, 0, 1, &pfn),
		1);
	world_validate(&world, &census);
	assert_int_equal(census.allocated, MU_HUGE_PAGES);
	assert_int_equal(census.free, before.free + MU_HUGE_PAGES);
	assert_int_equal(census.pristine, before.pristine - 2 * MU_HUGE_PAGES);
	assert_int_equal(mu_free_pages(&world.mm.buddy, pfn, MU_HUGE_ORDER),
			 MU_OK);
	world_destroy(&world);
}

/* There are as many as fit, and no more; marks are kept. */
static void as_many_as_there_are(void **state)
{
	struct world world;
	static mu_pfn_t pfns[64];
	struct mu_error error;
	uint64_t got;

	(void)state;
	world_up(&world, "16G@0:0+16G@16G:1/2", MU_POLICY_LAZY);
	/* Each node has 16 that are aligned; one has a zone's border in it. */
	got = mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
			    MU_ALLOC_THISNODE | MU_ALLOC_RESERVES, 64, pfns);
	assert_int_equal(got, 15); /* the first one has DMA in it */
	for (uint64_t i = 0; i < got; i++)
		assert_true(pfns[i] < (16 * MU_GIB) >> 12);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       MU_ALLOC_RESERVES, 64, pfns + got),
			 16);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       MU_ALLOC_RESERVES, 1, pfns + 32),
			 0);
	assert_int_equal(mu_validate(&world.mm, NULL, &error), MU_OK);
	world_destroy(&world);

	world_up(&world, "8G", MU_POLICY_LAZY);
	world_zone(&world, 0, MU_ZONE_NORMAL)->watermark[MU_WMARK_MIN] =
		2 * MU_GIGANTIC_PAGES;
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       0, 1, pfns),
			 1);
	assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0, MU_GIGANTIC_ORDER,
				       0, 8, pfns + 1),
			 4); /* two of NORMAL, three of DMA32 */
	world_destroy(&world);
}

static void not_an_order(void **state)
{
	struct world world;
	mu_pfn_t pfn;

	(void)state;
	world_up(&world, "4G", MU_POLICY_LAZY);
	for (unsigned order = 0; order < 20; order++)
		if (order != MU_HUGE_ORDER && order != MU_GIGANTIC_ORDER)
			assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0,
						       order, 0, 1, &pfn),
					 0);
	assert_int_equal(
		mu_alloc_huge(&world.mm.deferred, 7, MU_HUGE_ORDER, 0, 1, &pfn),
		0);
	assert_int_equal(
		mu_alloc_run(&world.mm.deferred, 0, MU_BLOCK_ORDER, 0, &pfn),
		MU_ERR_RANGE);
	assert_int_equal(mu_alloc_run(&world.mm.deferred, 0, 19, 0, &pfn),
			 MU_ERR_RANGE);
	assert_int_equal(mu_alloc_run(&world.mm.deferred, 9, 12, 0, &pfn),
			 MU_ERR_RANGE);
	world_destroy(&world);
}

/* Split, to every order, and free the parts. */
static void split(void **state)
{
	static const unsigned orders[] = {MU_HUGE_ORDER, MU_GIGANTIC_ORDER};
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfns[2];

	(void)state;
	for (unsigned o = 0; o < 2; o++) {
		unsigned order = orders[o];

		for (unsigned to = 0; to < order && to <= MU_BLOCK_ORDER;
		     to += o ? 5 : 3) {
			mu_pfn_t end, step = (mu_pfn_t)1 << to;

			world_up(&world, "8G", MU_POLICY_LAZY);
			assert_int_equal(mu_alloc_huge(&world.mm.deferred, 0,
						       order, 0, 2, pfns),
					 2);
			assert_int_equal(
				mu_split_pages(buddy, pfns[0], order, order),
				MU_ERR_ORDER);
			assert_int_equal(
				mu_split_pages(buddy, pfns[0] + 1, order, to),
				MU_ERR_PRISTINE);
			assert_int_equal(
				mu_split_pages(buddy, pfns[0], order, to),
				MU_OK);
			world_validate(&world, NULL);
			assert_int_equal(mu_free_pages(buddy, pfns[0], order),
					 MU_ERR_ORDER);
			end = pfns[0] + ((mu_pfn_t)1 << order);
			for (mu_pfn_t pfn = pfns[0]; pfn < end; pfn += step)
				assert_int_equal(mu_free_pages(buddy, pfn, to),
						 MU_OK);
			world_validate(&world, NULL);
			assert_int_equal(mu_free_pages(buddy, pfns[1], order),
					 MU_OK);
			assert_int_equal(allocated(&world), 0);
			world_destroy(&world);
		}
	}
}

/* A page of the lists can be split too; each part keeps the count. */
static void split_ordinary(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn;

	(void)state;
	world_up(&world, "64M", MU_POLICY_LAZY);
	assert_int_equal(mu_alloc_pages(buddy, 0, 5, 0, &pfn), MU_OK);
	assert_int_equal(mu_split_pages(buddy, pfn, UINT32_MAX, 2),
			 MU_ERR_ORDER);
	assert_int_equal(mu_split_pages(buddy, pfn, 11, 2), MU_ERR_ORDER);
	assert_int_equal(mu_split_pages(buddy, pfn, 4, 2), MU_ERR_ORDER);
	mu_page_get(mu_pfn_to_page(buddy->memmap, pfn));
	assert_int_equal(mu_split_pages(buddy, pfn, 5, 2), MU_OK);
	for (mu_pfn_t at = pfn; at < pfn + 32; at += 4) {
		struct mu_page *page = mu_pfn_to_page(buddy->memmap, at);

		assert_int_equal(page->refcount, 2);
		assert_int_equal(mu_free_pages(buddy, at, 2), MU_ERR_BUSY);
		assert_int_equal(mu_page_put(buddy, page), MU_OK);
		assert_int_equal(mu_page_put(buddy, page), MU_OK);
	}
	assert_int_equal(mu_split_pages(buddy, pfn, 5, 2),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(mu_split_pages(buddy, buddy->memmap->end_pfn, 5, 2),
			 MU_ERR_HOLE);
	assert_int_equal(allocated(&world), 0);
	world_destroy(&world);
}

static void runs(void **state)
{
	struct world world;
	struct mu_buddy *buddy = &world.mm.buddy;
	mu_pfn_t pfn, other;

	(void)state;
	for (unsigned order = 11; order <= MU_GIGANTIC_ORDER; order++) {
		mu_pfn_t pages = (mu_pfn_t)1 << order;

		world_up(&world, "8G", MU_POLICY_LAZY);
		/* Something in the way of every aligned run but the first. */
		assert_int_equal(mu_alloc_pages(buddy, 0, 0, 0, &other), MU_OK);
		assert_int_equal(
			mu_alloc_run(&world.mm.deferred, 0, order, 0, &pfn),
			MU_OK);
		assert_int_equal(pfn & (pages - 1), 0);
		assert_int_equal(allocated(&world), pages + 1);
		for (mu_pfn_t at = pfn; at < pfn + pages; at += MU_BLOCK_PAGES)
			assert_int_equal(
				mu_free_pages(buddy, at, MU_BLOCK_ORDER),
				MU_OK);
		assert_int_equal(mu_free_pages(buddy, other, 0), MU_OK);
		assert_int_equal(allocated(&world), 0);
		world_destroy(&world);
	}
	/* Too small to have one; nothing was taken out of the way for it. */
	world_up(&world, "64M", MU_POLICY_LAZY);
	assert_int_equal(mu_alloc_run(&world.mm.deferred, 0, 17, 0, &pfn),
			 MU_ERR_NOMEM);
	assert_int_equal(mu_deferred_stats(&world.mm.deferred).claims, 0);
	world_destroy(&world);
}

/* Single blocks, huge pages, gigantic pages and runs from one zone at once,
 * from several threads: all of it is handed out once. */
static bool take_all_kinds(struct world *world, unsigned index, void *arg)
{
	struct mu_deferred *deferred = &world->mm.deferred;
	mu_pfn_t pfns[2], pfn;

	(void)arg;
	for (unsigned i = 0; i < 40; i++) {
		unsigned kind = (i + index) % 4;

		if (kind == 0) {
			mu_alloc_huge(deferred, 0, MU_GIGANTIC_ORDER, 0, 1,
				      pfns);
		} else if (kind == 1) {
			if (mu_alloc_huge(deferred, 0, MU_HUGE_ORDER, 0, 2,
					  pfns) != 2)
				return false;
		} else if (kind == 2) {
			if (mu_alloc_run(deferred, 0, 12, 0, &pfn) != MU_OK)
				return false;
		} else if (mu_alloc_pages(&world->mm.buddy, 0, MU_BLOCK_ORDER,
					  0, &pfn) != MU_OK) {
			return false;
		}
	}
	return true;
}

static void all_kinds_at_once(void **state)
{
	struct world world;

	(void)state;
	world_up(&world, "64G/4", MU_POLICY_LAZY);
	world_run(&world, 4, take_all_kinds, NULL);
	assert_true(allocated(&world) > 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge),
		cmocka_unit_test(gigantic),
		cmocka_unit_test(odd_number),
		cmocka_unit_test(as_many_as_there_are),
		cmocka_unit_test(not_an_order),
		cmocka_unit_test(split),
		cmocka_unit_test(split_ordinary),
		cmocka_unit_test(runs),
		cmocka_unit_test(all_kinds_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
