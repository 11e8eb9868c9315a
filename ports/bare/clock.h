/* SPDX-License-Identifier: MIT */
/*
 * clock: nanoseconds from the CPU's counter.
 *
 * The counter (x86-64: the time-stamp counter; arm64: the generic timer's;
 * RISC-V: time) runs from the first instruction on, but its speed may be known
 * only later. Finding it out can take milliseconds, many times what memup needs
 * to make all memory usable; so stamps are ticks, and are converted when the
 * speed is known.
 *
 * What it assumes: that the counters of all CPUs run at one speed, whatever the
 * CPU's, and were started together. arm64 and RISC-V promise it; on x86-64 it
 * is true on every server of the last fifteen years (SDM vol. 3, "Invariant
 * TSC"), and under QEMU.
 */
#ifndef MEMUP_BARE_CLOCK_H
#define MEMUP_BARE_CLOCK_H

#include <stdint.h>

struct bare_clock {
	uint64_t start;	 /* the tick that is 0 ns */
	uint64_t hz;	 /* ticks per second; 0: not known yet */
	uint64_t mult;	 /* ns per tick, in 2^-32 */
	const char *how; /* "PIT", ...: for the log */
};

/* The counter has @hz ticks per second, not 0, as @how says. Once, by one CPU.
 */
void bare_clock_set(struct bare_clock *clock, uint64_t hz, const char *how);

/* @ticks, a length of time, in ns; 0 while the clock is not known. */
uint64_t bare_clock_ns(const struct bare_clock *clock, uint64_t ticks);

/* @ns in ticks, at most a second. */
uint64_t bare_clock_ticks(const struct bare_clock *clock, uint64_t ns);

/* Nanoseconds since start; 0 while the clock is not known. Any context. */
uint64_t bare_clock_now(const struct bare_clock *clock);

/* Do nothing for @us, on a clock that is known. Any context. */
void bare_clock_delay(const struct bare_clock *clock, uint64_t us);

#endif
