// SPDX-License-Identifier: MIT
/*
 * Device memory: registered, found, touched, used, removed.
 */
#include <pthread.h>
#include <string.h>

#include "tests/pmem.h"

#define BASE (4 * MU_GIB)
#define PFN  (BASE >> MU_PAGE_SHIFT_MIN)

/* What the descriptor of a page that nobody touched must be. */
static void check_fresh(const struct mu_page *page, unsigned order)
{
	assert_int_equal(mu_page_kind(page), MU_PAGE_DEVICE);
	assert_int_equal(page->order, order);
	assert_int_equal(page->refcount, 0);
	assert_int_equal(page->private_data, 0);
}

static void eager(void **state)
{
	struct pmem_mark mark;
	struct world world;
	struct pmem pmem;
	struct mu_census census;
	const mu_phys_t size = 300 * MU_MIB;
	const uint64_t pages = size >> MU_PAGE_SHIFT_MIN;
	struct mu_pagemap_stats stats;

	(void)state;
	pmem_world(&world, "1G/2", 8 * MU_GIB, 12);
	pmem_one(&pmem, "pmem0", BASE, size);
	pmem_mark(&world, &mark, BASE, size);
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_ABSENT);
	pmem_register(&world, &pmem);
	stats = mu_pagemap_stats(&pmem.map);
	assert_int_equal(stats.pages, pages);
	assert_int_equal(stats.descriptors, pages);
	assert_int_equal(stats.written, pages);
	assert_int_equal(stats.reserved, 0);
	assert_true(stats.backed >= pages * sizeof(struct mu_page));
	assert_int_equal(stats.hosted, 0);
	for (mu_pfn_t pfn = PFN; pfn < PFN + pages; pfn++) {
		struct mu_page *page;

		assert_true(mu_device_is_ready(&pmem.map, pfn));
		assert_int_equal(mu_device_page(&pmem.map, pfn, &page), MU_OK);
		assert_ptr_equal(page, mu_pfn_to_page(&world.mm.memmap, pfn));
		check_fresh(page, 0);
		assert_int_equal(mu_device_page_pfn(&pmem.map, page), pfn);
	}
	assert_false(mu_memmap_online(&world.mm.memmap, PFN));
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_DEVICE);
	assert_int_equal(mu_page_state(&world.mm, PFN + pages - 1),
			 MU_STATE_DEVICE);
	assert_int_equal(mu_page_state(&world.mm, PFN + pages),
			 MU_STATE_ABSENT);
	assert_string_equal(mu_page_state_str(MU_STATE_DEVICE), "device");
	world_validate(&world, &census);
	assert_int_equal(census.device, pages);
	assert_int_equal(census.hole, mark.census.hole - pages);
	assert_null(mu_pagemap_get(&world.mm.devices, PFN - 1));
	assert_null(mu_pagemap_get(&world.mm.devices, PFN + pages));
	assert_ptr_equal(mu_device_page_map(&world.mm.devices,
					    pmem_page(&world, PFN + 7)),
			 &pmem.map);
	pmem_remove(&world, &pmem);
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_ABSENT);
	pmem_check_mark(&world, &mark);
	/* And again: nothing of the first life is left. */
	pmem_register(&world, &pmem);
	check_fresh(pmem_page(&world, PFN), 0);
	pmem_remove(&world, &pmem);
	pmem_check_mark(&world, &mark);
	world_destroy(&world);
}

static void lazy(void **state)
{
	struct world world;
	struct pmem pmem;
	struct mu_page *page;

	(void)state;
	pmem_world(&world, "1G/2", 64 * MU_TIB, 12);
	pmem_one(&pmem, "pmem0", BASE, 16 * MU_TIB);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_pagemap_stats(&pmem.map).written, 0);
	assert_int_equal(mu_pagemap_stats(&pmem.map).backed, 0);
	assert_false(mu_device_is_ready(&pmem.map, PFN + 5000));
	page = pmem_page(&world, PFN + 5000);
	check_fresh(page, 0);
	assert_int_equal(mu_pagemap_stats(&pmem.map).written, MU_BLOCK_PAGES);
	assert_true(mu_device_is_ready(&pmem.map, PFN + 4096));
	assert_false(mu_device_is_ready(&pmem.map, PFN + 4095));
	/* The far end. */
	check_fresh(pmem_page(&world, PFN + (16 * MU_TIB >> 12) - 1), 0);
	world_validate(&world, NULL);
	pmem_remove(&world, &pmem);

	/* Finishing writes the rest and nothing twice. */
	pmem_one(&pmem, "pmem1", BASE, MU_GIB);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	page = pmem_page(&world, PFN + 5000);
	page->private_data = 0x1234;
	assert_int_equal(mu_pagemap_finish(&pmem.map, 0), MU_OK);
	assert_int_equal(mu_pagemap_stats(&pmem.map).written, MU_GIB >> 12);
	assert_int_equal(page->private_data, 0x1234);
	check_fresh(page + 1, 0);
	assert_int_equal(mu_pagemap_finish(&pmem.map, 1), MU_OK);
	assert_int_equal(mu_pagemap_stats(&pmem.map).written, MU_GIB >> 12);
	pmem_remove(&world, &pmem);
	world_destroy(&world);
}

static void compound(void **state)
{
	static const struct {
		unsigned order;
		mu_phys_t most; /* bytes of memmap for 1 TiB */
	} kinds[] = {{MU_HUGE_ORDER, 16 * MU_MIB}, {MU_GIGANTIC_ORDER, MU_MIB}};

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const mu_pfn_t inside = (mu_pfn_t)1 << kinds[k].order;
		struct pmem_mark mark;
		struct world world;
		struct pmem pmem;
		struct mu_pagemap_stats stats;

		pmem_world(&world, "1G/2", 8 * MU_TIB, 12);
		pmem_one(&pmem, "dax0", BASE, MU_TIB);
		pmem.map.order = kinds[k].order;
		pmem_mark(&world, &mark, BASE, MU_TIB);
		pmem_register(&world, &pmem);
		stats = mu_pagemap_stats(&pmem.map);
		assert_int_equal(stats.descriptors, (MU_TIB >> 12) / inside);
		assert_int_equal(stats.written, stats.descriptors);
		assert_true(stats.backed <= kinds[k].most);
		for (mu_pfn_t n = 0; n < stats.descriptors; n += 7) {
			mu_pfn_t head = PFN + n * inside;
			struct mu_page *page = pmem_page(&world, head);

			check_fresh(page, kinds[k].order);
			assert_ptr_equal(pmem_page(&world, head + 1), page);
			assert_ptr_equal(pmem_page(&world, head + inside - 1),
					 page);
			assert_int_equal(mu_device_page_pfn(&pmem.map, page),
					 head);
		}
		world_validate(&world, NULL);
		pmem_remove(&world, &pmem);
		pmem_check_mark(&world, &mark);
		world_destroy(&world);
	}
}

/*
 * 4 MiB blocks that RAM and two devices have parts of: RAM ends 2 MiB into one;
 * two devices share one; in another there is one device alone.
 */
static void shared_blocks(void **state)
{
	const mu_phys_t ram = 2 * MU_GIB - 2 * MU_MIB;
	const mu_pfn_t ram_end = ram >> 12;
	struct pmem_mark mark, before;
	struct mu_page *page;
	struct pmem a, b;
	struct world world;
	mu_pfn_t last;

	(void)state;
	pmem_world(&world, "2046M/2", 8 * MU_GIB, 12);
	pmem_mark(&world, &before, ram, 64 * MU_MIB);
	pmem_one(&a, "a", ram, 4 * MU_MIB);
	pmem_one(&b, "b", ram + 4 * MU_MIB, 8 * MU_MIB);
	a.map.lazy = b.map.lazy = true;
	pmem_register(&world, &a);
	pmem_mark(&world, &mark, ram + 8 * MU_MIB, 64 * MU_MIB);
	pmem_register(&world, &b);
	/* RAM's last page and the device's first are neighbours. */
	last = ram_end - 1;
	assert_int_equal(mu_page_state(&world.mm, last), MU_STATE_ONLINE);
	assert_int_equal(mu_page_state(&world.mm, last + 1), MU_STATE_DEVICE);
	page = pmem_page(&world, ram_end);
	check_fresh(page, 0);
	assert_int_equal(mu_pagemap_stats(&a.map).written, 512);
	assert_true(mu_memmap_online(&world.mm.memmap, last));
	assert_false(mu_memmap_online(&world.mm.memmap, ram_end));
	/* a's and b's halves of one block come apart from one another. */
	assert_false(mu_device_is_ready(&a.map, ram_end + 512));
	page = pmem_page(&world, ram_end + 1024);
	check_fresh(page, 0);
	assert_int_equal(mu_pagemap_stats(&b.map).written, 512);
	page->private_data = 99;
	check_fresh(pmem_page(&world, ram_end + 1023), 0);
	assert_int_equal(mu_pagemap_stats(&a.map).written, 1024);
	assert_int_equal(page->private_data, 99);
	/* b's last block is its alone, but not all of it. */
	check_fresh(pmem_page(&world, ram_end + 3071), 0);
	world_validate(&world, NULL);
	/* a goes; b's part of the block stays, and RAM its. */
	pmem_remove(&world, &a);
	assert_int_equal(page->private_data, 99);
	assert_true(mu_device_is_ready(&b.map, ram_end + 1024));
	assert_true(mu_memmap_is_backed(&world.mm.memmap, ram_end - 512));
	pmem_register(&world, &a);
	assert_int_equal(mu_pagemap_finish(&a.map, 1), MU_OK);
	assert_int_equal(page->private_data, 99);
	check_fresh(pmem_page(&world, ram_end + 1023), 0);
	pmem_remove(&world, &b);
	assert_true(mu_device_is_ready(&a.map, ram_end + 1023));
	world_validate(&world, NULL);
	pmem_remove(&world, &a);
	if (world_backing() == MU_BACK_BLOCK)
		pmem_check_mark(&world, &before);
	world_destroy(&world);
}

/* Pages of other sizes, in a hole. */
static void page_sizes(void **state)
{
	(void)state;
	for (unsigned shift = 14; shift <= MU_PAGE_SHIFT_MAX; shift += 2) {
		const mu_pfn_t pfn = (16 * MU_GIB + 34 * MU_MIB) >> shift;
		const uint64_t pages = 6 * MU_GIB >> shift;
		struct mu_census census;
		struct world world;
		struct pmem pmem;

		pmem_world(&world, "8G@0+8G@64G", 0x1000, shift);
		/* Ends within blocks on both sides. */
		pmem_one(&pmem, "pmem", pfn << shift, 6 * MU_GIB);
		pmem_register(&world, &pmem);
		for (mu_pfn_t at = pfn; at < pfn + pages; at += 31)
			check_fresh(pmem_page(&world, at), 0);
		world_validate(&world, &census);
		assert_int_equal(census.device, pages);
		assert_int_equal(mu_pagemap_stats(&pmem.map).written, pages);
		pmem_remove(&world, &pmem);
		world_destroy(&world);
	}
}

static void use(void **state)
{
	struct world world;
	struct pmem pmem;
	struct mu_page *page, *same;

	(void)state;
	pmem_world(&world, "1G/2", 8 * MU_GIB, 12);
	pmem_one(&pmem, "gpu", BASE, 64 * MU_MIB);
	pmem.map.type = MU_DEVICE_PRIVATE;
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_device_page_take(&pmem.map, PFN + 3, &page), MU_OK);
	assert_int_equal(page->refcount, 1);
	assert_int_equal(mu_device_page_take(&pmem.map, PFN + 3, &same),
			 MU_ERR_BUSY);
	assert_true(mu_device_page_get(page));
	assert_false(mu_device_page_get(page + 1));
	/* Refused, by name and number, and nothing has changed. */
	assert_int_equal(mu_pagemap_try_remove(&pmem.map, &world.error),
			 MU_ERR_BUSY);
	assert_non_null(strstr(world.error.text, "gpu"));
	assert_non_null(strstr(world.error.text, "1 reference"));
	assert_ptr_equal(pmem_page(&world, PFN + 3), page);
	world_validate(&world, NULL);
	mu_device_page_put(&pmem.map, page);
	assert_int_equal(pmem.freed, 0);
	mu_device_page_put(&pmem.map, page);
	assert_int_equal(pmem.freed, 1);
	assert_int_equal(pmem.last_freed, PFN + 3);
	assert_int_equal(mu_device_page_take(&pmem.map, PFN - 1, &page),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(mu_pagemap_try_remove(&pmem.map, NULL), MU_OK);

	/* A compound page is one page. */
	pmem_one(&pmem, "dax", BASE, 64 * MU_MIB);
	pmem.map.order = MU_HUGE_ORDER;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_device_page_take(&pmem.map, PFN + 777, &page),
			 MU_OK);
	assert_int_equal(mu_device_page_take(&pmem.map, PFN + 512, &same),
			 MU_ERR_BUSY);
	mu_device_page_put(&pmem.map, page);
	assert_int_equal(pmem.last_freed, PFN + 512);
	pmem_remove(&world, &pmem);
	world_destroy(&world);
}

static void failure(void **state)
{
	static const struct mu_device_ops none = {.page_free = NULL};
	struct world world;
	struct mu_devices *devices = &world.mm.devices;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "1G/2", 8 * MU_GIB, 12);
	pmem_init(&pmem, "pmem");
	pmem_add(&pmem, BASE, 64 * MU_MIB, 0);
	pmem_add(&pmem, BASE + 64 * MU_MIB, 64 * MU_MIB, 1);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_device_memory_failure(devices, PFN + 9, 3),
			 MU_ERR_CORRUPT);
	assert_int_equal(pmem.failures, 1);
	assert_int_equal(pmem.failed_pfn, PFN + 9);
	assert_int_equal(pmem.failed_pages, 3);
	assert_int_equal(mu_device_memory_failure(devices, PFN - 1, 3),
			 MU_ERR_NOT_FOUND);
	/* Across two ranges. */
	assert_int_equal(mu_device_memory_failure(devices, PFN + 16383, 2),
			 MU_ERR_NOT_FOUND);
	assert_int_equal(mu_device_memory_failure(devices, PFN, 0),
			 MU_ERR_RANGE);
	assert_int_equal(pmem.failures, 1);
	pmem_remove(&world, &pmem);
	pmem.map.ops = &none;
	pmem_register(&world, &pmem);
	assert_int_equal(mu_device_memory_failure(devices, PFN, 1),
			 MU_ERR_UNSUPPORTED);
	assert_int_equal(mu_pagemap_try_remove(&pmem.map, NULL), MU_OK);
	world_destroy(&world);
}

static void *remover(void *arg)
{
	struct mu_pagemap *map = arg;
	enum mu_status status = mu_pagemap_remove(map, NULL);

	return status == MU_OK ? map : NULL;
}

/* Removal waits for a reference and for a page in use, and for no more. */
static void kill_and_wait(void **state)
{
	struct mu_pagemap *held;
	struct mu_page *page;
	struct world world;
	struct pmem pmem;
	pthread_t thread;
	void *done = NULL;

	(void)state;
	pmem_world(&world, "1G/2", 8 * MU_GIB, 12);
	pmem_one(&pmem, "pmem", BASE, 64 * MU_MIB);
	pmem.map.lazy = true;
	pmem_register(&world, &pmem);
	held = mu_pagemap_get(&world.mm.devices, PFN);
	assert_ptr_equal(held, &pmem.map);
	assert_int_equal(mu_device_page_take(held, PFN + 1, &page), MU_OK);
	mu_pagemap_kill(&pmem.map);
	mu_pagemap_kill(&pmem.map);
	assert_null(mu_pagemap_get(&world.mm.devices, PFN));
	/* It is still there, and holders of references go on. */
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_DEVICE);
	assert_int_equal(mu_device_page(held, PFN + 8000, &page), MU_OK);
	assert_int_equal(mu_device_page(held, PFN + 1, &page), MU_OK);
	assert_int_equal(mu_pagemap_try_remove(&pmem.map, NULL), MU_ERR_BUSY);
	assert_int_equal(pthread_create(&thread, NULL, remover, &pmem.map), 0);
	while (atomic_load(&pmem.map.state) == 2)
		mu_hosted_port(world.hosted)->pause(world.hosted, 100);
	assert_int_equal(mu_pagemap_remove(&pmem.map, &world.error),
			 MU_ERR_BUSY);
	mu_pagemap_put(held);
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_DEVICE);
	mu_device_page_put(&pmem.map, page);
	assert_int_equal(pthread_join(thread, &done), 0);
	assert_ptr_equal(done, &pmem.map);
	assert_int_equal(mu_page_state(&world.mm, PFN), MU_STATE_ABSENT);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eager),      cmocka_unit_test(lazy),
		cmocka_unit_test(compound),   cmocka_unit_test(shared_blocks),
		cmocka_unit_test(page_sizes), cmocka_unit_test(use),
		cmocka_unit_test(failure),    cmocka_unit_test(kill_and_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
