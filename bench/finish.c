// SPDX-License-Identifier: MIT
/*
 * All pristine memory by one call that gets its own helper, against the same
 * claims by two threads that were ready before.
 */
#include "bench/rig.h"
#include "bench/tables.h"
#include "bench/team.h"

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

static void finish(void *arg, unsigned self, unsigned nr)
{
	struct rig *rig = arg;

	(void)nr;
	if (self == 0 && mu_mm_finish(&rig->mm, 2) != MU_OK)
		die("finish: not all could be backed");
}

void bench_finish(struct bench *bench)
{
	static const char *const columns[] = {"ms", "min", "max", "ns/page",
					      NULL};
	struct rig rig;
	struct contest contests[] = {
		{"mu_deferred_take, two threads",
		 start,
		 take,
		 &rig,
		 {NULL, 0, 0}},
		{"mu_mm_finish, two threads",
		 start,
		 finish,
		 &rig,
		 {NULL, 0, 0}},
	};
	struct report *report = &bench->report;
	struct team team;
	double pages;
	char what[32];

	if (mu_hosted_cpus() < 2)
		return;
	snprintf(what, sizeof(what), "%lluM/2",
		 (unsigned long long)(bench->memory / MU_MIB));
	rig_create(&rig, what, 1, MU_BACK_HUGE);
	rig_touch(&rig);
	start(&rig);
	pages = (double)rig_pristine(&rig);
	team_start(&team, 2);
	contest_run(&team, contests, 2, bench->reps);
	team_stop(&team);
	report_table(report, "finish", "the rest of memory in one call",
		     columns);
	for (unsigned i = 0; i < 2; i++) {
		struct samples *ns = &contests[i].ns;
		const double values[] = {
			samples_median(ns) / 1e6,
			samples_rank(ns, 0) / 1e6,
			samples_rank(ns, 1) / 1e6,
			samples_median(ns) / pages,
		};

		report_row(report, contests[i].name, values);
	}
	contest_free(contests, 2);
	rig_destroy(&rig);
}
