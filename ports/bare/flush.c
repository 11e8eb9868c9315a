// SPDX-License-Identifier: MIT
/* flush: see flush.h. */
#include "ports/bare/arch.h"
#include "ports/bare/flush.h"

static void answer(struct mu_bare *bare, struct mu_bare_cpu *cpu)
{
	/* Off, so that we do not overwrite a handler's newer answer. */
	uintptr_t flags = arch_irq_save();
	/* acquire: the entries that were changed before are visible. */
	uint32_t wanted =
		atomic_load_explicit(&bare->flush, memory_order_acquire);

	/* relaxed: our own. */
	if (atomic_load_explicit(&cpu->flushed, memory_order_relaxed) !=
	    wanted) {
		arch_flush_own();
		/* release: the flush is done. */
		atomic_store_explicit(&cpu->flushed, wanted,
				      memory_order_release);
	}
	arch_irq_restore(flags);
}

void mu_bare_pause(void *arg, unsigned spins)
{
	(void)spins;
	arch_pause();
	answer(arg, mu_bare_this_cpu());
}

void mu_bare_interrupt(void)
{
	struct mu_bare_cpu *cpu = mu_bare_this_cpu();

	answer(cpu->bare, cpu);
}

void mu_bare_flush(struct mu_bare *bare)
{
	struct mu_bare_cpu *self = mu_bare_this_cpu();
	unsigned nr = ARCH_FLUSH_IS_BROADCAST ? 0 : bare->port.cpu_count(bare);
	/* seq_cst: after the entries were changed, before anybody is asked. */
	uint32_t wanted = atomic_fetch_add(&bare->flush, 1) + 1;
	struct mu_cpumask asked = {{0}};

	if (ARCH_FLUSH_IS_BROADCAST)
		arch_flush_own();
	/* CPUs that come up later have nothing to flush. */
	for (unsigned i = 0; i < nr; i++) {
		if (!mu_bare_is_up(bare, i))
			continue;
		mu_cpumask_set(&asked, i);
		if (bare->cpus[i] != self)
			arch_kick(bare, bare->cpus[i]);
	}
	for (unsigned i = 0; i < nr; i++)
		/* acquire: pairs with the release in answer(). */
		while (mu_cpumask_test(&asked, i) &&
		       (int32_t)(atomic_load_explicit(&bare->cpus[i]->flushed,
						      memory_order_acquire) -
				 wanted) < 0)
			mu_bare_pause(bare, 0);
}
