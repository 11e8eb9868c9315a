// SPDX-License-Identifier: MIT
/* segments: the GDT and the TSS of a CPU. */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/x86_64/interrupt.h"
#include "ports/bare/arch.h"

/* A descriptor of two words (SDM vol. 3, "TSS Descriptor in 64-bit mode"). */
static void set_tss_descriptor(uint64_t *gdt, const struct tss *tss)
{
	uint64_t base = (uintptr_t)tss, limit = sizeof(*tss) - 1;

	gdt[0] = (limit & 0xffff) | (base & 0xffffff) << 16 |
		 UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
	gdt[1] = base >> 32;
}

static void load_segments(const struct kernel_cpu *cpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {
		.limit = sizeof(cpu->arch.gdt) - 1,
		.base = (uintptr_t)cpu->arch.gdt,
	};
	uint64_t gs = x86_rdmsr(X86_MSR_GS_BASE);

	__asm__ volatile("lgdt %[pointer]\n\t"
			 "pushq %[code]\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "movl %[data], %%eax\n\t"
			 "movw %%ax, %%ds\n\t"
			 "movw %%ax, %%es\n\t"
			 "movw %%ax, %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movw %%ax, %%fs\n\t"
			 "movw %%ax, %%gs\n\t"
			 "movl %[tss], %%eax\n\t"
			 "ltr %%ax"
			 :
			 : [pointer] "m"(pointer), [code] "i"(CODE_SELECTOR),
			   [data] "i"(DATA_SELECTOR), [tss] "i"(TSS_SELECTOR)
			 : "rax", "memory");
	/* Loading a selector cleared it. */
	x86_wrmsr(X86_MSR_GS_BASE, gs);
}

void platform_take_traps(struct kernel_cpu *cpu)
{
	cpu->arch.gdt[0] = 0;
	cpu->arch.gdt[CODE_SELECTOR / 8] = UINT64_C(0x00af9b000000ffff);
	cpu->arch.gdt[DATA_SELECTOR / 8] = UINT64_C(0x00cf93000000ffff);
	set_tss_descriptor(&cpu->arch.gdt[TSS_SELECTOR / 8], &cpu->arch.tss);
	cpu->arch.tss = (struct tss){
		.ist = {(uint32_t)cpu->fault_stack_end,
			(uint32_t)(cpu->fault_stack_end >> 32)},
		.io_map = sizeof(cpu->arch.tss),
	};
	load_segments(cpu);
	interrupt_load();
}
