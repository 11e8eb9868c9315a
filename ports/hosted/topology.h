/* SPDX-License-Identifier: MIT */
/*
 * topology: which CPUs of the host we may use, and in which order.
 *
 * Threads of one core share its resources, so a core's second thread comes
 * after the first threads of all cores; nodes are used in turn, since each has
 * its own memory bandwidth. Cores and nodes come from hwloc if this was built
 * with it; without it every CPU counts as a core, in the order of its number,
 * and nodes are those of /sys.
 */
#ifndef MEMUP_HOSTED_TOPOLOGY_H
#define MEMUP_HOSTED_TOPOLOGY_H

#include "memup/base.h"

struct mu_host_cpu {
	unsigned number; /* the host's */
	unsigned thread; /* 0: the first of its core */
	unsigned turn; /* 0: the first of its node, of those with its thread */
	int node;      /* the host's */
};

/*
 * Find out where @cpus are, of which only the numbers are known, ascending, and
 * sort them into the order in which to use them. hwloc can be made to describe
 * another machine (HWLOC_SYNTHETIC, HWLOC_XMLFILE).
 */
void mu_host_place(struct mu_host_cpu *cpus, unsigned nr);

/*
 * Fill @cpus, of MU_MAX_CPUS, with the CPUs that this thread may run on
 * (sched_getaffinity) and that are in @mask, if there is one. Returns how many,
 * 0 when none is left. In the order of mu_host_place() if @placed; otherwise by
 * number, all on node 0, because asking the host takes longer than starting a
 * machine.
 */
unsigned mu_host_cpus(struct mu_host_cpu *cpus, const struct mu_cpumask *mask,
		      bool placed);

/* "hwloc", or "affinity" without it. */
const char *mu_host_topology(void);

#endif
