/* SPDX-License-Identifier: MIT */
/* perf: latencies and bandwidths, each one word: sorted they are a map. */
#ifndef MU_MACHINE_PERF_H
#define MU_MACHINE_PERF_H

#include "memup/machine.h"

_Static_assert(MU_MAX_NODES <= 1 << 15 && MU_NR_PERF <= 1 << 2,
	       "from, to, what and the value are one word");

/* From, to, what; and below them the value, so that the words sort by it. */
static inline uint64_t mu_perf_word(unsigned from, unsigned to,
				    enum mu_perf what, uint32_t value)
{
	return (uint64_t)from << 49 | (uint64_t)to << 34 |
	       (uint64_t)what << 32 | value;
}

static inline unsigned mu_perf_from(uint64_t word)
{
	return (unsigned)(word >> 49);
}

static inline unsigned mu_perf_to(uint64_t word)
{
	return (unsigned)(word >> 34) & ((1u << 15) - 1);
}

static inline enum mu_perf mu_perf_what(uint64_t word)
{
	return (enum mu_perf)(word >> 32 & 3);
}

/* Sort the values of @machine and keep the best of each. */
void mu_perf_finish(struct mu_machine *machine);

#endif
