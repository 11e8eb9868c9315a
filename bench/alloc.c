// SPDX-License-Identifier: MIT
/*
 * Allocate and free, over and over: the fast path. What bounds it from below
 * are the two lock operations, taken here without anything between.
 */
#include <stdatomic.h>
#include "bench/rig.h"
#include "bench/tables.h"
#include "bench/team.h"

#define PAIRS 500000

struct pairs {
	alignas(64) _Atomic uint32_t lock;
	struct rig *rig;
	unsigned order;
};

static void locks(void *arg, unsigned self, unsigned nr)
{
	struct pairs *pairs = arg;

	(void)self, (void)nr;
	for (unsigned i = 0; i < 2 * PAIRS; i++) {
		while (atomic_exchange_explicit(&pairs->lock, 1,
						memory_order_acquire))
			;
		atomic_store_explicit(&pairs->lock, 0, memory_order_release);
	}
}

static void alloc_free(void *arg, unsigned self, unsigned nr)
{
	struct pairs *pairs = arg;

	(void)nr;
	mu_hosted_set_cpu(pairs->rig->hosted, self);
	for (unsigned i = 0; i < PAIRS; i++) {
		mu_pfn_t pfn = rig_alloc(pairs->rig, pairs->order);

		if (mu_free_pages(&pairs->rig->mm.buddy, pfn, pairs->order) !=
		    MU_OK)
			die("a page cannot be freed");
	}
}

static void measure(struct bench *bench, struct rig *rig, unsigned threads)
{
	static const char *const columns[] = {"ns/pair", "min", "max", NULL};
	struct pairs pairs[3] = {{.rig = rig},
				 {.rig = rig, .order = 0},
				 {.rig = rig, .order = 9}};
	struct contest contests[] = {
		{"two locks, nothing between",
		 NULL,
		 locks,
		 &pairs[0],
		 {NULL, 0, 0}},
		{"memup, order 0", NULL, alloc_free, &pairs[1], {NULL, 0, 0}},
		{"memup, order 9", NULL, alloc_free, &pairs[2], {NULL, 0, 0}},
	};
	struct team team;

	team_start(&team, threads);
	contest_run(&team, contests, 3, bench->reps);
	team_stop(&team);
	report_table(&bench->report, threads > 1 ? "alloc-2" : "alloc-1",
		     threads > 1 ? "allocate and free, two threads, one zone"
				 : "allocate and free, one thread",
		     columns);
	for (unsigned i = 0; i < 3; i++) {
		struct samples *ns = &contests[i].ns;
		const double values[] = {
			samples_median(ns) / PAIRS,
			samples_rank(ns, 0) / PAIRS,
			samples_rank(ns, 1) / PAIRS,
		};

		report_row(&bench->report, contests[i].name, values);
	}
	contest_free(contests, 3);
}

void bench_alloc(struct bench *bench)
{
	struct rig rig;

	rig_create(&rig, "8G/2", 0, MU_BACK_HUGE);
	rig_touch(&rig);
	measure(bench, &rig, 1);
	if (mu_hosted_cpus() > 1)
		measure(bench, &rig, 2);
	rig_destroy(&rig);
}
