/* SPDX-License-Identifier: MIT */
/* early: what the early consumers share. */
#ifndef MU_BOOT_EARLY_H
#define MU_BOOT_EARLY_H

#include "memup/early.h"

/* Make *@early empty. */
void mu_early_init(struct mu_early *early);

/* Give all back unless @status is MU_OK. Returns @status. */
enum mu_status mu_early_undo(struct mu_mm *mm, struct mu_early *early,
			     enum mu_status status) MU_MUST_CHECK;

#endif
