// SPDX-License-Identifier: MIT
/* cpu: the boot CPU, and each CPU's timer. */
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "ports/bare/arch.h"

extern char boot_stack_end[];

static struct kernel_cpu boot_cpu;
static uint8_t boot_fault_stack[FAULT_STACK_BYTES]
	__attribute__((section(".bss.noinit"), aligned(16)));

void cpu_init_boot(void)
{
	boot_cpu.stack_end = (uintptr_t)boot_stack_end;
	boot_cpu.fault_stack_end =
		(uintptr_t)boot_fault_stack + sizeof(boot_fault_stack);
	kernel.bare.boot_cpu.client = &boot_cpu;
	platform_take_traps(&boot_cpu);
}

void cpu_set_timer(void (*fn)(struct kernel_cpu *cpu), void *arg, uint64_t ns)
{
	uintptr_t flags = arch_irq_save();
	struct kernel_cpu *cpu = this_cpu();

	cpu->on_tick = fn;
	cpu->tick_arg = arg;
	cpu->tick_ns = fn ? ns : 0;
	platform_set_timer(cpu->tick_ns);
	arch_irq_restore(flags);
}

void cpu_tick(void)
{
	struct kernel_cpu *cpu = this_cpu();

	cpu->ticks++;
	if (cpu->on_tick)
		cpu->on_tick(cpu);
	platform_set_timer(cpu->tick_ns);
}
