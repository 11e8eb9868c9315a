// SPDX-License-Identifier: MIT
/*
 * main: the boot, from the first C to the last.
 */
#include "kernel/bench.h"
#include "kernel/consumers.h"
#include "kernel/cpu.h"
#include "kernel/die.h"
#include "kernel/exit.h"
#include "kernel/interrupt.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/serial.h"
#include "kernel/string.h"
#include "kernel/tap.h"

struct kernel kernel;

extern uint64_t entry_ticks; /* entry.S */

static struct boot_info boot_info __attribute__((section(".bss.noinit")));

/* entry.S calls it, on the boot CPU's stack, interrupts off. */
_Noreturn void kernel_main(unsigned loader, uint32_t info);

static void panic(void *arg, const char *line)
{
	(void)arg;
	log_break();
	log_err("panic on CPU %u: %s", mu_x86_this_cpu()->id, line);
	kernel_exit(EXIT_PANIC);
}

static void start_port(void)
{
	const struct mu_x86_config config = {
		.log = log_hook,
		.panic = panic,
		.direct = DIRECT_MAP,
		.memmap = MEMMAP,
		.wake_vector = VECTOR_WAKE,
	};

	kernel.x86.clock.start = entry_ticks;
	mu_x86_init(&kernel.x86, &config);
	/* What the first page tables map: entry.S. */
	kernel.x86.mapped_end = 4 * MU_GIB;
}

_Noreturn void kernel_main(unsigned loader, uint32_t info)
{
	bool passed;

	start_port();
	interrupt_init();
	cpu_init_boot();
	serial_init();
	kernel.info = &boot_info;
	boot_info_read(&boot_info, loader, info);
	options_read(&kernel.options, boot_info.cmdline, boot_info.cmdline_len);
	if (kernel.options.quiet)
		log_set_level(MU_LOG_WARN);

	describe_machine();
	start_memory();

	x86_clock_calibrate(&kernel.x86.clock, kernel.acpi.pm_timer);
	log_open();
	tell_machine();
	tell_memory();
	tell_growth("start");
	start_cpus();
	tell_cpus();
	tell_growth("CPUs");
	consumers_take();
	die(kernel.options.test);
	/* The first stress test does it, unless there are no tests. */
	if (text_equal(kernel.options.test, "none")) {
		finish_memory();
		tell_growth("deferred");
		tell_end();
		bench_run(kernel.options.bench);
		kernel_exit(EXIT_PASSED);
	}
	passed = tests_run(kernel.options.test);
	finish_memory();
	tell_end();
	bench_run(kernel.options.bench);
	kernel_exit(passed ? EXIT_PASSED : EXIT_FAILED);
}
