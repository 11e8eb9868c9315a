// SPDX-License-Identifier: MIT
/*
 * mu_validate() sees what is wrong with device memory: everything that it looks
 * at is broken by itself, named, and mended again.
 */
#include <string.h>

#include "tests/pmem.h"

#define BASE (4 * MU_GIB)
#define PFN  (BASE >> 12)
#define SIZE (256 * MU_MIB)

static struct world world;
/* One is written at once, the other lazily: of its blocks, one. */
static struct pmem whole, lazy;
#define LAZY_PFN (PFN + (SIZE >> 12))

static void up(void)
{
	struct mu_page *page;

	pmem_world(&world, "1G/2", 8 * MU_GIB, 12);
	pmem_init(&whole, "whole");
	pmem_add(&whole, BASE, SIZE / 2, 0);
	pmem_add(&whole, BASE + SIZE / 2, SIZE / 2, 1);
	pmem_register(&world, &whole);
	pmem_init(&lazy, "lazy");
	pmem_add(&lazy, BASE + SIZE, SIZE, 0);
	lazy.map.lazy = true;
	pmem_register(&world, &lazy);
	assert_int_equal(mu_device_page(&lazy.map, LAZY_PFN + 3, &page), MU_OK);
}

static void down(void)
{
	pmem_remove(&world, &lazy);
	pmem_remove(&world, &whole);
	world_destroy(&world);
}

/* Validation fails and says @what; of the devices alone, and of all. */
static void corrupt(const char *what)
{
	struct mu_error error = {.text = ""};

	assert_int_equal(mu_devices_validate(&world.mm.devices, NULL, &error),
			 MU_ERR_CORRUPT);
	if (!strstr(error.text, what))
		fail_msg("'%s' is not in '%s'", what, error.text);
	assert_int_equal(mu_validate(&world.mm, NULL, NULL), MU_ERR_CORRUPT);
}

/* Validation succeeds, and counts all of it. */
static void sound(void)
{
	uint64_t pages = 0;

	assert_int_equal(mu_devices_validate(&world.mm.devices, &pages, NULL),
			 MU_OK);
	assert_int_equal(pages, 2 * SIZE >> 12);
	world_validate(&world, NULL);
}

static void descriptors(void **state)
{
	struct mu_page *page, *first, was;

	(void)state;
	up();
	sound();
	page = mu_pfn_to_page(&world.mm.memmap, PFN + 777);
	first = mu_pfn_to_page(&world.mm.memmap, PFN);
	memcpy(&was, page, sizeof(was));
	/* Another kind, order, or owner. */
	page->order = 3;
	corrupt("descriptor 0x100309 of its memmap: is not as it was written");
	memcpy(page, &was, sizeof(was));
	sound();
	memset(page, 0, sizeof(*page));
	corrupt("whole: 0x100000000-0x107ffffff: ");
	memcpy(page, &was, sizeof(was));
	sound();
	memcpy(page, mu_pfn_to_page(&world.mm.memmap, LAZY_PFN + 3),
	       sizeof(was));
	corrupt("0x100309");
	memcpy(page, &was, sizeof(was));
	sound();
	/* In use, and nobody holds the pagemap for it. */
	atomic_store(&first->refcount, 1);
	corrupt("whole: 1 pages are in use, but it is held 0 times");
	atomic_store(&first->refcount, 0);
	sound();
	down();
}

static void counters(void **state)
{
	(void)state;
	up();
	atomic_fetch_add(&lazy.map.written, 1);
	corrupt("lazy: 1025 descriptors were written, the walk found 1024");
	atomic_fetch_sub(&lazy.map.written, 2);
	corrupt("lazy: 1023 descriptors were written, the walk found 1024");
	atomic_fetch_add(&lazy.map.written, 1);
	sound();
	down();
}

/* Masks of the section that @block of @map is in: shared is the first and last
 * block's, so a range that begins in the middle of one has them there. */
static void claims(void **state)
{
	struct pmem odd;
	struct mu_page *page;

	(void)state;
	up();
	/* Begins and ends in the middle of a block. */
	pmem_init(&odd, "odd");
	pmem_add(&odd, BASE + 2 * SIZE + 2 * MU_MIB, 8 * MU_MIB, 0);
	odd.map.lazy = true;
	pmem_register(&world, &odd);
	world_validate(&world, NULL);
	/* Claimed, and not ready: nobody would ever come to finish it. */
	atomic_store(&odd.ranges[0].shared.claimed, 1);
	corrupt("odd: 0x120200000-0x1209fffff: descriptor 0x120000 of its "
		"memmap: busy for ever");
	atomic_store(&odd.ranges[0].shared.claimed, 2);
	corrupt("busy for ever");
	/* Ready, and the descriptors have no memory. */
	atomic_store(&odd.ranges[0].shared.claimed, 1);
	atomic_store(&odd.ranges[0].shared.ready, 1);
	if (mu_memmap_is_backed(&world.mm.memmap, PFN + 0x20000))
		corrupt("is not as it was written");
	else
		corrupt("ready, but not backed");
	atomic_store(&odd.ranges[0].shared.claimed, 0);
	atomic_store(&odd.ranges[0].shared.ready, 0);
	world_validate(&world, NULL);
	assert_int_equal(
		mu_device_page(&odd.map, odd.ranges[0].start + 1, &page),
		MU_OK);
	world_validate(&world, NULL);
	pmem_remove(&world, &odd);
	down();
}

/* With huge pages descriptors end before the range does: nobody may write those
 * behind them. */
static void behind_the_last(void **state)
{
	struct pmem huge;

	(void)state;
	up();
	pmem_init(&huge, "huge");
	pmem_add(&huge, BASE + 2 * SIZE, 64 * MU_MIB + 2 * MU_MIB, 0);
	huge.map.order = MU_HUGE_ORDER;
	huge.map.lazy = true;
	pmem_register(&world, &huge);
	world_validate(&world, NULL);
	/* Its last block, which is shared. */
	atomic_store(&huge.ranges[0].shared.claimed, 2);
	atomic_store(&huge.ranges[0].shared.ready, 2);
	corrupt("nobody may write it");
	atomic_store(&huge.ranges[0].shared.claimed, 0);
	atomic_store(&huge.ranges[0].shared.ready, 0);
	world_validate(&world, NULL);
	pmem_remove(&world, &huge);
	down();
}

/* The lines of the current table. */
static void table(void **state)
{
	struct mu_devices *devices = &world.mm.devices;
	struct mu_device_entry *lines;
	struct mu_device_slot *slot;
	uint64_t was;

	(void)state;
	up();
	assert_int_equal(devices->nr[devices->version & 1], 3);
	lines = devices->tables[devices->version & 1];
	for (unsigned i = 0; i < 3; i++) {
		was = lines[i].start;
		lines[i].start = lines[i].end;
		corrupt("is not in order");
		lines[i].start = was + 512;
		corrupt("is of no pagemap");
		lines[i].start = was;
		was = lines[i].end;
		lines[i].end = was - 512;
		corrupt("is of no pagemap");
		lines[i].end = was;
		/* A range that its pagemap does not have. */
		was = lines[i].who;
		lines[i].who = was + 2;
		corrupt("is of no pagemap");
		lines[i].who = was;
		sound();
	}
	/* Before the end of the one before. */
	was = lines[1].start;
	lines[1].start = lines[0].start;
	corrupt("devices: line 1 of the table, pfns 0x100000 to 0x110000, is "
		"not in order");
	lines[1].start = was;
	/* A slot without a pagemap, and with one that has another slot. */
	slot = whole.map.slot;
	slot->map = NULL;
	corrupt("is of no pagemap");
	slot->map = &lazy.map;
	corrupt("is of no pagemap");
	slot->map = &whole.map;
	sound();
	down();
}

/* Memory that became RAM behind a device's back. */
static void under_ram(void **state)
{
	struct mu_memblock *memblock = &world.mm.memblock;

	(void)state;
	up();
	assert_int_equal(mu_memblock_add(memblock, BASE + SIZE / 4, MU_MIB),
			 MU_OK);
	corrupt("whole");
	assert_int_equal(mu_memblock_remove(memblock, BASE + SIZE / 4, MU_MIB),
			 MU_OK);
	sound();
	down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors),
		cmocka_unit_test(counters),
		cmocka_unit_test(claims),
		cmocka_unit_test(behind_the_last),
		cmocka_unit_test(table),
		cmocka_unit_test(under_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
