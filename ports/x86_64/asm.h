/* SPDX-License-Identifier: MIT */
/*
 * asm: instructions that C cannot express. Names of registers and bits are
 * those of Intel's Software Developer's Manual (SDM), volumes 3 and 4.
 */
#ifndef MEMUP_X86_64_ASM_H
#define MEMUP_X86_64_ASM_H

#include <stdbool.h>
#include <stdint.h>

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
static inline uint64_t x86_tsc(void)
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

static inline void x86_invlpg(uintptr_t virt)
{
	__asm__ volatile("invlpg (%0)" : : "r"(virt) : "memory");
}

static inline void x86_pause(void)
{
	__asm__ volatile("pause");
}

static inline void x86_irq_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void x86_irq_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* Turn interrupts off; returns RFLAGS from before. */
static inline uintptr_t x86_irq_save(void)
{
	uintptr_t flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void x86_irq_restore(uintptr_t flags)
{
	if (flags & X86_RFLAGS_IF)
		x86_irq_on();
}

/* Turn interrupts on and wait for one. An interrupt that came before is not
 * lost: STI takes effect only after the next instruction has begun (SDM vol. 2,
 * STI). */
static inline void x86_irq_on_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

#endif
