/* SPDX-License-Identifier: MIT */
/*
 * entry: from the boot loader to C in the upper half.
 *
 * The header is that of Linux's images (Documentation/arch/riscv/boot.rst and
 * boot-image-header.rst), so whoever loads those loads us: to a multiple of 2
 * MiB, in supervisor mode, translation off, interrupts off, a0 the hart, a1 the
 * address of the device tree.
 *
 * Then: bss, the first page tables (fdt/first_map.c, in C that runs where it was
 * loaded), translation on, and on at the addresses where we are linked. Other
 * harts come in by SBI's HSM, which gives them a1, at cpu_entry.
 */
#include "kernel/layout.h"

#if BARE_VA_BITS == 39
#define SATP_MODE 8
#else
#define SATP_MODE 9
#endif

	.section .head, "ax"
	.globl	head, boot_hart, entry_ticks
head:
	j	entry
	.balign	8
	.quad	0x200000		/* offset of the image */
	.quad	image_bytes
	.quad	0			/* flags: little-endian */
	.long	2, 0			/* version 0.2 */
	.quad	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.long	0

	.text
entry:
	csrw	sie, zero
	rdtime	s2
	mv	s0, a0
	mv	s1, a1
	lla	t0, bss_start
	lla	t1, bss_end
1:	sd	zero, 0(t0)
	sd	zero, 8(t0)
	addi	t0, t0, 16
	bltu	t0, t1, 1b
	lla	sp, boot_stack_end
	lla	t0, boot_hart
	sd	s0, 0(t0)
	lla	t0, entry_ticks
	sd	s2, 0(t0)
	li	s0, 0
	mv	a0, s1
	call	first_map
	lla	t0, first_root
	ld	a0, 0(t0)
	call	translation_on
	ld	sp, link_stack
	li	s0, 0
	li	a0, LOADER_FDT
	mv	a1, s1
	ld	t0, link_main
	jalr	t0
	unimp

/* Another hart: a1 is the virtual address of its start_slot. */
	.globl	cpu_entry
cpu_entry:
	csrw	sie, zero
	mv	s1, a1
	lla	t0, kernel_root
	ld	a0, 0(t0)
	call	translation_on
	ld	sp, 8(s1)
	ld	a0, 16(s1)
	li	s0, 0
	ld	t0, link_smp
	jalr	t0
	unimp

/*
 * Translation on, with the root a0; returns to where we are linked. The next
 * instruction is not mapped where we are, so it traps to where it is: no page
 * has to be mapped twice. (stvec's two low bits are its mode.)
 */
	.balign	4
translation_on:
	lla	t0, image_start
	ld	t1, link_start
	sub	t1, t1, t0
	add	ra, ra, t1
	lla	t0, 1f
	add	t0, t0, t1
	csrw	stvec, t0
	srli	a0, a0, 12
	li	t0, SATP_MODE << 60
	or	a0, a0, t0
	sfence.vma
	csrw	satp, a0
	/* Still here, and not trapped: the CPU has no such mode, and has ignored
	 * it. (Where it has, the instruction is fetched from an address that
	 * means nothing.) */
	csrr	t0, satp
	bne	t0, a0, no_mode
	.balign	4
1:	sfence.vma
	csrr	t0, satp
	bne	t0, a0, no_mode
	ret

/* Say so, and end as QEMU's machine does, else by SBI. */
no_mode:
	lla	s1, no_mode_text
2:	lbu	a0, 0(s1)
	beqz	a0, 3f
	li	a7, 1
	ecall
	addi	s1, s1, 1
	j	2b
3:	li	t0, 0x100000		/* sifive,test0 */
	li	t1, 37 << 16 | 0x3333	/* see exit.h */
	sw	t1, 0(t0)
4:	wfi
	j	4b

no_mode_text:
#if BARE_VA_BITS == 39
	.asciz	"memup: this CPU has no Sv39\r\n"
#else
	.asciz	"memup: this CPU has no Sv48\r\n"
#endif
	.balign	8
link_start:
	.quad	image_start
link_stack:
	.quad	boot_stack_end
link_main:
	.quad	kernel_main
link_smp:
	.quad	smp_main

	.data
	.balign	8
entry_ticks:
	.quad	0
boot_hart:
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
