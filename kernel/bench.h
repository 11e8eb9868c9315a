/* SPDX-License-Identifier: MIT */
/*
 * bench: what a few operations cost on this machine, one line "bench: ..."
 * each, the fastest of several turns:
 *
 *   fill    one block's descriptors, stored in several ways
 *   claim   blocks claimed and initialised by one CPU, one by one (lazy, with
 *           test=none: needs pristine memory)
 *   alloc   a page allocated and freed again, of orders 0, 9 and 10
 *
 * Under software emulation these are the emulator's costs: they can be compared
 * with one another but say nothing about hardware. With -icount (1 ns per
 * instruction) they are instruction counts.
 */
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

/* Those whose name contains @part, all if it is "all"; none if it is "". */
void bench_run(const char *part);

#endif
