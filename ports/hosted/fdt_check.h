/* SPDX-License-Identifier: MIT */
/* fdt_check: is it a device tree, all of it, and if not, what is wrong where?
 */
#ifndef MEMUP_PORTS_HOSTED_FDT_CHECK_H
#define MEMUP_PORTS_HOSTED_FDT_CHECK_H

#include "memup/machine.h"

/*
 * Check the @len bytes at @fdt, aligned to 8, so that libfdt can walk them.
 * MU_ERR_CORRUPT, and @error names the byte or the size that is wrong.
 */
enum mu_status mu_fdt_check(const void *fdt, size_t len,
			    struct mu_error *error) MU_MUST_CHECK;

#endif
