/* SPDX-License-Identifier: MIT */
/*
 * clock: nanoseconds from the time-stamp counter.
 *
 * The counter runs from the first instruction on, but its speed is known only
 * after asking the CPU, or comparing it with a clock of known speed. That takes
 * milliseconds, many times what memup needs to make all memory usable; so
 * stamps are ticks, and are converted when the speed is known.
 *
 * What it assumes: that the counters of all CPUs run at one speed, whatever the
 * CPU's, and were started together (SDM vol. 3, "Invariant TSC"). True on every
 * server of the last fifteen years, and under QEMU.
 */
#ifndef MEMUP_X86_64_CLOCK_H
#define MEMUP_X86_64_CLOCK_H

#include <stdint.h>

struct x86_clock {
	uint64_t start;	 /* the tick that is 0 ns */
	uint64_t hz;	 /* ticks per second; 0: not known yet */
	uint64_t mult;	 /* ns per tick, in 2^-32 */
	const char *how; /* "PIT", ...: for the log */
};

/*
 * Find out how fast the counter is: from CPUID (leaf 0x15, or a hypervisor's
 * 0x40000010), else by the ACPI power management timer at I/O port @pm_timer
 * (0: there is none), else by the PIT; takes 15 ms. If no reference runs 1 GHz
 * is assumed, and ->how says so. Once, by one CPU.
 */
void x86_clock_calibrate(struct x86_clock *clock, uint16_t pm_timer);

/* @ticks, a length of time, in ns; 0 while the clock is not known. */
uint64_t x86_clock_ns(const struct x86_clock *clock, uint64_t ticks);

/* Nanoseconds since start; 0 while the clock is not known. Any context. */
uint64_t x86_clock_now(const struct x86_clock *clock);

/* Do nothing for @us, on a clock that is known. Any context. */
void x86_clock_delay(const struct x86_clock *clock, uint64_t us);

#endif
