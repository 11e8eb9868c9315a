// SPDX-License-Identifier: MIT
/*
 * No CPU keeps a mapping that is gone: an address is one page, then none, then
 * another page, on all CPUs, one of which takes no interrupts meanwhile.
 */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/run.h"
#include "kernel/tap.h"
#include "kernel/trap.h"
#include "ports/bare/arch.h"
#include "ports/bare/flush.h"

/* Past the registers of devices. */
#define ADDRESS_OF_IT (DEVICES + MU_GIB)

static _Atomic unsigned wrong, holding;
static _Atomic bool stop;

/* What every CPU should read there; NULL: nothing. */
static void look(void *arg)
{
	const uint64_t *expected = arg;

	if (probe_read(ADDRESS_OF_IT) != (expected != NULL) ||
	    (expected && *(volatile uint64_t *)ADDRESS_OF_IT != *expected))
		atomic_fetch_add(&wrong, 1);
}

/* Has the page in its TLB until @stop; it must be gone then. */
static void hold(void (*pause)(void *arg, unsigned spins))
{
	if (!probe_read(ADDRESS_OF_IT))
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&holding, 1);
	while (!atomic_load(&stop))
		pause(&kernel.bare, 0);
	if (probe_read(ADDRESS_OF_IT))
		atomic_fetch_add(&wrong, 1);
}

static void pause_alone(void *arg, unsigned spins)
{
	(void)arg;
	(void)spins;
	arch_pause();
}

/* One CPU that only interrupts can reach, and one that takes none, but waits as
 * for a lock. */
static void hold_open(void *arg)
{
	(void)arg;
	hold(pause_alone);
}

static void hold_deaf(void *arg)
{
	uintptr_t flags = arch_irq_save();

	(void)arg;
	hold(kernel.bare.port.pause);
	arch_irq_restore(flags);
}

static enum result map(mu_pfn_t pfn)
{
	CHECK_OK(bare_map(&kernel.tables, ADDRESS_OF_IT, pfn * PAGE, PAGE,
			  ARCH_MAP_DATA));
	return TEST_OK;
}

static enum result flush(void)
{
	struct mu_buddy *buddy = &kernel.mm.buddy;
	struct mu_cpumask masks[2] = {{{0}}, {{0}}};
	struct run runs[2];
	mu_pfn_t pfns[2];
	uint64_t words[2];
	unsigned started;

	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(mu_alloc_pages(buddy, MU_NO_NODE, 0, 0, &pfns[i]));
		words[i] = ~pfns[i];
		*(uint64_t *)direct(pfns[i] * PAGE) = words[i];
	}
	CHECK(map(pfns[0]) == TEST_OK);
	run_everywhere(look, &words[0]);

	for (unsigned i = 1; i < 3 && i < kernel.bare.nr_cpus; i++)
		mu_cpumask_set(&masks[i - 1], i);
	atomic_store(&stop, false);
	atomic_store(&holding, 0);
	started = run_start(&runs[0], &masks[0], hold_deaf, NULL);
	started += run_start(&runs[1], &masks[1], hold_open, NULL);
	while (atomic_load(&holding) < started)
		arch_pause();
	bare_unmap(&kernel.tables, ADDRESS_OF_IT, PAGE);
	mu_bare_flush(&kernel.bare);
	atomic_store(&stop, true);
	run_wait(&runs[0]);
	run_wait(&runs[1]);

	run_everywhere(look, NULL);
	CHECK(map(pfns[1]) == TEST_OK);
	run_everywhere(look, &words[1]);
	bare_unmap(&kernel.tables, ADDRESS_OF_IT, PAGE);
	mu_bare_flush(&kernel.bare);
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(mu_free_pages(buddy, pfns[i], 0));
	CHECK(!wrong);
	return TEST_OK;
}

const struct test test_flush = {"a mapping that is gone is gone on every CPU",
				flush};
