// SPDX-License-Identifier: MIT
/*
 * single-zeroing: descriptors that are written once.
 */
#include <stdlib.h>
#include <string.h>
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/text.h"

/* Whole blocks only, and no page 0: every descriptor is written. */
#define MACHINE "32G@32G"
#define BASE	(32 * MU_GIB)
#define SIZE	(32 * MU_GIB)
#define RUNS	9

struct samples {
	uint64_t ns[RUNS];
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One initialisation of all descriptors, whose memory is there already. */
static enum mu_status run_once(struct stage *stage, bool zero_first,
			       uint64_t *ns, struct mu_error *error)
{
	struct mu_mm *mm = &stage->boot.mm;
	struct mu_page *memmap = mu_hosted_memmap(stage->boot.hosted);
	uint64_t began;
	enum mu_status status;

	mu_mm_init(mm, &stage->boot.port);
	status = mu_mm_add_machine(mm, stage->machine, error);
	if (status == MU_OK)
		status = mu_mm_start(mm, &stage->config, memmap,
				     stage->boot.tables,
				     stage->boot.tables_size, error);
	if (status != MU_OK)
		return status;
	began = stage_now(stage);
	if (zero_first)
		memset((void *)(memmap + (BASE >> MU_PAGE_SHIFT_MIN)), 0,
		       (SIZE >> MU_PAGE_SHIFT_MIN) * sizeof(*memmap));
	mu_deferred_take(&mm->deferred, 0, UINT64_MAX, &status);
	*ns = stage_now(stage) - began;
	if (status == MU_OK && !stage_is_valid(stage, error))
		status = MU_ERR_CORRUPT;
	return status;
}

static void add_row(struct report *report, const char *way,
		    const struct samples *samples, uint64_t base)
{
	uint64_t pages = SIZE >> MU_PAGE_SHIFT_MIN;
	uint64_t median = samples->ns[RUNS / 2];

	report_text(report, way);
	report_number(report, RUNS);
	report_number(report, samples->ns[0]);
	report_number(report, median);
	report_number(report, samples->ns[RUNS - 1]);
	report_number(report, median * 1000 / pages);
	report_number(report, median * 1000 / base);
}

/* The middle half's width. */
static uint64_t spread(const struct samples *samples)
{
	return samples->ns[3 * RUNS / 4] - samples->ns[RUNS / 4];
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"way", "descriptors are", VALUE_TEXT},
		{"runs", ">runs", VALUE_COUNT},
		{"least_ns", ">least", VALUE_NS},
		{"median_ns", ">median", VALUE_NS},
		{"most_ns", ">most", VALUE_NS},
		{"ns_per_page", ">ns/page", VALUE_MILLI},
		{"ratio", ">ratio", VALUE_MILLI},
	};
	struct samples once, twice;
	struct mu_error error = {0};
	struct stage stage;
	uint64_t noise, least, most, unused;
	enum mu_status status = stage_prepare(
		&stage, MACHINE, MU_PAGE_SHIFT_MIN, MU_BACK_HUGE, 0, &error);

	if (status != MU_OK)
		goto failed;
	/* One zone, and no clock in between. */
	stage.config.dma_limit = stage.config.dma32_limit = 0;
	stage.config.measure = false;
	status = stage_open(&stage, &error);
	if (status != MU_OK)
		goto failed;
	/* The first of each has the page faults and is not counted. */
	status = run_once(&stage, false, &unused, &error);
	if (status == MU_OK)
		status = run_once(&stage, true, &unused, &error);
	for (unsigned i = 0; i < RUNS && status == MU_OK; i++) {
		status = run_once(&stage, true, &twice.ns[i], &error);
		if (status == MU_OK)
			status = run_once(&stage, false, &once.ns[i], &error);
	}
	stage_end(&stage);
	if (status != MU_OK)
		goto failed;

	qsort(once.ns, RUNS, sizeof(once.ns[0]), compare);
	qsort(twice.ns, RUNS, sizeof(twice.ns[0]), compare);
	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	add_row(report, "zeroed, then written", &twice, once.ns[RUNS / 2]);
	add_row(report, "written once", &once, once.ns[RUNS / 2]);
	noise = spread(&once) > spread(&twice) ? spread(&once) : spread(&twice);
	least = once.ns[RUNS / 2];
	most = twice.ns[RUNS / 2];
	report_verdict(report, least <= most + noise,
		       "Writing once takes %s of %s, a difference of %s; the "
		       "middle half of the runs lies within %s.",
		       time_text(least), time_text(most),
		       time_text(most > least ? most - least : least - most),
		       time_text(noise));
	return;
failed:
	report_failed(report, MACHINE, status, &error);
}

const struct scenario scenario_single_zeroing = {
	.name = "single-zeroing",
	.summary = "descriptors written once, not zeroed first",
	.claim = "The memory of page descriptors was zeroed when it was "
		 "allocated, early and by one thread, and then initialised. "
		 "Without the zeroing initialisation took 7.6 s less for each "
		 "TB on an 8-node machine.",
	.source = "Pavel Tatashin, \"complete deferred page initialization\" "
		  "(v6, 2017)",
	.run_is =
		"The 8 388 608 descriptors of 32 GiB, 128 MiB, one thread, the "
		"same memory each time, all of it touched before. By turns: "
		"memset() of all, then initialisation block by block with "
		"the free lists; and that initialisation alone. Both are "
		"memup's descriptors of 16 bytes, not Linux's of 64. It "
		"holds unless the median of writing once is above the other "
		"by more than the larger of the two spreads.",
	.host_bytes = 256 * MU_MIB,
	.run = run,
};
