// SPDX-License-Identifier: MIT
/* Multithreaded jobs against OpenMP and oneTBB. */
#include <stdlib.h>
#include <string.h>
#include "bench/padata/contenders.h"
#include "bench/padata/padata.h"
#include "bench/stats.h"
#include "memup/padata.h"

static struct mu_hosted *hosted; /* for memup_run() */

static enum mu_status memup_units(uint64_t start, uint64_t end, void *arg)
{
	work_range(arg, start, end);
	return MU_OK;
}

static void memup_run(const struct work *work, unsigned threads)
{
	struct work copy = *work;
	const struct mu_padata_mt_job job = {
		.thread_fn = memup_units,
		.fn_arg = &copy,
		.size = work->units,
		.max_threads = threads,
	};

	if (mu_padata_do_multithreaded(mu_hosted_port(hosted), &job) != MU_OK)
		die("a job failed that cannot");
}

static void alone_run(const struct work *work, unsigned threads)
{
	(void)threads;
	work_range(work, 0, work->units);
}

static const struct contender {
	const char *name;
	void (*run)(const struct work *work, unsigned threads);
} contenders[] = {
	{"one thread, no library", alone_run},
	{"memup", memup_run},
#ifdef BENCH_OMP
	{"OpenMP static", omp_static_run},
	{"OpenMP dynamic", omp_dynamic_run},
	{"OpenMP guided", omp_guided_run},
#endif
#ifdef BENCH_TBB
	{"oneTBB", tbb_run},
#endif
};
#define NR    (sizeof(contenders) / sizeof(contenders[0]))
#define ALONE 0
#define MEMUP 1
#define FIRST 2 /* of the others */

static void measure(struct bench *bench, const struct work *work,
		    unsigned inner, struct samples *ns)
{
	for (unsigned rep = 0; rep < bench->reps; rep++) {
		for (unsigned i = 0; i < NR; i++) {
			unsigned who = (i + rep) % NR;

			bench_settle();
			mu_hosted_pin(hosted, who == MEMUP);
			/* Its threads are made, or awake again. */
			contenders[who].run(work, bench->threads);
			for (unsigned j = 0; j < inner; j++) {
				uint64_t since = now_ns();

				contenders[who].run(work, bench->threads);
				samples_add(&ns[who],
					    (double)(now_ns() - since));
			}
		}
	}
}

static void table(struct bench *bench, const struct work *work, const char *id,
		  const char *title, unsigned inner, bool is_goal)
{
	static const char *const columns[] = {"us", "min us", "p90 us",
					      "speedup", NULL};
	struct report *report = &bench->report;
	struct samples ns[NR] = {{NULL, 0, 0}}, ratios[NR] = {{NULL, 0, 0}};
	unsigned best = 0;
	double alone;

	measure(bench, work, inner, ns);
	mu_hosted_pin(hosted, false);
	/* The best other is the one that memup looks worst against. */
	for (unsigned i = FIRST; i < NR; i++) {
		samples_ratios(&ratios[i], &ns[MEMUP], &ns[i]);
		if (!best ||
		    samples_median(&ratios[i]) > samples_median(&ratios[best]))
			best = i;
	}
	alone = samples_median(&ns[ALONE]);
	report_table(report, id, title, columns);
	for (unsigned i = 0; i < NR; i++) {
		double median = samples_median(&ns[i]);
		const double values[] = {
			median / 1e3,
			samples_rank(&ns[i], 0) / 1e3,
			samples_rank(&ns[i], 0.9) / 1e3,
			work->kind == WORK_EMPTY ? NO_VALUE : alone / median,
		};

		report_row(report, contenders[i].name, values);
	}
	if (best && is_goal)
		report_at_most(report, "memup's time, of the best other", 1,
			       samples_median(&ratios[best]));
	if (best)
		report_note(report,
			    "memup takes %.3f of %s; of ten turns five are "
			    "from %.3f to %.3f",
			    samples_median(&ratios[best]),
			    contenders[best].name,
			    samples_rank(&ratios[best], 0.25),
			    samples_rank(&ratios[best], 0.75));
	for (unsigned i = 0; i < NR; i++) {
		samples_free(&ratios[i]);
		samples_free(&ns[i]);
	}
}

/* How many rounds a microsecond has, on this machine, undisturbed. */
static double rounds_a_us(void)
{
	double best = 0;

	for (unsigned i = 0; i < 50; i++) {
		uint64_t since = now_ns();
		double rate;

		work_spin(100000, i);
		rate = 100000 / ((double)(now_ns() - since) / 1e3);
		best = rate > best ? rate : best;
	}
	return best;
}

void bench_jobs(struct bench *bench)
{
	double us = rounds_a_us();
	struct work work = {.kind = WORK_EMPTY, .units = bench->threads};

	hosted = bench->hosted;
	table(bench, &work, "job-empty",
	      "empty job: a unit a thread, nothing in it", 200, true);
	work = (struct work){.kind = WORK_TINY, .units = 1u << 20};
	work.out = malloc(work.units * sizeof(*work.out));
	if (!work.out)
		die("no memory");
	memset(work.out, 1, work.units * sizeof(*work.out));
	table(bench, &work, "job-tiny", "tiny units: 2^20 of one store each", 5,
	      false);
	free(work.out);
	work = (struct work){
		.kind = WORK_EVEN, .units = 4096, .rounds = (uint64_t)(4 * us)};
	table(bench, &work, "job-even", "even units: 4096 of 4 us", 2, false);
	work.kind = WORK_RISING;
	table(bench, &work, "job-rising",
	      "skewed, rising: 4096 units of 0 to 8 us", 5, true);
	work.kind = WORK_FALLING;
	table(bench, &work, "job-falling",
	      "skewed, falling: 4096 units of 8 to 0 us", 5, true);
	work.kind = WORK_RARE;
	table(bench, &work, "job-rare",
	      "skewed, rare: 4096 units of 2 us, one in 64 of 128 us", 5, true);
	work = (struct work){
		.kind = WORK_EVEN, .units = 8, .rounds = (uint64_t)(2000 * us)};
	table(bench, &work, "job-huge", "huge units: 8 of 2 ms", 2, false);
}
