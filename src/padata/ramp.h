/* SPDX-License-Identifier: MIT */
/*
 * ramp: how many threads a job is worth.
 *
 * Throughput is measured over windows. A window opens when every helper that
 * was asked for has begun and is full when each thread can be expected to have
 * done two chunks. After a full window the threads are doubled, unless the last
 * doubling raised throughput by less than an eighth: then the job settles, and
 * if throughput fell the helpers of the last doubling are sent home.
 *
 * An eighth is far from both ends. Work that scales doubles its throughput: to
 * miss that, two windows would have to be wrong by 28 % each, one too high and
 * the next too low. Work bound by memory gains nothing. A window begins and
 * ends between two chunks of the caller and counts the others to within a
 * chunk: with two threads it is wrong by a quarter at worst.
 *
 * Windows cost: until they are over some CPUs are idle. With two chunks a
 * thread of 1/(16 * most) of the work each, work that scales without limit
 * takes 15 % longer than with all threads at once. Work too small to be
 * measured, and a port without a clock, get all threads at once.
 */
#ifndef MU_PADATA_RAMP_H
#define MU_PADATA_RAMP_H

#include "memup/padata.h"

/*
 * Begin with a quarter of @most threads, at least 2 (or 1 if @most is), or with
 * all of them if there is no way to @measure.
 */
void mu_ramp_init(struct mu_padata_ramp *ramp, unsigned most, bool measure);

/* Open a window: the clock is @now, @done units are done, a chunk has @chunk.
 */
void mu_ramp_open(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done,
		  uint64_t chunk);

/*
 * Is the window full? If so ramp->threads is how many there should be now, more
 * or fewer or as many as before, and ramp->settled whether that is for good;
 * unless it is, a new window has to be opened.
 */
bool mu_ramp_step(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done);

#endif
