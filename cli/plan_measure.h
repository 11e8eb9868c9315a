/* SPDX-License-Identifier: MIT */
/* plan_measure: the model's parameters, measured on this host. */
#ifndef MEMUP_CLI_PLAN_MEASURE_H
#define MEMUP_CLI_PLAN_MEASURE_H

#include "cli/plan_model.h"
#include "memup/base.h"

/* What was measured, for people. */
struct plan_measured {
	struct plan_node node;	    /* this host's first, with test pages */
	struct plan_point one, all; /* all.threads is 0 with only one CPU */
};

/*
 * Initialise descriptors in memory that is already there, with one thread and
 * with as many as the first node of this host has CPUs for us, and set @model
 * (all but sibling) from the fastest of several runs each. With one CPU the
 * node's bandwidth cannot be measured: node_ns is 0. Takes about a second and
 * 64 to 256 MiB.
 */
enum mu_status plan_measure(struct plan_model *model,
			    struct plan_measured *measured,
			    struct mu_error *error) MU_MUST_CHECK;

/* Threads that a core of this host has, of those that we may use. */
unsigned plan_host_smt(void);

#endif
