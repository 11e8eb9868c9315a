/* SPDX-License-Identifier: MIT */
/* tables: what the program can measure. docs/benchmarks.md says what each is.
 */
#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include "bench/report.h"
#include "memup/base.h"

struct bench {
	struct report report;
	mu_phys_t memory; /* bytes of the simulated machine */
	unsigned reps;
};

void bench_init(struct bench *bench);
void bench_finish(struct bench *bench);
void bench_instructions(struct bench *bench);
void bench_classic(struct bench *bench);
void bench_usable(struct bench *bench);
void bench_stall(struct bench *bench);
void bench_gigantic(struct bench *bench);
void bench_touch(struct bench *bench);
void bench_alloc(struct bench *bench);
void bench_device(struct bench *bench);
void bench_hotplug(struct bench *bench);

/*
 * What the program does when it runs itself: initialise @blocks blocks and
 * nothing else, by memup or by the model, for somebody who counts instructions;
 * start a machine lazily and print the most memory that this process had.
 */
void work_claims(uint64_t blocks);
void work_classic(uint64_t blocks);
void work_resident(const char *what);

#endif
