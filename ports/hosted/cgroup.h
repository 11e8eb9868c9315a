/* SPDX-License-Identifier: MIT */
/* cgroup: how much CPU a control group (version 2) leaves to this process. */
#ifndef MEMUP_HOSTED_CGROUP_H
#define MEMUP_HOSTED_CGROUP_H

#include "memup/base.h"

/*
 * Parse a cpu.max file: "QUOTA PERIOD" or "max PERIOD", QUOTA microseconds of
 * CPU time per PERIOD microseconds. *@cpus becomes the number of CPUs that this
 * keeps busy, rounded up, at least 1; UINT_MAX for "max". False, and *@cpus
 * unchanged, for any other text.
 */
bool mu_cgroup_parse_cpu_max(const char *text, unsigned *cpus);

/*
 * The lowest cpu.max from this process's group up to the root; UINT_MAX without
 * a limit. @root is put before every path: "" is this host.
 */
unsigned mu_cgroup_cpus(const char *root);

#endif
