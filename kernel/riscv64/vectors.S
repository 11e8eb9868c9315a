/* SPDX-License-Identifier: MIT */
/*
 * vectors: traps, all to one place. There is no user mode, so tp is always the
 * kernel's, and sscratch holds a register meanwhile. A stack pointer whose bit
 * STACK_BYTES is 0 is below its stack (layout.h): such a trap goes on on the
 * CPU's other stack, and ends there.
 */
#include "kernel/layout.h"

#define FRAME	  288
#define SP	  (2 * 8)
#define T0	  (5 * 8)
#define EPC	  (32 * 8)
#define OVERFLOW  (35 * 8)
#define CLIENT	  40	/* of struct mu_bare_cpu: trap_riscv64.c asserts it */
#define FAULT_END 8	/* of struct kernel_cpu */

	.text
	.balign	4
	.globl	vectors
vectors:
	csrw	sscratch, t0
	addi	sp, sp, -FRAME
	srli	t0, sp, 14
	andi	t0, t0, 1
	beqz	t0, overflow
	sd	zero, OVERFLOW(sp)
	addi	t0, sp, FRAME
	sd	t0, SP(sp)
save:
	csrr	t0, sscratch
	sd	t0, T0(sp)
	.irp	n, 1, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, \
		20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, (\n * 8)(sp)
	.endr
	csrr	t0, sepc
	csrr	t1, sstatus
	sd	t0, EPC(sp)
	sd	t1, EPC + 8(sp)
	csrr	t0, stval
	sd	t0, EPC + 16(sp)
	mv	a0, sp
	csrr	a1, scause
	call	trap
	ld	t0, EPC(sp)
	ld	t1, EPC + 8(sp)
	csrw	sepc, t0
	csrw	sstatus, t1
	.irp	n, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	x\n, (\n * 8)(sp)
	.endr
	addi	sp, sp, FRAME
	sret

overflow:
	ld	t0, CLIENT(tp)
	ld	t0, FAULT_END(t0)
	addi	t0, t0, -FRAME
	sd	sp, OVERFLOW(t0)
	addi	sp, sp, FRAME
	sd	sp, SP(t0)
	mv	sp, t0
	j	save

/*
 * Probes. A page fault between probe_from and probe_to goes on at probe_fault,
 * one at the target of the call at probe_call_fault: trap_riscv64.c.
 */
	.globl	probe_read, probe_write, probe_call
	.globl	probe_from, probe_to, probe_call_back, probe_call_fault
	.globl	probe_fault
probe_from:
probe_read:
	lbu	a1, 0(a0)
	li	a0, 1
	ret
probe_write:
	lbu	a1, 0(a0)
	sb	a1, 0(a0)
	li	a0, 1
	ret
probe_to:
probe_call:
	addi	sp, sp, -16
	sd	ra, 0(sp)
	jalr	a0
probe_call_back:
	ld	ra, 0(sp)
	addi	sp, sp, 16
	li	a0, 1
	ret
probe_call_fault:
	ld	ra, 0(sp)
	addi	sp, sp, 16
probe_fault:
	li	a0, 0
	ret

	.section .note.GNU-stack, "", @progbits
