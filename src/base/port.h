/* SPDX-License-Identifier: MIT */
/*
 * port: the hooks of memup/port.h with their defaults filled in, so that no
 * other file tests a hook for NULL.
 */
#ifndef MU_BASE_PORT_H
#define MU_BASE_PORT_H

#include "memup/port.h"

static inline void mu_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline void mu_pause(const struct mu_port *port, unsigned spins)
{
	if (port->pause)
		port->pause(port->arg, spins);
	else
		mu_cpu_relax();
}

static inline uintptr_t mu_irq_save(const struct mu_port *port)
{
	return port->irq_save ? port->irq_save(port->arg) : 0;
}

static inline void mu_irq_restore(const struct mu_port *port, uintptr_t flags)
{
	if (port->irq_restore)
		port->irq_restore(port->arg, flags);
}

static inline unsigned mu_cpu_count(const struct mu_port *port)
{
	return port->cpu_count ? port->cpu_count(port->arg) : 1;
}

static inline unsigned mu_cpu_id(const struct mu_port *port)
{
	return port->cpu_id ? port->cpu_id(port->arg) : 0;
}

static inline int mu_cpu_node(const struct mu_port *port, unsigned cpu)
{
	return port->cpu_node ? port->cpu_node(port->arg, cpu) : 0;
}

static inline uint64_t mu_clock(const struct mu_port *port)
{
	return port->clock ? port->clock(port->arg) : 0;
}

static inline unsigned mu_run_on(const struct mu_port *port,
				 const struct mu_cpumask *cpus, unsigned count,
				 void (*fn)(void *), void *fn_arg)
{
	if (!port->run_on || !count)
		return 0;
	return port->run_on(port->arg, cpus, count, fn, fn_arg);
}

static inline unsigned mu_run_cancel(const struct mu_port *port,
				     void (*fn)(void *), void *fn_arg)
{
	return port->run_cancel ? port->run_cancel(port->arg, fn, fn_arg) : 0;
}

static inline unsigned mu_run_later(const struct mu_port *port, bool idle,
				    const struct mu_cpumask *cpus,
				    unsigned count, void (*fn)(void *),
				    void *fn_arg)
{
	if (!port->run_later || !count)
		return 0;
	return port->run_later(port->arg, idle, cpus, count, fn, fn_arg);
}

static inline bool mu_run_waits(const struct mu_port *port, bool idle)
{
	return port->run_waits && port->run_waits(port->arg, idle);
}

/* Returns when *@word is not @seen any more. */
static inline void mu_wait(const struct mu_port *port, _Atomic uint32_t *word,
			   uint32_t seen)
{
	/* acquire: what the other side did before it changed the word is
	 * visible when the caller goes on. */
	for (unsigned spins = 0;
	     atomic_load_explicit(word, memory_order_acquire) == seen;
	     spins++) {
		if (port->wait)
			port->wait(port->arg, word, seen);
		else
			mu_pause(port, spins);
	}
}

static inline void mu_wake(const struct mu_port *port, _Atomic uint32_t *word)
{
	if (port->wake)
		port->wake(port->arg, word);
}

static inline void mu_go_idle(const struct mu_port *port)
{
	if (port->go_idle)
		port->go_idle(port->arg);
}

static inline void mu_watchdog(const struct mu_port *port)
{
	if (port->watchdog)
		port->watchdog(port->arg);
}

#endif
