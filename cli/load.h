/* SPDX-License-Identifier: MIT */
/* load: threads that allocate and free while something else is measured. */
#ifndef MEMUP_CLI_LOAD_H
#define MEMUP_CLI_LOAD_H

#include <pthread.h>
#include "cli/bringup.h"
#include "cli/text.h"

/* Fewer if the host does not have a CPU for each and one for measuring. */
#define LOAD_THREADS 2

/* What they saw. */
struct load_saw {
	uint64_t allocations, failures;
	uint64_t longest_ns; /* to allocate, once */
};

struct load_thread {
	struct load *load;
	unsigned cpu;
	pthread_t thread;
	bool started;
	struct load_saw saw;
};

struct load {
	struct bringup *boot;
	_Atomic bool stop;
	_Atomic unsigned ready; /* threads that have allocated */
	struct load_thread threads[LOAD_THREADS];
};

/* Allocate pages of all orders, on the last CPUs of @boot's machine. Returns
 * when all threads are running. */
void load_start(struct load *load, struct bringup *boot);

/* Stop them, and add what they saw to @saw. */
void load_stop(struct load *load, struct load_saw *saw);

/* What they saw, for a person: cells below LOAD_COLUMNS. And members of a JSON
 * object. */
#define LOAD_COLUMNS ">allocations", ">failed", ">longest"
void load_cells(struct table *table, const struct load_saw *saw);
void load_json(FILE *out, const struct load_saw *saw);

#endif
