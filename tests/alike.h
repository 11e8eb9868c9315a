/* SPDX-License-Identifier: MIT */
/* alike: one sequence of requests, to machines that differ by their policy. */
#ifndef TESTS_ALIKE_H
#define TESTS_ALIKE_H

#include "tests/world.h"

/*
 * Random requests, from CPUs below @cpus, to machines as @machine says under
 * all policies, one of them finished on the way: all must answer the same, with
 * a page of the same zone. @cache_pages as in mu_config.
 */
void alike_run(uint64_t seed, const char *machine, unsigned cpus,
	       unsigned cache_pages);

#endif
