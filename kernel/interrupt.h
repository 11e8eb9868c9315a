/* SPDX-License-Identifier: MIT */
/*
 * interrupt: exceptions and interrupts, from the vector to C.
 */
#ifndef KERNEL_INTERRUPT_H
#define KERNEL_INTERRUPT_H

#include <stdbool.h>
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

/* Fill the table, mask the PICs. Once, by the boot CPU. */
void interrupt_init(void);

/* Have the CPU use the table. */
void interrupt_load(void);

/* vectors.S calls it with interrupts off. */
void interrupt(struct frame *frame);

/* exception.c: ends with a report, or continues in a probe. */
void exception(struct frame *frame);

/*
 * May a byte at @at be read, written (its value is written back), or called
 * (there must be a RET)? Tries it. vectors.S; any CPU.
 */
bool probe_read(uintptr_t at);
bool probe_write(uintptr_t at);
bool probe_call(uintptr_t at);

#endif
