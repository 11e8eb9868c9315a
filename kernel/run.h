/* SPDX-License-Identifier: MIT */
/* run: tests on several CPUs, and random numbers that are the same each time.
 */
#ifndef KERNEL_RUN_H
#define KERNEL_RUN_H

#include "memup/base.h"

/* A call that was made on several CPUs. */
struct run {
	void (*fn)(void *arg);
	void *arg;
	_Atomic uint32_t left; /* CPUs that have not returned */
};

/* Call @fn(@arg) on all CPUs of @cpus that are up, except this one; returns how
 * many these are, when all calls have begun or are certain to. None of the CPUs
 * may be in a call that does not return. */
unsigned run_start(struct run *run, const struct mu_cpumask *cpus,
		   void (*fn)(void *arg), void *arg);

/* Return when all have. */
void run_wait(struct run *run);

/* Both for all CPUs including this one; returns on how many. */
unsigned run_everywhere(void (*fn)(void *arg), void *arg);

/* xorshift64* (Vigna, ACM TOMS 42, 2016); *@state is not 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number below @end, which is below 2^32. */
static inline uint64_t random_below(uint64_t *state, uint64_t end)
{
	return (random_next(state) >> 32) * end >> 32;
}

#endif
