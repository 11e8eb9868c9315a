// SPDX-License-Identifier: MIT
/*
 * Descriptor initialisation against this machine's store bandwidth, on the same
 * bytes: the memmap of every block that was pristine, in the host's memory
 * since before.
 */
#include <stdlib.h>
#include "bench/rig.h"
#include "bench/stores.h"
#include "bench/tables.h"
#include "bench/team.h"

/* The limit is taken by pieces that threads claim, as memup's blocks are, so
 * that a CPU that others use too does not make it look low. */
#define PIECE ((size_t)1 << 20)

struct bytes {
	char *at;
	size_t nr;
	void (*fill)(void *dst, size_t bytes);
	_Atomic size_t next;
};

static void rewind_bytes(void *arg)
{
	struct bytes *bytes = arg;

	/* relaxed: threads are woken after it. */
	atomic_store_explicit(&bytes->next, 0, memory_order_relaxed);
}

static void store(void *arg, unsigned self, unsigned nr)
{
	struct bytes *bytes = arg;
	size_t at;

	(void)self, (void)nr;
	/* relaxed: a number, which publishes nothing. */
	while ((at = atomic_fetch_add_explicit(&bytes->next, PIECE,
					       memory_order_relaxed)) <
	       bytes->nr) {
		size_t left = bytes->nr - at;

		bytes->fill(bytes->at + at, left < PIECE ? left : PIECE);
	}
}

static void start(void *arg)
{
	rig_start(arg, MU_POLICY_LAZY);
}

static void take(void *arg, unsigned self, unsigned nr)
{
	struct rig *rig = arg;

	(void)nr;
	mu_hosted_set_cpu(rig->hosted, self);
	mu_deferred_take(&rig->mm.deferred, 0, UINT64_MAX, NULL);
}

/* One call, which finds its own helpers. */
static void finish(void *arg, unsigned self, unsigned nr)
{
	struct rig *rig = arg;

	(void)nr;
	if (self == 0 && mu_mm_finish(&rig->mm, 2) != MU_OK)
		die("finish: not all could be backed");
}

/* What the blocks that are pristine after a start have of the memmap: all of
 * it that follows the first of them, since the machine has no holes. */
static struct bytes pristine_bytes(struct rig *rig)
{
	mu_pfn_t pages, last = mu_machine_top(rig->machine) >> 12;

	start(rig);
	pages = rig_pristine(rig);
	return (struct bytes){
		.at = (char *)mu_pfn_to_page(&rig->mm.memmap, last - pages),
		.nr = pages * sizeof(struct mu_page),
	};
}

static void row(struct report *report, struct contest *contest,
		const struct bytes *bytes, double best)
{
	double ns = samples_median(&contest->ns), nr = (double)bytes->nr;
	double pages = nr / sizeof(struct mu_page);
	const double values[] = {
		nr / ns,
		nr / samples_rank(&contest->ns, 1),
		nr / samples_rank(&contest->ns, 0),
		ns / pages,
		best / ns,
	};

	report_row(report, contest->name, values);
}

static void goals(struct report *report, const char *what, double ratio)
{
	report_at_least(report, what, 0.8, ratio);
	report->ambition = true;
	report_at_least(report, what, 0.9, ratio);
	report->ambition = false;
}

static void measure(struct bench *bench, struct rig *rig, unsigned threads)
{
	static const char *const columns[] = {"GB/s",	 "min",	  "max",
					      "ns/page", "ratio", NULL};
	struct report *report = &bench->report;
	struct contest contests[MAX_STORES + 2] = {{.name = NULL}};
	struct bytes bytes[MAX_STORES];
	struct store stores[MAX_STORES];
	struct bytes all = pristine_bytes(rig);
	unsigned nr = stores_available(stores), limits = nr;
	struct team team;
	double best;
	char title[128];

	for (unsigned i = 0; i < limits; i++) {
		bytes[i] = all;
		bytes[i].fill = stores[i].fill;
		contests[i] = (struct contest){.name = stores[i].name,
					       .before = rewind_bytes,
					       .run = store,
					       .arg = &bytes[i]};
	}
	contests[nr++] = (struct contest){
		"memup, mu_deferred_take", start, take, rig, {NULL, 0, 0}};
	if (threads > 1)
		contests[nr++] = (struct contest){"memup, mu_mm_finish",
						  start,
						  finish,
						  rig,
						  {NULL, 0, 0}};
	team_start(&team, threads);
	contest_run(&team, contests, nr, bench->reps);
	team_stop(&team);

	best = samples_median(&contests[0].ns);
	for (unsigned i = 1; i < limits; i++)
		if (samples_median(&contests[i].ns) < best)
			best = samples_median(&contests[i].ns);
	snprintf(title, sizeof(title),
		 "descriptor initialisation, %.2f GiB of memmap, %u thread%s",
		 (double)all.nr / (double)MU_GIB, threads,
		 threads > 1 ? "s" : "");
	report_table(report, threads > 1 ? "init-2" : "init-1", title, columns);
	for (unsigned i = 0; i < nr; i++)
		row(report, &contests[i], &all, best);
	for (unsigned i = limits; i < nr; i++)
		goals(report, contests[i].name,
		      best / samples_median(&contests[i].ns));
	contest_free(contests, nr);
}

void bench_init(struct bench *bench)
{
	unsigned cpus = mu_hosted_cpus();
	struct rig rig;
	char what[32];

	snprintf(what, sizeof(what), "%lluM/2",
		 (unsigned long long)(bench->memory / MU_MIB));
	rig_create(&rig, what, 1, MU_BACK_HUGE);
	rig_touch(&rig);
	measure(bench, &rig, 1);
	if (cpus > 1)
		measure(bench, &rig, 2);
	else
		report_note(&bench->report,
			    "two threads: not measured, one CPU");
	rig_destroy(&rig);
}
