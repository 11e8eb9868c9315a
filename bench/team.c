// SPDX-License-Identifier: MIT
/*
 * Between turns the members sleep; when one begins they meet by spinning, so
 * that the clock sees no wake-up.
 */
#include <sched.h>
#include <string.h>
#include "bench/team.h"

static void spin_until(const _Atomic unsigned *word, unsigned value)
{
	/* acquire: what was done before the word was written is seen. */
	while (atomic_load_explicit(word, memory_order_acquire) != value)
#if defined(__x86_64__)
		__builtin_ia32_pause();
#else
		;
#endif
}

/* Pin the caller to the @n'th CPU that it may run on. */
static void pin(unsigned n)
{
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	CPU_ZERO(&one);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && n-- == 0)
			CPU_SET(cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

/* acq_rel throughout: a turn's work is ordered with that of the others. */
static void member_turn(struct team *team, unsigned self)
{
	uint64_t start = 0;

	atomic_fetch_add_explicit(&team->ready, 1, memory_order_acq_rel);
	if (self == 0) {
		spin_until(&team->ready, team->nr);
		start = now_ns();
		atomic_store_explicit(&team->go, 1, memory_order_release);
	} else {
		spin_until(&team->go, 1);
	}
	team->fn(team->arg, self, team->nr);
	atomic_fetch_add_explicit(&team->done, 1, memory_order_acq_rel);
	if (self == 0) {
		spin_until(&team->done, team->nr);
		team->ns = (double)(now_ns() - start);
	}
}

static void *member(void *arg)
{
	struct team *team = arg;
	unsigned self, turn = 0;

	pthread_mutex_lock(&team->lock);
	self = team->next++;
	pin(self);
	for (;;) {
		while (team->turn == turn && !team->stop)
			pthread_cond_wait(&team->work, &team->lock);
		if (team->stop)
			break;
		turn = team->turn;
		pthread_mutex_unlock(&team->lock);
		member_turn(team, self);
		pthread_mutex_lock(&team->lock);
		if (self == 0) {
			team->fn = NULL;
			pthread_cond_broadcast(&team->work);
		}
	}
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

void team_start(struct team *team, unsigned nr)
{
	memset(team, 0, sizeof(*team));
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->work, NULL);
	team->nr = nr;
	for (unsigned i = 0; i < nr; i++)
		if (pthread_create(&team->threads[i], NULL, member, team))
			die("%u of %u threads could be started", i, nr);
}

void team_stop(struct team *team)
{
	pthread_mutex_lock(&team->lock);
	team->stop = true;
	pthread_cond_broadcast(&team->work);
	pthread_mutex_unlock(&team->lock);
	for (unsigned i = 0; i < team->nr; i++)
		pthread_join(team->threads[i], NULL);
	pthread_mutex_destroy(&team->lock);
	pthread_cond_destroy(&team->work);
}

double team_run(struct team *team, team_fn fn, void *arg)
{
	double ns;

	pthread_mutex_lock(&team->lock);
	/* relaxed: the lock publishes them. */
	atomic_store_explicit(&team->ready, 0, memory_order_relaxed);
	atomic_store_explicit(&team->go, 0, memory_order_relaxed);
	atomic_store_explicit(&team->done, 0, memory_order_relaxed);
	team->fn = fn;
	team->arg = arg;
	team->turn++;
	pthread_cond_broadcast(&team->work);
	while (team->fn)
		pthread_cond_wait(&team->work, &team->lock);
	ns = team->ns;
	pthread_mutex_unlock(&team->lock);
	return ns;
}

void contest_run(struct team *team, struct contest *contests, unsigned nr,
		 unsigned reps)
{
	for (unsigned rep = 0; rep <= reps; rep++) {
		for (unsigned i = 0; i < nr; i++) {
			struct contest *contest = &contests[(i + rep) % nr];
			double ns;

			if (contest->before)
				contest->before(contest->arg);
			ns = team_run(team, contest->run, contest->arg);
			if (rep)
				samples_add(&contest->ns, ns);
		}
	}
}

void contest_free(struct contest *contests, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		samples_free(&contests[i].ns);
}
