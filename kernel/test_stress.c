// SPDX-License-Identifier: MIT
/*
 * All CPUs at once: while memory is being initialised, and afterwards.
 *
 * While helpers run: half of the CPUs allocate and free, the others, and the
 * boot CPU, initialise what is pristine; on all of them the timer interrupts
 * and its handler allocates. Under the deferred policy that is the boot's
 * deferred phase itself. Nothing may be refused that pristine memory could
 * serve, at any moment.
 */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/run.h"
#include "kernel/string.h"
#include "kernel/stress.h"
#include "kernel/tap.h"

/* The most memory that is initialised only for a test. */
#define MOST_BLOCKS 4096u /* 16 GiB */
#define STEPS	    2000u

static struct stress *stresses[MU_MAX_CPUS];
static unsigned stress_order;
static mu_pfn_t stress_pfn;
static _Atomic bool over;

static struct stress *own(void)
{
	return stresses[mu_bare_this_cpu()->id];
}

static uint64_t available_pages(void)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < kernel.mm.buddy.nr_zones; i++)
		pages += kernel.mm.buddy.zones[i].free_pages +
			 kernel.mm.buddy.zones[i].pristine_pages;
	return pages;
}

/* All of it in one piece of 2^order pages. */
static bool make_stresses(void)
{
	unsigned nr = kernel.bare.nr_cpus;
	uint64_t budget = available_pages() / 4 / nr;
	struct stress *all;

	stress_order = 0;
	while (((size_t)PAGE << stress_order) < nr * sizeof(*all))
		stress_order++;
	if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, stress_order, 0,
			   &stress_pfn) != MU_OK)
		return false;
	all = direct(stress_pfn * PAGE);
	for (unsigned i = 0; i < nr; i++) {
		stresses[i] = &all[i];
		stress_init(stresses[i], i, budget);
	}
	return true;
}

static enum result check_stresses(void)
{
	uint64_t allocations = 0, in_interrupts = 0, refused = 0;
	unsigned nr_wrong = 0;

	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++) {
		const struct stress *stress = stresses[i];

		if (stress->wrong)
			log_plain("# CPU %u: %s (0x%lx)", i, stress->wrong,
				  stress->wrong_pfn);
		nr_wrong += stress->wrong != NULL;
		for (unsigned order = 0; order < MU_NR_ORDERS; order++)
			allocations += stress->allocations[order];
		in_interrupts += stress->irq_allocations;
		refused += stress->refused;
	}
	CHECK_OK(mu_free_pages(&kernel.mm.buddy, stress_pfn, stress_order));
	log_plain("# %lu allocations by tasks, %lu in interrupts, %lu refused",
		  allocations, in_interrupts, refused);
	CHECK(!nr_wrong);
	CHECK(allocations);
	CHECK(in_interrupts);
	return TEST_OK;
}

/* Until each CPU that is up was interrupted once. */
static void wait_for_interrupts(void)
{
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		while (mu_bare_is_up(&kernel.bare, i) &&
		       !atomic_load_explicit(&stresses[i]->interrupts,
					     memory_order_relaxed))
			kernel.bare.port.pause(&kernel.bare, 0);
}

static void timer_on(void *arg)
{
	(void)arg;
	stress_timer_on(own());
}

static void timer_off(void *arg)
{
	(void)arg;
	stress_timer_off(own());
}

/* ---- While memory grows ---- */

static void work_until_over(void *arg)
{
	struct stress *stress = own();

	(void)arg;
	/* relaxed: soon enough. */
	do {
		stress_steps(stress, 100);
	} while (!atomic_load_explicit(&over, memory_order_relaxed));
	stress_steps(stress, STEPS);
	stress_end(stress);
}

static void take_blocks(void *arg)
{
	_Atomic uint64_t *taken = arg;

	for (unsigned i = 0; i < MOST_BLOCKS / 8; i += 8)
		*taken += mu_deferred_take(&kernel.mm.deferred,
					   mu_bare_this_cpu()->nid, 8, NULL);
}

/* Initialise what is pristine, all or a good part of it. */
static enum result grow(void)
{
	struct mu_cpumask idle = {{0}};
	_Atomic uint64_t taken = 0;
	struct run run;

	if (kernel.options.policy == MU_POLICY_DEFERRED) {
		finish_memory();
		tell_growth("deferred, while CPUs allocated");
		CHECK(!mu_deferred_stats(&kernel.mm.deferred).pristine_pages);
		return TEST_OK;
	}
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i += 2)
		mu_cpumask_set(&idle, i);
	run_start(&run, &idle, take_blocks, &taken);
	take_blocks(&taken);
	run_wait(&run);
	log_plain("# %lu blocks by helpers", taken);
	return TEST_OK;
}

static enum result allocate_while_growing(void)
{
	struct mu_cpumask odd = {{0}};
	enum result result;
	struct run run;

	CHECK(make_stresses());
	for (unsigned i = 1; i < kernel.bare.nr_cpus; i += 2)
		mu_cpumask_set(&odd, i);
	atomic_store(&over, false);
	run_everywhere(timer_on, NULL);
	wait_for_interrupts();
	run_start(&run, &odd, work_until_over, NULL);
	result = grow();
	atomic_store(&over, true);
	run_wait(&run);
	/* A single CPU has only its interrupts up to here. */
	if (kernel.bare.nr_cpus == 1)
		work_until_over(NULL);
	run_everywhere(timer_off, NULL);
	return result == TEST_OK ? check_stresses() : result;
}

const struct test test_allocate_while_growing = {
	"tasks and interrupts allocate while helpers run",
	allocate_while_growing};

/* ---- When it is there ---- */

static void work(void *arg)
{
	_Atomic uint32_t *begun = arg;
	struct stress *stress = own();

	atomic_fetch_add(begun, 1);
	stress_timer_on(stress);
	stress_steps(stress, STEPS);
	/* Wait for an interrupt, however fast that was. */
	while (!stress->interrupts && !stress->wrong)
		stress_steps(stress, 100);
	stress_end(stress);
	stress_timer_off(stress);
}

static enum result allocate_everywhere(void)
{
	_Atomic uint32_t begun = 0;
	unsigned up = 0;

	CHECK(make_stresses());
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		up += mu_bare_is_up(&kernel.bare, i);
	CHECK(run_everywhere(work, &begun) == up);
	CHECK(begun == up);
	return check_stresses();
}

const struct test test_allocate_everywhere = {
	"all CPUs allocate and free, in interrupts too", allocate_everywhere};
