// SPDX-License-Identifier: MIT
/* exit: see exit.h. */
#include "kernel/exit.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "ports/bare/arch.h"

/* Set by the first CPU that ends. */
static _Atomic bool over;

bool kernel_is_over(void)
{
	/* relaxed: it was set before the interrupt whose handler asks. */
	return atomic_load_explicit(&over, memory_order_relaxed);
}

_Noreturn void kernel_exit(enum exit_code code)
{
	arch_irq_off();
	log_break();
	atomic_store_explicit(&over, true, memory_order_relaxed);
	platform_end((int)code);
}
