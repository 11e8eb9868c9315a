// SPDX-License-Identifier: MIT
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "cli/progress.h"

#define FIRST_NS 500000000
#define EVERY_NS 200000000

struct progress {
	const char *what;
	uint64_t began;
	_Atomic uint64_t next; /* when to show it again; who moves it shows */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

struct progress *progress_begin(const char *what)
{
	struct progress *progress;

	if (!isatty(STDERR_FILENO))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress)
		return NULL;
	progress->what = what;
	progress->began = now();
	progress->next = progress->began + FIRST_NS;
	return progress;
}

void progress_tick(struct progress *progress, uint64_t done, uint64_t all)
{
	uint64_t time, next;
	double part;

	if (!progress)
		return;
	time = now();
	next = atomic_load_explicit(&progress->next, memory_order_relaxed);
	/* relaxed: it only chooses one thread; nothing else is shared. */
	if (time < next || !atomic_compare_exchange_strong_explicit(
				   &progress->next, &next, time + EVERY_NS,
				   memory_order_relaxed, memory_order_relaxed))
		return;
	part = all ? (double)done / (double)all : 0;
	fprintf(stderr, "\r%s: %3.0f %%", progress->what, 100 * part);
	if (part > 0.01)
		fprintf(stderr, ", %.1f s left",
			(double)(time - progress->began) / 1e9 * (1 - part) /
				part);
	fputs("\033[K", stderr);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	if (progress->next != progress->began + FIRST_NS)
		fputs("\r\033[K", stderr);
	free(progress);
}
