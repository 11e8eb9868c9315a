/* SPDX-License-Identifier: MIT */
/*
 * ramp: how many threads a job is worth.
 *
 * A job begins with a quarter of the threads it may have, then gets half of
 * them, then all. Throughput is measured before each step and after it, over
 * windows: a window opens when every helper that was asked for has begun and is
 * full when each thread can be expected to have done two chunks, and all of
 * them eight. When a step raised throughput by less than an eighth the job
 * settles; if throughput fell, the helpers of that step leave.
 *
 * An eighth is far from both ends. Work that scales doubles its throughput: to
 * miss that, two windows would have to be wrong by 28 % each, one too high and
 * the next too low; a window counts what other threads have in hand to within a
 * chunk. Work bound by memory gains nothing.
 *
 * Windows cost: until they are over some CPUs are idle. Work that scales
 * without limit takes up to 16 % longer than with all threads at once
 * (simulated, for 1 to 64 threads, by tests/test_padata_ramp.c). Work too small
 * to be measured, and a port without a clock, get all threads at once.
 */
#ifndef MU_PADATA_RAMP_H
#define MU_PADATA_RAMP_H

#include "memup/padata.h"

/*
 * Begin with a quarter of @most threads, rounded up and at least 2 (or 1 if
 * @most is), or with all of them if there is no way to @measure.
 */
void mu_ramp_init(struct mu_padata_ramp *ramp, unsigned most, bool measure);

/* Open a window: the time is @now, @done units are done, a chunk has @chunk. */
void mu_ramp_open(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done,
		  uint64_t chunk);

/*
 * Is the window full? If so ramp->threads is how many threads there should be
 * now, more, fewer or as many as before, and ramp->settled whether that is
 * final; if not, a new window has to be opened.
 */
bool mu_ramp_step(struct mu_padata_ramp *ramp, uint64_t now, uint64_t done);

#endif
