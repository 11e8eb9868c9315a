// SPDX-License-Identifier: MIT
/*
 * Page initialisation with two threads against one, and against two threads
 * that only store.
 */
#include <stdlib.h>
#include <string.h>
#include "bench/padata/padata.h"
#include "bench/stores.h"
#include "bench/team.h"
#include "memup/padata.h"

#define BYTES ((size_t)256 << 20)
/* The descriptors of a section of 128 MiB. */
#define UNIT ((size_t)512 << 10)

struct pages {
	char *at;
	struct store store;
};

static enum mu_status fill_units(uint64_t start, uint64_t end, void *arg)
{
	const struct pages *pages = arg;

	pages->store.fill(pages->at + start * UNIT, (end - start) * UNIT);
	return MU_OK;
}

static double job(struct bench *bench, struct pages *pages, unsigned threads)
{
	const struct mu_padata_mt_job job = {
		.thread_fn = fill_units,
		.fn_arg = pages,
		.size = BYTES / UNIT,
		.max_threads = threads,
	};
	uint64_t since;

	mu_hosted_pin(bench->hosted, true);
	since = now_ns();
	if (mu_padata_do_multithreaded(bench->port, &job) != MU_OK)
		die("a job failed that cannot");
	since = now_ns() - since;
	mu_hosted_pin(bench->hosted, false);
	return (double)since;
}

static void bare(void *arg, unsigned self, unsigned nr)
{
	const struct pages *pages = arg;

	pages->store.fill(pages->at + BYTES / nr * self, BYTES / nr);
}

enum { BARE_1, BARE_2, JOB_1, JOB_2, NR };

void bench_pages(struct bench *bench)
{
	static const char *const names[NR] = {
		"one bare thread", "two bare threads", "memup, one thread",
		"memup, two threads"};
	static const char *const columns[] = {"GB/s", "min", "max", "to one",
					      NULL};
	struct report *report = &bench->report;
	struct samples ns[NR] = {{NULL, 0, 0}};
	struct store stores[MAX_STORES];
	struct pages pages = {.at = aligned_alloc(4096, BYTES)};
	unsigned nr_stores = stores_available(stores);
	struct team one, two;
	double gain[NR];

	if (bench->threads < 2) {
		report_table(report, "pages", "page initialisation", columns);
		report_note(report, "not measured: one CPU");
		free(pages.at);
		return;
	}
	if (!pages.at)
		die("no memory for %zu bytes", BYTES);
	memset(pages.at, 1, BYTES);
	/* The widest: streaming ones, where the CPU has them. */
	pages.store = stores[nr_stores - 1];
	team_start(&one, 1);
	team_start(&two, 2);
	for (unsigned rep = 0; rep < 3 * bench->reps; rep++) {
		for (unsigned i = 0; i < NR; i++) {
			unsigned who = (i + rep) % NR;
			double took =
				who == BARE_1	? team_run(&one, bare, &pages)
				: who == BARE_2 ? team_run(&two, bare, &pages)
				: who == JOB_1	? job(bench, &pages, 1)
						: job(bench, &pages, 2);

			samples_add(&ns[who], took);
		}
	}
	team_stop(&one);
	team_stop(&two);
	report_table(report, "pages", "page initialisation: 256 MiB of memmap",
		     columns);
	for (unsigned i = 0; i < NR; i++) {
		double median = samples_median(&ns[i]);

		gain[i] = samples_median(&ns[i & ~1u]) / median;
		report_row(report, names[i],
			   (const double[]){
				   (double)BYTES / median,
				   (double)BYTES / samples_rank(&ns[i], 1),
				   (double)BYTES / samples_rank(&ns[i], 0),
				   gain[i],
			   });
	}
	report_note(report, "stores: %s", pages.store.name);
	report_at_least(report, "two threads, of one", 1.9, gain[JOB_2]);
	report_at_least(report, "two threads, of two bare ones", 0.95,
			samples_median(&ns[BARE_2]) /
				samples_median(&ns[JOB_2]));
	for (unsigned i = 0; i < NR; i++)
		samples_free(&ns[i]);
	free(pages.at);
}
