// SPDX-License-Identifier: MIT
/*
 * trace-buf: what a boot needs cannot be estimated.
 */
#include <pthread.h>
#include <stdlib.h>
#include "cli/scenario.h"
#include "cli/stage.h"

#define MACHINE	 "8x16G/384"
#define CPUS	 384
#define EACH	 (100 * MU_MIB)
#define ESTIMATE (2 * MU_GIB) /* for each node: 16 GiB in all */

/* One boot. */
struct boot {
	const char *growth;
	bool grows;
	bool helpers;
	uint64_t estimate;
	/* What came of it. */
	enum mu_status status;
	unsigned served; /* CPUs that got all of theirs */
	uint64_t blocks_before, blocks_on_demand, blocks_by_helpers;
	uint64_t ns, longest_ns;
	bool valid;
};

/* CPU by CPU until memory is short: for a boot that did not get everything. */
static unsigned count_served(struct mu_mm *mm)
{
	struct mu_early *parts = calloc(CPUS, sizeof(*parts));
	unsigned served = 0;

	while (parts && served < CPUS &&
	       mu_early_pages(mm, mm->port->cpu_node(mm->port->arg, served),
			      EACH, 0, &parts[served]) == MU_OK)
		served++;
	for (unsigned i = 0; i < served; i++)
		if (mu_early_free(mm, &parts[i]) != MU_OK)
			served = 0;
	free(parts);
	return served;
}

static void *help(void *arg)
{
	struct stage *stage = arg;

	/* The last CPU, on the last node. */
	mu_hosted_set_cpu(stage->boot.hosted, CPUS - 1);
	/* What could not be backed is seen by whoever allocates. */
	if (mu_mm_finish(&stage->boot.mm, mu_hosted_cpus()) != MU_OK)
		return stage;
	return NULL;
}

static void take_buffers(struct boot *boot, struct stage *stage)
{
	struct mu_mm *mm = &stage->boot.mm;
	struct mu_early buffers;
	pthread_t helper;
	bool helped = false;

	/* For the progress. */
	if (!boot->helpers)
		stage->boot.to_write = CPUS * EACH >> MU_PAGE_SHIFT_MIN;
	stage_estimate(stage, boot->estimate);
	boot->blocks_before = stage_claims(stage);
	stage_count_growth(stage);
	if (!boot->grows)
		stage_stop_growth(stage);
	if (boot->helpers)
		helped = !pthread_create(&helper, NULL, help, stage);
	boot->ns = stage_now(stage);
	boot->status = mu_early_trace(mm, EACH, NULL, 0, &buffers);
	boot->ns = stage_now(stage) - boot->ns;
	if (helped)
		pthread_join(helper, NULL);
	boot->blocks_on_demand = stage->grew;
	boot->blocks_by_helpers = stage_claims(stage) - boot->blocks_before -
				  boot->blocks_on_demand;
	boot->longest_ns = mu_deferred_stats(&mm->deferred).claim_ns_max;
	boot->served = boot->status == MU_OK ? CPUS : count_served(mm);
	boot->valid = stage_is_valid(stage, NULL);
	if (boot->status == MU_OK && mu_early_free(mm, &buffers) != MU_OK)
		boot->valid = false;
}

static void add_row(struct report *report, const struct boot *boot)
{
	const uint64_t block = MU_BLOCK_PAGES << MU_PAGE_SHIFT_MIN;

	report_text(report, boot->growth);
	report_text(report, boot->helpers ? "run" : "none");
	report_number(report, boot->blocks_before * block);
	report_text(report, boot->status == MU_OK ? "yes" : "no memory");
	report_number(report, boot->served);
	report_number(report, boot->served * EACH);
	report_number(report, boot->blocks_on_demand * block);
	report_number(report, boot->blocks_by_helpers * block);
	report_number(report, boot->ns);
	report_number(report, boot->longest_ns);
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"growth", "growth", VALUE_TEXT},
		{"helpers", "threads", VALUE_TEXT},
		{"initialised_before_bytes", ">before", VALUE_BYTES},
		{"got_all", "got all", VALUE_TEXT},
		{"cpus_served", ">CPUs", VALUE_COUNT},
		{"bytes", ">buffers", VALUE_BYTES},
		{"on_demand_bytes", ">on demand", VALUE_BYTES},
		{"by_helpers_bytes", ">by threads", VALUE_BYTES},
		{"ns", ">took", VALUE_NS},
		{"claim_ns_max", ">longest", VALUE_NS},
	};
	struct boot boots[] = {
		{.growth = "off", .estimate = ESTIMATE},
		{.growth = "on", .grows = true, .estimate = ESTIMATE},
		{.growth = "on", .grows = true},
		{.growth = "on",
		 .grows = true,
		 .helpers = true,
		 .estimate = ESTIMATE},
	};
	const unsigned nr = sizeof(boots) / sizeof(boots[0]);
	bool held = true;

	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	for (unsigned i = 0; i < nr; i++) {
		struct mu_error error = {0};
		struct stage stage;
		enum mu_status status = stage_up(
			&stage, MACHINE,
			boots[i].helpers ? mu_hosted_cpus() : 0, &error);

		if (status != MU_OK) {
			report_failed(report, MACHINE, status, &error);
			return;
		}
		take_buffers(&boots[i], &stage);
		stage_end(&stage);
		add_row(report, &boots[i]);
		held &= boots[i].valid &&
			(boots[i].status == MU_OK) == boots[i].grows;
	}
	report_verdict(report, held,
		       "With the estimate alone %u of %u CPUs got a buffer and "
		       "the boot would have stopped; with growth on demand "
		       "%u, %u and %u did, with an estimate, with none, and "
		       "while threads initialised the rest.",
		       boots[0].served, CPUS, boots[1].served, boots[2].served,
		       boots[3].served);
}

const struct scenario scenario_trace_buf = {
	.name = "trace-buf",
	.summary = "trace buffers larger than any estimate",
	.claim = "trace_buf_size=100m on a machine with many CPUs: the kernel "
		 "tried to allocate 38.4 GB in early boot, but only 16 GB were "
		 "available, because a fixed amount for each node had been "
		 "initialised. There is no way to predict how much memory to "
		 "put aside; initialise on demand.",
	.source = "Pavel Tatashin, \"mm: initialize pages on demand during "
		  "boot\" (v6, 2018), quoting Mel Gorman on the report of "
		  "Yasuaki Ishimatsu",
	.run_is =
		"8 nodes of 16 GiB, 384 CPUs, each asks for 100 MiB in single "
		"pages near it (37.5 GiB). \"before\" is initialised first, "
		"2 GiB of each node. Growth off is what Linux had: what was "
		"initialised is all there is. \"on demand\" was initialised "
		"by the allocations themselves, \"longest\" is the longest "
		"single claim.",
	.host_bytes = 640 * MU_MIB,
	.run = run,
};
