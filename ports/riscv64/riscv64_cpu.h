/* SPDX-License-Identifier: MIT */
/*
 * riscv64_cpu: what arch.h asks for, in supervisor mode. Names of registers and
 * bits are those of the RISC-V Instruction Set Manual, volume II.
 */
#ifndef MEMUP_RISCV64_CPU_H
#define MEMUP_RISCV64_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ports/bare/page_size.h"

#define RISCV_READ(name)                                           \
	({                                                         \
		uint64_t value_;                                   \
		__asm__ volatile("csrr %0, " name : "=r"(value_)); \
		value_;                                            \
	})
#define RISCV_WRITE(name, value)                  \
	__asm__ volatile("csrw " name ", %0"      \
			 :                        \
			 : "r"((uint64_t)(value)) \
			 : "memory")

#define RISCV_SIE 0x2u /* of sstatus: interrupts are on */

/* What came before has to be done. */
static inline uint64_t arch_ticks(void)
{
	uint64_t value;

	__asm__ volatile("fence; rdtime %0" : "=r"(value) : : "memory");
	return value;
}

/* PAUSE of Zihintpause, which is a FENCE that does nothing elsewhere. */
static inline void arch_pause(void)
{
	__asm__ volatile(".word 0x0100000f");
}

static inline void arch_irq_off(void)
{
	__asm__ volatile("csrci sstatus, 2" : : : "memory");
}

static inline void arch_irq_on(void)
{
	__asm__ volatile("csrsi sstatus, 2" : : : "memory");
}

/* Turn interrupts off; returns SIE from before. */
static inline uintptr_t arch_irq_save(void)
{
	uintptr_t flags;

	__asm__ volatile("csrrci %0, sstatus, 2" : "=r"(flags) : : "memory");
	return flags & RISCV_SIE;
}

static inline void arch_irq_restore(uintptr_t flags)
{
	__asm__ volatile("csrs sstatus, %0" : : "r"(flags) : "memory");
}

/* WFI ends when an interrupt is pending, enabled in sstatus or not (3.3.3). */
static inline void arch_irq_on_and_halt(void)
{
	__asm__ volatile("wfi; csrsi sstatus, 2" : : : "memory");
}

/* No code has thread-local variables, so tp is ours. */
static inline void arch_set_this_cpu(void *cpu)
{
	__asm__ volatile("mv tp, %0" : : "r"(cpu) : "memory");
}

static inline void *arch_this_cpu(void)
{
	uintptr_t cpu;

	__asm__ volatile("mv %0, tp" : "=r"(cpu));
	return (void *)cpu;
}

/* ---- Translations ---- */

#define ARCH_FLUSH_IS_BROADCAST 0

static inline void arch_flush_own(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

static inline void arch_flush_page(uintptr_t virt)
{
	__asm__ volatile("sfence.vma %0" : : "r"(virt) : "memory");
}

/* Others may have kept that there was nothing: trap_riscv64.c lets them look
 * again. */
static inline void arch_map_done(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

/* Entries: 4.4. One without R, W and X is a table's. */
#define RISCV_PTE_V	 0x01u
#define RISCV_PTE_R	 0x02u
#define RISCV_PTE_W	 0x04u
#define RISCV_PTE_X	 0x08u
#define RISCV_PTE_GLOBAL 0x20u
#define RISCV_PTE_A	 0x40u
#define RISCV_PTE_D	 0x80u
#define RISCV_PTE_PPN	 UINT64_C(0x003ffffffffffc00)

#define ARCH_MAP_CONST \
	((uint64_t)(RISCV_PTE_V | RISCV_PTE_R | RISCV_PTE_GLOBAL | RISCV_PTE_A))
#define ARCH_MAP_CODE (ARCH_MAP_CONST | RISCV_PTE_X)
#define ARCH_MAP_DATA (ARCH_MAP_CONST | RISCV_PTE_W | RISCV_PTE_D)
/* What is a device's the platform knows (PMAs, 3.6). */
#define ARCH_MAP_DEVICE ARCH_MAP_DATA

#define ARCH_MAX_LEAF 2u /* 1 GiB */

static inline bool arch_pte_is_leaf(uint64_t value)
{
	return value & (RISCV_PTE_R | RISCV_PTE_W | RISCV_PTE_X);
}

static inline uint64_t arch_pte_phys(uint64_t value)
{
	return (value & RISCV_PTE_PPN) << 2;
}

static inline uint64_t arch_pte_leaf(uint64_t phys, uint64_t rights,
				     unsigned level)
{
	(void)level;
	return phys >> 2 | rights;
}

static inline uint64_t arch_pte_table(uint64_t phys)
{
	return phys >> 2 | RISCV_PTE_V;
}

/* The kernel's first tables: one root for both halves; the console needs no
 * address. */
#define FIRST_CONSOLE 0

/* ---- What the port keeps ---- */

struct bare_arch {
	uint64_t satp_mode; /* in its place in satp */
};

struct mu_bare;
struct mu_bare_cpu;

/* sbi.c */
void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu);

/* The library's stores are as good as any. */
#define ARCH_MEMMAP_FILL NULL

#endif
