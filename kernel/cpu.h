/* SPDX-License-Identifier: MIT */
/*
 * cpu: per-CPU data: a stack, a stack for faults that find no other, what the
 * architecture keeps, and the port's part (struct mu_bare_cpu), through which a
 * register finds it.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "kernel/layout.h"
#include "ports/bare/bare.h"

#ifdef __x86_64__
#include "kernel/x86_64/segments.h"
#else
/* Nothing more. */
struct cpu_arch {
	char unused;
};
#endif

struct kernel_cpu {
	/* First: read by vectors.S. */
	uintptr_t stack_end, fault_stack_end;
	struct mu_bare_cpu bare; /* unused for the boot CPU: it is the port's */
	struct cpu_arch arch;
	unsigned slot; /* smp.c's */
	/* Written by this CPU's timer handler; read by others when it is off.
	 */
	uint64_t ticks;
	/* What its timer handler does, with interrupts off; NULL: nothing.
	 * Written by the CPU itself. */
	void (*on_tick)(struct kernel_cpu *cpu);
	void *tick_arg;
	uint64_t tick_ns; /* until the next one; 0: there is none */
};

/* Make the caller, which the port knows so far, the boot CPU. */
void cpu_init_boot(void);

static inline struct kernel_cpu *this_cpu(void)
{
	return mu_bare_this_cpu()->client;
}

/* Call @fn on this CPU every @ns from now on, from its timer's interrupt; NULL:
 * stop. */
void cpu_set_timer(void (*fn)(struct kernel_cpu *cpu), void *arg, uint64_t ns);

/* The handler of that interrupt. */
void cpu_tick(void);

#endif
