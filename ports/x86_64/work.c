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
 * An idle CPU sleeps in HLT. Between its look at the mailbox and HLT interrupts
 * are off, so the IPI that announces a call is taken after HLT has begun, or
 * instead of it, and none is lost.
 *
 * wait() sleeps the same way, after it has published the word's address. wake()
 * looks at each CPU's: O(CPUs), but no list and no lock.
 */
#include "ports/x86_64/asm.h"
#include "ports/x86_64/work.h"
#include "ports/x86_64/x86_64.h"

/* An IPI and waking up from HLT cost about as much as this many looks. */
#define LOOKS 256

static void kick(const struct mu_x86 *x86, const struct mu_x86_cpu *cpu)
{
	x86_apic_send(&x86->apic, cpu->apic_id, x86->config.wake_vector);
}

static bool take(struct mu_x86_cpu *cpu)
{
	uint32_t seen = MU_X86_FREE;

	/* acquire: the previous call has returned, and has read the
	 * mailbox. */
	return atomic_compare_exchange_strong_explicit(
		&cpu->state, &seen, MU_X86_TAKEN, memory_order_acquire,
		memory_order_relaxed);
}

unsigned mu_x86_run_on(void *arg, const struct mu_cpumask *cpus, unsigned count,
		       void (*fn)(void *), void *fn_arg)
{
	struct mu_x86 *x86 = arg;
	unsigned nr = x86->port.cpu_count(arg), started = 0;

	for (unsigned i = 0; i < nr && started < count; i++) {
		struct mu_x86_cpu *cpu = x86->cpus[i];

		if ((cpus && !mu_cpumask_test(cpus, i)) || !take(cpu))
			continue;
		cpu->fn = fn;
		cpu->arg = fn_arg;
		/* release: the CPU sees the call, and what the caller wrote
		 * before. */
		atomic_store_explicit(&cpu->state, MU_X86_CALL,
				      memory_order_release);
		kick(x86, cpu);
		started++;
	}
	return started;
}

_Noreturn void mu_x86_idle(void)
{
	struct mu_x86_cpu *cpu = mu_x86_this_cpu();

	for (;;) {
		/* release: pairs with take(). */
		atomic_store_explicit(&cpu->state, MU_X86_FREE,
				      memory_order_release);
		/* release: whoever sees it finds the CPU free. */
		atomic_store_explicit(&cpu->up, true, memory_order_release);
		x86_irq_off();
		/* acquire: pairs with the release in run_on(). */
		while (atomic_load_explicit(&cpu->state,
					    memory_order_acquire) !=
		       MU_X86_CALL) {
			x86_irq_on_and_halt();
			x86_irq_off();
		}
		x86_irq_on();
		/* relaxed: only we leave CALL. */
		atomic_store_explicit(&cpu->state, MU_X86_BUSY,
				      memory_order_relaxed);
		cpu->fn(cpu->arg);
	}
}

void mu_x86_wait(void *arg, _Atomic uint32_t *word, uint32_t seen)
{
	struct mu_x86_cpu *cpu = mu_x86_this_cpu();

	(void)arg;
	for (unsigned i = 0; i < LOOKS; i++) {
		/* relaxed: the caller looks again, in its own order. */
		if (atomic_load_explicit(word, memory_order_relaxed) != seen)
			return;
		x86_pause();
	}
	x86_irq_off();
	/* seq_cst, both, and the fence in wake(): either we see the word that
	 * was changed, or whoever changed it sees us. */
	atomic_store_explicit(&cpu->sleeps_on, (uintptr_t)word,
			      memory_order_seq_cst);
	if (atomic_load_explicit(word, memory_order_seq_cst) == seen)
		x86_irq_on_and_halt();
	else
		x86_irq_on();
	/* relaxed: a stale value only costs an interrupt. */
	atomic_store_explicit(&cpu->sleeps_on, 0, memory_order_relaxed);
}

void mu_x86_wake(void *arg, _Atomic uint32_t *word)
{
	struct mu_x86 *x86 = arg;
	unsigned nr = x86->port.cpu_count(arg);

	/* See wait(). */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < nr; i++)
		/* relaxed: after the fence. */
		if (atomic_load_explicit(&x86->cpus[i]->sleeps_on,
					 memory_order_relaxed) ==
		    (uintptr_t)word)
			kick(x86, x86->cpus[i]);
}
