// SPDX-License-Identifier: MIT
#include "kernel/cpu.h"
#include "kernel/interrupt.h"
#include "kernel/kernel.h"
#include "ports/x86_64/asm.h"

extern char boot_stack_end[];

static struct kernel_cpu boot_cpu;
static uint8_t boot_fault_stack[FAULT_STACK_BYTES]
	__attribute__((section(".bss.noinit"), aligned(16)));

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
		.limit = sizeof(cpu->gdt) - 1,
		.base = (uintptr_t)cpu->gdt,
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

void cpu_load(struct kernel_cpu *cpu)
{
	cpu->gdt[0] = 0;
	cpu->gdt[CODE_SELECTOR / 8] = UINT64_C(0x00af9b000000ffff);
	cpu->gdt[DATA_SELECTOR / 8] = UINT64_C(0x00cf93000000ffff);
	set_tss_descriptor(&cpu->gdt[TSS_SELECTOR / 8], &cpu->tss);
	cpu->tss = (struct tss){
		.ist = {(uint32_t)cpu->fault_stack_end,
			(uint32_t)(cpu->fault_stack_end >> 32)},
		.io_map = sizeof(cpu->tss),
	};
	load_segments(cpu);
	interrupt_load();
}

void cpu_init_boot(void)
{
	boot_cpu.stack_end = (uintptr_t)boot_stack_end;
	boot_cpu.fault_stack_end =
		(uintptr_t)boot_fault_stack + sizeof(boot_fault_stack);
	kernel.x86.boot_cpu.client = &boot_cpu;
	cpu_load(&boot_cpu);
}

void cpu_set_timer(void (*fn)(struct kernel_cpu *cpu), void *arg, uint64_t ns)
{
	uintptr_t flags = x86_irq_save();
	struct kernel_cpu *cpu = this_cpu();

	cpu->on_tick = fn;
	cpu->tick_arg = arg;
	cpu->tick_ns = fn ? ns : 0;
	x86_apic_timer(&kernel.x86.apic, VECTOR_TIMER, cpu->tick_ns);
	x86_irq_restore(flags);
}
