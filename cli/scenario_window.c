// SPDX-License-Identifier: MIT
/*
 * window: memory that exists, but that nobody may use.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/text.h"

#define MACHINE	 "8G/8"
#define THREADS	 4
#define QUOTA	 (1536 * MU_MIB) /* for each thread: 6 of 8 GiB in all */
#define ESTIMATE (256 * MU_MIB)
#define HELPERS	 3
#define SLOW_NS	 200000 /* for each block that a helper initialises */
#define RETRY_NS 50000	/* after a failure */

/* Whether this thread allocates: then its blocks are not slowed down. */
static _Thread_local bool allocates;

struct allocator {
	pthread_t thread;
	struct stage *stage;
	unsigned cpu;
	uint64_t allocations;
	uint64_t failures;
	uint64_t longest_ns; /* from the first try to the page */
	mu_pfn_t *pfns;
};

/* What came of one rule. */
struct result {
	uint64_t allocations, failures, longest_ns;
	uint64_t quota_ns, helpers_ns;
	uint64_t blocks_on_demand, blocks_by_helpers;
	bool valid;
};

static void pause_for(long ns)
{
	const struct timespec time = {.tv_nsec = ns};

	nanosleep(&time, NULL);
}

/* The port's memmap_fill. */
static void slow_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	if (!allocates)
		pause_for(SLOW_NS);
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
}

static void *allocate(void *arg)
{
	struct allocator *self = arg;
	struct mu_buddy *buddy = &self->stage->boot.mm.buddy;
	const uint64_t quota = QUOTA >> MU_PAGE_SHIFT_MIN;

	mu_hosted_set_cpu(self->stage->boot.hosted, self->cpu);
	allocates = true;
	while (self->allocations < quota) {
		uint64_t ns = stage_now(self->stage);
		mu_pfn_t *pfn = &self->pfns[self->allocations];

		/* Memory is enough for all, so it comes at some time. */
		while (mu_alloc_pages(buddy, 0, 0, 0, pfn) != MU_OK) {
			self->failures++;
			pause_for(RETRY_NS);
		}
		ns = stage_now(self->stage) - ns;
		if (ns > self->longest_ns)
			self->longest_ns = ns;
		self->allocations++;
	}
	return NULL;
}

struct finisher {
	struct stage *stage;
	enum mu_status status;
	uint64_t ns;
};

static void *finish(void *arg)
{
	struct finisher *self = arg;
	uint64_t began = stage_now(self->stage);

	mu_hosted_set_cpu(self->stage->boot.hosted, 0);
	self->status = mu_mm_finish(&self->stage->boot.mm, HELPERS);
	self->ns = stage_now(self->stage) - began;
	return NULL;
}

/* Either all threads run with all that they need, or none. */
static bool run_threads(struct stage *stage, struct result *result)
{
	const uint64_t quota = QUOTA >> MU_PAGE_SHIFT_MIN;
	struct allocator allocators[THREADS] = {0};
	struct finisher finisher = {.stage = stage};
	uint64_t began = stage_now(stage);
	pthread_t thread;
	unsigned nr = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		allocators[i].stage = stage;
		allocators[i].cpu = i + 1;
		allocators[i].pfns = malloc(quota * sizeof(mu_pfn_t));
		if (!allocators[i].pfns)
			break;
		nr++;
	}
	if (nr < THREADS || pthread_create(&thread, NULL, finish, &finisher)) {
		while (nr)
			free(allocators[--nr].pfns);
		return false;
	}
	/* One thread fewer is one fewer: the numbers tell. */
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&allocators[i].thread, NULL, allocate,
				   &allocators[i]))
			allocators[i].stage = NULL;
	for (unsigned i = 0; i < THREADS; i++) {
		struct allocator *done = &allocators[i];

		if (done->stage)
			pthread_join(done->thread, NULL);
		result->allocations += done->allocations;
		result->failures += done->failures;
		if (done->longest_ns > result->longest_ns)
			result->longest_ns = done->longest_ns;
	}
	result->quota_ns = stage_now(stage) - began;
	pthread_join(thread, NULL);
	result->helpers_ns = finisher.ns;
	result->valid = finisher.status == MU_OK && stage_is_valid(stage, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		for (uint64_t n = 0; n < allocators[i].allocations; n++)
			result->valid &= mu_free_pages(&stage->boot.mm.buddy,
						       allocators[i].pfns[n],
						       0) == MU_OK;
		free(allocators[i].pfns);
	}
	return true;
}

static enum mu_status run_rule(bool grows, struct result *result,
			       struct mu_error *error)
{
	struct stage stage;
	uint64_t before;
	enum mu_status status =
		stage_prepare(&stage, MACHINE, MU_PAGE_SHIFT_MIN,
			      MU_BACK_SECTION, HELPERS, error);

	if (status != MU_OK)
		return status;
	stage.config.policy = MU_POLICY_DEFERRED;
	stage.boot.port.memmap_fill = slow_fill;
	status = stage_open(&stage, error);
	if (status != MU_OK)
		return status;
	allocates = true;
	stage_estimate(&stage, ESTIMATE);
	allocates = false;
	before = stage_claims(&stage);
	stage_count_growth(&stage);
	if (!grows)
		stage_stop_growth(&stage);
	if (!run_threads(&stage, result))
		status = MU_ERR_NOMEM;
	result->blocks_on_demand = stage.grew;
	result->blocks_by_helpers = stage_claims(&stage) - before - stage.grew;
	stage_end(&stage);
	return status;
}

static void add_row(struct report *report, const char *rule,
		    const struct result *result)
{
	report_text(report, rule);
	report_number(report, result->allocations);
	report_number(report, result->failures);
	report_number(report, result->longest_ns);
	report_number(report, result->quota_ns);
	report_number(report, result->helpers_ns);
	report_number(report, result->blocks_on_demand);
	report_number(report, result->blocks_by_helpers);
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"rule", "growth while threads run", VALUE_TEXT},
		{"allocations", ">allocations", VALUE_COUNT},
		{"failed", ">failed", VALUE_COUNT},
		{"longest_ns", ">longest", VALUE_NS},
		{"all_ns", ">all after", VALUE_NS},
		{"threads_ns", ">threads done", VALUE_NS},
		{"on_demand_blocks", ">on demand", VALUE_COUNT},
		{"by_threads_blocks", ">by threads", VALUE_COUNT},
	};
	struct result off = {0}, on = {0};
	struct mu_error error = {0};
	enum mu_status status = run_rule(false, &off, &error);

	if (status == MU_OK)
		status = run_rule(true, &on, &error);
	if (status != MU_OK) {
		report_failed(report, MACHINE, status, &error);
		return;
	}
	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	add_row(report, "off (Linux)", &off);
	add_row(report, "on (memup)", &on);
	report_verdict(
		report, !on.failures && on.valid && off.valid,
		"While threads initialised memory, %s allocations failed "
		"with growth switched off%s, and %s with growth from "
		"where the threads take theirs.",
		count_text(off.failures),
		off.failures ? ""
			     : " (they were too fast this time: the "
			       "window was not seen)",
		count_text(on.failures));
}

const struct scenario scenario_window = {
	.name = "window",
	.summary = "allocations while threads initialise the rest",
	.claim =
		"Growth on demand is switched off, then the threads run; until "
		"they are done an allocation can fail although memory is only "
		"moments away. \"The chances are probably small, but I think "
		"it would be better to avoid it completely, rare failures "
		"suck.\"",
	.source = "Vlastimil Babka, in review of \"mm: initialize pages on "
		  "demand during boot\" (v4, 2018); closed in v5, open again "
		  "since \"mm: initialize deferred pages with interrupts "
		  "enabled\" (2020)",
	.run_is =
		"8 GiB, of which 256 MiB are initialised. 3 threads initialise "
		"the rest, slowed down by 0.2 ms a block, while 4 others "
		"allocate 6 GiB in single pages; who fails tries again after "
		"50 us. \"longest\" is the longest that a page was waited "
		"for, \"on demand\" and \"by threads\" are blocks.",
	.host_bytes = 96 * MU_MIB,
	.run = run,
};
