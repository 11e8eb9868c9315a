/* SPDX-License-Identifier: MIT */
/*
 * trampoline: where a CPU begins that was sent SIPI: in real mode, at the start
 * of a page below 1 MiB, of which this is copied to. CS is the page's address /
 * 16. It goes to long mode in one step, with page tables that have this page at
 * its own address (paging_make_start()), then to smp_entry in the image.
 */
#include "kernel/layout.h"

#define AT(symbol) ((symbol) - trampoline_start)

	.section .rodata
	.balign	16
	.globl	trampoline_start, trampoline_end, trampoline_root
	.globl	trampoline_base
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	/* The GDT's address, and where to go on, are known now. */
	movl	AT(trampoline_base), %ebx
	leal	AT(gdt)(%ebx), %eax
	movl	%eax, AT(gdt_pointer) + 2
	leal	AT(long_mode)(%ebx), %eax
	movl	%eax, AT(far)
	lgdtl	AT(gdt_pointer)
	/* PAE, MCE, PGE, OSFXSR */
	movl	$0x2e0, %eax
	movl	%eax, %cr4
	movl	AT(trampoline_root), %eax
	movl	%eax, %cr3
	/* LME, NXE */
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax
	wrmsr
	/* PAT, as in entry.S: all CPUs must have the same. */
	movl	$0x277, %ecx
	movl	$0x00070406, %eax
	movl	%eax, %edx
	wrmsr
	/* PG, WP, MP, PE; INIT left the caches off (CD, NW). */
	movl	%cr0, %eax
	andl	$0x9ffffff3, %eax
	orl	$0x80010003, %eax
	movl	%eax, %cr0
	ljmpl	*AT(far)

	.code64
long_mode:
	movabsq	$smp_entry, %rax
	jmp	*%rax

	/* Accessed already: nobody has to write it. */
	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* CODE_SELECTOR */
	.quad	0x00cf93000000ffff	/* DATA_SELECTOR */
gdt_pointer:
	.short	gdt_pointer - gdt - 1
	.long	0
far:
	.long	0
	.short	CODE_SELECTOR
	.balign	4
trampoline_root:
	.long	0
trampoline_base:
	.long	0
trampoline_end:

/*
 * A CPU in long mode that has no stack. Which it is says its APIC id (SDM vol.
 * 2, CPUID, leaves 0xb and 1); the slots are kernel/smp.c's.
 */
	.text
	.code64
smp_entry:
	movw	$DATA_SELECTOR, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	cpuid
	cmpl	$0xb, %eax
	jb	1f
	movl	$0xb, %eax
	xorl	%ecx, %ecx
	cpuid
	movl	%edx, %edi
	testl	%ebx, %ebx
	jnz	2f
1:	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	movl	%ebx, %edi
2:	movq	start_slots(%rip), %rsi
	movl	nr_start_slots(%rip), %ecx
3:	cmpq	%rdi, (%rsi)
	je	4f
	addq	$24, %rsi
	decl	%ecx
	jnz	3b
	/* Nobody knows it. */
5:	cli
	hlt
	jmp	5b
4:	movq	8(%rsi), %rsp
	movq	16(%rsi), %rdi
	xorl	%ebp, %ebp
	call	smp_main
	ud2

	.section .note.GNU-stack, "", @progbits
