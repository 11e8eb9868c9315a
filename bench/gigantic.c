// SPDX-License-Identifier: MIT
/*
 * Huge and gigantic pages straight from pristine memory: the cost of one,
 * measured over a thousand, where the host has backed the memmap and where it
 * has not.
 */
#include <stdlib.h>
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

#define PAGES 1000u
#define WHAT  "1002G" /* the first and the last GiB are not whole */

/* Nanoseconds a page of @order, taken PAGES at a time. */
static double take(struct rig *rig, unsigned order)
{
	mu_pfn_t pfns[PAGES];
	uint64_t before, after, got;

	rig_start(rig, MU_POLICY_LAZY);
	before = now_ns();
	got = mu_alloc_huge(&rig->mm.deferred, 0, order, 0, PAGES, pfns);
	after = now_ns();
	if (got != PAGES)
		die("%llu of %u pages of order %u", (unsigned long long)got,
		    PAGES, order);
	return (double)(after - before) / PAGES;
}

/* On one machine whose memmap is backed, or on a new one each time. */
static void measure(struct samples *samples, unsigned reps, unsigned order,
		    bool fresh)
{
	struct rig rig;

	for (unsigned rep = 0; rep <= reps; rep++) {
		double ns;

		if (!rep || fresh)
			rig_create(&rig, WHAT, 0,
				   fresh ? MU_BACK_SECTION : MU_BACK_HUGE);
		ns = take(&rig, order);
		if (rep)
			samples_add(samples, ns);
		if (fresh || rep == reps)
			rig_destroy(&rig);
	}
}

void bench_gigantic(struct bench *bench)
{
	static const char *const columns[] = {"us/page", "min", "max", NULL};
	static const struct {
		const char *name;
		unsigned order;
		bool fresh;
	} rows[] = {
		{"1 GiB, memmap that is there", MU_GIGANTIC_ORDER, false},
		{"1 GiB, fresh", MU_GIGANTIC_ORDER, true},
		{"2 MiB, memmap that is there", MU_HUGE_ORDER, false},
		{"2 MiB, fresh", MU_HUGE_ORDER, true},
	};
	struct report *report = &bench->report;
	double us[4];

	report_table(report, "gigantic", "1000 pages with one descriptor each",
		     columns);
	for (unsigned i = 0; i < 4; i++) {
		struct samples samples = {.nr = 0};

		measure(&samples, bench->reps, rows[i].order, rows[i].fresh);
		us[i] = samples_median(&samples) / 1e3;
		report_row(report, rows[i].name,
			   (const double[]){us[i],
					    samples_rank(&samples, 0) / 1e3,
					    samples_rank(&samples, 1) / 1e3});
		samples_free(&samples);
	}
	report_at_most(report, "us for a page of 1 GiB", 10, us[0]);
	report_at_most(report, "us for a fresh one, the host's part included",
		       10, us[1]);
}
