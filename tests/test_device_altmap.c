// SPDX-License-Identifier: MIT
/*
 * Devices that host the descriptors of their own pages.
 */
#include <string.h>
#include <sys/mman.h>

#include "tests/pmem.h"

#define BASE	      (4 * MU_GIB)
#define END	      (64 * MU_GIB)
#define PFN	      (BASE >> MU_PAGE_SHIFT_MIN)
#define SECTION	      (MU_SECTION_PAGES << MU_PAGE_SHIFT_MIN)
#define SECTION_BYTES (MU_SECTION_PAGES * sizeof(struct mu_page))

/* @page is a descriptor that the device has in its memory at @at. */
static void check_in_device(struct world *world, const struct mu_page *page,
			    mu_phys_t at)
{
	mu_phys_t from = at & ~(mu_phys_t)4095;
	char *memory = mu_hosted_map_device(world->hosted, from, 8192);

	assert_non_null(memory);
	assert_memory_equal(memory + (at - from), (const void *)page,
			    sizeof(*page));
	munmap(memory, 8192);
}

static void hosted(void **state)
{
	const mu_phys_t reserve = 100 * MU_KIB, size = 3 * SECTION;
	struct mu_pagemap_stats stats;
	struct pmem_mark mark;
	struct mu_page *page;
	struct world world;
	struct pmem pmem;
	mu_pfn_t first;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "pmem", BASE, size);
	pmem.map.altmap = (struct mu_altmap){
		.on = true, .reserve = reserve, .align = 256 * MU_KIB};
	pmem_mark(&world, &mark, BASE, size);
	pmem_register(&world, &pmem);
	stats = mu_pagemap_stats(&pmem.map);
	/* All of the memmap is the device's, none is RAM's. */
	assert_int_equal(stats.hosted, 3 * SECTION_BYTES);
	assert_int_equal(stats.backed, 0);
	first = PFN + ((256 * MU_KIB + 3 * SECTION_BYTES) >> 12);
	assert_int_equal(stats.reserved, first - PFN);
	/* What hosts descriptors, and what is reserved, has no page. */
	assert_int_equal(mu_device_page(&pmem.map, PFN, &page),
			 MU_ERR_RESERVED);
	assert_int_equal(mu_device_page(&pmem.map, first - 1, &page),
			 MU_ERR_RESERVED);
	assert_false(mu_device_is_ready(&pmem.map, first - 1));
	assert_int_equal(mu_device_page_take(&pmem.map, first - 1, &page),
			 MU_ERR_RESERVED);
	assert_int_equal(mu_device_page(&pmem.map, first, &page), MU_OK);
	assert_ptr_equal(page, mu_pfn_to_page(&world.mm.memmap, first));
	for (mu_pfn_t pfn = first; pfn < PFN + (size >> 12); pfn += 997) {
		page = pmem_page(&world, pfn);
		page->private_data = pfn * 3;
		check_in_device(&world, page,
				BASE + 256 * MU_KIB + (pfn - PFN) * 16);
	}
	world_validate(&world, NULL);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);

	/* Its memory kept what was in it, and is written again. */
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_pagemap_stats(&pmem.map).hosted, 0);
	page = pmem_page(&world, first);
	assert_int_equal(page->private_data, 0);
	assert_int_equal(page[500].private_data, 0);
	assert_int_equal(mu_pagemap_stats(&pmem.map).hosted, SECTION_BYTES);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

/* Sections that are not all of the range's stay in RAM. */
static void ends(void **state)
{
	const mu_phys_t base = BASE - 34 * MU_MIB;
	const mu_phys_t size = 2 * SECTION + 68 * MU_MIB;
	struct mu_pagemap_stats stats;
	struct pmem_mark mark;
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "pmem", base, size);
	pmem.map.altmap.on = true;
	pmem_mark(&world, &mark, base, size);
	pmem_register(&world, &pmem);
	stats = mu_pagemap_stats(&pmem.map);
	assert_int_equal(stats.hosted, 2 * SECTION_BYTES);
	/* The altmap's own descriptors were not wanted, so less than both
	 * ends may be there. */
	assert_true(stats.backed > 0 && stats.backed <= 2 * SECTION_BYTES);
	assert_int_equal(stats.reserved, 2 * SECTION_BYTES >> 12);
	check_in_device(&world, pmem_page(&world, PFN), base);
	check_in_device(&world, pmem_page(&world, PFN + 40000),
			base + 40000 * UINT64_C(16));
	world_validate(&world, NULL);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

/* Compound pages: the first that the altmap leaves whole. */
static void compound(void **state)
{
	struct mu_pagemap_stats stats;
	struct pmem_mark mark;
	struct mu_page *page;
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "dax", BASE, 32 * MU_GIB);
	pmem.map.order = MU_HUGE_ORDER;
	pmem.map.altmap.on = true;
	pmem_mark(&world, &mark, BASE, 32 * MU_GIB);
	pmem_register(&world, &pmem);
	stats = mu_pagemap_stats(&pmem.map);
	assert_int_equal(stats.descriptors, 16384);
	assert_int_equal(stats.hosted, SECTION_BYTES);
	assert_int_equal(stats.reserved, 512);
	assert_int_equal(mu_device_page(&pmem.map, PFN + 511, &page),
			 MU_ERR_RESERVED);
	page = pmem_page(&world, PFN + 512);
	assert_int_equal(mu_device_page_pfn(&pmem.map, page), PFN + 512);
	check_in_device(&world, page, BASE + 16);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

static void refuse(struct world *world, struct pmem *pmem,
		   enum mu_status status, const char *one, const char *other)
{
	struct pmem_mark mark;

	pmem_mark(world, &mark, 0, 0);
	assert_int_equal(mu_pagemap_register(&world->mm.devices, &pmem->map, 1,
					     &world->error),
			 status);
	if (!strstr(world->error.text, one) ||
	    !strstr(world->error.text, other))
		fail_msg("no \"%s\" and \"%s\" in: %s", one, other,
			 world->error.text);
	pmem_check_mark(world, &mark);
}

static void refusals(void **state)
{
	struct world world;
	struct pmem pmem;
	struct mu_altmap *altmap = &pmem.map.altmap;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_one(&pmem, "pmem", BASE, 2 * SECTION);
	*altmap = (struct mu_altmap){.on = true, .size = 2 * SECTION_BYTES - 1};
	refuse(&world, &pmem, MU_ERR_NOMEM, "0x100000000-0x10fffffff",
	       "0x100000000-0x1000fffff, 0x100000 bytes, and may have "
	       "0xfffff");
	altmap->size = 2 * SECTION_BYTES;
	pmem_register(&world, &pmem);
	pmem_remove(&world, &pmem);
	/* What it reserves leaves no room, or no page. */
	altmap->reserve = 2 * SECTION;
	refuse(&world, &pmem, MU_ERR_NOMEM, "0x100000000-0x10fffffff",
	       "reserves 0x10000000 bytes of 0x10000000");
	altmap->reserve = 2 * SECTION - SECTION_BYTES;
	refuse(&world, &pmem, MU_ERR_NOMEM, "0x10ff80000-0x11007ffff",
	       "may have 0x80000");
	altmap->reserve = 2 * SECTION - 2 * SECTION_BYTES;
	refuse(&world, &pmem, MU_ERR_NOMEM, "0x10ff00000-0x10fffffff",
	       "no page of 0x1000 bytes");
	altmap->reserve -= 4096;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_pagemap_stats(&pmem.map).reserved,
			 pmem.ranges[0].end - pmem.ranges[0].start - 1);
	pmem_remove(&world, &pmem);
	/* Alignment past the end. */
	*altmap = (struct mu_altmap){
		.on = true, .reserve = 4096, .align = MU_GIB};
	refuse(&world, &pmem, MU_ERR_NOMEM, "0x140000000-", "may have 0x0");
	altmap->align = 12288;
	refuse(&world, &pmem, MU_ERR_INVALID, "0x3000", "power of two");
	altmap->align = 0;
	pmem.map.type = MU_DEVICE_PRIVATE;
	refuse(&world, &pmem, MU_ERR_INVALID, "pmem", "private");
	pmem.map.type = MU_DEVICE_COHERENT;
	pmem_register(&world, &pmem);
	pmem_remove(&world, &pmem);
	/* No section is all its own. */
	pmem.ranges[0].base += 2 * MU_MIB;
	pmem.ranges[0].size -= 4 * MU_MIB;
	refuse(&world, &pmem, MU_ERR_INVALID, "0x100200000-0x10fdfffff",
	       "0x8000000 bytes");
	/* A port that cannot. */
	pmem_one(&pmem, "pmem", BASE, 2 * SECTION);
	altmap->on = true;
	world.port.memmap_unmap_at = NULL;
	refuse(&world, &pmem, MU_ERR_UNSUPPORTED, "pmem", "memmap_unmap_at");
	world_destroy(&world);
}

/* Every range of a pagemap hosts its own. */
static void many(void **state)
{
	struct pmem_mark mark;
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", END, 12);
	pmem_init(&pmem, "pmem");
	for (unsigned i = 0; i < 4; i++)
		pmem_add(&pmem, BASE + i * MU_GIB, (i + 1) * SECTION,
			 (int)(i % 2));
	pmem.map.altmap.on = true;
	pmem_mark(&world, &mark, BASE, 4 * MU_GIB);
	pmem_register(&world, &pmem);
	assert_int_equal(mu_pagemap_stats(&pmem.map).hosted,
			 10 * SECTION_BYTES);
	assert_int_equal(mu_pagemap_stats(&pmem.map).backed, 0);
	for (unsigned i = 0; i < 4; i++) {
		mu_pfn_t pfn = PFN + i * (MU_GIB >> 12) + 1000;

		check_in_device(&world, pmem_page(&world, pfn),
				BASE + i * MU_GIB + 16000);
	}
	world_validate(&world, NULL);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosted),   cmocka_unit_test(ends),
		cmocka_unit_test(compound), cmocka_unit_test(refusals),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
