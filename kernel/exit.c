// SPDX-License-Identifier: MIT
#include "kernel/exit.h"
#include "kernel/interrupt.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "ports/x86_64/asm.h"

#define DEBUG_EXIT_PORT 0xf4

/* Set by the first CPU that ends. */
static _Atomic bool over;

_Noreturn void kernel_halt(void)
{
	for (;;) {
		x86_irq_off();
		__asm__ volatile("hlt");
	}
}

bool kernel_is_over(void)
{
	/* relaxed: it was set before the NMI whose handler asks. */
	return atomic_load_explicit(&over, memory_order_relaxed);
}

_Noreturn void kernel_exit(enum exit_code code)
{
	x86_irq_off();
	log_break();
	atomic_store_explicit(&over, true, memory_order_relaxed);
	x86_outl(DEBUG_EXIT_PORT, code);
	/* Still here: there is no such device. */
	if (kernel.x86.apic.x2 || kernel.x86.apic.mmio)
		x86_apic_send_nmi_to_others(&kernel.x86.apic);
	kernel_halt();
}
