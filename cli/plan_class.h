/* SPDX-License-Identifier: MIT */
/*
 * plan_class: how fast a kind of machine initialises descriptors, for machines
 * that are not the one we run on.
 *
 * A class is a machine of plan_ladders.h under a short name. Its two rates come
 * from the first and the last point of its ladder. That was Linux, whose struct
 * page has 64 bytes; what counts are bytes stored, so they are scaled to the 16
 * bytes of a struct mu_page.
 */
#ifndef MEMUP_CLI_PLAN_CLASS_H
#define MEMUP_CLI_PLAN_CLASS_H

#include "cli/plan_ladders.h"
#include "cli/plan_model.h"

/* The bytes of a struct page in Linux on 64-bit machines. */
#define PLAN_LINUX_PAGE 64

/* Where all of them were published. */
#define PLAN_CLASS_SOURCE                                                   \
	"Daniel Jordan, \"padata: parallelize deferred init\", version 3, " \
	"May "                                                              \
	"2020"

struct plan_class {
	const char *name;
	const struct plan_ladder *ladder;
};

extern const struct plan_class plan_classes[PLAN_LADDERS];

/* The one called @name, or NULL. The first is for machines of which nothing is
 * known: a server with two sockets. */
const struct plan_class *plan_class_find(const char *name);

/* Set thread_ns and node_ns of @model. */
void plan_class_rates(const struct plan_class *class, struct plan_model *model);

#endif
