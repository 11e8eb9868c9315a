// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include "cli/plan_model.h"
#include "cli/plan_validate.h"
#include "cli/text.h"
#include "memup/base.h"

#define RUNGS_MOST (PLAN_LADDERS * PLAN_RUNGS_MOST)

/* One rule for all ladders. The tables do not say what taking a chunk and
 * calling helpers cost; the smallest chunk of that code is a section. */
void plan_predict(const struct plan_ladder *ladder, double *ms)
{
	const struct plan_node node = {
		.pages = (uint64_t)ladder->gib << (30 - 12),
		.cores = ladder->cores,
		.cpus = ladder->cpus,
	};
	struct plan_model model = {
		.sibling = PLAN_SIBLING,
		.chunk = MU_SECTION_PAGES,
	};
	unsigned last = ladder->nr - 1;
	const struct plan_point one = {ladder->rungs[0].threads,
				       1e6 * ladder->rungs[0].ms};
	const struct plan_point all = {ladder->rungs[last].threads,
				       1e6 * ladder->rungs[last].ms};
	bool fits = plan_calibrate(&model, &node, &one, &all);

	for (unsigned i = 0; i <= last; i++)
		ms[i] = fits ? plan_time(&model, &node,
					 ladder->rungs[i].threads) /
					1e6
			     : NAN;
}

static bool calibrates(const struct plan_ladder *ladder, unsigned rung)
{
	return rung == 0 || rung == ladder->nr - 1;
}

static double error_of(const struct plan_ladder *ladder, unsigned rung,
		       const double *ms)
{
	return 100 * (ms[rung] / ladder->rungs[rung].ms - 1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void plan_errors(const struct plan_ladder *ladders, unsigned nr, double *median,
		 double *worst)
{
	double errors[RUNGS_MOST], ms[PLAN_RUNGS_MOST] = {0};
	unsigned found = 0;

	for (unsigned i = 0; i < nr; i++) {
		plan_predict(&ladders[i], ms);
		for (unsigned j = 0; j < ladders[i].nr; j++)
			if (!calibrates(&ladders[i], j))
				errors[found++] =
					fabs(error_of(&ladders[i], j, ms));
	}
	qsort(errors, found, sizeof(*errors), compare);
	*median = (errors[(found - 1) / 2] + errors[found / 2]) / 2;
	*worst = errors[found - 1];
}

static void print_ladder(FILE *out, const struct plan_ladder *ladder)
{
	static const char *const names[] = {">threads/node", ">measured ms",
					    ">predicted ms", ">error", ""};
	double ms[PLAN_RUNGS_MOST] = {0}, median, worst;
	struct table table;

	plan_predict(ladder, ms);
	plan_errors(ladder, 1, &median, &worst);
	fprintf(out, "%s\n", ladder->machine);
	table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned i = 0; i < ladder->nr; i++) {
		double error = error_of(ladder, i, ms);

		table_add(&table, "%u", ladder->rungs[i].threads);
		table_add(&table, "%.1f", ladder->rungs[i].ms);
		table_add(&table, "%.1f", ms[i]);
		if (calibrates(ladder, i))
			table_add(&table, "-");
		else
			table_add(&table, "%+.1f %%", error);
		table_add(&table, "%s",
			  calibrates(ladder, i)	    ? "calibrates"
			  : fabs(error) > PLAN_GOAL ? "MISS"
						    : "");
	}
	table_end(&table, out);
	fprintf(out, "median error %.1f %%, worst %.1f %%\n\n", median, worst);
}

static void json_ladder(FILE *out, const struct plan_ladder *ladder)
{
	double ms[PLAN_RUNGS_MOST] = {0}, median, worst;

	plan_predict(ladder, ms);
	plan_errors(ladder, 1, &median, &worst);
	fputs("{\"machine\":", out);
	json_string(out, ladder->machine);
	fprintf(out,
		",\"median_error_percent\":%.2f,\"worst_error_percent\":%.2f,"
		"\"points\":[",
		median, worst);
	for (unsigned i = 0; i < ladder->nr; i++)
		fprintf(out,
			"%s{\"threads\":%u,\"measured_ms\":%.1f,"
			"\"predicted_ms\":%.3f,\"calibrates\":%s}",
			i ? "," : "", ladder->rungs[i].threads,
			ladder->rungs[i].ms, ms[i],
			calibrates(ladder, i) ? "true" : "false");
	fputs("]}", out);
}

bool plan_validate(FILE *out, bool json)
{
	double median, worst;
	bool met;

	plan_errors(plan_ladders, PLAN_LADDERS, &median, &worst);
	met = median <= PLAN_GOAL;
	if (json) {
		fputs("{\"ladders\":[", out);
		for (unsigned i = 0; i < PLAN_LADDERS; i++) {
			fputs(i ? "," : "", out);
			json_ladder(out, &plan_ladders[i]);
		}
		fprintf(out,
			"],\"median_error_percent\":%.2f,"
			"\"worst_error_percent\":%.2f,\"goal_percent\":%.0f,"
			"\"met\":%s}\n",
			median, worst, PLAN_GOAL, met ? "true" : "false");
		return met;
	}
	fputs("Deferred initialisation in Linux, slowest node; measured by "
	      "Daniel Jordan,\n\"padata: parallelize deferred init\", version "
	      "3, May 2020. Each ladder is\ncalibrated on its first and last "
	      "point, one thread and all CPUs of a node.\n\n",
	      out);
	for (unsigned i = 0; i < PLAN_LADDERS; i++)
		print_ladder(out, &plan_ladders[i]);
	fprintf(out,
		"all ladders: median error %.1f %% (goal: at most %.0f %%, "
		"%s), worst %.1f %%\n",
		median, PLAN_GOAL, met ? "met" : "NOT MET", worst);
	return met;
}
