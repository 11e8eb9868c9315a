/* SPDX-License-Identifier: MIT */
/* run_options: options of runs under several policies; the same in boot, device
 * and hotplug. */
#ifndef MEMUP_CLI_RUN_OPTIONS_H
#define MEMUP_CLI_RUN_OPTIONS_H

#include "memup/memup.h"

struct run_options {
	const char *who;		 /* "memup boot" */
	bool has_deferred;		 /* it is one of the policies */
	bool policy[MU_POLICY_LAZY + 1]; /* run under these */
	bool all;			 /* of them, as far as this host can */
	unsigned threads;		 /* 0: not said */
	bool json;
};

#define RUN_LONG_OPTIONS                                   \
	{"policy", required_argument, NULL, 'p'},          \
		{"threads", required_argument, NULL, 't'}, \
	{                                                  \
		"json", no_argument, NULL, 'j'             \
	}

/* Nothing said: all policies. */
struct run_options run_options_for(const char *who, bool has_deferred);

/* Parse one of these options. False, with a message, when it is wrong, and for
 * any other. */
bool run_option(struct run_options *options, int option, const char *value);

/* What getopt() left is one MACHINE or none (NULL). False, with a message, when
 * it is more. */
bool run_machine(const struct run_options *options, int argc, char **argv,
		 const char **machine);

/*
 * Can this host run @machine as asked? Prints a message if not. Sets the
 * threads if they were not given. Policies other than lazy write @need bytes of
 * @what: those for which this host has no memory are left out of `all', with a
 * message; otherwise they are refused, with @advice.
 */
bool run_fits(struct run_options *options, const struct mu_machine *machine,
	      uint64_t need, const char *what, const char *advice);

/*
 * How the run of @machine under @policy ended: prints what went wrong, and
 * raises *@code to EXIT_NO when the machine did not validate (@why is not
 * NULL). False when it could not be run (@status, and @error if it has a text).
 */
bool run_said(const struct run_options *options,
	      const struct mu_machine *machine, enum mu_policy policy,
	      enum mu_status status, const struct mu_error *error,
	      const struct mu_error *why, int *code);

#endif
