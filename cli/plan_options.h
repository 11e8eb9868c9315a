/* SPDX-License-Identifier: MIT */
/* plan_options: what the user says to `memup plan`. */
#ifndef MEMUP_CLI_PLAN_OPTIONS_H
#define MEMUP_CLI_PLAN_OPTIONS_H

#include "cli/plan_model.h"

#define NOT_SAID (-1.0)

struct plan_options {
	const char *const *machine; /* @nr_machine sources of one */
	unsigned nr_machine;
	const char *svg;
	bool json, validate;
	const char *class;	/* of plan_class.h, or "host"; NULL: not said */
	double rate, bandwidth; /* bytes/ns, as GB/s are; or NOT_SAID */
	double chunk_ns, start_ns, sibling;
	unsigned smt; /* 0: not said */
	struct plan_point points[2];
	unsigned nr_points;
};

extern const char plan_help[];

/* EXIT_DONE: go on; else the exit code, or -1 when help was all. */
int plan_parse(int argc, char **argv, struct plan_options *options);

#endif
