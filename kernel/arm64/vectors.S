/* SPDX-License-Identifier: MIT */
/*
 * vectors: 16 entries of 128 bytes (Arm ARM, D1.4.1). Only those for the
 * current EL on its own stack are used: there is no user mode.
 *
 * TPIDR_EL0 and TPIDRRO_EL0 hold a register meanwhile. A stack pointer whose bit
 * STACK_BYTES is 0 is below its stack (layout.h): such a trap goes on on the
 * CPU's other stack, and ends there.
 */
#include "kernel/layout.h"

#define FRAME	   304
#define FRAME_SP   248
#define FRAME_ELR  256
#define FRAME_ESR  272
#define FRAME_KIND 288
#define CLIENT	   40	/* of struct mu_bare_cpu: arm64/trap_arm64.c asserts it */
#define FAULT_END  8	/* of struct kernel_cpu */
#if BARE_PAGE_SHIFT > 14
#define STACK_BIT  16
#else
#define STACK_BIT  14
#endif

	.macro	entry kind
	.balign	128
	msr	tpidr_el0, x0
	sub	sp, sp, #FRAME
	mov	x0, sp
	tbz	x0, #STACK_BIT, overflow
	mrs	x0, tpidr_el0
	stp	x0, x1, [sp]
	mov	x1, #\kind
	b	common
	.endm

	.text
	.balign	2048
	.globl	vectors
vectors:
	/* On SP_EL0; on SP_EL1; from user mode of 64 and 32 bits. */
	entry	5
	entry	5
	entry	5
	entry	5
	entry	0
	entry	1
	entry	2
	entry	3
	entry	5
	entry	5
	entry	5
	entry	5
	entry	5
	entry	5
	entry	5
	entry	5

	.balign	128
overflow:
	msr	tpidrro_el0, x1
	add	x1, sp, #FRAME
	mrs	x0, tpidr_el1
	ldr	x0, [x0, #CLIENT]
	ldr	x0, [x0, #FAULT_END]
	sub	sp, x0, #FRAME
	str	x1, [sp, #FRAME_SP]
	mrs	x0, tpidr_el0
	mrs	x1, tpidrro_el0
	stp	x0, x1, [sp]
	mov	x1, #4
	b	save

common:
	add	x0, sp, #FRAME
	str	x0, [sp, #FRAME_SP]
save:
	str	x1, [sp, #FRAME_KIND]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x0, x1, [sp, #FRAME_ELR]
	mrs	x0, esr_el1
	mrs	x1, far_el1
	stp	x0, x1, [sp, #FRAME_ESR]
	mov	x0, sp
	bl	trap
	ldp	x0, x1, [sp, #FRAME_ELR]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	add	sp, sp, #FRAME
	eret

/*
 * Probes. An abort between probe_from and probe_to goes on at probe_fault, one
 * at the target of the call at probe_call_fault: trap_arm64.c.
 */
	.globl	probe_read, probe_write, probe_call
	.globl	probe_from, probe_to, probe_call_back, probe_call_fault
	.globl	probe_fault
probe_from:
probe_read:
	ldrb	w1, [x0]
	mov	w0, #1
	ret
probe_write:
	ldrb	w1, [x0]
	strb	w1, [x0]
	mov	w0, #1
	ret
probe_to:
probe_call:
	stp	x29, x30, [sp, #-16]!
	blr	x0
probe_call_back:
	ldp	x29, x30, [sp], #16
	mov	w0, #1
	ret
probe_call_fault:
	ldp	x29, x30, [sp], #16
probe_fault:
	mov	w0, #0
	ret

/* int64_t semihosting(uint64_t what, const void *of): goes on at
 * semihosting_back where nobody answers. */
	.globl	semihosting, semihosting_at, semihosting_back
semihosting:
semihosting_at:
	hlt	#0xf000
	ret
semihosting_back:
	mov	x0, #-1
	ret

	.section .note.GNU-stack, "", @progbits
