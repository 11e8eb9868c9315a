/* SPDX-License-Identifier: MIT */
/*
 * vectors: one stub of 16 bytes for each vector, all alike: an error code (0
 * where the CPU pushes none), the vector, then what they share. There is no
 * user mode, so GS is always the kernel's; and no vector registers are saved,
 * since no handler uses any (-mgeneral-regs-only).
 */
	.text
	.balign	16
	.globl	vectors
vectors:
	.set	vector, 0
	.rept	256
	.balign	16
	/* 8, 10 to 14, 17, 21, 29, 30: SDM vol. 3, table 6-1. */
	.if	(vector != 8) && ((vector < 10) || (vector > 14)) && \
		(vector != 17) && (vector != 21) && (vector != 29) && \
		(vector != 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	common
	.set	vector, vector + 1
	.endr
	.balign	16

common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	/* The ABI wants 16 bytes; the CPU aligned the frame's end, and 22 words
	 * are a multiple. */
	call	interrupt
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

/*
 * Probes. A page fault at one of the three labels goes on at probe_fault:
 * exception.c.
 */
	.globl	probe_read, probe_write, probe_call
	.globl	probe_read_at, probe_write_at, probe_call_back, probe_fault
probe_read:
probe_read_at:
	movb	(%rdi), %al
	movl	$1, %eax
	ret
probe_write:
probe_write_at:
	lock orb $0, (%rdi)
	movl	$1, %eax
	ret
probe_call:
	call	*%rdi
probe_call_back:
	movl	$1, %eax
	ret
probe_fault:
	xorl	%eax, %eax
	ret

	.section .note.GNU-stack, "", @progbits
