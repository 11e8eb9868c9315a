// SPDX-License-Identifier: MIT
/*
 * Allocate and free, over and over: the fast path. The lower bound is the lock
 * operations, measured here with nothing in between.
 */
#include <stdatomic.h>
#include "bench/rig.h"
#include "bench/tables.h"
#include "bench/team.h"

#define PAIRS 500000
/* More than a page cache may hold. */
#define MANY 2000

struct lock {
	alignas(128) _Atomic uint32_t held;
};

struct pairs {
	struct rig *rig;
	struct lock *locks; /* of each thread: its own, or the first */
	unsigned order, many;
	bool alone; /* the first thread, and no other */
	bool shared;
};

static void take_locks(void *arg, unsigned self, unsigned nr)
{
	struct pairs *pairs = arg;
	struct lock *lock = &pairs->locks[pairs->shared ? 0 : self];

	(void)nr;
	if (pairs->alone && self)
		return;
	for (unsigned i = 0; i < 2 * PAIRS; i++) {
		while (atomic_exchange_explicit(&lock->held, 1,
						memory_order_acquire))
			;
		atomic_store_explicit(&lock->held, 0, memory_order_release);
	}
}

static void give(struct pairs *pairs, mu_pfn_t pfn)
{
	if (mu_free_pages(&pairs->rig->mm.buddy, pfn, pairs->order) != MU_OK)
		die("a page cannot be freed");
}

static void alloc_free(void *arg, unsigned self, unsigned nr)
{
	struct pairs *pairs = arg;

	(void)nr;
	if (pairs->alone && self)
		return;
	mu_hosted_set_cpu(pairs->rig->hosted, self);
	for (unsigned i = 0; i < PAIRS; i++)
		give(pairs, rig_alloc(pairs->rig, pairs->order));
}

/* So many that most of them do not fit into a cache. */
static void alloc_many(void *arg, unsigned self, unsigned nr)
{
	struct pairs *pairs = arg;
	mu_pfn_t pfns[MANY];

	(void)nr;
	if (pairs->alone && self)
		return;
	mu_hosted_set_cpu(pairs->rig->hosted, self);
	for (unsigned i = 0; i < PAIRS / MANY; i++) {
		for (unsigned n = 0; n < MANY; n++)
			pfns[n] = rig_alloc(pairs->rig, 0);
		for (unsigned n = 0; n < MANY; n++)
			give(pairs, pfns[n]);
	}
}

/* The same by one thread and by two. */
#define ROWS 7
#define HUGE 9

enum { LOCKS, ORDER_0, BARE_0 = 4 };
static const struct row {
	const char *name;
	team_fn run;
	unsigned order;
	bool bare; /* without page caches */
} rows[ROWS] = {
	[LOCKS] = {"two locks, nothing between", take_locks, 0, false},
	[ORDER_0] = {"order 0", alloc_free, 0, false},
	{"order 9", alloc_free, HUGE, false},
	{"order 0, 2000 at a time", alloc_many, 0, false},
	[BARE_0] = {"order 0, no caches", alloc_free, 0, true},
	{"order 9, no caches", alloc_free, HUGE, true},
	{"order 0, 2000 at a time, no caches", alloc_many, 0, true},
};

static void report(struct bench *bench, const char *id, const char *title,
		   struct contest *contests, unsigned nr)
{
	static const char *const columns[] = {"ns/pair", "min", "max", NULL};

	report_table(&bench->report, id, title, columns);
	for (unsigned i = 0; i < nr; i++) {
		struct samples *ns = &contests[i].ns;
		const double values[] = {
			samples_median(ns) / PAIRS,
			samples_rank(ns, 0) / PAIRS,
			samples_rank(ns, 1) / PAIRS,
		};

		report_row(&bench->report, contests[i].name, values);
	}
}

static void measure(struct bench *bench, struct rig rigs[2], unsigned threads)
{
	struct contest contests[2 * ROWS + 1] = {{0}}, *both = contests + ROWS;
	struct pairs pairs[2 * ROWS + 1];
	struct lock locks[TEAM_MAX] = {{0}};
	unsigned nr = threads > 1 ? 2 * ROWS + 1 : ROWS;
	struct team team;

	for (unsigned i = 0; i < nr; i++) {
		const struct row *row = &rows[i % ROWS];

		pairs[i] = (struct pairs){.rig = &rigs[row->bare],
					  .locks = locks,
					  .order = row->order,
					  .alone = i < ROWS,
					  .shared = i == ROWS};
		contests[i] = (struct contest){
			.name = row->name, .run = row->run, .arg = &pairs[i]};
	}
	both[0].name = "two locks, shared";
	/* What the machine can do when nobody waits. */
	both[ROWS].name = "two locks of one's own";
	team_start(&team, threads);
	contest_run(&team, contests, nr, bench->reps);
	team_stop(&team);
	report(bench, "alloc-1", "allocate and free, one thread", contests,
	       ROWS);
	report_at_most(&bench->report,
		       "a pair of order 0 as many times one without caches",
		       1.0,
		       samples_median(&contests[ORDER_0].ns) /
			       samples_median(&contests[BARE_0].ns));
	if (threads > 1) {
		report(bench, "alloc-2",
		       "allocate and free, two threads, one zone", both,
		       ROWS + 1);
		report_at_most(&bench->report,
			       "two threads' pair of order 0 as many times "
			       "one's",
			       1.3,
			       samples_median(&both[ORDER_0].ns) /
				       samples_median(&contests[ORDER_0].ns));
	}
	contest_free(contests, nr);
}

void bench_alloc(struct bench *bench)
{
	struct rig rigs[2];

	for (unsigned i = 0; i < 2; i++) {
		rig_create(&rigs[i], "8G/2", 0, MU_BACK_HUGE);
		rigs[i].cache_pages = i ? MU_NO_CACHES : 0;
		rig_touch(&rigs[i]);
	}
	measure(bench, rigs, mu_hosted_cpus() > 1 ? 2 : 1);
	for (unsigned i = 0; i < 2; i++)
		rig_destroy(&rigs[i]);
}
