/* SPDX-License-Identifier: MIT */
/*
 * x86_64_cpu: what arch.h asks for, by instructions that C cannot express.
 * Names of registers and bits are those of Intel's Software Developer's Manual
 * (SDM), volumes 3 and 4.
 */
#ifndef MEMUP_X86_64_CPU_H
#define MEMUP_X86_64_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ports/x86_64/apic.h"

/* Model-specific registers (SDM vol. 4, chapter 2). */
#define X86_MSR_APIC_BASE 0x1bu
#define X86_MSR_X2APIC	  0x800u /* + offset of the register / 16 */
#define X86_MSR_GS_BASE	  0xc0000101u

#define X86_RFLAGS_IF 0x200u

static inline void x86_outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t x86_inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void x86_outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t x86_inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t x86_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void x86_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32))
			 : "memory");
}

struct x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct x86_cpuid out;

	__asm__ volatile("cpuid"
			 : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx),
			   "=d"(out.edx)
			 : "a"(leaf), "c"(subleaf));
	return out;
}

/* The time-stamp counter, read after all earlier instructions have completed
 * (SDM vol. 2, RDTSC: LFENCE). */
static inline uint64_t arch_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint64_t x86_read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t x86_read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static inline void x86_write_cr3(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t x86_read_cr4(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void x86_write_cr4(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline void arch_pause(void)
{
	__asm__ volatile("pause");
}

static inline void arch_irq_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void arch_irq_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* Turn interrupts off; returns RFLAGS from before. */
static inline uintptr_t arch_irq_save(void)
{
	uintptr_t flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void arch_irq_restore(uintptr_t flags)
{
	if (flags & X86_RFLAGS_IF)
		arch_irq_on();
}

/* Turn interrupts on and wait for one. An interrupt that came before is not
 * lost: STI takes effect only after the next instruction has begun (SDM vol. 2,
 * STI). */
static inline void arch_irq_on_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

/* GS:0 points to itself. */
static inline void arch_set_this_cpu(void *cpu)
{
	x86_wrmsr(X86_MSR_GS_BASE, (uintptr_t)cpu);
}

static inline void *arch_this_cpu(void)
{
	void *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* ---- Translations ---- */

#define ARCH_FLUSH_IS_BROADCAST 0
#define X86_CR4_PGE		0x80u

/* Global pages too (SDM vol. 3, 4.10.4.1: a change of CR4.PGE). */
static inline void arch_flush_own(void)
{
	uint64_t cr4 = x86_read_cr4();

	x86_write_cr4(cr4 & ~(uint64_t)X86_CR4_PGE);
	x86_write_cr4(cr4);
}

static inline void arch_flush_page(uintptr_t virt)
{
	__asm__ volatile("invlpg (%0)" : : "r"(virt) : "memory");
}

static inline void arch_map_done(void)
{
}

/* Entries: SDM vol. 3, 4.5 "4-level paging", tables 4-15 to 4-20. */
#define X86_PTE_PRESENT 0x1u
#define X86_PTE_WRITE	0x2u
/* PWT and PCD: UC whatever the MTRRs say, with the PAT of after reset. */
#define X86_PTE_UNCACHED 0x18u
#define X86_PTE_ACCESSED 0x20u
#define X86_PTE_DIRTY	 0x40u
#define X86_PTE_LEAF	 0x80u /* at levels 1 and 2 */
#define X86_PTE_GLOBAL	 0x100u
#define X86_PTE_NX	 ((uint64_t)1 << 63)
#define X86_PTE_ADDRESS	 UINT64_C(0x000ffffffffff000)

#define ARCH_MAP_CODE	(X86_PTE_PRESENT | X86_PTE_GLOBAL | X86_PTE_ACCESSED)
#define ARCH_MAP_CONST	(ARCH_MAP_CODE | X86_PTE_NX)
#define ARCH_MAP_DATA	(ARCH_MAP_CONST | X86_PTE_WRITE | X86_PTE_DIRTY)
#define ARCH_MAP_DEVICE (ARCH_MAP_DATA | (uint64_t)X86_PTE_UNCACHED)

/* Has the CPU leaves of 1 GiB? */
#define ARCH_MAX_LEAF (x86_cpuid(0x80000001, 0).edx >> 26 & 1 ? 2u : 1u)

static inline bool arch_pte_is_leaf(uint64_t value)
{
	return value & X86_PTE_LEAF;
}

static inline uint64_t arch_pte_phys(uint64_t value)
{
	return value & X86_PTE_ADDRESS;
}

static inline uint64_t arch_pte_leaf(uint64_t phys, uint64_t rights,
				     unsigned level)
{
	return phys | rights | (level ? X86_PTE_LEAF : 0);
}

static inline uint64_t arch_pte_table(uint64_t phys)
{
	return phys | X86_PTE_PRESENT | X86_PTE_WRITE;
}

/* ---- What the port keeps ---- */

struct bare_arch {
	struct x86_apic apic;
	uint8_t wake_vector;
};

struct mu_bare;
struct mu_bare_cpu;

/* apic.c, fill.c */
#define ARCH_MEMMAP_FILL arch_memmap_fill
void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu);
void arch_memmap_fill(void *arg, uint64_t *dst, uint64_t word, size_t count);

#endif
