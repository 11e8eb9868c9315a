/* SPDX-License-Identifier: MIT */
/*
 * entry: from whoever loaded us to C in long mode.
 *
 * Two ways in, both in 32-bit protected mode with paging off and flat segments:
 *
 *   PVH         an ELF note tells where (XEN_ELFNOTE_PHYS32_ENTRY, 18); EBX has
 *               the address of struct hvm_start_info. (Xen, docs/misc/pvh.pandoc
 *               and xen/include/public/arch-x86/hvm/start_info.h.) QEMU's
 *               -kernel, Firecracker and Cloud Hypervisor start kernels so.
 *   Multiboot2  a header tells where; EAX has 0x36d76289, EBX the address of
 *               the boot information. (Multiboot2 specification 2.0, 3.1, 3.2,
 *               3.3.) GRUB starts kernels so.
 *
 * Then: the time, bss, can this CPU do it, first page tables, long mode. (SDM
 * vol. 3, "Initializing IA-32e Mode".) The first page tables map the first 4
 * GiB three times, at 0, in the direct map and (1 GiB of it) where the image is
 * linked, and are data of the image. Real ones come later: paging.c.
 */
#include "kernel/layout.h"

#define PHYS(symbol) ((symbol) - IMAGE)

	.section .note.xen, "a", @note
	.balign	4
	.long	4		/* bytes of the name */
	.long	8		/* bytes of the descriptor */
	.long	18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	PHYS(pvh_entry)

	.section .multiboot2, "a"
	.balign	8
header:
	.long	0xe85250d6, 0, header_end - header
	.long	-(0xe85250d6 + header_end - header)
	.balign	8
	.short	3, 0		/* entry address */
	.long	12
	.long	PHYS(multiboot2_entry)
	.balign	8
	.short	0, 0		/* end */
	.long	8
header_end:

	.text
	.code32
	.globl	pvh_entry
pvh_entry:
	movl	$LOADER_PVH, %ebp
	jmp	1f

	.globl	multiboot2_entry
multiboot2_entry:
	movl	$LOADER_MULTIBOOT2, %ebp
	cmpl	$0x36d76289, %eax
	movl	$PHYS(no_loader), %esi
	jne	give_up
1:	cld
	cli
	movl	$PHYS(boot_stack_end), %esp
	rdtsc
	movl	%eax, PHYS(entry_ticks)
	movl	%edx, PHYS(entry_ticks) + 4

	xorl	%eax, %eax
	movl	$PHYS(bss_start), %edi
	movl	$PHYS(bss_end), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl

	/* EBX is in use. */
	pushl	%ebx
	movl	$0x80000000, %eax
	cpuid
	movl	$PHYS(no_long_mode), %esi
	cmpl	$0x80000001, %eax
	jb	give_up
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx
	jnc	give_up
	movl	$PHYS(no_nx), %esi
	btl	$20, %edx
	jnc	give_up
	popl	%ebx

	/* PAE, MCE, PGE, OSFXSR (for XMM registers), and nothing that a loader
	 * has left there: with LA57 page tables had five levels. */
	movl	$0x2e0, %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	/* LME and NXE. */
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax
	wrmsr
	/* The PAT as it is after reset, on which X86_PTE_UNCACHED counts. */
	movl	$0x277, %ecx
	movl	$0x00070406, %eax
	movl	%eax, %edx
	wrmsr
	/* PG, WP, MP, PE; not EM, TS. */
	movl	%cr0, %eax
	andl	$0x9ffffff3, %eax
	orl	$0x80010003, %eax
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdt_pointer)
	ljmp	$CODE_SELECTOR, $PHYS(long_mode)

/* Say what ESI points to, and end. */
give_up:
	movw	$0x3fd, %dx
2:	inb	%dx, %al
	testb	$0x20, %al
	jz	2b
	movb	(%esi), %al
	incl	%esi
	testb	%al, %al
	jz	3f
	movw	$0x3f8, %dx
	outb	%al, %dx
	jmp	give_up
3:	movw	$0xf4, %dx	/* see exit.h */
	movl	$0x12, %eax
	outl	%eax, %dx
4:	hlt
	jmp	4b

	.code64
long_mode:
	movw	$DATA_SELECTOR, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%eax, %eax
	movw	%ax, %fs
	movw	%ax, %gs
	movq	$boot_stack_end, %rsp
	movl	%ebp, %edi
	movl	%ebx, %esi
	xorl	%ebp, %ebp
	movabsq	$kernel_main, %rax
	call	*%rax
	ud2

	.section .rodata
no_loader:
	.asciz	"memup: started by neither PVH nor Multiboot2\r\n"
no_long_mode:
	.asciz	"memup: this CPU has no long mode\r\n"
no_nx:
	.asciz	"memup: this CPU cannot forbid execution (NX)\r\n"

	/* Accessed already: nobody has to write it. */
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* CODE_SELECTOR: 64-bit code */
	.quad	0x00cf93000000ffff	/* DATA_SELECTOR */
boot_gdt_end:
	.short	0, 0, 0
	.globl	boot_gdt_pointer
boot_gdt_pointer:
	.short	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)

	.data
	.balign	PAGE
boot_pml4:
	.quad	PHYS(boot_pdpt) + 3
	.fill	255, 8, 0
	.quad	PHYS(boot_pdpt) + 3	/* DIRECT_MAP */
	.fill	254, 8, 0
	.quad	PHYS(boot_pdpt_image) + 3
boot_pdpt:
	.quad	PHYS(boot_pd) + 3, PHYS(boot_pd) + 0x1003
	.quad	PHYS(boot_pd) + 0x2003, PHYS(boot_pd) + 0x3003
	.fill	508, 8, 0
boot_pdpt_image:
	.fill	510, 8, 0
	.quad	PHYS(boot_pd) + 3	/* IMAGE */
	.quad	0
boot_pd:
	.set	at, 0
	.rept	2048
	.quad	at + 0x83
	.set	at, at + 0x200000
	.endr

	.balign	8
	.globl	entry_ticks
entry_ticks:
	.quad	0

	/* A hole below, so that what overflows is a fault. */
	.section .bss.noinit, "aw", @nobits
	.balign	2 * STACK_BYTES
	.globl	boot_stack_hole
boot_stack_hole:
	.skip	STACK_BYTES
	.globl	boot_stack_end
	.skip	STACK_BYTES
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
