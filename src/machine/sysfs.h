/* SPDX-License-Identifier: MIT */
/* sysfs: files of sysfs, each behind its path, in one text. */
#ifndef MU_MACHINE_SYSFS_H
#define MU_MACHINE_SYSFS_H

#include "machine/text.h"

/* Is @line the path of a file that mu_machine_read_sysfs() knows? */
bool mu_sysfs_tells(struct mu_text line);

/*
 * The type of memory that a resource's name at @name is, "System RAM",
 * "Reserved" and so on; MU_RANGE_NONE if it is something else (iomem.c).
 */
enum mu_range_type mu_resource_type(struct mu_text name);

#endif
