// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench/stats.h"

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("memup-bench: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void samples_add(struct samples *samples, double value)
{
	if (samples->nr == samples->room) {
		size_t room = samples->room ? 2 * samples->room : 64;
		double *at = realloc(samples->at, room * sizeof(*at));

		if (!at)
			die("no memory for %zu samples", room);
		samples->at = at;
		samples->room = room;
	}
	samples->at[samples->nr++] = value;
}

void samples_ratios(struct samples *ratios, const struct samples *a,
		    const struct samples *b)
{
	if (a->nr != b->nr)
		die("%zu samples against %zu", a->nr, b->nr);
	for (size_t i = 0; i < a->nr; i++)
		samples_add(ratios, a->at[i] / b->at[i]);
}

void samples_free(struct samples *samples)
{
	free(samples->at);
	*samples = (struct samples){NULL, 0, 0};
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_rank(struct samples *samples, double rank)
{
	size_t i = (size_t)(rank * (double)(samples->nr - 1) + 0.5);

	if (!samples->nr)
		die("a rank of no samples");
	qsort(samples->at, samples->nr, sizeof(*samples->at), compare);
	return samples->at[i];
}
