// SPDX-License-Identifier: MIT
/* Pages that have one descriptor, and runs of blocks, from pristine memory. */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/tap.h"

#define NR_HUGE	  16
#define RUN_ORDER 12u

static bool is_mapped(mu_pfn_t pfn)
{
	uint64_t size;

	return bare_lookup(&kernel.tables,
			   (uintptr_t)mu_pfn_to_page(&kernel.mm.memmap, pfn),
			   &size);
}

/* Is all of it memory? Its first and its last word, and one in the middle. */
static bool holds_words(mu_pfn_t pfn, mu_pfn_t pages)
{
	volatile uint64_t *words[3] = {
		direct(pfn * PAGE),
		direct((pfn + pages / 2) * PAGE),
		direct((pfn + pages) * PAGE - sizeof(uint64_t)),
	};

	for (unsigned i = 0; i < 3; i++)
		*words[i] = pfn + i;
	for (unsigned i = 0; i < 3; i++)
		if (*words[i] != pfn + i)
			return false;
	return true;
}

static enum result gigantic_page(void)
{
	struct mu_mm *mm = &kernel.mm;
	mu_pfn_t pfn, middle;

	if (!mu_alloc_huge(&mm->deferred, MU_NO_NODE, MU_GIGANTIC_ORDER,
			   MU_ALLOC_MOVABLE, 1, &pfn)) {
		CHECK(kernel.options.policy != MU_POLICY_LAZY ||
		      mu_machine_ram(&kernel.machine) < 8 * MU_GIB);
		SKIP("no pristine GiB");
	}
	middle = pfn + MU_GIGANTIC_PAGES / 2;
	CHECK(!(pfn & (MU_GIGANTIC_PAGES - 1)));
	CHECK(holds_words(pfn, MU_GIGANTIC_PAGES));
	/* One descriptor, and nothing behind the others. */
	CHECK(mu_memmap_head(&mm->memmap, middle) ==
	      mu_pfn_to_page(&mm->memmap, pfn));
	CHECK(is_mapped(pfn) && !is_mapped(middle));
	CHECK_OK(mu_free_pages(&mm->buddy, pfn, MU_GIGANTIC_ORDER));
	CHECK(is_mapped(middle));
	return TEST_OK;
}

const struct test test_gigantic_page = {"a gigantic page has one descriptor",
					gigantic_page};

static enum result huge_pages(void)
{
	struct mu_mm *mm = &kernel.mm;
	mu_pfn_t pfns[NR_HUGE];
	uint64_t got;

	got = mu_alloc_huge(&mm->deferred, MU_NO_NODE, MU_HUGE_ORDER,
			    MU_ALLOC_MOVABLE, NR_HUGE, pfns);
	for (uint64_t i = 0; i < got; i++) {
		CHECK(!(pfns[i] & (MU_HUGE_PAGES - 1)));
		CHECK(holds_words(pfns[i], MU_HUGE_PAGES));
	}
	/* One is split, into pages of its own. */
	if (got) {
		CHECK_OK(mu_split_pages(&mm->buddy, pfns[0], MU_HUGE_ORDER, 0));
		for (mu_pfn_t i = 0; i < MU_HUGE_PAGES; i++)
			CHECK_OK(mu_free_pages(&mm->buddy, pfns[0] + i, 0));
	}
	for (uint64_t i = 1; i < got; i++)
		CHECK_OK(mu_free_pages(&mm->buddy, pfns[i], MU_HUGE_ORDER));
	if (got < NR_HUGE)
		SKIP("not enough pristine memory");
	return TEST_OK;
}

const struct test test_huge_pages = {"huge pages are split and freed",
				     huge_pages};

static enum result run(void)
{
	struct mu_mm *mm = &kernel.mm;
	mu_pfn_t pfn, pages = (mu_pfn_t)1 << RUN_ORDER;

	if (mu_alloc_run(&mm->deferred, MU_NO_NODE, RUN_ORDER, MU_ALLOC_MOVABLE,
			 &pfn) != MU_OK)
		SKIP("no pristine run of 16 MiB");
	CHECK(!(pfn & (pages - 1)));
	CHECK(holds_words(pfn, pages));
	for (mu_pfn_t i = 0; i < pages; i += MU_BLOCK_PAGES)
		CHECK_OK(mu_free_pages(&mm->buddy, pfn + i, MU_BLOCK_ORDER));
	return TEST_OK;
}

const struct test test_run = {"a run of blocks is contiguous", run};
