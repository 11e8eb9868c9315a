// SPDX-License-Identifier: MIT
/*
 * run_later: calls that wait for a worker, in a list, oldest first, except that
 * idle ones come last. A worker that is free looks there for its next call.
 *
 * No call is left behind: whoever adds one looks for a free worker afterwards,
 * and whoever becomes free looks for a call afterwards, so of two at the same
 * time one sees the other.
 */
#include <stdlib.h>
#include <string.h>
#include "ports/hosted/internal.h"

/* Requests, of any number of calls, that can wait at once. */
#define ROOM 256

struct mu_hosted_later {
	struct mu_hosted_later *next;
	struct mu_cpumask cpus; /* less those that were given their call */
	unsigned count;		/* calls that still wait */
	bool idle;
	void (*fn)(void *);
	void *arg;
};

/* Count @count more calls, or fewer if it is negative. */
static void count_waiting(struct mu_hosted *hosted, bool idle, int count)
{
	/* seq_cst: see mu_hosted_later_next(); release and acquire: see
	 * run_cancel() in memup/port.h, and mu_hosted_later_cancel(). */
	atomic_fetch_add(&hosted->waiting, (uint32_t)count);
	if (!idle)
		atomic_fetch_add(&hosted->waiting_first, (uint32_t)count);
}

static void take_out(struct mu_cpumask *cpus, const struct mu_cpumask *others)
{
	for (unsigned i = 0; i < MU_MAX_CPUS / 64; i++)
		cpus->bits[i] &= ~others->bits[i];
}

static void put_in(struct mu_cpumask *cpus, const struct mu_cpumask *others)
{
	for (unsigned i = 0; i < MU_MAX_CPUS / 64; i++)
		cpus->bits[i] |= others->bits[i];
}

/* Under the lock: give waiting calls to free workers. A CPU that an older call
 * waits for is not given to a newer one, even if it has just become free.
 * Returns the CPUs that calls still wait for. */
static struct mu_cpumask give_out(struct mu_hosted *hosted)
{
	struct mu_hosted_later **link = &hosted->later, *later;
	struct mu_cpumask wanted = {{0}};

	while ((later = *link)) {
		struct mu_cpumask cpus = later->cpus, given = {{0}};
		unsigned nr;

		take_out(&cpus, &wanted);
		nr = mu_hosted_give(hosted, &cpus, later->count, later->fn,
				    later->arg, &given);
		later->count -= nr;
		count_waiting(hosted, later->idle, -(int)nr);
		if (later->count) {
			take_out(&later->cpus, &given);
			put_in(&wanted, &later->cpus);
			link = &later->next;
			continue;
		}
		*link = later->next;
		later->next = hosted->later_free;
		hosted->later_free = later;
	}
	return wanted;
}

static unsigned count_cpus(const struct mu_hosted *hosted,
			   const struct mu_cpumask *cpus)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < hosted->nr_cpus; cpu++)
		count += mu_cpumask_test(cpus, cpu);
	return count;
}

static unsigned run_later(void *arg, bool idle, const struct mu_cpumask *cpus,
			  unsigned count, void (*fn)(void *), void *fn_arg)
{
	struct mu_hosted *hosted = arg;
	struct mu_hosted_later **link = &hosted->later, *later;
	unsigned most = count_cpus(hosted, cpus);

	pthread_mutex_lock(&hosted->later_lock);
	later = hosted->later_free;
	if (count > most)
		count = most;
	if (!later || !count) {
		pthread_mutex_unlock(&hosted->later_lock);
		return 0;
	}
	hosted->later_free = later->next;
	while (*link && (idle || !(*link)->idle))
		link = &(*link)->next;
	*later = (struct mu_hosted_later){
		.next = *link,
		.cpus = *cpus,
		.count = count,
		.idle = idle,
		.fn = fn,
		.arg = fn_arg,
	};
	*link = later;
	count_waiting(hosted, idle, (int)count);
	give_out(hosted);
	pthread_mutex_unlock(&hosted->later_lock);
	return count;
}

static bool run_waits(void *arg, bool idle)
{
	struct mu_hosted *hosted = arg;

	/* relaxed: wrong for a moment is allowed. */
	return atomic_load_explicit(idle ? &hosted->waiting
					 : &hosted->waiting_first,
				    memory_order_relaxed);
}

void mu_hosted_later_next(struct mu_hosted *hosted)
{
	/* seq_cst, like the store before it by which the worker became free,
	 * the count in run_later() and the search for free workers after it. */
	if (!atomic_load(&hosted->waiting))
		return;
	pthread_mutex_lock(&hosted->later_lock);
	give_out(hosted);
	pthread_mutex_unlock(&hosted->later_lock);
}

unsigned mu_hosted_give_behind(struct mu_hosted *hosted,
			       const struct mu_cpumask *cpus, unsigned count,
			       void (*fn)(void *), void *arg)
{
	struct mu_cpumask left = {{0}}, wanted;
	unsigned got;

	if (cpus)
		left = *cpus;
	else
		memset(&left, 0xff, sizeof(left));
	/* A worker may be free already and about to look for these calls. */
	pthread_mutex_lock(&hosted->later_lock);
	wanted = give_out(hosted);
	take_out(&left, &wanted);
	got = mu_hosted_give(hosted, &left, count, fn, arg, NULL);
	pthread_mutex_unlock(&hosted->later_lock);
	return got;
}

unsigned mu_hosted_later_cancel(struct mu_hosted *hosted, void (*fn)(void *),
				void *fn_arg)
{
	struct mu_hosted_later **link = &hosted->later, *later;
	unsigned cancelled = 0;

	/* Adds nothing, but has a place among the additions: a run_later() that
	 * this does not see sees all that we did. */
	if (!atomic_fetch_add_explicit(&hosted->waiting, 0,
				       memory_order_acq_rel))
		return 0;
	pthread_mutex_lock(&hosted->later_lock);
	while ((later = *link)) {
		if (later->fn != fn || later->arg != fn_arg) {
			link = &later->next;
			continue;
		}
		cancelled += later->count;
		count_waiting(hosted, later->idle, -(int)later->count);
		*link = later->next;
		later->next = hosted->later_free;
		hosted->later_free = later;
	}
	pthread_mutex_unlock(&hosted->later_lock);
	return cancelled;
}

bool mu_hosted_later_init(struct mu_hosted *hosted)
{
	struct mu_hosted_later *room = calloc(ROOM, sizeof(*room));

	if (!room)
		return false;
	for (unsigned i = 0; i < ROOM; i++) {
		room[i].next = hosted->later_free;
		hosted->later_free = &room[i];
	}
	hosted->later_room = room;
	pthread_mutex_init(&hosted->later_lock, NULL);
	hosted->port.run_later = run_later;
	hosted->port.run_waits = run_waits;
	return true;
}

void mu_hosted_later_end(struct mu_hosted *hosted)
{
	while (hosted->nr_workers && atomic_load(&hosted->waiting))
		sched_yield();
}

void mu_hosted_later_destroy(struct mu_hosted *hosted)
{
	if (!hosted->later_room)
		return;
	pthread_mutex_destroy(&hosted->later_lock);
	free(hosted->later_room);
}
