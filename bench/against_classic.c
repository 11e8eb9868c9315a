// SPDX-License-Identifier: MIT
/*
 * The same number of pages by memup and by the model of two passes, one thread,
 * all descriptors in memory that the host has backed before.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "bench/classic.h"
#include "bench/rig.h"
#include "bench/tables.h"
#include "bench/team.h"

struct model {
	struct classic classic;
	struct classic_page *pages;
	uint64_t nr_pages;
};

static void reset(void *arg)
{
	struct model *model = arg;

	classic_reset(&model->classic, model->pages);
}

static void by_block(void *arg, unsigned self, unsigned nr)
{
	struct model *model = arg;

	(void)self, (void)nr;
	classic_by_block(&model->classic, 0, model->nr_pages);
}

static void by_pass(void *arg, unsigned self, unsigned nr)
{
	struct model *model = arg;

	(void)self, (void)nr;
	classic_by_pass(&model->classic, 0, model->nr_pages);
}

static void start(void *arg)
{
	rig_start(arg, MU_POLICY_LAZY);
}

static void take(void *arg, unsigned self, unsigned nr)
{
	struct rig *rig = arg;

	(void)self, (void)nr;
	mu_deferred_take(&rig->mm.deferred, 0, UINT64_MAX, NULL);
}

static double row(struct report *report, struct contest *contest, double pages,
		  double memup)
{
	double ns = samples_median(&contest->ns);
	const double values[] = {
		ns / pages,
		samples_rank(&contest->ns, 0) / pages,
		samples_rank(&contest->ns, 1) / pages,
		ns / memup,
	};

	report_row(report, contest->name, values);
	return values[3];
}

static void measure(struct bench *bench, struct rig *rig, struct model *model)
{
	static const char *const columns[] = {"ns/page", "min", "max", "times",
					      NULL};
	struct contest contests[] = {
		{"memup, mu_deferred_take, batch 32",
		 start,
		 take,
		 rig,
		 {NULL, 0, 0}},
		{"model, by block", reset, by_block, model, {NULL, 0, 0}},
		{"model, by pass", reset, by_pass, model, {NULL, 0, 0}},
	};
	double pages = (double)model->nr_pages, memup, times;
	struct team team;
	char title[128];

	team_start(&team, 1);
	contest_run(&team, contests, 3, bench->reps);
	team_stop(&team);
	snprintf(
		title, sizeof(title),
		"against a model of Linux 6.1's two passes, %.1f million pages",
		pages / 1e6);
	report_table(&bench->report, "classic", title, columns);
	memup = samples_median(&contests[0].ns);
	row(&bench->report, &contests[0], pages, memup);
	times = row(&bench->report, &contests[1], pages, memup);
	row(&bench->report, &contests[2], pages, memup);
	report_at_least(&bench->report, "times as fast as the model by block",
			4, times);
	contest_free(contests, 3);
}

void bench_classic(struct bench *bench)
{
	struct model model;
	struct rig rig;
	char what[32];
	size_t bytes;

	snprintf(what, sizeof(what), "%lluM",
		 (unsigned long long)(bench->memory / 4 / MU_MIB));
	rig_create(&rig, what, 0, MU_BACK_HUGE);
	rig_touch(&rig);
	rig_start(&rig, MU_POLICY_LAZY);
	model.nr_pages = rig_pristine(&rig);
	bytes = model.nr_pages * sizeof(struct classic_page);
	model.pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (model.pages == MAP_FAILED)
		die("no memory for %zu bytes of descriptors", bytes);
	madvise(model.pages, bytes, MADV_HUGEPAGE);
	memset(model.pages, 1, bytes);
	measure(bench, &rig, &model);
	munmap(model.pages, bytes);
	rig_destroy(&rig);
}
