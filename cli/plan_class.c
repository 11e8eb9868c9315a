// SPDX-License-Identifier: MIT
/* The classes of machines that `memup plan` and `memup report` know. */
#include <stddef.h>
#include <string.h>
#include "cli/plan_class.h"
#include "memup/memmap.h"

const struct plan_class plan_classes[PLAN_LADDERS] = {
	{"skylake", &plan_ladders[0]},	  {"broadwell", &plan_ladders[1]},
	{"haswell", &plan_ladders[2]},	  {"epyc", &plan_ladders[3]},
	{"epyc-small", &plan_ladders[4]}, {"haswell-small", &plan_ladders[5]},
};

const struct plan_class *plan_class_find(const char *name)
{
	for (unsigned i = 0; i < PLAN_LADDERS; i++)
		if (!strcmp(plan_classes[i].name, name))
			return &plan_classes[i];
	return NULL;
}

void plan_class_rates(const struct plan_class *class, struct plan_model *model)
{
	const struct plan_ladder *ladder = class->ladder;
	const struct plan_node node = {
		.pages = (uint64_t)ladder->gib << (30 - 12),
		.cores = ladder->cores,
		.cpus = ladder->cpus,
	};
	const unsigned last = ladder->nr - 1;
	const struct plan_point one = {ladder->rungs[0].threads,
				       1e6 * ladder->rungs[0].ms};
	const struct plan_point all = {ladder->rungs[last].threads,
				       1e6 * ladder->rungs[last].ms};
	const double part = (double)sizeof(struct mu_page) / PLAN_LINUX_PAGE;
	struct plan_model linux_model = {
		.sibling = PLAN_SIBLING,
		.chunk = MU_SECTION_PAGES,
	};

	/* The points of a ladder differ, so this always succeeds. */
	(void)plan_calibrate(&linux_model, &node, &one, &all);
	model->thread_ns = part * linux_model.thread_ns;
	model->node_ns = part * linux_model.node_ns;
}
