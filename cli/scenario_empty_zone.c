// SPDX-License-Identifier: MIT
/*
 * empty-zone: every allocation has to terminate.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/scenario.h"
#include "cli/stage.h"

/* Longer than any of these takes, by far. */
#define PATIENCE_S 30

/* A request, and where it meets an empty zone. */
struct request {
	const char *what; /* of the first zone */
	const char *machine;
	mu_phys_t base, size; /* reserved; 0: nothing */
	int nid;
	unsigned flags;
	bool drain; /* allocate until the first zone gives no more */
	const char *expected;
};

/* Allocated separately, so that a thread that never ends can keep it. */
struct attempt {
	struct request request;
	struct stage stage;
	const char *answer;
	uint64_t allocations;
	uint64_t ns; /* of the last allocation */
};

static const struct mu_zone *first_zone(const struct attempt *attempt)
{
	const struct mu_node *node =
		&attempt->stage.boot.mm.buddy.nodes[attempt->request.nid];

	return node->preferred[MU_ZONE_NORMAL];
}

/* Which zone @pfn came from. */
static const char *giver_of(const struct attempt *attempt, mu_pfn_t pfn)
{
	const struct mu_mm *mm = &attempt->stage.boot.mm;
	const struct mu_page *page = mu_pfn_to_page(&mm->memmap, pfn);
	const struct mu_zone *zone = &mm->buddy.zones[page->zone];

	if (zone == first_zone(attempt))
		return "first zone";
	return zone->nid == attempt->request.nid ? "lower zone" : "other node";
}

static void *allocate(void *arg)
{
	struct attempt *attempt = arg;
	const struct request *request = &attempt->request;
	struct mu_mm *mm = &attempt->stage.boot.mm;
	enum mu_status status;

	do {
		uint64_t began = stage_now(&attempt->stage);
		mu_pfn_t pfn = 0;

		status = mu_alloc_pages(&mm->buddy, request->nid, 0,
					request->flags, &pfn);
		attempt->ns = stage_now(&attempt->stage) - began;
		attempt->allocations += status == MU_OK;
		attempt->answer = status == MU_OK ? giver_of(attempt, pfn)
						  : mu_status_str(status);
	} while (request->drain && status == MU_OK &&
		 !strcmp(attempt->answer, "first zone"));
	return NULL;
}

/* False when it does not end: then the thread still uses the stage. */
static bool allocate_in_time(struct attempt *attempt)
{
	struct timespec until;
	pthread_t thread;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (pthread_create(&thread, NULL, allocate, attempt)) {
		attempt->answer = "no thread";
		return true;
	}
	if (!pthread_timedjoin_np(thread, NULL, &until))
		return true;
	pthread_detach(thread);
	return false;
}

static enum mu_status set_up(struct attempt *attempt, enum mu_policy policy,
			     struct mu_error *error)
{
	const struct request *request = &attempt->request;
	struct stage *stage = &attempt->stage;
	enum mu_status status =
		stage_prepare(stage, request->machine, MU_PAGE_SHIFT_MIN,
			      MU_BACK_SECTION, 0, error);

	if (status != MU_OK)
		return status;
	if (request->size)
		status = mu_memblock_reserve(&stage->boot.mm.memblock,
					     request->base, request->size,
					     MU_MEMBLOCK_NONE);
	if (status != MU_OK) {
		stage_end(stage);
		return status;
	}
	stage->config.policy = policy;
	return stage_open(stage, error);
}

/* HELD, or why there is no point in going on. */
static enum outcome run_attempt(struct report *report,
				const struct request *request,
				enum mu_policy policy)
{
	struct mu_error error = {0};
	enum mu_status status = MU_ERR_NOMEM;
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	bool ended, right;

	if (attempt) {
		attempt->request = *request;
		status = set_up(attempt, policy, &error);
	}
	if (status != MU_OK) {
		report_failed(report, request->machine, status, &error);
		free(attempt);
		return COULD_NOT_RUN;
	}
	report_text(report, request->what);
	report_text(report, mu_policy_str(policy));
	report_number(report,
		      first_zone(attempt)->managed_pages << MU_PAGE_SHIFT_MIN);
	report_text(report, request->expected);
	ended = allocate_in_time(attempt);
	if (!ended) {
		report_text(report, "NO END");
		report_unknown(report);
		report_unknown(report);
		report_verdict(report, false,
			       "An allocation did not end within %d s.",
			       PATIENCE_S);
		return DID_NOT_HOLD;
	}
	report_text(report, attempt->answer);
	report_number(report, attempt->allocations);
	report_number(report, attempt->ns);
	right = !strcmp(attempt->answer, request->expected) &&
		stage_is_valid(&attempt->stage, NULL);
	if (!right)
		report_verdict(report, false,
			       "%s, policy %s: the answer is \"%s\" and not "
			       "\"%s\", or the machine does not validate.",
			       request->what, mu_policy_str(policy),
			       attempt->answer, request->expected);
	stage_end(&attempt->stage);
	free(attempt);
	return right ? HELD : DID_NOT_HOLD;
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"first_zone", "first zone", VALUE_TEXT},
		{"policy", "policy", VALUE_TEXT},
		{"managed_bytes", ">managed", VALUE_BYTES},
		{"expected", "expected", VALUE_TEXT},
		{"answer", "answer", VALUE_TEXT},
		{"allocations", ">allocations", VALUE_COUNT},
		{"last_ns", ">last took", VALUE_NS},
	};
	const struct request requests[] = {
		{.what = "all reserved",
		 .machine = "5G",
		 .base = 4 * MU_GIB,
		 .size = MU_GIB,
		 .expected = "lower zone"},
		{.what = "all of its node reserved",
		 .machine = "1G@0:0+1G@8G:1/2",
		 .base = 8 * MU_GIB,
		 .size = MU_GIB,
		 .nid = 1,
		 .expected = "other node"},
		{.what = "the same, no other node allowed",
		 .machine = "1G@0:0+1G@8G:1/2",
		 .base = 8 * MU_GIB,
		 .size = MU_GIB,
		 .nid = 1,
		 .flags = MU_ALLOC_THISNODE,
		 .expected = mu_status_str(MU_ERR_NOMEM)},
		{.what = "all allocated",
		 .machine = "5G",
		 .drain = true,
		 .expected = "lower zone"},
		{.what = "all allocated, no other",
		 .machine = "1G@0:0+256M@8G:1/2",
		 .nid = 1,
		 .flags = MU_ALLOC_THISNODE | MU_ALLOC_RESERVES,
		 .drain = true,
		 .expected = mu_status_str(MU_ERR_NOMEM)},
	};
	const unsigned nr = sizeof(requests) / sizeof(requests[0]);

	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	for (unsigned i = 0; i < nr; i++)
		for (unsigned policy = 0; policy <= MU_POLICY_LAZY; policy++)
			if (run_attempt(report, &requests[i],
					(enum mu_policy)policy) != HELD)
				return;
	report_verdict(report, true,
		       "Every allocation ended, with the right answer, under "
		       "all policies.");
}

const struct scenario scenario_empty_zone = {
	.name = "empty-zone",
	.summary = "an allocation from a zone that has nothing",
	.claim = "In a Xen dom0 the first zone was empty; growing it said "
		 "\"yes, "
		 "it grew\" without having anything, and the allocation tried "
		 "again for ever.",
	.source =
		"Juergen Gross, \"mm: fix regression with deferred struct page "
		"init\" (2019)",
	.run_is = "One page is asked for near a node whose first zone has no "
		  "free and no pristine memory, because all of it is reserved, "
		  "or allocated (then page by page until the zone gives no "
		  "more). The answer is who gave the page.",
	.host_bytes = 64 * MU_MIB,
	.run = run,
};
