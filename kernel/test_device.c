// SPDX-License-Identifier: MIT
/* Persistent memory as a device's: its descriptors in RAM, then in itself. */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/tap.h"

#define NR_RANGES 8

static struct mu_device_range ranges[NR_RANGES];
static unsigned freed;

static void page_free(struct mu_pagemap *map, mu_pfn_t pfn)
{
	(void)map;
	(void)pfn;
	freed++;
}

static const struct mu_device_ops ops = {.page_free = page_free};

/* Persistent memory, in whole units of MU_DEVICE_ALIGN. */
static unsigned find_ranges(void)
{
	const struct mu_machine *machine = &kernel.machine;
	unsigned nr = 0;

	for (unsigned i = 0; i < machine->nr_ranges && nr < NR_RANGES; i++) {
		const struct mu_range *range = &machine->ranges[i];
		mu_phys_t base = (range->base + MU_DEVICE_ALIGN - 1) &
				 ~(MU_DEVICE_ALIGN - 1);
		mu_phys_t end =
			(range->base + range->size) & ~(MU_DEVICE_ALIGN - 1);

		if (range->type != MU_RANGE_PMEM || base >= end)
			continue;
		ranges[nr++] = (struct mu_device_range){
			.base = base, .size = end - base, .nid = range->nid};
	}
	return nr;
}

static struct mu_pagemap make_map(unsigned nr)
{
	freed = 0;
	return (struct mu_pagemap){
		.name = "pmem",
		.type = MU_DEVICE_FS_DAX,
		.owner = ranges,
		.ops = &ops,
		.ranges = ranges,
		.nr_ranges = nr,
	};
}

static enum result register_map(struct mu_pagemap *map)
{
	struct mu_error error = {0};

	if (mu_pagemap_register(&kernel.mm.devices, map, 0, &error) == MU_OK)
		return TEST_OK;
	log_plain("# %s", error.text);
	return TEST_FAILED;
}

/* Take @pfn, write to it, give it back. */
static enum result use(struct mu_pagemap *map, mu_pfn_t pfn)
{
	volatile uint64_t *words = direct(pfn * PAGE);
	struct mu_page *page;
	unsigned before = freed;

	CHECK_OK(mu_device_page_take(map, pfn, &page));
	CHECK(mu_device_page_pfn(map, page) == pfn);
	CHECK(mu_device_page_take(map, pfn, &page) == MU_ERR_BUSY);
	CHECK(mu_page_state(&kernel.mm, pfn) == MU_STATE_DEVICE);
	words[0] = pfn;
	CHECK(words[0] == pfn);
	mu_device_page_put(map, page);
	CHECK(freed == before + 1);
	return TEST_OK;
}

static enum result device_pages(void)
{
	unsigned nr = find_ranges();
	struct mu_pagemap map = make_map(nr);
	struct mu_pagemap_stats stats;

	if (!nr || !kernel.options.pmem)
		SKIP("no persistent memory, or no pmem on the command line");
	CHECK(register_map(&map) == TEST_OK);
	stats = mu_pagemap_stats(&map);
	log_plain("# %u ranges, %lu pages, %lu descriptors written, %lu ns "
		  "under the lock",
		  nr, stats.pages, stats.written, stats.lock_ns);
	CHECK(stats.written == stats.pages && !stats.hosted);
	for (unsigned i = 0; i < nr; i++) {
		CHECK(use(&map, ranges[i].base / PAGE) == TEST_OK);
		CHECK(use(&map, (ranges[i].base + ranges[i].size) / PAGE - 1) ==
		      TEST_OK);
	}
	CHECK_OK(mu_validate(&kernel.mm, NULL, NULL));
	CHECK_OK(mu_pagemap_remove(&map, NULL));
	CHECK(mu_page_state(&kernel.mm, ranges[0].base / PAGE) ==
	      MU_STATE_ABSENT);
	return TEST_OK;
}

const struct test test_device_pages = {"persistent memory has pages",
				       device_pages};

static enum result device_altmap(void)
{
	unsigned nr = find_ranges();
	struct mu_pagemap map = make_map(nr);
	struct mu_pagemap_stats stats;
	struct mu_page *page;
	mu_pfn_t last;

	if (!nr || !kernel.options.pmem)
		SKIP("no persistent memory, or no pmem on the command line");
	for (unsigned i = 0; i < nr; i++)
		if (ranges[i].size < 2 * MU_SECTION_PAGES * PAGE)
			SKIP("ranges of less than two sections host nothing");
	map.altmap.on = true;
	map.lazy = true;
	CHECK(register_map(&map) == TEST_OK);
	CHECK(mu_device_page(&map, ranges[0].base / PAGE, &page) ==
	      MU_ERR_RESERVED);
	for (unsigned i = 0; i < nr; i++) {
		last = (ranges[i].base + ranges[i].size) / PAGE - 1;
		CHECK(!mu_device_is_ready(&map, last));
		CHECK(use(&map, last) == TEST_OK);
		CHECK(use(&map, last - MU_SECTION_PAGES) == TEST_OK);
	}
	stats = mu_pagemap_stats(&map);
	log_plain("# %lu pages host %lu bytes of descriptors; %lu written",
		  stats.pages, stats.hosted, stats.written);
	CHECK(stats.hosted && stats.written < stats.pages);
	CHECK_OK(mu_pagemap_finish(&map, 0));
	CHECK_OK(mu_validate(&kernel.mm, NULL, NULL));
	CHECK_OK(mu_pagemap_remove(&map, NULL));
	return TEST_OK;
}

const struct test test_device_altmap = {
	"persistent memory hosts its own descriptors", device_altmap};
