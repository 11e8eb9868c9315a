// SPDX-License-Identifier: MIT
/*
 * Descriptor initialisation against this machine's store bandwidth, on the same
 * bytes: the memmap of every block that was pristine, in memory that the host
 * has backed before.
 *
 * The memmap is cut into slices, and everything that is compared takes its turn
 * on each slice: a few milliseconds each, so that other load on this machine
 * affects all alike. In each step every method works on a different slice, and
 * in the next step one slice further. So a slice gets the plain stores first,
 * then the streaming ones, then memup, and what plain stores leave in the
 * caches affects only the streaming stores after them. Which method begins a
 * step changes.
 */
#include <stdlib.h>
#include "bench/rig.h"
#include "bench/stores.h"
#include "bench/tables.h"
#include "bench/team.h"

#define SLICES	     16u
#define PIECE_BLOCKS 64u /* what a thread takes at once */
#define PIECE	     (PIECE_BLOCKS * MU_BLOCK_PAGES * sizeof(struct mu_page))

struct turn {
	struct rig *rig;
	char *slice;
	uint64_t pieces; /* in a slice */
	void (*fill)(void *dst, size_t bytes);
	_Atomic uint64_t next; /* piece that no thread took */
};

static bool take_piece(struct turn *turn, uint64_t *piece)
{
	/* relaxed: a number, which publishes nothing. */
	*piece =
		atomic_fetch_add_explicit(&turn->next, 1, memory_order_relaxed);
	return *piece < turn->pieces;
}

static void store(void *arg, unsigned self, unsigned nr)
{
	struct turn *turn = arg;
	uint64_t piece;

	(void)self, (void)nr;
	while (take_piece(turn, &piece))
		turn->fill(turn->slice + piece * PIECE, PIECE);
}

static void claim(void *arg, unsigned self, unsigned nr)
{
	struct turn *turn = arg;
	uint64_t piece;

	(void)nr;
	mu_hosted_set_cpu(turn->rig->hosted, self);
	while (take_piece(turn, &piece))
		mu_deferred_take(&turn->rig->mm.deferred, 0, PIECE_BLOCKS,
				 NULL);
}

struct init {
	struct team team;
	struct turn turn;
	struct store stores[MAX_STORES];
	unsigned nr_stores;
	struct samples stored[MAX_STORES];
	struct samples claimed;
};

/* Where the blocks lie that are pristine after a start: all that follows the
 * first of them, since the machine has no holes. */
static char *first_pristine(struct rig *rig, uint64_t *pages)
{
	mu_pfn_t end = mu_machine_top(rig->machine) >> 12;

	rig_start(rig, MU_POLICY_LAZY);
	*pages = rig_pristine(rig);
	return (char *)mu_pfn_to_page(&rig->mm.memmap, end - *pages);
}

static void run(struct init *init, team_fn fn, struct samples *samples,
		bool count)
{
	double ns;

	/* relaxed: the team is woken after it. */
	atomic_store_explicit(&init->turn.next, 0, memory_order_relaxed);
	ns = team_run(&init->team, fn, &init->turn);
	if (count)
		samples_add(samples, ns);
}

/* Contestant @i of a step: memup is number 0, the last kind of store 1. */
static void run_one(struct init *init, char *first, unsigned step, unsigned i,
		    bool count)
{
	struct turn *turn = &init->turn;
	unsigned which = init->nr_stores - i;

	if (i == 0) {
		run(init, claim, &init->claimed, count);
		return;
	}
	turn->slice = first + (step + i) % SLICES * turn->pieces * PIECE;
	turn->fill = init->stores[which].fill;
	run(init, store, &init->stored[which], count);
}

static void run_all(struct init *init, char *first, unsigned reps)
{
	unsigned nr = init->nr_stores + 1;

	for (unsigned rep = 0; rep <= reps; rep++) {
		rig_start(init->turn.rig, MU_POLICY_LAZY);
		for (unsigned step = 0; step < SLICES; step++) {
			for (unsigned j = 0; j < nr; j++) {
				unsigned i = (j + step + rep) % nr;

				/* Half of the slices at a time will do for
				 * stores. */
				if (i == 0 || (step + i + rep) % 2 == 0)
					run_one(init, first, step, i, rep > 0);
			}
		}
	}
}

static double row(struct report *report, const char *name,
		  struct samples *samples, double bytes, struct samples *limit)
{
	double ns = samples_median(samples);
	double ratio = samples_median(limit) / ns;
	const double values[] = {
		bytes / ns,
		bytes / samples_rank(samples, 1),
		bytes / samples_rank(samples, 0),
		ns / bytes * sizeof(struct mu_page),
		ratio,
		samples_rank(limit, 0) / samples_rank(samples, 0),
	};

	report_row(report, name, values);
	return ratio;
}

static struct samples *best(struct init *init)
{
	struct samples *best = &init->stored[0];

	for (unsigned i = 1; i < init->nr_stores; i++)
		if (samples_median(&init->stored[i]) < samples_median(best))
			best = &init->stored[i];
	return best;
}

static void measure(struct bench *bench, struct rig *rig, unsigned threads)
{
	static const char *const columns[] = {
		"GB/s", "min", "max", "ns/page", "ratio", "of max", NULL};
	static const char *const ids[] = {"init-1", "init-2"};
	struct report *report = &bench->report;
	struct init init = {.turn = {.rig = rig}};
	uint64_t pages;
	char *first = first_pristine(rig, &pages);
	struct samples *limit;
	double bytes, ratio;
	char title[128];

	init.turn.pieces = pages / MU_BLOCK_PAGES / PIECE_BLOCKS / SLICES;
	bytes = (double)(init.turn.pieces * PIECE);
	init.nr_stores = stores_available(init.stores);
	team_start(&init.team, threads);
	run_all(&init, first, bench->reps);
	team_stop(&init.team);

	snprintf(title, sizeof(title),
		 "descriptor initialisation, %.2f GiB of memmap, %u thread%s",
		 bytes * SLICES / (double)MU_GIB, threads,
		 threads > 1 ? "s" : "");
	report_table(report, ids[threads - 1], title, columns);
	limit = best(&init);
	for (unsigned i = 0; i < init.nr_stores; i++)
		row(report, init.stores[i].name, &init.stored[i], bytes, limit);
	ratio = row(report, "memup, mu_deferred_take, batch 32", &init.claimed,
		    bytes, limit);
	report_at_least(report, "memup of the best stores", 0.9, ratio);
	for (unsigned i = 0; i < init.nr_stores; i++)
		samples_free(&init.stored[i]);
	samples_free(&init.claimed);
}

void bench_init(struct bench *bench)
{
	struct rig rig;
	char what[32];

	/* One GiB more than asked for, since a slice is whole pieces. */
	snprintf(what, sizeof(what), "%lluM/2",
		 (unsigned long long)((bench->memory + MU_GIB) / MU_MIB));
	rig_create(&rig, what, 0, MU_BACK_HUGE);
	rig_touch(&rig);
	measure(bench, &rig, 1);
	if (mu_hosted_cpus() > 1)
		measure(bench, &rig, 2);
	else
		report_note(&bench->report,
			    "two threads: not measured, one CPU");
	rig_destroy(&rig);
}
