/* SPDX-License-Identifier: MIT */
/* padata: the tables of this program. docs/benchmarks.md says what each is. */
#ifndef BENCH_PADATA_PADATA_H
#define BENCH_PADATA_PADATA_H

#include "bench/report.h"
#include "ports/hosted/hosted.h"

struct bench {
	struct report report;
	struct mu_hosted *hosted;
	const struct mu_port *port;
	unsigned threads;
	unsigned reps;
};

/* Let the threads of the previous contender fall asleep: some spin for
 * milliseconds, on a CPU that the next one needs. */
void bench_settle(void);

void bench_jobs(struct bench *bench);
void bench_pages(struct bench *bench);
void bench_serial(struct bench *bench);

#endif
