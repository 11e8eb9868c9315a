// SPDX-License-Identifier: MIT
/*
 * main: the boot, from the first C to the last.
 */
#include "kernel/bench.h"
#include "kernel/consumers.h"
#include "kernel/cpu.h"
#include "kernel/die.h"
#include "kernel/exit.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/string.h"
#include "kernel/tap.h"

struct kernel kernel;

extern uint64_t entry_ticks; /* entry.S */

static struct boot_info boot_info __attribute__((section(".bss.noinit")));

static void panic(void *arg, const char *line)
{
	(void)arg;
	log_break();
	log_err("panic on CPU %u: %s", mu_bare_this_cpu()->id, line);
	kernel_exit(EXIT_PANIC);
}

static void start_port(void)
{
	const struct mu_bare_config config = {
		.log = log_hook,
		.panic = panic,
		.direct = DIRECT_MAP,
		.memmap = MEMMAP,
	};

	kernel.bare.clock.start = entry_ticks;
	mu_bare_init(&kernel.bare, &config);
	kernel.bare.mapped_end = platform_first_end();
}

_Noreturn void kernel_main(unsigned loader, uint64_t info)
{
	bool passed;

	start_port();
	cpu_init_boot();
	platform_console_init();
	kernel.info = &boot_info;
	boot_info_read(&boot_info, loader, info);
	options_read(&kernel.options, boot_info.cmdline, boot_info.cmdline_len);
	if (kernel.options.quiet)
		log_set_level(MU_LOG_WARN);

	describe_machine();
	start_memory();

	platform_calibrate();
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
