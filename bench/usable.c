// SPDX-License-Identifier: MIT
/*
 * From nothing to the first page, under the lazy policy, for machines of very
 * different size.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "bench/ask.h"
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

#define RUNS 101

struct size {
	const char *what;
	struct samples port;  /* mu_hosted_create: the host's mmap */
	struct samples start; /* mu_mm_init to mu_mm_start */
	struct samples page;  /* the first mu_alloc_pages */
	struct samples whole; /* all of these */
	double resident;      /* of a process that does only this, MiB */
};

static void run(struct size *size, bool count)
{
	struct rig rig;
	uint64_t before, port, start, page;

	before = now_ns();
	rig_create(&rig, size->what, 0, MU_BACK_SECTION);
	port = now_ns();
	rig_start(&rig, MU_POLICY_LAZY);
	start = now_ns();
	rig_alloc(&rig, 0);
	page = now_ns();
	rig_destroy(&rig);
	if (!count)
		return;
	samples_add(&size->port, (double)(port - before));
	samples_add(&size->start, (double)(start - port));
	samples_add(&size->page, (double)(page - start));
	samples_add(&size->whole, (double)(page - before));
}

void work_resident(const char *what)
{
	struct rig rig;

	rig_create(&rig, what, 0, MU_BACK_SECTION);
	rig_start(&rig, MU_POLICY_LAZY);
	rig_alloc(&rig, 0);
	printf("resident %" PRIu64 "\n", mu_hosted_resident_max());
	rig_destroy(&rig);
}

static double resident(const char *what)
{
	char *const argv[] = {
		(char *)(uintptr_t)ask_self(),
		(char[]){"--work-resident"},
		(char *)(uintptr_t)what,
		NULL,
	};
	double bytes;

	return ask(argv, "resident ", &bytes) ? bytes / (double)MU_MIB
					      : NO_VALUE;
}

static double row(struct report *report, struct size *size)
{
	double whole = samples_median(&size->whole);
	const double values[] = {
		samples_median(&size->port) / 1e3,
		samples_median(&size->start) / 1e3,
		samples_median(&size->page) / 1e3,
		whole / 1e3,
		samples_rank(&size->whole, 0) / 1e3,
		samples_rank(&size->whole, 1) / 1e3,
		size->resident,
	};

	report_row(report, size->what, values);
	samples_free(&size->port);
	samples_free(&size->start);
	samples_free(&size->page);
	samples_free(&size->whole);
	return whole;
}

void bench_usable(struct bench *bench)
{
	static const char *const columns[] = {"port us",  "start us", "page us",
					      "whole us", "min",      "max",
					      "RSS MiB",  NULL};
	struct size sizes[] = {{.what = "1G"}, {.what = "1T"}, {.what = "64T"}};
	struct report *report = &bench->report;
	double whole[3];

	for (unsigned i = 0; i < 3; i++)
		sizes[i].resident = resident(sizes[i].what);
	for (unsigned i = 0; i <= RUNS; i++)
		for (unsigned j = 0; j < 3; j++)
			run(&sizes[(i + j) % 3], i > 0);
	report_table(report, "usable",
		     "from nothing to the first page, lazy policy", columns);
	for (unsigned i = 0; i < 3; i++)
		whole[i] = row(report, &sizes[i]);
	report_at_most(report, "64T as many times 1G's whole start", 1.2,
		       whole[2] / whole[0]);
	report_at_most(report, "us to start 64T", 1000, whole[2] / 1e3);
	report_at_most(report, "MiB resident in a process that started 64T", 64,
		       sizes[2].resident);
}
