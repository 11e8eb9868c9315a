// SPDX-License-Identifier: MIT
/*
 * Every call of a hook fails once: what was begun is undone to the last bit, or
 * stays as it was, and can be tried again.
 */
#include <string.h>

#include "base/bits.h"
#include "tests/pmem.h"

#define RAM_END (1022 * MU_MIB)
#define BASE	(4 * MU_GIB)
#define END	(16 * MU_GIB)
#define PFN	(BASE >> MU_PAGE_SHIFT_MIN)

/* Calls of memmap_map and memmap_map_at, and the one that fails. */
static struct {
	_Atomic unsigned calls;
	unsigned fail_at;
} fault;

static bool fails(void)
{
	return atomic_fetch_add(&fault.calls, 1) == fault.fail_at;
}

static enum mu_status failing_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	return fails() ? MU_ERR_NOMEM
		       : world_hosted_hook(arg)->memmap_map(arg, start, end);
}

static enum mu_status failing_map_at(void *arg, mu_pfn_t start, mu_pfn_t end,
				     mu_phys_t base)
{
	return fails() ? MU_ERR_NOMEM
		       : world_hosted_hook(arg)->memmap_map_at(arg, start, end,
							       base);
}

static void fail_at(struct world *world, unsigned call)
{
	world->port.memmap_map = failing_map;
	world->port.memmap_map_at = failing_map_at;
	fault.calls = 0;
	fault.fail_at = call;
}

/* Three ranges: one that shares a block with RAM, one of whole sections, one
 * that is ragged at both ends. */
static void make(struct pmem *pmem, bool altmap)
{
	pmem_init(pmem, "pmem");
	pmem->map.altmap.on = altmap;
	if (!altmap)
		pmem_add(pmem, RAM_END, 6 * MU_MIB, 0);
	pmem_add(pmem, BASE, 256 * MU_MIB, 1);
	pmem_add(pmem, BASE + 256 * MU_MIB + 2 * MU_MIB, 300 * MU_MIB, 0);
}

static void registration(void **state)
{
	(void)state;
	for (unsigned altmap = 0; altmap < 2; altmap++) {
		enum mu_status status = MU_ERR_NOMEM;
		struct pmem_mark mark;
		struct world world;
		struct pmem pmem;

		pmem_world(&world, "1022M/2", END, 12);
		make(&pmem, altmap);
		pmem_mark(&world, &mark, BASE, MU_GIB);
		for (unsigned call = 0; status != MU_OK; call++) {
			fail_at(&world, call);
			status = mu_pagemap_register(&world.mm.devices,
						     &pmem.map, 1 + call % 2,
						     &world.error);
			if (status == MU_OK) {
				/* It took no more calls than that. */
				assert_true(fault.calls <= call);
				break;
			}
			assert_int_equal(status, MU_ERR_NOMEM);
			assert_non_null(strstr(world.error.text, "pmem: 0x"));
			assert_null(mu_pagemap_get(&world.mm.devices, PFN));
			assert_int_equal(mu_pagemap_remove(&pmem.map, NULL),
					 MU_ERR_NOT_FOUND);
			if (world_backing() == MU_BACK_BLOCK || altmap)
				pmem_check_mark(&world, &mark);
			else
				world_validate(&world, NULL);
		}
		assert_true(fault.calls >= 5);
		world_validate(&world, NULL);
		pmem_remove(&world, &pmem);
		world_destroy(&world);
	}
}

/* A touch that fails has done nothing; the next one does it. */
static void touch(void **state)
{
	/* No two of one section. */
	static const mu_pfn_t far[] = {2000, 34000, 106000};

	(void)state;
	for (unsigned altmap = 0; altmap < 2; altmap++) {
		struct mu_page *page;
		struct world world;
		struct pmem pmem;

		pmem_world(&world, "1022M/2", END, 12);
		make(&pmem, altmap);
		pmem.map.lazy = true;
		pmem_register(&world, &pmem);
		for (unsigned i = 0; i < MU_ARRAY_SIZE(far); i++) {
			mu_pfn_t pfn = PFN + far[i];

			fail_at(&world, 0);
			assert_int_equal(mu_device_page(&pmem.map, pfn, &page),
					 MU_ERR_NOMEM);
			assert_int_equal(
				mu_device_page_take(&pmem.map, pfn, &page),
				MU_OK);
			mu_device_page_put(&pmem.map, page);
			world_validate(&world, NULL);
		}
		assert_int_equal(mu_pagemap_stats(&pmem.map).written,
				 3 * MU_BLOCK_PAGES);
		pmem_remove(&world, &pmem);
		world_destroy(&world);
	}
}

/* What a job could not do the next one does, and what it did stays. */
static void finish(void **state)
{
	enum mu_status status = MU_ERR_NOMEM;
	struct world world;
	struct pmem pmem;
	uint64_t written = 0;

	(void)state;
	pmem_world(&world, "1022M/2", END, 12);
	make(&pmem, false);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	pmem_page(&world, PFN + 3)->private_data = 17;
	for (unsigned turn = 0; status != MU_OK; turn++) {
		uint64_t now;

		fail_at(&world, 1);
		status = mu_pagemap_finish(&pmem.map, 1 + turn % 2);
		assert_true(status == MU_OK || status == MU_ERR_NOMEM);
		now = mu_pagemap_stats(&pmem.map).written;
		assert_true(now > written || status == MU_OK);
		written = now;
		world_validate(&world, NULL);
	}
	assert_int_equal(written, mu_pagemap_stats(&pmem.map).descriptors);
	assert_int_equal(pmem_page(&world, PFN + 3)->private_data, 17);
	pmem_remove(&world, &pmem);
	world_destroy(&world);
}

static unsigned no_threads(void *arg, const struct mu_cpumask *cpus,
			   unsigned count, void (*fn)(void *), void *fn_arg)
{
	(void)arg, (void)cpus, (void)count, (void)fn, (void)fn_arg;
	return 0;
}

/* A port that has nothing but memory: no threads, no clock, no unmapping. */
static void bare_port(void **state)
{
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1022M/2", END, 12);
	world.port.run_on = no_threads;
	world.port.clock = NULL;
	world.port.memmap_unmap = NULL;
	for (mu_pfn_t turn = 0; turn < 3; turn++) {
		make(&pmem, false);
		pmem_register(&world, &pmem);
		assert_int_equal(
			pmem_page(&world, PFN + turn * 5000)->private_data, 0);
		pmem_page(&world, PFN + turn * 5000)->private_data = 1;
		world_validate(&world, NULL);
		pmem_remove(&world, &pmem);
	}
	world_destroy(&world);
}

/* ---- Page extensions follow the descriptors ---- */

static struct {
	struct mu_page_ext ext;
	unsigned maps, unmaps, fail_at;
} ext;

static enum mu_status ext_map(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg, (void)start, (void)end;
	return ext.maps++ == ext.fail_at ? MU_ERR_NOMEM : MU_OK;
}

static void ext_unmap(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg;
	ext.unmaps += (unsigned)((end - start) / MU_BLOCK_PAGES);
}

static void extensions(void **state)
{
	const struct mu_limits limits = {.end = END, .ranges = 8};
	static char bytes[4 << 20];
	enum mu_status status;
	unsigned calls = 0;
	struct pmem_mark mark;
	struct world world;
	struct pmem pmem;

	(void)state;
	memset(&ext, 0, sizeof(ext));
	ext.fail_at = UINT32_MAX;
	ext.ext.size = 1;
	ext.ext.base = bytes;
	ext.ext.span = sizeof(bytes);
	ext.ext.map = ext_map;
	ext.ext.unmap = ext_unmap;
	memset(bytes, 0x55, sizeof(bytes));
	world_init_late(&world, "1G/2", MU_POLICY_LAZY, &limits);
	assert_int_equal(mu_mm_add_page_ext(&world.mm, &ext.ext), MU_OK);
	world_start(&world);
	pmem_one(&pmem, "pmem", BASE, 128 * MU_MIB);
	pmem_add(&pmem, BASE + 256 * MU_MIB, 128 * MU_MIB, 1);
	pmem_mark(&world, &mark, BASE, MU_GIB);
	/* Each call in turn; what was mapped before it is unmapped. */
	do {
		unsigned before = ext.maps;

		ext.unmaps = 0;
		ext.fail_at = before + calls++;
		status = mu_pagemap_register(&world.mm.devices, &pmem.map, 1,
					     &world.error);
		if (status == MU_OK)
			break;
		assert_int_equal(status, MU_ERR_NOMEM);
		assert_int_equal(ext.maps - before, calls);
		assert_int_equal(ext.unmaps > 0, calls > 1);
		pmem_check_mark(&world, &mark);
	} while (calls < 1000);
	assert_int_equal(status, MU_OK);
	assert_true(calls > 2);
	ext.unmaps = 0;
	for (mu_pfn_t pfn = PFN; pfn < PFN + MU_SECTION_PAGES; pfn++)
		assert_int_equal(bytes[pfn], 0);
	pmem_remove(&world, &pmem);
	assert_int_equal(ext.unmaps, 2 * MU_SECTION_BLOCKS);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration), cmocka_unit_test(touch),
		cmocka_unit_test(finish),	cmocka_unit_test(bare_port),
		cmocka_unit_test(extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
