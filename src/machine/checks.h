/* SPDX-License-Identifier: MIT */
/*
 * checks: what the functions that add to a machine refuse, for readers that
 * check all of a source before they change anything.
 */
#ifndef MU_MACHINE_CHECKS_H
#define MU_MACHINE_CHECKS_H

#include "memup/machine.h"

/* The range does not wrap nor pass MU_PHYS_MAX, and the machine is not finished
 * (as in all of these). */
enum mu_status mu_machine_check_range(const struct mu_machine *machine,
				      mu_phys_t base, mu_phys_t size,
				      struct mu_error *error) MU_MUST_CHECK;

/* @nid is below the machine's max_nodes. */
enum mu_status mu_machine_check_node(const struct mu_machine *machine, int nid,
				     struct mu_error *error) MU_MUST_CHECK;

/* @count CPUs more are not past MU_MAX_CPUS; the machine may be finished. */
enum mu_status mu_machine_check_cpus(const struct mu_machine *machine,
				     unsigned count,
				     struct mu_error *error) MU_MUST_CHECK;

/* Both are nodes, and can be that far from each other. */
enum mu_status mu_machine_check_distance(const struct mu_machine *machine,
					 int from, int to, unsigned distance,
					 struct mu_error *error) MU_MUST_CHECK;

#endif
