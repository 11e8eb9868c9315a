/* SPDX-License-Identifier: MIT */
/* The liar's way in and out: see liar.c, and kernel/entry.S for PVH. */
	.section .note.xen, "a", @note
	.balign	4
	.long	4, 4, 18
	.asciz	"Xen"
	.long	entry

	.text
	.globl	entry
entry:
	movl	$stack_end, %esp
	pushl	%ebx
	pushl	%ebx
	call	liar
	addl	$4, %esp
	popl	%ebx
	jmp	*%eax

	.bss
	.skip	8192
stack_end:

	.section .note.GNU-stack, "", @progbits
