/* SPDX-License-Identifier: MIT */
/*
 * interrupt: exceptions and interrupts, from the vector to C.
 */
#ifndef KERNEL_INTERRUPT_H
#define KERNEL_INTERRUPT_H

#include <stdint.h>

/* Vectors. Those up to 0x1f are the CPU's exceptions; the two PICs are masked,
 * but may be spurious at 0x27 and 0x2f. */
enum {
	VECTOR_NMI = 2,
	VECTOR_DOUBLE_FAULT = 8,
	VECTOR_PAGE_FAULT = 14,
	NR_EXCEPTIONS = 32,
	VECTOR_PIC = 0x20,
	VECTOR_TIMER = 0x40,
	VECTOR_WAKE = 0x41,
	VECTOR_SPURIOUS = 0xff
};

/* What vectors.S pushes, and the CPU before it (SDM vol. 3, "IA-32e Mode
 * Interrupt Stack Frame"). */
struct frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Have the CPU use the table; the first time, by the boot CPU alone, fill it
 * and mask the PICs. */
void interrupt_load(void);

/* vectors.S calls it with interrupts off. */
void interrupt(struct frame *frame);

/* Halt this CPU for ever. */
_Noreturn void x86_halt(void);

/* exception.c: ends with a report, or continues in a probe. */
void exception(struct frame *frame);

#endif
