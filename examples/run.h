/* SPDX-License-Identifier: MIT */
/*
 * run: what these programs have in common: threads, a line of progress on
 * standard error, and Ctrl-C.
 */
#ifndef EXAMPLES_RUN_H
#define EXAMPLES_RUN_H

#include "memup/padata.h"
#include "ports/hosted/hosted.h"

struct run {
	struct mu_hosted *hosted;
	const struct mu_port *port;
	unsigned threads; /* with this one */
	/* The job under way and its name, for the line of progress. */
	struct mu_padata_mt *mt;
	const char *what;
	_Atomic uint64_t next; /* when to show it again, on the port's clock */
};

/* As many threads as this process can keep busy. Says why if it fails. */
bool run_open(struct run *run);
void run_close(struct run *run);

/* Address space of argv[1] MiB, or 1024, in *@units of @unit bytes, for
 * munmap(). Says why if there is none (NULL); @name is the program's. */
void *run_map(int argc, char **argv, const char *name, size_t unit,
	      uint64_t *units);

/*
 * Run @job, shown as @what, to its end or until Ctrl-C: then what was done is
 * undone and this returns MU_ERR_CANCELLED. @report receives how far it came
 * and how long it took.
 */
enum mu_status run_job(struct run *run, const char *what,
		       const struct mu_padata_mt_job *job,
		       struct mu_padata_progress *report) MU_MUST_CHECK;

/* Show from time to time that @done of @size is done; any thread. */
void run_show(struct run *run, const char *what, uint64_t done, uint64_t size);

/* Has Ctrl-C come? */
bool run_interrupted(void);

#endif
