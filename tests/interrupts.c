// SPDX-License-Identifier: MIT
#include "tests/interrupts.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What the handler of one thread needs. Only that thread writes it, but between
 * any two of its instructions the handler may, so all that both use is atomic
 * and without a lock: the compiler then keeps it in the order of the program.
 * (In plain variables it read @held before it wrote @handling; a signal in
 * between freed the page, and it was freed again.)
 */
struct cpu {
	struct world *world; /* this and order: before there are signals */
	unsigned order;	     /* that its handler allocates; orders by turns if
			   it is MU_NR_ORDERS */
	_Atomic bool off, pending, handling;
	_Atomic unsigned handled, refused, wrong, late;
	_Atomic mu_pfn_t held; /* from one interrupt to the next */
	_Atomic unsigned held_order;
};
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2 &&
		       ATOMIC_LONG_LOCK_FREE == 2 &&
		       ATOMIC_LLONG_LOCK_FREE == 2 &&
		       ATOMIC_POINTER_LOCK_FREE == 2,
	       "a handler takes no lock");

static _Thread_local struct cpu *_Atomic this_cpu;

static void interrupt(struct cpu *cpu)
{
	struct mu_buddy *buddy = &cpu->world->mm.buddy;
	unsigned order;
	mu_pfn_t pfn;

	/* From here to the end there is no other handler on this CPU. The
	 * fences say the same of what the library reads and writes. */
	cpu->handling = true;
	atomic_signal_fence(memory_order_seq_cst);
	order = cpu->order < MU_NR_ORDERS ? cpu->order
					  : cpu->handled % MU_NR_ORDERS;
	cpu->handled++;
	if (cpu->held != MU_NO_PFN)
		cpu->wrong += mu_free_pages(buddy, cpu->held,
					    cpu->held_order) != MU_OK;
	cpu->held = MU_NO_PFN;
	if (mu_alloc_pages(buddy, 0, order, MU_ALLOC_RESERVES, &pfn) == MU_OK) {
		cpu->held = pfn;
		cpu->held_order = order;
	} else {
		cpu->refused++;
	}
	atomic_signal_fence(memory_order_seq_cst);
	cpu->handling = false;
}

static void on_signal(int signal)
{
	struct cpu *cpu = this_cpu;

	(void)signal;
	if (!cpu)
		return;
	if (cpu->off || cpu->handling)
		cpu->pending = true;
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
	cpu->off = true;
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
	cpu->off = false;
	while (cpu->pending && !cpu->handling) {
		cpu->pending = false;
		cpu->late++;
		interrupt(cpu);
	}
}

struct plan {
	struct cpu cpus[VICTIMS];
	pthread_t threads[VICTIMS];
	_Atomic bool ready[VICTIMS], done[VICTIMS], over;
	bool (*work)(struct world *world, unsigned victim);
	bool refusals;
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
	return ok && !cpu->wrong && (plan->refusals || !cpu->refused);
}

struct interrupts_total interrupts_total;

void interrupts_run(struct world *world, unsigned order, bool refusals,
		    bool (*work)(struct world *world, unsigned victim))
{
	struct plan plan;

	memset(&plan, 0, sizeof(plan));
	plan.work = work;
	plan.refusals = refusals;
	for (unsigned i = 0; i < VICTIMS; i++)
		plan.cpus[i].order = order;
	world->port.irq_save = irq_save;
	world->port.irq_restore = irq_restore;
	world_start(world);
	world_run(world, VICTIMS + 1, plan_thread, &plan);
	for (unsigned i = 0; i < VICTIMS; i++) {
		interrupts_total.handled += plan.cpus[i].handled;
		interrupts_total.late += plan.cpus[i].late;
		interrupts_total.refused += plan.cpus[i].refused;
	}
	world_validate(world, NULL);
	world_destroy(world);
}

void interrupts_tell(void)
{
	print_message("%llu signals handled, %llu of them late\n",
		      (unsigned long long)interrupts_total.handled,
		      (unsigned long long)interrupts_total.late);
}

void interrupts_catch(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	action.sa_flags = SA_RESTART;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	interrupts_total = (struct interrupts_total){0, 0, 0};
}
