/* SPDX-License-Identifier: MIT */
/*
 * work: what is done in parallel, the same source for every contender, in C and
 * C++. A unit is inline, so that each has it in its own loop.
 */
#ifndef BENCH_PADATA_WORK_H
#define BENCH_PADATA_WORK_H

#include <stdint.h>

enum work_kind {
	WORK_EMPTY,   /* nothing */
	WORK_TINY,    /* one store */
	WORK_EVEN,    /* as long as any other */
	WORK_RISING,  /* the last ones are the longest, */
	WORK_FALLING, /* or the first ones: twice the mean to nothing */
	WORK_RARE     /* one of 64 takes 64 times as long */
};

struct work {
	enum work_kind kind;
	uint64_t units;
	uint64_t rounds; /* of a mean unit */
	uint64_t *out;	 /* of WORK_TINY */
};

static inline void work_spin(uint64_t rounds, uint64_t seed)
{
	while (rounds--) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		/* One after the other, and not left out. */
		__asm__ volatile("" : "+r"(seed));
	}
}

static inline void work_unit(const struct work *work, uint64_t i)
{
	switch (work->kind) {
	case WORK_EMPTY:
		__asm__ volatile("");
		break;
	case WORK_TINY:
		work->out[i] = i * 0x9e3779b97f4a7c15u;
		break;
	case WORK_EVEN:
		work_spin(work->rounds, i);
		break;
	case WORK_RISING:
		work_spin(2 * work->rounds * i / work->units, i);
		break;
	case WORK_FALLING:
		work_spin(2 * work->rounds * (work->units - i) / work->units,
			  i);
		break;
	case WORK_RARE:
		work_spin(i * 0x9e3779b97f4a7c15u >> 58 ? work->rounds / 2
							: work->rounds * 32,
			  i);
		break;
	}
}

/* One loop for each kind where the compiler takes that out of the loop. */
static inline void work_range(const struct work *work, uint64_t i, uint64_t end)
{
	if (work->kind == WORK_TINY) {
		for (uint64_t *out = work->out; i < end; i++)
			out[i] = i * 0x9e3779b97f4a7c15u;
		return;
	}
	for (; i < end; i++)
		work_unit(work, i);
}

#endif
