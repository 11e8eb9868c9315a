/* SPDX-License-Identifier: MIT */
/*
 * bench: what a few things cost on this machine, one line "bench: ..." each,
 * of the fastest of several turns:
 *
 *   fill    one block's descriptors, stored in several ways
 *   claim   blocks claimed and initialised by one CPU, one by one (lazy, with
 *           test=none: needs pristine memory)
 *   alloc   a page allocated and freed again, of orders 0, 9 and 10
 *
 * Under software emulation these are the emulator's costs: they compare with
 * one another and say nothing of hardware. With -icount (1 ns an instruction)
 * they are instructions.
 */
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

/* Those whose name contains @part, all if it is "all"; none if it is "". */
void bench_run(const char *part);

#endif
