/* SPDX-License-Identifier: MIT */
/* log: the lines of a boot log that say something about memory or CPUs. */
#ifndef MU_MACHINE_LOG_H
#define MU_MACHINE_LOG_H

#include "machine/text.h"

enum mu_log_kind {
	MU_LOG_OTHER,
	MU_LOG_BANNER,	  /* the kernel's version: a boot begins */
	MU_LOG_HEADER,	  /* the title of the firmware's map */
	MU_LOG_MAP,	  /* an entry of a memory map */
	MU_LOG_SRAT_MEM,  /* which node memory belongs to */
	MU_LOG_SRAT_CPU,  /* one CPU and its node */
	MU_LOG_NODE_CPUS, /* CPUs that came up on one node */
	MU_LOG_ALLOWED,	  /* how many CPUs there may be */
	MU_LOG_BROUGHT_UP /* how many CPUs there are */
};

/* The maps of one boot; the kernel goes on with the last that it prints. */
enum mu_log_map {
	MU_LOG_MAP_FIRMWARE,
	MU_LOG_MAP_EXTENDED,
	MU_LOG_MAP_USER,
	MU_LOG_MAP_MODIFIED,
	MU_LOG_NR_MAPS
};

/*
 * What @line is; for MU_LOG_MAP also of which map. Moves @line past the words
 * that tell.
 */
enum mu_log_kind mu_log_classify(struct mu_text *line, enum mu_log_map *map);

/*
 * Add to @machine what the rest of a line of that kind says, after
 * mu_log_classify(). Lines about CPUs that are cut short or garbled count for
 * nothing; lines about memory are errors.
 */
enum mu_status mu_log_add_map(struct mu_machine *machine, struct mu_text line,
			      struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_srat_mem(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_srat_cpu(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_node_cpus(struct mu_machine *machine,
				    struct mu_text line,
				    struct mu_error *error) MU_MUST_CHECK;

/* The number of CPUs that a line of MU_LOG_ALLOWED or _BROUGHT_UP names. */
unsigned mu_log_cpu_count(struct mu_text line);

#endif
