// SPDX-License-Identifier: MIT
/*
 * What growth adds to one allocation: the time of those that claim a block,
 * against a section at once by the model, which is what Linux does.
 */
#include <stdlib.h>
#include <string.h>
#include "bench/classic.h"
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

#define SECTIONS 64 /* 8 GiB of pages, also the least machine */

struct stall {
	struct rig rig;
	struct classic classic;
	struct samples order[2]; /* of 0 and of a whole block */
	struct samples clock;
	struct samples model;
};

static const unsigned orders[2] = {0, MU_BLOCK_ORDER};

/* Allocate pages of @order until a block was claimed for one: its time. */
static double claiming(struct stall *stall, unsigned order)
{
	struct mu_mm *mm = &stall->rig.mm;
	uint64_t claims = mu_deferred_stats(&mm->deferred).claims;

	for (;;) {
		uint64_t before = now_ns(), after;

		rig_alloc(&stall->rig, order);
		after = now_ns();
		if (mu_deferred_stats(&mm->deferred).claims != claims)
			return (double)(after - before);
	}
}

/* Some blocks by memup, one section by the model, and so on. */
static void measure_round(struct stall *stall, unsigned which, bool count)
{
	unsigned order = orders[which];

	rig_start(&stall->rig, MU_POLICY_LAZY);
	for (unsigned section = 0; section < SECTIONS; section++) {
		uint64_t first = (uint64_t)section * CLASSIC_SECTION;
		uint64_t before, after;

		/* A block short of a section: the first one is ragged. */
		for (unsigned i = 1; i < MU_SECTION_BLOCKS; i++) {
			double ns = claiming(stall, order);

			if (count)
				samples_add(&stall->order[which], ns);
		}
		before = now_ns();
		classic_by_block(&stall->classic, first,
				 first + CLASSIC_SECTION);
		after = now_ns();
		if (!count)
			continue;
		samples_add(&stall->model, (double)(after - before));
		before = now_ns();
		samples_add(&stall->clock, (double)(now_ns() - before));
	}
}

static double row(struct report *report, const char *name,
		  struct samples *samples)
{
	double median = samples_median(samples);
	const double values[] = {
		(double)samples->nr,
		samples_rank(samples, 0) / 1e3,
		median / 1e3,
		samples_rank(samples, 0.99) / 1e3,
		samples_rank(samples, 1) / 1e3,
	};

	report_row(report, name, values);
	samples_free(samples);
	return median;
}

void bench_stall(struct bench *bench)
{
	static const char *const columns[] = {"samples", "min us", "median",
					      "p99",	 "max",	   NULL};
	struct report *report = &bench->report;
	size_t bytes = (size_t)SECTIONS * CLASSIC_SECTION *
		       sizeof(struct classic_page);
	struct classic_page *pages = aligned_alloc(64, bytes);
	struct stall stall;
	double page, model;

	if (!pages)
		die("no memory for %zu bytes of descriptors", bytes);
	memset(&stall, 0, sizeof(stall));
	memset(pages, 1, bytes);
	rig_create(&stall.rig, "9G", 0, MU_BACK_HUGE);
	rig_touch(&stall.rig);
	for (unsigned rep = 0; rep <= bench->reps; rep++) {
		classic_reset(&stall.classic, pages);
		for (unsigned which = 0; which < 2; which++)
			measure_round(&stall, which, rep > 0);
	}
	report_table(report, "stall", "what growth adds to one allocation",
		     columns);
	row(report, "the clock alone", &stall.clock);
	page = row(report, "memup, order 0 that claims", &stall.order[0]);
	row(report, "memup, order 10 that claims", &stall.order[1]);
	model = row(report, "model, a section at once", &stall.model);
	report_at_least(report, "times as short as the model's, by medians", 50,
			model / page);
	rig_destroy(&stall.rig);
	free(pages);
}
