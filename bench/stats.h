/* SPDX-License-Identifier: MIT */
/* stats: a clock, and samples with their median and spread. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	double *at;
	size_t nr, room;
};

/* Nanoseconds of a clock that never goes back. */
uint64_t now_ns(void);

void samples_add(struct samples *samples, double value);
void samples_free(struct samples *samples);

/*
 * The smallest sample that is at least as large as the fraction @rank, 0 to 1,
 * of all; rank 0 is the least, 1 the largest. Sorts. At least one sample.
 */
double samples_rank(struct samples *samples, double rank);

/*
 * Add to @ratios those of @a to @b, turn by turn: both are as they were added,
 * not sorted yet. Slow changes of the machine's speed cancel out in ratios.
 */
void samples_ratios(struct samples *ratios, const struct samples *a,
		    const struct samples *b);

static inline double samples_median(struct samples *samples)
{
	return samples_rank(samples, 0.5);
}

/* Say why on the error stream and end the program with 1. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
