// SPDX-License-Identifier: MIT
#include "ports/x86_64/asm.h"
#include "ports/x86_64/flush.h"

#define CR4_PGE 0x80u

/* Global pages too (SDM vol. 3, 4.10.4.1: a change of CR4.PGE). */
static void flush_own(void)
{
	uint64_t cr4 = x86_read_cr4();

	x86_write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	x86_write_cr4(cr4);
}

static void answer(struct mu_x86 *x86, struct mu_x86_cpu *cpu)
{
	/* Off, so that we do not overwrite a handler's newer answer. */
	uintptr_t flags = x86_irq_save();
	/* acquire: the entries that were changed before are visible. */
	uint32_t wanted =
		atomic_load_explicit(&x86->flush, memory_order_acquire);

	/* relaxed: our own. */
	if (atomic_load_explicit(&cpu->flushed, memory_order_relaxed) !=
	    wanted) {
		flush_own();
		/* release: the flush is done. */
		atomic_store_explicit(&cpu->flushed, wanted,
				      memory_order_release);
	}
	x86_irq_restore(flags);
}

void mu_x86_pause(void *arg, unsigned spins)
{
	(void)spins;
	x86_pause();
	answer(arg, mu_x86_this_cpu());
}

void mu_x86_interrupt(void)
{
	struct mu_x86_cpu *cpu = mu_x86_this_cpu();

	answer(cpu->x86, cpu);
	x86_apic_eoi(&cpu->x86->apic);
}

void mu_x86_flush(struct mu_x86 *x86)
{
	struct mu_x86_cpu *self = mu_x86_this_cpu();
	unsigned nr = x86->port.cpu_count(x86);
	/* seq_cst: after the entries were changed, before anybody is asked. */
	uint32_t wanted = atomic_fetch_add(&x86->flush, 1) + 1;
	struct mu_cpumask asked = {{0}};

	/* CPUs that come up later have nothing to flush. */
	for (unsigned i = 0; i < nr; i++) {
		if (!mu_x86_is_up(x86, i))
			continue;
		mu_cpumask_set(&asked, i);
		if (x86->cpus[i] != self)
			x86_apic_send(&x86->apic, x86->cpus[i]->apic_id,
				      x86->config.wake_vector);
	}
	for (unsigned i = 0; i < nr; i++)
		/* acquire: pairs with the release in answer(). */
		while (mu_cpumask_test(&asked, i) &&
		       (int32_t)(atomic_load_explicit(&x86->cpus[i]->flushed,
						      memory_order_acquire) -
				 wanted) < 0)
			mu_x86_pause(x86, 0);
}
