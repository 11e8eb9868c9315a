// SPDX-License-Identifier: MIT
/*
 * The large consumers of a boot: what they get, where it lies, and that nothing
 * of it is left when they do not get it.
 */
#include <stdlib.h>
#include <string.h>
#include "memup/early.h"
#include "tests/world.h"

/* A table of 8-byte buckets as Linux's dentry cache has it. */
static struct mu_hash_spec dentry(void)
{
	return (struct mu_hash_spec){.bucket_size = 8, .scale = 13};
}

static uint64_t allocated(struct world *world)
{
	struct mu_census census;

	world_validate(world, &census);
	return census.allocated;
}

/* Walk @early: it is as long and as large as it says, all of it allocated. */
static void check_chain(struct world *world, const struct mu_early *early)
{
	uint64_t allocations = 0, pages = 0;
	mu_pfn_t last = MU_NO_PFN;

	for (mu_pfn_t pfn = early->first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(&world->mm, early, pfn)) {
		const struct mu_page *page =
			mu_memmap_lookup(&world->mm.memmap, pfn);

		assert_non_null(page);
		assert_int_equal(mu_page_kind(page), MU_PAGE_ALLOCATED);
		assert_int_equal(page->refcount, 1);
		allocations++;
		pages += (uint64_t)1 << page->order;
		last = pfn;
	}
	assert_int_equal(early->last, last);
	assert_int_equal(early->allocations, allocations);
	assert_int_equal(early->pages, pages);
}

static void assert_empty(const struct mu_early *early)
{
	assert_int_equal(early->first, MU_NO_PFN);
	assert_int_equal(early->last, MU_NO_PFN);
	assert_int_equal(early->allocations, 0);
	assert_int_equal(early->pages, 0);
}

/* Free @early; @before pages are allocated then. */
static void check_free(struct world *world, struct mu_early *early,
		       uint64_t before)
{
	assert_int_equal(mu_early_free(&world->mm, early), MU_OK);
	assert_empty(early);
	assert_int_equal(allocated(world), before);
}

static void test_sizes_of_linux(void **state)
{
	/* Of "mm: adaptive hash table scaling", bytes in MiB. */
	static const struct {
		const char *machine;
		uint64_t mib;
	} rows[] = {
		{"8G", 8},	  {"16G", 16},	    {"32G", 32},
		{"64G", 64},	  {"128G", 64},	    {"256G", 128},
		{"512G", 128},	  {"1024G", 256},   {"2048G", 256},
		{"4096G", 512},	  {"8192G", 512},   {"16384G", 1024},
		{"32768G", 1024}, {"65536G", 2048},
	};
	struct mu_hash_spec spec = dentry();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct mu_hash hash;

		world_up(&world, rows[i].machine, MU_POLICY_LAZY);
		assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_OK);
		assert_int_equal(hash.entries * 8, rows[i].mib * MU_MIB);
		assert_int_equal(hash.entries, (uint64_t)1 << hash.shift);
		assert_int_equal(hash.memory.pages << 12, rows[i].mib * MU_MIB);
		check_chain(&world, &hash.memory);
		check_free(&world, &hash.memory, 0);
		world_destroy(&world);
	}
}

static void test_hash_bounds(void **state)
{
	struct mu_hash_spec spec = dentry();
	struct world world;
	struct mu_hash hash;
	const struct {
		uint64_t entries, low, high, got;
	} rows[] = {
		{1000, 0, 0, 512},	     /* down to a power of two */
		{1, 0, 0, 1},		     /* one bucket takes a page */
		{1000, 4096, 0, 4096},	     /* not fewer */
		{1 << 20, 0, 5000, 4096},    /* not more */
		{UINT64_MAX, 0, 0, 1 << 20}, /* under 1/16 of 256 MiB */
		{0, 0, 0, 1 << 15},	     /* one for 8 KiB */
		{0, 1 << 16, 0, 1 << 16},
		{0, 0, 1 << 10, 1 << 10},
	};

	(void)state;
	world_up(&world, "256M", MU_POLICY_LAZY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes = rows[i].got * 8;

		spec.entries = rows[i].entries;
		spec.low_limit = rows[i].low;
		spec.high_limit = rows[i].high;
		assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_OK);
		assert_int_equal(hash.entries * 8, bytes);
		assert_int_equal(hash.memory.pages, (bytes + 4095) / 4096);
		check_free(&world, &hash.memory, 0);
	}
	world_destroy(&world);
}

static void test_hash_halves(void **state)
{
	struct mu_hash_spec spec = dentry();
	struct world world;
	struct mu_hash hash;
	struct mu_early most;
	uint64_t before;

	(void)state;
	world_up(&world, "64M", MU_POLICY_LAZY);
	assert_int_equal(mu_early_pages(&world.mm, 0, 56 * MU_MIB,
					MU_BLOCK_ORDER, &most),
			 MU_OK);
	before = allocated(&world);
	/* 16 MiB asked for, less than 8 are left: half of a half. */
	spec.entries = 16 * MU_MIB / 8;
	spec.high_limit = UINT64_MAX;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_OK);
	assert_int_equal(hash.entries, 4 * MU_MIB / 8);
	check_chain(&world, &hash.memory);
	check_free(&world, &hash.memory, before);
	/* Not below low_limit. */
	spec.low_limit = spec.entries / 2;
	assert_int_equal(mu_early_hash(&world.mm, &spec, &hash), MU_ERR_NOMEM);
	assert_empty(&hash.memory);
	assert_int_equal(hash.entries, 0);
	assert_int_equal(allocated(&world), before);
	check_free(&world, &most, 0);
	world_destroy(&world);
}

static void test_pieces(void **state)
{
	struct mu_early early;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct world world;
		unsigned runs = 0;
		mu_pfn_t end = MU_NO_PFN;

		world_up(&world, "4G", world_policies[i]);
		/* Two blocks and three pages: no page more. */
		assert_int_equal(mu_early_pages(&world.mm, 0, 8 * MU_MIB + 8193,
						MU_BLOCK_ORDER, &early),
				 MU_OK);
		assert_int_equal(early.pages, 2 * MU_BLOCK_PAGES + 3);
		assert_int_equal(early.allocations, 4);
		check_chain(&world, &early);
		check_free(&world, &early, 0);
		/* One run of 1 GiB where there is pristine memory. */
		assert_int_equal(mu_early_pages(&world.mm, 0, MU_GIB,
						MU_GIGANTIC_ORDER, &early),
				 MU_OK);
		assert_int_equal(early.allocations, 256);
		for (mu_pfn_t pfn = early.first; pfn != MU_NO_PFN;
		     pfn = mu_early_next(&world.mm, &early, pfn)) {
			runs += pfn != end;
			end = pfn + MU_BLOCK_PAGES;
		}
		if (world_policies[i] != MU_POLICY_EAGER)
			assert_int_equal(runs, 1);
		check_chain(&world, &early);
		check_free(&world, &early, 0);
		world_destroy(&world);
	}
}

static void test_percpu(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_early early;
		struct world world;
		mu_pfn_t first[10];

		world_up(&world, "2x256M/10", world_policies[i]);
		assert_int_equal(mu_early_percpu(&world.mm, 65 * MU_KIB, first,
						 10, &early),
				 MU_OK);
		assert_int_equal(early.allocations, 10);
		assert_int_equal(early.pages, 10 * 32);
		check_chain(&world, &early);
		for (unsigned cpu = 0; cpu < 10; cpu++) {
			const struct mu_page *page =
				mu_memmap_lookup(&world.mm.memmap, first[cpu]);

			assert_non_null(page);
			assert_int_equal(page->order, 5);
			assert_int_equal(mu_page_nid(&world.mm.buddy, page),
					 cpu / 5);
		}
		check_free(&world, &early, 0);
		assert_int_equal(
			mu_early_percpu(&world.mm, 4 * MU_MIB, NULL, 0, &early),
			MU_OK);
		check_free(&world, &early, 0);
		world_destroy(&world);
	}
}

static void test_trace(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_early early;
		struct world world;
		mu_pfn_t first[6], pfn;

		world_up(&world, "2x256M/6", world_policies[i]);
		assert_int_equal(mu_early_trace(&world.mm, 10 * MU_MIB + 1,
						first, 6, &early),
				 MU_OK);
		assert_int_equal(early.allocations, 6 * 2561);
		assert_int_equal(early.pages, 6 * 2561);
		check_chain(&world, &early);
		pfn = early.first;
		for (unsigned n = 0; n < 6 * 2561; n++) {
			const struct mu_page *page =
				mu_pfn_to_page(&world.mm.memmap, pfn);

			assert_int_equal(page->order, 0);
			assert_int_equal(mu_page_nid(&world.mm.buddy, page),
					 n / 2561 / 3);
			if (n % 2561 == 0)
				assert_int_equal(first[n / 2561], pfn);
			pfn = mu_early_next(&world.mm, &early, pfn);
		}
		assert_int_equal(pfn, MU_NO_PFN);
		check_free(&world, &early, 0);
		world_destroy(&world);
	}
}

static void test_bad_arguments(void **state)
{
	struct mu_hash_spec spec;
	struct mu_early early;
	struct world world;
	struct mu_mm *mm = &world.mm;
	struct mu_hash hash;

	(void)state;
	world_up(&world, "64M", MU_POLICY_LAZY);
	assert_int_equal(mu_early_pages(mm, 0, 0, 0, &early), MU_ERR_INVALID);
	assert_int_equal(mu_early_pages(mm, 0, MU_PHYS_MAX + 1, 0, &early),
			 MU_ERR_RANGE);
	assert_int_equal(mu_early_pages(mm, 1, 1, 0, &early), MU_ERR_RANGE);
	assert_int_equal(
		mu_early_pages(mm, 0, 1, MU_GIGANTIC_ORDER + 1, &early),
		MU_ERR_RANGE);
	assert_empty(&early);
	assert_int_equal(mu_early_percpu(mm, 0, NULL, 0, &early),
			 MU_ERR_INVALID);
	assert_int_equal(mu_early_percpu(mm, 4 * MU_MIB + 1, NULL, 0, &early),
			 MU_ERR_RANGE);
	assert_int_equal(mu_early_trace(mm, 0, NULL, 0, &early),
			 MU_ERR_INVALID);
	assert_int_equal(mu_early_trace(mm, UINT64_MAX, NULL, 0, &early),
			 MU_ERR_RANGE);
	spec = dentry();
	spec.bucket_size = 0;
	assert_int_equal(mu_early_hash(mm, &spec, &hash), MU_ERR_INVALID);
	spec = dentry();
	spec.low_limit = 2;
	spec.high_limit = 1;
	assert_int_equal(mu_early_hash(mm, &spec, &hash), MU_ERR_INVALID);
	spec = dentry();
	spec.scale = 52;
	assert_int_equal(mu_early_hash(mm, &spec, &hash), MU_ERR_RANGE);
	spec = dentry();
	spec.nid = 7;
	assert_int_equal(mu_early_hash(mm, &spec, &hash), MU_ERR_RANGE);
	assert_empty(&hash.memory);
	assert_int_equal(allocated(&world), 0);
	world_destroy(&world);
}

static void test_too_little(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct mu_early early;
		struct world world;

		world_up(&world, "2x64M/4", world_policies[i]);
		assert_int_equal(
			mu_early_trace(&world.mm, 40 * MU_MIB, NULL, 0, &early),
			MU_ERR_NOMEM);
		assert_empty(&early);
		assert_int_equal(allocated(&world), 0);
		assert_int_equal(mu_early_pages(&world.mm, 1, 200 * MU_MIB,
						MU_GIGANTIC_ORDER, &early),
				 MU_ERR_NOMEM);
		assert_empty(&early);
		assert_int_equal(allocated(&world), 0);
		/* What is left was not spoiled. */
		assert_int_equal(
			mu_early_trace(&world.mm, 25 * MU_MIB, NULL, 0, &early),
			MU_OK);
		check_free(&world, &early, 0);
		world_destroy(&world);
	}
}

static void test_freed_by_another(void **state)
{
	struct mu_early early;
	struct world world;

	(void)state;
	world_up(&world, "64M", MU_POLICY_LAZY);
	assert_int_equal(mu_early_pages(&world.mm, 0, 12 * MU_KIB, 0, &early),
			 MU_OK);
	assert_int_equal(mu_free_pages(&world.mm.buddy, early.last, 0), MU_OK);
	assert_int_equal(mu_early_free(&world.mm, &early),
			 MU_ERR_NOT_ALLOCATED);
	assert_int_equal(early.allocations, 1);
	assert_int_equal(early.first, early.last);
	assert_int_equal(allocated(&world), 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_of_linux),
		cmocka_unit_test(test_hash_bounds),
		cmocka_unit_test(test_hash_halves),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_percpu),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_freed_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
