// SPDX-License-Identifier: MIT
/*
 * Sets of CPUs: how many there are, and which one is next.
 */
#include "base/bits.h"

unsigned mu_cpumask_weight(const struct mu_cpumask *mask)
{
	unsigned n = 0;

	for (size_t i = 0; i < MU_ARRAY_SIZE(mask->bits); i++)
		n += mu_popcount(mask->bits[i]);
	return n;
}

unsigned mu_cpumask_next(const struct mu_cpumask *mask, unsigned cpu)
{
	while (cpu < MU_MAX_CPUS) {
		uint64_t rest = mask->bits[cpu / 64] >> (cpu % 64);

		if (rest)
			return cpu + mu_ctz(rest);
		cpu = (cpu / 64 + 1) * 64;
	}
	return MU_MAX_CPUS;
}
