/* SPDX-License-Identifier: MIT */
/*
 * plan_ladders: what was measured on other people's machines.
 *
 * Times of deferred initialisation of struct page in Linux, by threads on a
 * node, of the slowest node; from the commit message of "mm: parallelize
 * deferred_init_memmap()", in the series "padata: parallelize deferred init"
 * (Daniel Jordan, version 3, May 2020). The rows without a job (0 threads) are
 * left out. Cores are half the CPUs: all of these machines have two threads a
 * core.
 */
#ifndef MEMUP_CLI_PLAN_LADDERS_H
#define MEMUP_CLI_PLAN_LADDERS_H

#define PLAN_LADDERS	6
#define PLAN_RUNGS_MOST 7

struct plan_ladder {
	const char *machine;
	unsigned gib;	/* a node */
	unsigned cores; /* a node */
	unsigned cpus;	/* a node */
	unsigned nr;
	struct {
		unsigned threads;
		double ms;
	} rungs[PLAN_RUNGS_MOST]; /* upwards */
};

extern const struct plan_ladder plan_ladders[PLAN_LADDERS];

#endif
