// SPDX-License-Identifier: MIT
/*
 * run_on, wait and wake: work for idle CPUs, and sleep.
 *
 * Each CPU has a mailbox for one call:
 *
 *       idle          run_on()         run_on()        the CPU
 *     BUSY ----> FREE ----------> TAKEN -----> CALL -----------> BUSY
 *       ^          (compare-exchange)   (then an IPI)              |
 *       +------------------------- the call returns --------------+
 *
 * run_on() takes only CPUs that are FREE, so every call that it promises begins
 * without another having to return; nothing is ever queued, and nothing has to
 * be cancelled.
 *
 * An idle CPU sleeps until an interrupt (HLT, WFI). Between its look at the
 * mailbox and that interrupts are off, so the IPI that announces a call is
 * taken after the sleep has begun, or instead of it, and none is lost.
 *
 * wait() sleeps the same way, after it has published the word's address. wake()
 * looks at each CPU's: O(CPUs), but no list and no lock.
 */
#include "ports/bare/arch.h"
#include "ports/bare/work.h"
#include "ports/bare/bare.h"

/* An IPI and waking up from sleep cost about as much as this many looks. */
#define LOOKS 256

static bool take(struct mu_bare_cpu *cpu)
{
	uint32_t seen = MU_BARE_FREE;

	/* acquire: the previous call has returned, and has read the
	 * mailbox. */
	return atomic_compare_exchange_strong_explicit(
		&cpu->state, &seen, MU_BARE_TAKEN, memory_order_acquire,
		memory_order_relaxed);
}

unsigned mu_bare_run_on(void *arg, const struct mu_cpumask *cpus,
			unsigned count, void (*fn)(void *), void *fn_arg)
{
	struct mu_bare *bare = arg;
	unsigned nr = bare->port.cpu_count(arg), started = 0;

	for (unsigned i = 0; i < nr && started < count; i++) {
		struct mu_bare_cpu *cpu = bare->cpus[i];

		if ((cpus && !mu_cpumask_test(cpus, i)) || !take(cpu))
			continue;
		cpu->fn = fn;
		cpu->arg = fn_arg;
		/* release: the CPU sees the call, and what the caller wrote
		 * before. */
		atomic_store_explicit(&cpu->state, MU_BARE_CALL,
				      memory_order_release);
		arch_kick(bare, cpu);
		started++;
	}
	return started;
}

_Noreturn void mu_bare_idle(void)
{
	struct mu_bare_cpu *cpu = mu_bare_this_cpu();

	for (;;) {
		/* release: pairs with take(). */
		atomic_store_explicit(&cpu->state, MU_BARE_FREE,
				      memory_order_release);
		/* release: whoever sees it finds the CPU free. */
		atomic_store_explicit(&cpu->up, true, memory_order_release);
		arch_irq_off();
		/* acquire: pairs with the release in run_on(). */
		while (atomic_load_explicit(&cpu->state,
					    memory_order_acquire) !=
		       MU_BARE_CALL) {
			arch_irq_on_and_halt();
			arch_irq_off();
		}
		arch_irq_on();
		/* relaxed: only we leave CALL. */
		atomic_store_explicit(&cpu->state, MU_BARE_BUSY,
				      memory_order_relaxed);
		cpu->fn(cpu->arg);
	}
}

void mu_bare_wait(void *arg, _Atomic uint32_t *word, uint32_t seen)
{
	struct mu_bare_cpu *cpu = mu_bare_this_cpu();

	(void)arg;
	for (unsigned i = 0; i < LOOKS; i++) {
		/* relaxed: the caller looks again, in its own order. */
		if (atomic_load_explicit(word, memory_order_relaxed) != seen)
			return;
		arch_pause();
	}
	arch_irq_off();
	/* seq_cst, both, and the fence in wake(): either we see the word that
	 * was changed, or whoever changed it sees us. */
	atomic_store_explicit(&cpu->sleeps_on, (uintptr_t)word,
			      memory_order_seq_cst);
	if (atomic_load_explicit(word, memory_order_seq_cst) == seen)
		arch_irq_on_and_halt();
	else
		arch_irq_on();
	/* relaxed: a stale value only costs an interrupt. */
	atomic_store_explicit(&cpu->sleeps_on, 0, memory_order_relaxed);
}

void mu_bare_wake(void *arg, _Atomic uint32_t *word)
{
	struct mu_bare *bare = arg;
	unsigned nr = bare->port.cpu_count(arg);

	/* See wait(). */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < nr; i++)
		/* relaxed: after the fence. */
		if (atomic_load_explicit(&bare->cpus[i]->sleeps_on,
					 memory_order_relaxed) ==
		    (uintptr_t)word)
			arch_kick(bare, bare->cpus[i]);
}
