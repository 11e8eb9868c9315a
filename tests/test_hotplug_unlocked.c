// SPDX-License-Identifier: MIT
/*
 * Descriptors are written outside of the hotplug lock: while a CPU takes its
 * time for one block, of a device or of added RAM, everybody else registers,
 * looks up, touches, adds, takes away and removes, and waits for nobody.
 */
#include "tests/plug.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pmem.h"

#define FIRST (PLUG_AT / PAGE)
#define OTHER (2 * PLUG_AT)
#define THIRD (3 * PLUG_AT)

/* Of the boot: parts of two blocks, and the one between them. */
#define KEPT	   (17 * MU_MIB)
#define KEPT_BYTES (10 * MU_MIB)
#define PRISTINE   (40 * MU_MIB)

static struct {
	struct world world;
	struct mu_page_ext ext;
	char *bytes;
	/* The block whose initialisation takes its time. */
	mu_pfn_t stop_at;
	_Atomic bool stopped, go_on, done;
	pthread_t thread;
	struct pmem pmem;
	enum mu_status status;
	struct mu_error error;
} slow;

static void slow_init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg, (void)end;
	if (start != slow.stop_at)
		return;
	slow.stopped = true;
	while (!slow.go_on)
		sched_yield();
}

static void up(enum mu_policy policy)
{
	const size_t bytes = MU_TIB / PAGE;

	memset((void *)&slow, 0, sizeof(slow));
	slow.bytes = malloc(bytes);
	assert_non_null(slow.bytes);
	slow.ext.size = 1;
	slow.ext.base = slow.bytes;
	slow.ext.span = bytes;
	slow.ext.init = slow_init;
	slow.stop_at = FIRST + 3 * MU_BLOCK_PAGES;
	plug_init(&slow.world, "2x64M/4", policy);
	assert_int_equal(mu_memblock_reserve(&slow.world.mm.memblock, KEPT,
					     KEPT_BYTES, MU_MEMBLOCK_NONE),
			 MU_OK);
	assert_int_equal(mu_mm_add_page_ext(&slow.world.mm, &slow.ext), MU_OK);
	world_start(&slow.world);
}

#if TEST_ASAN
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#endif

static void down(void)
{
	world_destroy(&slow.world);
#if TEST_ASAN
	__asan_unpoison_memory_region(slow.bytes, MU_TIB / PAGE);
#endif
	free(slow.bytes);
}

static void begin_with(void *(*fn)(void *), void *arg)
{
	assert_int_equal(pthread_create(&slow.thread, NULL, fn, arg), 0);
	while (!slow.stopped)
		sched_yield();
}

static void begin(void *(*fn)(void *))
{
	begin_with(fn, NULL);
}

static void end(void)
{
	/* All of what others did came before. */
	assert_false(slow.done);
	slow.go_on = true;
	pthread_join(slow.thread, NULL);
	if (slow.status != MU_OK)
		fail_msg("%s", slow.error.text);
}

/* Another device, of another node, from the beginning to the end. */
static void a_device(void)
{
	struct world *world = &slow.world;
	struct pmem other;

	pmem_init(&other, "other");
	pmem_add(&other, OTHER, SECTION, 1);
	pmem_add(&other, OTHER + 2 * SECTION, SECTION, 0);
	pmem_register(world, &other);
	assert_int_equal(mu_pagemap_stats(&other.map).written,
			 2 * SECTION / PAGE);
	assert_int_equal(pmem_page(world, OTHER / PAGE)->private_data, 0);
	pmem_remove(world, &other);
}

/* RAM, too; none of it is what the other one is at. */
static void some_ram(void)
{
	struct mu_hotplug *hotplug = &slow.world.mm.hotplug;
	struct mu_error *error = &slow.world.error;
	enum mu_status status = mu_hotplug_add(hotplug, THIRD, SECTION, 1,
					       MU_ONLINE_NO, 0, error);

	assert_int_equal(status, MU_OK);
	assert_int_equal(mu_page_state(&slow.world.mm, THIRD / PAGE),
			 MU_STATE_OFFLINE);
	status = mu_memory_failure(hotplug, THIRD / PAGE + 5, NULL, error);
	assert_int_equal(status, MU_OK);
	status = mu_hotplug_remove(hotplug, THIRD, SECTION, error);
	assert_int_equal(status, MU_OK);
}

/* A block of the boot's. Waits for who claims from the same zone. */
static void a_block_goes(void)
{
	enum mu_status status =
		mu_hotplug_offline(&slow.world.mm.hotplug, 32 * MU_MIB, BLOCK,
				   0, &slow.world.error);
	assert_int_equal(status, MU_OK);
}

static void *enlist(void *arg)
{
	(void)arg;
	mu_hosted_set_cpu(slow.world.hosted, 1);
	slow.status = mu_pagemap_register(&slow.world.mm.devices,
					  &slow.pmem.map, 1, &slow.error);
	slow.done = true;
	return NULL;
}

static void device_is_written(void **state)
{
	struct mu_pagemap *map;
	struct mu_page *page;

	(void)state;
	up(MU_POLICY_LAZY);
	pmem_one(&slow.pmem, "slow", PLUG_AT, SECTION);
	begin(enlist);
	/* It is in the table, and nobody has the lock. */
	assert_int_equal(atomic_load(&slow.world.mm.devices.lock.held), 0);
	a_device();
	some_ram();
	a_block_goes();
	assert_int_equal(mu_hotplug_online(&slow.world.mm.hotplug, 32 * MU_MIB,
					   BLOCK, MU_ONLINE_KERNEL, NULL),
			 MU_OK);
	/* Its own pages can be had, but for those of the one block. */
	map = mu_pagemap_get(&slow.world.mm.devices, FIRST);
	assert_ptr_equal(map, &slow.pmem.map);
	assert_int_equal(mu_device_page(map, FIRST + 9 * MU_BLOCK_PAGES, &page),
			 MU_OK);
	page->private_data = 23;
	/* What is registered cannot be added, meanwhile as ever. */
	assert_int_equal(mu_hotplug_add(&slow.world.mm.hotplug, PLUG_AT,
					SECTION, 0, MU_ONLINE_NO, 0, NULL),
			 MU_ERR_OVERLAP);
	end();
	assert_int_equal(page->private_data, 23);
	assert_int_equal(mu_pagemap_stats(map).written, SECTION / PAGE);
	mu_pagemap_put(map);
	pmem_remove(&slow.world, &slow.pmem);
	down();
}

static void *plug(void *arg)
{
	(void)arg;
	mu_hosted_set_cpu(slow.world.hosted, 1);
	slow.status = mu_hotplug_add(&slow.world.mm.hotplug, PLUG_AT, SECTION,
				     1, MU_ONLINE_KERNEL, 0, &slow.error);
	slow.done = true;
	return NULL;
}

/* Not even those who add RAM, but for who wants all of it initialised. */
static void ram_is_written(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		mu_pfn_t pfn;

		up(i ? MU_POLICY_DEFERRED : MU_POLICY_EAGER);
		assert_int_equal(mu_mm_finish(&slow.world.mm, 1), MU_OK);
		begin(plug);
		assert_int_equal(atomic_load(&slow.world.mm.devices.lock.held),
				 0);
		a_device();
		some_ram();
		a_block_goes();
		/* What is there of it by now can be used. */
		assert_int_equal(
			mu_alloc_pages(&slow.world.mm.buddy, 1, MU_BLOCK_ORDER,
				       MU_ALLOC_THISNODE | MU_ALLOC_RESERVES,
				       &pfn),
			MU_OK);
		assert_int_equal(mu_free_pages(&slow.world.mm.buddy, pfn,
					       MU_BLOCK_ORDER),
				 MU_OK);
		/* It is on its way no more: it came. */
		assert_int_equal(mu_hotplug_online(&slow.world.mm.hotplug,
						   PLUG_AT, BLOCK,
						   MU_ONLINE_KERNEL, NULL),
				 MU_ERR_BUSY);
		end();
		assert_int_equal(plug_state(&slow.world, PLUG_AT + SECTION - 1),
				 MU_STATE_ONLINE);
		down();
	}
}

/* The client is not called under the lock, and may take his time, too. */
static enum mu_status slow_event(void *arg, enum mu_hotplug_event event,
				 const struct mu_hotplug_range *range)
{
	(void)arg, (void)event;
	if (range->start == FIRST)
		slow_init(NULL, slow.stop_at, 0);
	return MU_OK;
}

static void client_is_asked(void **state)
{
	static const struct mu_hotplug_ops ops = {.event = slow_event};

	(void)state;
	up(MU_POLICY_LAZY);
	slow.world.mm.hotplug.ops = &ops;
	begin(plug);
	assert_int_equal(atomic_load(&slow.world.mm.devices.lock.held), 0);
	a_device();
	some_ram();
	a_block_goes();
	end();
	assert_int_equal(plug_state(&slow.world, PLUG_AT), MU_STATE_PRISTINE);
	down();
}

static void *ask_for(void *arg)
{
	mu_pfn_t pfn = *(const mu_phys_t *)arg / PAGE;

	mu_hosted_set_cpu(slow.world.hosted, 1);
	slow.status = mu_init_now(&slow.world.mm, pfn, pfn + 1);
	slow.done = true;
	return NULL;
}

static void *let_go(void *arg)
{
	mu_phys_t base = *(const mu_phys_t *)arg;

	mu_hosted_set_cpu(slow.world.hosted, 1);
	slow.status = mu_free_reserved(&slow.world.mm, base, MU_MIB);
	slow.done = true;
	return NULL;
}

/* Nor for RAM of the boot whose descriptors are not there when they are
 * wanted, pristine or reserved. */
static void boot_is_written(void **state)
{
	static const struct {
		void *(*fn)(void *arg);
		mu_phys_t at;
		bool freed;
	} calls[] = {
		{ask_for, PRISTINE, false},	     {ask_for, KEPT, false},
		{ask_for, KEPT + 3 * MU_MIB, false}, {let_go, KEPT, true},
		{let_go, KEPT + 3 * MU_MIB, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		mu_phys_t at = calls[i].at;
		/* Somebody loses it while it is on its way. */
		mu_pfn_t bad = at / PAGE + 7;
		struct mu_census before, after;

		up(MU_POLICY_LAZY);
		world_validate(&slow.world, &before);
		slow.stop_at = at / PAGE;
		begin_with(calls[i].fn, &at);
		assert_int_equal(atomic_load(&slow.world.mm.devices.lock.held),
				 0);
		a_device();
		some_ram();
		if (at != PRISTINE)
			a_block_goes();
		if (calls[i].freed)
			assert_int_equal(
				mu_memory_failure(&slow.world.mm.hotplug, bad,
						  NULL, NULL),
				MU_OK);
		end();
		world_validate(&slow.world, &after);
		/* What is lost is kept. */
		assert_int_equal(before.reserved - after.reserved,
				 calls[i].freed ? MU_MIB / PAGE - 1 : 0);
		if (calls[i].freed)
			assert_int_equal(mu_page_state(&slow.world.mm, bad),
					 MU_STATE_RESERVED);
		down();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_is_written),
		cmocka_unit_test(ram_is_written),
		cmocka_unit_test(client_is_asked),
		cmocka_unit_test(boot_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
