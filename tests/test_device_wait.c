// SPDX-License-Identifier: MIT
/*
 * Who writes a descriptor, and who waits for whom: a reader for the one CPU
 * that has its block, and for nobody else; a handler for nobody.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pmem.h"

#define BASE  (4 * MU_GIB)
#define END   (16 * MU_GIB)
#define PFN   (BASE >> MU_PAGE_SHIFT_MIN)
#define BLOCK MU_BLOCK_PAGES

/* ---- A block that takes as long as the test wants ---- */

/* A page extension whose init() stops at one block until it may go on. */
static struct {
	struct world world;
	struct pmem pmem;
	struct mu_page_ext ext;
	mu_pfn_t stop_at;
	_Atomic bool stopped, go_on;
	_Atomic unsigned waiting;
	char *bytes;
} gate;

static void gated_init(void *arg, mu_pfn_t start, mu_pfn_t end)
{
	(void)arg, (void)end;
	if (start != gate.stop_at)
		return;
	gate.stopped = true;
	while (!gate.go_on)
		world_hosted_hook(gate.world.hosted)
			->pause(gate.world.hosted, 100);
}

/* Called by CPUs that wait for another. */
static void counted_pause(void *arg, unsigned spins)
{
	gate.waiting++;
	world_hosted_hook(arg)->pause(arg, spins + 100);
}

static void gate_up(void)
{
	const struct mu_limits limits = {.end = END, .ranges = 8};
	const size_t bytes = END >> MU_PAGE_SHIFT_MIN;

	memset((void *)&gate, 0, sizeof(gate));
	gate.bytes = malloc(bytes);
	assert_non_null(gate.bytes);
	gate.stop_at = PFN + BLOCK;
	gate.ext.size = 1;
	gate.ext.base = gate.bytes;
	gate.ext.span = bytes;
	gate.ext.init = gated_init;
	world_init_late(&gate.world, "1G/4", MU_POLICY_LAZY, &limits);
	assert_int_equal(mu_mm_add_page_ext(&gate.world.mm, &gate.ext), MU_OK);
	world_start(&gate.world);
	gate.world.port.pause = counted_pause;
	pmem_one(&gate.pmem, "pmem", BASE, 64 * MU_MIB);
	gate.pmem.map.lazy = true;
	pmem_register(&gate.world, &gate.pmem);
}

#if TEST_ASAN
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#endif

static void gate_down(void)
{
	pmem_remove(&gate.world, &gate.pmem);
	world_destroy(&gate.world);
#if TEST_ASAN
	__asan_unpoison_memory_region(gate.bytes, END >> MU_PAGE_SHIFT_MIN);
#endif
	free(gate.bytes);
}

struct toucher {
	pthread_t thread;
	unsigned cpu;
	mu_pfn_t pfn;
	_Atomic bool done;
	enum mu_status status;
	struct mu_page *page;
};

static void *touch(void *arg)
{
	struct toucher *toucher = arg;

	mu_hosted_set_cpu(gate.world.hosted, toucher->cpu);
	toucher->status =
		mu_device_page(&gate.pmem.map, toucher->pfn, &toucher->page);
	toucher->done = true;
	return NULL;
}

static void start(struct toucher *toucher, unsigned cpu, mu_pfn_t pfn)
{
	*toucher = (struct toucher){.cpu = cpu, .pfn = pfn};
	assert_int_equal(pthread_create(&toucher->thread, NULL, touch, toucher),
			 0);
}

static void wait_for(_Atomic bool *word)
{
	while (!*word)
		world_hosted_hook(gate.world.hosted)
			->pause(gate.world.hosted, 100);
}

static void reader_waits_for_its_block(void **state)
{
	struct toucher writer, reader;
	struct mu_page *page;

	(void)state;
	gate_up();
	start(&writer, 1, PFN + BLOCK + 5);
	wait_for(&gate.stopped);
	assert_false(mu_device_is_ready(&gate.pmem.map, PFN + BLOCK + 5));
	gate.waiting = 0;
	start(&reader, 2, PFN + BLOCK + 700);
	/* It comes to wait, and stays. */
	while (gate.waiting < 10)
		world_hosted_hook(gate.world.hosted)
			->pause(gate.world.hosted, 100);
	assert_false(reader.done || writer.done);
	/* All other blocks are nobody's wait. */
	assert_int_equal(mu_device_page(&gate.pmem.map, PFN, &page), MU_OK);
	assert_int_equal(mu_device_page(&gate.pmem.map, PFN + 2 * BLOCK, &page),
			 MU_OK);
	assert_false(reader.done || writer.done);
	gate.go_on = true;
	pthread_join(writer.thread, NULL);
	pthread_join(reader.thread, NULL);
	assert_int_equal(writer.status, MU_OK);
	assert_int_equal(reader.status, MU_OK);
	assert_ptr_equal(reader.page, writer.page + 695);
	assert_int_equal(mu_pagemap_stats(&gate.pmem.map).written, 3 * BLOCK);
	gate_down();
}

static void *finish(void *arg)
{
	struct toucher *toucher = arg;

	mu_hosted_set_cpu(gate.world.hosted, toucher->cpu);
	toucher->status = mu_pagemap_finish(&gate.pmem.map, 1);
	toucher->done = true;
	return NULL;
}

/* A job that is stopped in one block: readers take the blocks that it would
 * have written later, and it does not write these again. */
static void reader_takes_from_the_job(void **state)
{
	struct toucher job = {.cpu = 1};
	struct mu_page *page;

	(void)state;
	gate_up();
	assert_int_equal(pthread_create(&job.thread, NULL, finish, &job), 0);
	wait_for(&gate.stopped);
	assert_int_equal(mu_device_page(&gate.pmem.map, PFN + 9 * BLOCK, &page),
			 MU_OK);
	page->private_data = 42;
	assert_false(job.done);
	gate.go_on = true;
	pthread_join(job.thread, NULL);
	assert_int_equal(job.status, MU_OK);
	assert_int_equal(page->private_data, 42);
	assert_int_equal(mu_pagemap_stats(&gate.pmem.map).written, 16 * BLOCK);
	gate_down();
}

/* A job waits for what a reader has in hand: it returns when all is ready. */
static void job_waits_for_the_reader(void **state)
{
	struct toucher reader, job = {.cpu = 2};

	(void)state;
	gate_up();
	start(&reader, 1, PFN + BLOCK);
	wait_for(&gate.stopped);
	gate.waiting = 0;
	assert_int_equal(pthread_create(&job.thread, NULL, finish, &job), 0);
	while (gate.waiting < 10)
		world_hosted_hook(gate.world.hosted)
			->pause(gate.world.hosted, 100);
	assert_false(job.done);
	assert_int_equal(mu_pagemap_stats(&gate.pmem.map).written, 15 * BLOCK);
	gate.go_on = true;
	pthread_join(reader.thread, NULL);
	pthread_join(job.thread, NULL);
	assert_int_equal(job.status, MU_OK);
	gate_down();
}

/* ---- Interrupts ---- */

static struct {
	struct pmem pmem;
	int depth; /* of irq_save */
	bool in_handler;
	unsigned handled;
	mu_pfn_t pfn; /* that the handler looks at */
} irq;

static uintptr_t irq_save(void *arg)
{
	(void)arg;
	irq.depth++;
	return 0;
}

/* A handler comes whenever it may, and wants the same block. */
static void irq_restore(void *arg, uintptr_t flags)
{
	struct mu_page *page;

	(void)arg, (void)flags;
	if (--irq.depth || irq.in_handler)
		return;
	irq.in_handler = true;
	if (mu_device_page(&irq.pmem.map, irq.pfn, &page) == MU_OK)
		irq.handled++;
	irq.in_handler = false;
}

/* At every moment at which interrupts are on a handler finds the block pristine
 * or ready; were they on while it is busy, this would never end. */
static void handler_never_waits(void **state)
{
	struct world world;

	(void)state;
	memset((void *)&irq, 0, sizeof(irq));
	pmem_world(&world, "1G", END, 12);
	pmem_one(&irq.pmem, "pmem", BASE, 64 * MU_MIB);
	irq.pmem.map.lazy = true;
	pmem_register(&world, &irq.pmem);
	world.port.irq_save = irq_save;
	world.port.irq_restore = irq_restore;
	for (irq.pfn = PFN; irq.pfn < PFN + 16 * BLOCK; irq.pfn += BLOCK) {
		struct mu_page *page;

		assert_int_equal(
			mu_device_page(&irq.pmem.map, irq.pfn + 1, &page),
			MU_OK);
		assert_int_equal(page->private_data, 0);
	}
	assert_true(irq.handled >= 16);
	assert_int_equal(irq.depth, 0);
	assert_int_equal(mu_pagemap_stats(&irq.pmem.map).written, 16 * BLOCK);
	irq.in_handler = true;
	pmem_remove(&world, &irq.pmem);
	world_destroy(&world);
}

/* ---- Nodes ---- */

static mu_pfn_t first_mapped;

static enum mu_status note_map(void *arg, mu_pfn_t *start, mu_pfn_t *end)
{
	if (!first_mapped)
		first_mapped = *start;
	return world_hosted_hook(arg)->memmap_map(arg, start, end);
}

/* A thread begins with the range that is near. */
static void own_node_first(void **state)
{
	struct world world;
	struct pmem pmem;

	(void)state;
	pmem_world(&world, "2x1G/2", END, 12);
	world.port.memmap_map = note_map;
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		mu_hosted_set_cpu(world.hosted, cpu);
		pmem_init(&pmem, "pmem");
		pmem_add(&pmem, BASE, MU_GIB, 0);
		pmem_add(&pmem, BASE + MU_GIB, MU_GIB, 1);
		first_mapped = 0;
		assert_int_equal(mu_pagemap_register(&world.mm.devices,
						     &pmem.map, 1, NULL),
				 MU_OK);
		assert_int_equal(first_mapped, PFN + cpu * (MU_GIB >> 12));
		assert_int_equal(mu_pagemap_stats(&pmem.map).written,
				 2 * MU_GIB >> 12);
		pmem_remove(&world, &pmem);
	}
	mu_hosted_set_cpu(world.hosted, 0);
	world_destroy(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_waits_for_its_block),
		cmocka_unit_test(reader_takes_from_the_job),
		cmocka_unit_test(job_waits_for_the_reader),
		cmocka_unit_test(handler_never_waits),
		cmocka_unit_test(own_node_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
