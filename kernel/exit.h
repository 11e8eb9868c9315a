/* SPDX-License-Identifier: MIT */
/*
 * exit: the end, and how it went: QEMU's status. On x86-64 it is told to
 * isa-debug-exit (at I/O port 0xf4), on arm64 to semihosting, on RISC-V to the
 * device sifive,test0. Where that is not there the machine is turned off, or
 * the CPUs halt.
 */
#ifndef KERNEL_EXIT_H
#define KERNEL_EXIT_H

#include <stdbool.h>

/* Odd, as isa-debug-exit makes them: 2 * value + 1. */
enum exit_code {
	EXIT_PASSED = 33, /* booted, and all tests passed */
	EXIT_FAILED = 35, /* booted, and some did not */
	EXIT_INPUT = 37,  /* this machine cannot be brought up */
	EXIT_PANIC = 39,  /* an exception, or a broken invariant */
};

/* End with @code, all CPUs. */
_Noreturn void kernel_exit(enum exit_code code);

/* Has some CPU ended? Then other CPUs halt. */
bool kernel_is_over(void);

#endif
