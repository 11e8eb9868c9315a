/* SPDX-License-Identifier: MIT */
/*
 * team: threads that are started and pinned before the clock, and contests that
 * they run.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "bench/stats.h"

#define TEAM_MAX 2

/* What a thread of a team does; @self is below @nr. */
typedef void (*team_fn)(void *arg, unsigned self, unsigned nr);

struct team {
	pthread_t threads[TEAM_MAX];
	unsigned nr;

	/* One turn: written by the caller under lock, read by members. */
	pthread_mutex_t lock;
	pthread_cond_t work;
	unsigned turn;
	bool stop;
	team_fn fn;
	void *arg;

	/* Members count themselves in and out; member 0 has the clock. */
	_Atomic unsigned ready, go, done;
	unsigned next; /* member number, under lock */
	double ns;
};

/* Start @nr threads, each on a CPU of its own; the caller is none of them. */
void team_start(struct team *team, unsigned nr);
void team_stop(struct team *team);

/* Run @fn on every thread at once: ns from "all are there" to "all done". */
double team_run(struct team *team, team_fn fn, void *arg);

/* One of several things whose times are compared. */
struct contest {
	const char *name;
	void (*before)(void *arg); /* not measured; NULL: nothing */
	team_fn run;
	void *arg;
	struct samples ns;
};

/*
 * Each of the @nr contests once, @reps times over, after a round that does not
 * count; which one begins changes with every round.
 */
void contest_run(struct team *team, struct contest *contests, unsigned nr,
		 unsigned reps);
void contest_free(struct contest *contests, unsigned nr);

#endif
