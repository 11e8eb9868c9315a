// SPDX-License-Identifier: MIT
/*
 * Interrupts: signals to threads that claim, whose handler allocates and frees.
 *
 * A thread turns them off with a flag; a signal that comes meanwhile is handled
 * when they are turned on again. The handler may come between any two
 * instructions of the library where that has interrupts on. (ThreadSanitizer
 * delivers signals only where the program calls the C library.)
 */
#include "tests/world.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"

#define VICTIMS 2

/* What the handler of one thread needs. Only that thread. */
struct cpu {
	struct world *world;
	volatile sig_atomic_t off, pending, handling;
	unsigned order; /* that its handler allocates; orders by turns if
			   it is MU_NR_ORDERS */
	unsigned handled, refused, wrong, late;
	mu_pfn_t held; /* from one interrupt to the next */
	unsigned held_order;
};

static _Thread_local struct cpu *this_cpu;

static void interrupt(struct cpu *cpu)
{
	struct mu_buddy *buddy = &cpu->world->mm.buddy;
	unsigned order = cpu->order < MU_NR_ORDERS
				 ? cpu->order
				 : cpu->handled % MU_NR_ORDERS;

	cpu->handling = 1;
	cpu->handled++;
	if (cpu->held != MU_NO_PFN) {
		cpu->wrong += mu_free_pages(buddy, cpu->held,
					    cpu->held_order) != MU_OK;
		cpu->held = MU_NO_PFN;
	}
	if (mu_alloc_pages(buddy, 0, order, MU_ALLOC_RESERVES, &cpu->held) ==
	    MU_OK)
		cpu->held_order = order;
	else
		cpu->refused++;
	cpu->handling = 0;
}

static void on_signal(int signal)
{
	struct cpu *cpu = this_cpu;

	(void)signal;
	if (!cpu)
		return;
	if (cpu->off || cpu->handling)
		cpu->pending = 1;
	else
		interrupt(cpu);
}

static uintptr_t irq_save(void *arg)
{
	struct cpu *cpu = this_cpu;
	uintptr_t old;

	(void)arg;
	if (!cpu)
		return 1;
	old = (uintptr_t)cpu->off;
	cpu->off = 1;
	/* The signal's handler is this thread: the compiler is all that could
	 * change the order. */
	atomic_signal_fence(memory_order_seq_cst);
	return old;
}

static void irq_restore(void *arg, uintptr_t flags)
{
	struct cpu *cpu = this_cpu;

	(void)arg;
	if (!cpu || flags)
		return;
	atomic_signal_fence(memory_order_seq_cst);
	cpu->off = 0;
	while (cpu->pending && !cpu->handling) {
		cpu->pending = 0;
		cpu->late++;
		interrupt(cpu);
	}
}

/* A claim that takes long enough to be interrupted. */
static void slow_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
	if (word != MU_MEMMAP_POISON)
		sched_yield();
}

struct plan {
	struct cpu cpus[VICTIMS];
	pthread_t threads[VICTIMS];
	_Atomic bool ready[VICTIMS], done[VICTIMS], over;
	bool (*work)(struct world *world, unsigned victim);
};

static void torment(struct plan *plan)
{
	bool all_done = false;

	while (!all_done) {
		all_done = true;
		for (unsigned i = 0; i < VICTIMS; i++) {
			all_done = all_done && atomic_load(&plan->done[i]);
			if (atomic_load(&plan->ready[i]))
				pthread_kill(plan->threads[i], SIGUSR1);
		}
		sched_yield();
	}
	atomic_store(&plan->over, true);
}

static bool plan_thread(struct world *world, unsigned index, void *arg)
{
	struct plan *plan = arg;
	struct cpu *cpu;
	bool ok;

	if (index == VICTIMS) {
		torment(plan);
		return true;
	}
	cpu = &plan->cpus[index];
	cpu->world = world;
	cpu->held = MU_NO_PFN;
	plan->threads[index] = pthread_self();
	this_cpu = cpu;
	atomic_store(&plan->ready[index], true);
	ok = plan->work(world, index);
	atomic_store(&plan->done[index], true);
	while (!atomic_load(&plan->over))
		sched_yield();
	this_cpu = NULL;
	atomic_signal_fence(memory_order_seq_cst);
	if (cpu->held != MU_NO_PFN)
		ok = ok && mu_free_pages(&world->mm.buddy, cpu->held,
					 cpu->held_order) == MU_OK;
	return ok && !cpu->wrong && !cpu->refused;
}

/* Signals handled, and of those the ones that interrupts off held up. */
static struct {
	uint64_t handled, late;
} total;

static void run_plan(const char *machine, unsigned order,
		     bool (*work)(struct world *world, unsigned victim))
{
	struct plan plan;
	struct world world;

	memset(&plan, 0, sizeof(plan));
	plan.work = work;
	for (unsigned i = 0; i < VICTIMS; i++)
		plan.cpus[i].order = order;
	world_init_machine(&world, world_machine(machine, 12), MU_POLICY_LAZY,
			   MU_BACK_BLOCK);
	world_one_zone(&world);
	world.config.min_free_pages = 1;
	world.port.irq_save = irq_save;
	world.port.irq_restore = irq_restore;
	world.port.memmap_fill = slow_fill;
	world_start(&world);
	world_run(&world, VICTIMS + 1, plan_thread, &plan);
	for (unsigned i = 0; i < VICTIMS; i++) {
		total.handled += plan.cpus[i].handled;
		total.late += plan.cpus[i].late;
	}
	world_validate(&world, NULL);
	world_destroy(&world);
}

static void catch_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	action.sa_flags = SA_RESTART;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	memset(&total, 0, sizeof(total));
	/* A deadlock is to end, too. */
	alarm(120);
}

/* Take all of it, block by block, and use some of it. */
static bool claim_and_use(struct world *world, unsigned victim)
{
	struct mu_deferred *deferred = &world->mm.deferred;
	struct mu_buddy *buddy = &world->mm.buddy;
	uint64_t seed = victim + 1;

	for (unsigned i = 0; i < 32; i++) {
		unsigned order = (unsigned)world_random(&seed, MU_NR_ORDERS);
		enum mu_status status;
		mu_pfn_t pfn;

		mu_deferred_take(deferred, 0, 1, &status);
		if (status != MU_OK ||
		    mu_alloc_pages(buddy, 0, order, MU_ALLOC_RESERVES, &pfn) !=
			    MU_OK ||
		    mu_free_pages(buddy, pfn, order) != MU_OK)
			return false;
	}
	return true;
}

static void while_it_claims(void **state)
{
	(void)state;
	catch_signals();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 20 : 60); turn++)
		run_plan("256M@4M", MU_NR_ORDERS, claim_and_use);
	print_message("%llu signals handled, %llu of them late\n",
		      (unsigned long long)total.handled,
		      (unsigned long long)total.late);
	/* Else nothing was shown. */
	assert_true(total.handled > 0 && total.late > 0);
}

/*
 * Four blocks, and never more than four who want one: the two threads and their
 * handlers. All four are pristine to begin with.
 */
static bool one_at_a_time(struct world *world, unsigned victim)
{
	(void)victim;
	for (unsigned i = 0; i < 20; i++) {
		mu_pfn_t pfn;

		if (mu_alloc_pages(&world->mm.buddy, 0, MU_BLOCK_ORDER,
				   MU_ALLOC_RESERVES, &pfn) != MU_OK)
			return false;
		sched_yield();
		if (mu_free_pages(&world->mm.buddy, pfn, MU_BLOCK_ORDER) !=
		    MU_OK)
			return false;
	}
	return true;
}

static void four_blocks(void **state)
{
	(void)state;
	catch_signals();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 100 : 600); turn++)
		run_plan("16M@4M", MU_BLOCK_ORDER, one_at_a_time);
	print_message("%llu signals handled, %llu of them late\n",
		      (unsigned long long)total.handled,
		      (unsigned long long)total.late);
	assert_true(total.handled > 0);
}

/*
 * One block, and a quarter of it for each of the same four. A handler that came
 * in the middle of the claim would wait for the thread that it interrupted, and
 * for ever.
 */
static bool a_quarter(struct world *world, unsigned victim)
{
	mu_pfn_t pfn;

	(void)victim;
	for (unsigned i = 0; i < 4; i++) {
		if (mu_alloc_pages(&world->mm.buddy, 0, 8, MU_ALLOC_RESERVES,
				   &pfn) != MU_OK ||
		    mu_free_pages(&world->mm.buddy, pfn, 8) != MU_OK)
			return false;
	}
	return true;
}

static void one_block(void **state)
{
	(void)state;
	catch_signals();
	for (unsigned turn = 0; turn < (TEST_TSAN ? 200 : 1000); turn++)
		run_plan("4M@4M", 8, a_quarter);
	print_message("%llu signals handled, %llu of them late\n",
		      (unsigned long long)total.handled,
		      (unsigned long long)total.late);
	assert_true(total.handled > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_claims),
		cmocka_unit_test(four_blocks),
		cmocka_unit_test(one_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
