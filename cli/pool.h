/* SPDX-License-Identifier: MIT */
/* pool: threads for the subcommands that run jobs, and Ctrl-C for these. */
#ifndef MEMUP_CLI_POOL_H
#define MEMUP_CLI_POOL_H

#include "cli/progress.h"
#include "memup/padata.h"
#include "ports/hosted/hosted.h"

/* Options about threads; the same in all of these subcommands. */
struct pool_options {
	unsigned threads; /* 0: what mu_hosted_cpus() says */
	bool has_cpus;
	struct mu_cpumask cpus; /* of the host */
	bool background;
};

#define POOL_LONG_OPTIONS                               \
	{"threads", required_argument, NULL, 'T'},      \
		{"cpus", required_argument, NULL, 'C'}, \
	{                                               \
		"background", no_argument, NULL, 'B'    \
	}

#define POOL_HELP                                                          \
	"--threads N    how many threads; the default is as many as this " \
	"process\n"                                                        \
	"               may use (CPU affinity, cpu.max of its control "    \
	"group)\n"                                                         \
	"--cpus LIST    only on these CPUs of the host: 0-3,8\n"           \
	"--background   use only time that nobody else wants (SCHED_IDLE)\n"

/* Parse one of these options; false, with a message, when it is wrong. @who is
 * "memup prefault" and the like. */
bool pool_option(struct pool_options *options, int option, const char *value,
		 const char *who);

/* The number after --threads; false, with a message, when it is none or more
 * than there may be. */
bool pool_parse_threads(const char *text, unsigned *threads, const char *who);

/* "0-3,8" to @mask. False for anything else, and for CPUs above MU_MAX_CPUS. */
bool pool_parse_cpus(const char *text, struct mu_cpumask *mask);

/* One at a time in a process, because of Ctrl-C. */
struct pool {
	struct mu_hosted *hosted;
	const struct mu_port *port;
	unsigned threads; /* with the caller */
	const char *who;

	/* The job under way, for the watchdog; NULL: none. Written while there
	 * are no helpers. */
	struct mu_padata_mt *mt;
	struct progress *progress;
};

bool pool_open(struct pool *pool, const struct pool_options *options,
	       const char *who);
void pool_close(struct pool *pool);

/*
 * Run @job, shown as @what, until it is done, fails or Ctrl-C comes: then no
 * further chunk is begun and what was done is undone (MU_ERR_CANCELLED). A
 * second Ctrl-C ends the program at once. @report, if not NULL, receives the
 * job's progress.
 */
enum mu_status pool_run(struct pool *pool, const char *what,
			const struct mu_padata_mt_job *job,
			struct mu_padata_progress *report) MU_MUST_CHECK;

/* From here to pool_uncatch() Ctrl-C makes pool_interrupted() true. */
void pool_catch(void);
void pool_uncatch(void);
/* Any thread: has Ctrl-C come? For long chunks, which may then end early. */
bool pool_interrupted(void);

#endif
