/* SPDX-License-Identifier: MIT */
/*
 * cpu: per-CPU data: segments, a stack, a stack for double faults, and the
 * port's part (struct mu_x86_cpu), through which GS finds it.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "kernel/layout.h"
#include "ports/x86_64/x86_64.h"

/* SDM vol. 3, "TSS in 64-bit mode": only its stacks are used. */
struct tss {
	uint32_t reserved0;
	uint32_t rsp[6];
	uint32_t reserved1[2];
	uint32_t ist[14]; /* seven addresses, in halves */
	uint32_t reserved2[2];
	uint16_t reserved3;
	uint16_t io_map;
};
_Static_assert(sizeof(struct tss) == 104, "the hardware's");

struct kernel_cpu {
	struct mu_x86_cpu x86; /* unused for the boot CPU: it is the port's */
	uint64_t gdt[5];
	struct tss tss;
	uintptr_t stack_end, fault_stack_end;
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

/* Make the caller, which has only the port's GS so far, the boot CPU. */
void cpu_init_boot(void);

/* Load segments, task and interrupt table of @cpu, which the caller is. */
void cpu_load(struct kernel_cpu *cpu);

static inline struct kernel_cpu *this_cpu(void)
{
	return mu_x86_this_cpu()->client;
}

/* Call @fn on this CPU every @ns from now on, from its timer's interrupt; NULL:
 * stop. */
void cpu_set_timer(void (*fn)(struct kernel_cpu *cpu), void *arg, uint64_t ns);

#endif
