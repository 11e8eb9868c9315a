// SPDX-License-Identifier: MIT
/* clock: see clock.h. */
#include "ports/bare/arch.h"
#include "ports/bare/clock.h"

#define NSEC UINT64_C(1000000000)

void bare_clock_set(struct bare_clock *clock, uint64_t hz, const char *how)
{
	clock->hz = hz;
	clock->how = how;
	clock->mult = (NSEC << 32) / hz;
}

uint64_t bare_clock_ns(const struct bare_clock *clock, uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * clock->mult >> 32);
}

uint64_t bare_clock_ticks(const struct bare_clock *clock, uint64_t ns)
{
	/* Below 2^30 and 2^34. */
	return (ns < NSEC ? ns : NSEC) * clock->hz / NSEC;
}

uint64_t bare_clock_now(const struct bare_clock *clock)
{
	return bare_clock_ns(clock, arch_ticks() - clock->start);
}

void bare_clock_delay(const struct bare_clock *clock, uint64_t us)
{
	uint64_t began = arch_ticks(), ticks = clock->hz / 1000000 * us;

	while (arch_ticks() - began < ticks)
		arch_pause();
}
