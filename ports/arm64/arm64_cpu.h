/* SPDX-License-Identifier: MIT */
/*
 * arm64_cpu: what arch.h asks for. Names of registers and bits are those of the
 * Arm Architecture Reference Manual for A-profile (DDI 0487).
 */
#ifndef MEMUP_ARM64_CPU_H
#define MEMUP_ARM64_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ports/arm64/gic.h"
#include "ports/bare/page_size.h"

#define ARM64_READ(name)                                          \
	({                                                        \
		uint64_t value_;                                  \
		__asm__ volatile("mrs %0, " name : "=r"(value_)); \
		value_;                                           \
	})
#define ARM64_WRITE(name, value)                  \
	__asm__ volatile("msr " name ", %0"       \
			 :                        \
			 : "r"((uint64_t)(value)) \
			 : "memory")

#define ARM64_DAIF_I 0x80u

/* The virtual counter: after the barrier it is not read early. */
static inline uint64_t arch_ticks(void)
{
	uint64_t value;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
	return value;
}

static inline void arch_pause(void)
{
	__asm__ volatile("yield");
}

static inline void arch_irq_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline void arch_irq_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

/* Turn interrupts off; returns DAIF from before. */
static inline uintptr_t arch_irq_save(void)
{
	uintptr_t flags;

	__asm__ volatile("mrs %0, daif; msr daifset, #2"
			 : "=r"(flags)
			 :
			 : "memory");
	return flags;
}

static inline void arch_irq_restore(uintptr_t flags)
{
	__asm__ volatile("msr daif, %0" : : "r"(flags) : "memory");
}

/* WFI ends when an interrupt is pending, masked or not (D1.6.2). */
static inline void arch_irq_on_and_halt(void)
{
	__asm__ volatile("dsb sy; wfi; msr daifclr, #2; isb" : : : "memory");
}

static inline void arch_set_this_cpu(void *cpu)
{
	ARM64_WRITE("tpidr_el1", (uintptr_t)cpu);
}

static inline void *arch_this_cpu(void)
{
	uintptr_t cpu;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(cpu));
	return (void *)cpu;
}

/* ---- Translations ---- */

/* TLBI ...IS reaches all CPUs of the inner shareable domain (D8.14). */
#define ARCH_FLUSH_IS_BROADCAST 1

static inline void arch_flush_own(void)
{
	__asm__ volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb"
			 :
			 :
			 : "memory");
}

static inline void arch_flush_page(uintptr_t virt)
{
	__asm__ volatile("dsb ishst; tlbi vaae1is, %0; dsb ish; isb"
			 :
			 : "r"(virt >> 12 & ((UINT64_C(1) << 44) - 1))
			 : "memory");
}

/* The walker of this CPU, and of others, sees the entries (D8.15). */
static inline void arch_map_done(void)
{
	__asm__ volatile("dsb ishst; isb" : : : "memory");
}

/* Descriptors: D8.3. A block and a page differ in bit 1. */
#define ARM64_PTE_VALID	 0x1u
#define ARM64_PTE_TABLE	 0x2u /* or a page at level 0 */
#define ARM64_PTE_DEVICE 0x4u /* AttrIndx 1 of MAIR_EL1: entry.S */
#define ARM64_PTE_RO	 0x80u
#define ARM64_PTE_INNER	 0x300u /* shareable */
#define ARM64_PTE_AF	 0x400u
#define ARM64_PTE_PXN	 (UINT64_C(1) << 53)
#define ARM64_PTE_UXN	 (UINT64_C(1) << 54)
#define ARM64_PTE_ADDRESS \
	(((UINT64_C(1) << 48) - 1) & ~(((uint64_t)1 << BARE_PAGE_SHIFT) - 1))

#define ARCH_MAP_DATA                                                       \
	(ARM64_PTE_VALID | ARM64_PTE_INNER | ARM64_PTE_AF | ARM64_PTE_PXN | \
	 ARM64_PTE_UXN)
#define ARCH_MAP_CONST	(ARCH_MAP_DATA | ARM64_PTE_RO)
#define ARCH_MAP_CODE	(ARCH_MAP_CONST & ~ARM64_PTE_PXN)
#define ARCH_MAP_DEVICE (ARCH_MAP_DATA | ARM64_PTE_DEVICE)

/* 1 GiB with pages of 4 KiB, 32 MiB with 16 KiB, 512 MiB with 64 KiB. */
#define ARCH_MAX_LEAF (BARE_PAGE_SHIFT == 12 ? 2u : 1u)

static inline bool arch_pte_is_leaf(uint64_t value)
{
	return !(value & ARM64_PTE_TABLE);
}

static inline uint64_t arch_pte_phys(uint64_t value)
{
	return value & ARM64_PTE_ADDRESS;
}

static inline uint64_t arch_pte_leaf(uint64_t phys, uint64_t rights,
				     unsigned level)
{
	return phys | rights | (level ? 0 : ARM64_PTE_TABLE);
}

static inline uint64_t arch_pte_table(uint64_t phys)
{
	return phys | ARM64_PTE_VALID | ARM64_PTE_TABLE;
}

/* The kernel's first tables: a root for each half, and where QEMU's virt has
 * its console, for complaints about a device tree that cannot be read. */
#define FIRST_LOW_ROOT 1
#define FIRST_CONSOLE  UINT64_C(0x09000000)

/* ---- What the port keeps ---- */

struct bare_arch {
	struct gic gic;
};

struct mu_bare;
struct mu_bare_cpu;

/* gic.c */
void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu);

/* The library's stores are as good as any. */
#define ARCH_MEMMAP_FILL NULL

#endif
