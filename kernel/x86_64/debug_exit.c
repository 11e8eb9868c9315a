// SPDX-License-Identifier: MIT
/* debug_exit: the end by QEMU's isa-debug-exit, or a halt of all CPUs. */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/x86_64/interrupt.h"

#define DEBUG_EXIT_PORT 0xf4

_Noreturn void x86_halt(void)
{
	for (;;) {
		arch_irq_off();
		__asm__ volatile("hlt");
	}
}

_Noreturn void platform_end(int status)
{
	const struct x86_apic *apic = &kernel.bare.arch.apic;

	x86_outl(DEBUG_EXIT_PORT, (uint32_t)status / 2);
	/* Still here: there is no such device. */
	if (apic->x2 || apic->mmio)
		x86_apic_send_nmi_to_others(apic);
	x86_halt();
}
