// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include "cli/stage.h"
#include "memup/machine_read.h"

#define MAX_RANGES 64
#define MAX_NODES  64

/* A machine and its tables in one piece; for free(). */
static struct mu_machine *make_machine(const char *what, unsigned page_shift,
				       enum mu_status *status,
				       struct mu_error *error)
{
	size_t head = (sizeof(struct mu_machine) + 15) & ~(size_t)15;
	size_t size = mu_machine_size(MAX_RANGES, MAX_NODES);
	char *memory = malloc(head + size);
	struct mu_machine *machine = (void *)memory;

	*status = MU_ERR_NOMEM;
	if (!memory)
		return NULL;
	*status = mu_machine_init(machine, memory + head, size, MAX_RANGES,
				  MAX_NODES, error);
	if (*status == MU_OK) {
		machine->page_shift = page_shift;
		*status = mu_machine_read_short(machine, what, strlen(what),
						error);
	}
	if (*status == MU_OK)
		*status = mu_machine_finish(machine, error);
	if (*status == MU_OK)
		return machine;
	free(machine);
	return NULL;
}

enum mu_status stage_prepare(struct stage *stage, const char *what,
			     unsigned page_shift,
			     enum mu_hosted_backing backing, unsigned threads,
			     struct mu_error *error)
{
	const struct mu_limits none = {0};

	return stage_prepare_late(stage, what, page_shift, backing, threads,
				  &none, error);
}

enum mu_status
stage_prepare_late(struct stage *stage, const char *what, unsigned page_shift,
		   enum mu_hosted_backing backing, unsigned threads,
		   const struct mu_limits *limits, struct mu_error *error)
{
	enum mu_status status;

	memset(stage, 0, sizeof(*stage));
	stage->config = mu_config_default();
	stage->config.measure = true;
	stage->machine = make_machine(what, page_shift, &status, error);
	if (!stage->machine)
		return status;
	status = bringup_prepare_late(&stage->boot, stage->machine, backing,
				      threads, what, limits, error);
	if (status != MU_OK)
		free(stage->machine);
	return status;
}

enum mu_status stage_open(struct stage *stage, struct mu_error *error)
{
	enum mu_status status =
		bringup_open(&stage->boot, &stage->config, error);

	if (status != MU_OK)
		stage_end(stage);
	return status;
}

void stage_end(struct stage *stage)
{
	bringup_end(&stage->boot);
	free(stage->machine);
}

enum mu_status stage_up(struct stage *stage, const char *what, unsigned threads,
			struct mu_error *error)
{
	enum mu_status status = stage_prepare(stage, what, MU_PAGE_SHIFT_MIN,
					      MU_BACK_SECTION, threads, error);

	return status == MU_OK ? stage_open(stage, error) : status;
}

uint64_t stage_now(const struct stage *stage)
{
	return stage->boot.port.clock(stage->boot.port.arg);
}

uint64_t stage_claims(const struct stage *stage)
{
	return mu_deferred_stats(&stage->boot.mm.deferred).claims;
}

static enum mu_grow counted_grow(void *arg, struct mu_zone *zone,
				 unsigned order, uint64_t mark, uint64_t seen,
				 mu_pfn_t *pfn)
{
	struct stage *stage = arg;
	enum mu_grow grown = stage->source.grow(stage->source.arg, zone, order,
						mark, seen, pfn);

	if (grown == MU_GREW)
		atomic_fetch_add_explicit(&stage->grew, 1,
					  memory_order_relaxed);
	return grown;
}

static void counted_wait(void *arg, struct mu_zone *zone, uint64_t seen)
{
	struct stage *stage = arg;

	stage->source.wait(stage->source.arg, zone, seen);
}

void stage_count_growth(struct stage *stage)
{
	struct mu_buddy *buddy = &stage->boot.mm.buddy;

	stage->source = buddy->source;
	buddy->source = (struct mu_source){
		.arg = stage,
		.grow = counted_grow,
		.wait = counted_wait,
	};
}

void stage_stop_growth(struct stage *stage)
{
	stage->boot.mm.buddy.source.grow = NULL;
}

void stage_estimate(struct stage *stage, uint64_t bytes)
{
	struct mu_mm *mm = &stage->boot.mm;
	uint64_t blocks = bytes >> (mm->page_shift + MU_BLOCK_ORDER);

	for (unsigned nid = 0; nid < mm->nr_nodes; nid++)
		if (mm->buddy.nodes[nid].present_pages)
			mu_deferred_take(&mm->deferred, (int)nid, blocks, NULL);
}

bool stage_is_valid(struct stage *stage, struct mu_error *error)
{
	return mu_validate(&stage->boot.mm, NULL, error) == MU_OK;
}
