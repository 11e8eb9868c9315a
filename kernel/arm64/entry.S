/* SPDX-License-Identifier: MIT */
/*
 * entry: from the boot loader to C in the upper half.
 *
 * The header is that of Linux's images (Documentation/arch/arm64/booting.rst),
 * so whoever loads those loads us: to a multiple of 2 MiB plus the offset, at
 * EL2 or EL1, MMU off, interrupts masked, X0 the address of the device tree.
 *
 * Then: EL1, bss, the first page tables (fdt/first_map.c, in C that runs where
 * it was loaded), MMU on, and on at the addresses where we are linked. Other
 * CPUs come in by PSCI, which gives them X0, at cpu_entry.
 */
#include "kernel/layout.h"

#define SCTLR	   0x30d0180d	/* RES1, I, SA, C, M */
#define SCTLR_OFF  0x30d00800
#define MAIR	   0x04ff	/* 0: write-back; 1: device, nGnRE */

#if BARE_PAGE_SHIFT == 12
#define TCR_PAGE   (0x2 << 30 | 0x0 << 14)
#define HEADER_PAGE 1
#define GRAN_SHIFT 28
#define GRAN_VALUE 0
#elif BARE_PAGE_SHIFT == 14
#define TCR_PAGE   (0x1 << 30 | 0x2 << 14)
#define HEADER_PAGE 2
#define GRAN_SHIFT 20
#define GRAN_VALUE 1
#else
#define TCR_PAGE   (0x3 << 30 | 0x1 << 14)
#define HEADER_PAGE 3
#define GRAN_SHIFT 24
#define GRAN_VALUE 0
#endif
#define SIZE	   (64 - BARE_VA_BITS)
/* Inner shareable, write-back walks, for both halves. */
#define TCR	   (TCR_PAGE | SIZE | SIZE << 16 | 0x3500 | 0x35000000)
#define TCR_EPD0   7

	.section .head, "ax"
	.globl	head, entry_ticks
head:
	b	entry
	.long	0
	.quad	0			/* offset of the image: none */
	.quad	image_bytes
	.quad	8 | HEADER_PAGE << 1	/* anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
entry:
	mov	x20, x0
	bl	to_el1
	mrs	x19, cntvct_el0

	/* Nothing stale in the caches may hide what we write with them off. */
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, image_end
	add	x1, x1, :lo12:image_end
	bl	forget_lines
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	adrp	x0, boot_stack_end
	add	sp, x0, :lo12:boot_stack_end
	adrp	x0, entry_ticks
	str	x19, [x0, :lo12:entry_ticks]

	/* Can this CPU do it? ID_AA64MMFR0: pages of our size. */
	mrs	x0, id_aa64mmfr0_el1
	ubfx	x0, x0, #GRAN_SHIFT, #4
#if GRAN_VALUE
	cbz	x0, no_pages
#else
	cmp	x0, #0xf
	b.eq	no_pages
#endif
	mov	x29, xzr
	mov	x0, x20
	bl	first_map
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, image_end
	add	x1, x1, :lo12:image_end
	bl	forget_lines
	adrp	x0, first_root
	ldr	x0, [x0, :lo12:first_root]
	bl	mmu_on
	ldr	x0, =boot_stack_end
	mov	sp, x0
	mov	x29, xzr
	mov	x0, #LOADER_FDT
	mov	x1, x20
	ldr	x2, =kernel_main
	blr	x2
	brk	#0

/* Another CPU: X0 is the virtual address of its start_slot. */
	.globl	cpu_entry
cpu_entry:
	mov	x20, x0
	bl	to_el1
	adrp	x0, kernel_root
	ldr	x0, [x0, :lo12:kernel_root]
	bl	mmu_on
	ldp	x1, x0, [x20, #8]
	mov	sp, x1
	mov	x29, xzr
	ldr	x2, =smp_main
	blr	x2
	brk	#0

/* Invalidate the lines of [x0, x1). */
forget_lines:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
	sub	x3, x2, #1
	bic	x0, x0, x3
1:	dc	ivac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

/*
 * MMU on, with x0 for the upper half and first_low for the lower, which has
 * this code at its own address; returns to where we are linked.
 */
mmu_on:
	adrp	x1, first_low
	ldr	x1, [x1, :lo12:first_low]
	msr	ttbr0_el1, x1
	msr	ttbr1_el1, x0
	mov	x0, #MAIR
	msr	mair_el1, x0
	ldr	x0, =TCR
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #0xf
	mov	x2, #5			/* 48 bits are the most we use */
	cmp	x1, x2
	csel	x1, x1, x2, lo
	bfi	x0, x1, #32, #3
	msr	tcr_el1, x0
	dsb	sy
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	sy
	isb
	adrp	x9, image_start
	ldr	x0, =SCTLR
	msr	sctlr_el1, x0
	isb
	/* The lower half ends here. */
	ldr	x0, =1f
	br	x0
1:	mrs	x0, tcr_el1
	orr	x0, x0, #(1 << TCR_EPD0)
	msr	tcr_el1, x0
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	/* lr is where we were loaded. */
	adrp	x0, image_start
	sub	x0, x0, x9
	add	x30, x30, x0
	ret

/* From EL2 to EL1 if need be, with nothing trapped. */
to_el1:
	mrs	x0, currentel
	cmp	x0, #(2 << 2)
	b.ne	2f
	mov	x0, #(1 << 31)		/* RW: EL1 is AArch64 */
	msr	hcr_el2, x0
	isb
	mov	x0, #0x33ff		/* no traps */
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	msr	mdcr_el2, xzr
	mov	x0, #3			/* the timers are EL1's */
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	/* The GIC's registers, if it has some: ID_AA64PFR0.GIC. */
	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #24, #4
	cbz	x0, 1f
	mrs	x0, s3_4_c12_c9_5	/* ICC_SRE_EL2 */
	mov	x1, #9
	orr	x0, x0, x1
	msr	s3_4_c12_c9_5, x0
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */
1:	ldr	x0, =SCTLR_OFF
	msr	sctlr_el1, x0
	mov	x0, #0x3c5		/* EL1h, all masked */
	msr	spsr_el2, x0
	msr	elr_el2, x30
	eret
2:	ldr	x0, =SCTLR_OFF
	msr	sctlr_el1, x0
	isb
	ret

/* Say so at the console that QEMU's machine has, and end: semihosting. */
no_pages:
	adr	x1, no_pages_text
	mov	x2, #0x09000000
1:	ldrb	w0, [x1], #1
	cbz	w0, 2f
	str	w0, [x2]
	b	1b
2:	adr	x1, no_pages_status
	mov	x0, #0x20
	hlt	#0xf000
3:	wfi
	b	3b

	.balign	8
no_pages_status:
	.quad	0x20026, 37		/* see exit.h */
no_pages_text:
	.ascii	"memup: this CPU has no pages of "
#if BARE_PAGE_SHIFT == 12
	.asciz	"4 KiB\r\n"
#elif BARE_PAGE_SHIFT == 14
	.asciz	"16 KiB\r\n"
#else
	.asciz	"64 KiB\r\n"
#endif
	.balign	8

	.data
	.balign	8
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
