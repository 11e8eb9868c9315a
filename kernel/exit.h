/* SPDX-License-Identifier: MIT */
/*
 * exit: the end, and how it went. QEMU's isa-debug-exit (at I/O port 0xf4) ends
 * with the status 2 * code + 1; without it the CPUs halt.
 */
#ifndef KERNEL_EXIT_H
#define KERNEL_EXIT_H

#include <stdbool.h>

enum exit_code {
	EXIT_PASSED = 0x10, /* 33: booted, and all tests passed */
	EXIT_FAILED = 0x11, /* 35: booted, and some did not */
	EXIT_INPUT = 0x12,  /* 37: this machine cannot be brought up */
	EXIT_PANIC = 0x13,  /* 39: an exception, or a broken invariant */
};

/* End with @code, all CPUs. */
_Noreturn void kernel_exit(enum exit_code code);

/* Has some CPU ended? Then that is what the NMI means. */
bool kernel_is_over(void);
_Noreturn void kernel_halt(void);

#endif
