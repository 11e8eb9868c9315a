/* SPDX-License-Identifier: MIT */
/* progress: rates of units and time. */
#ifndef MU_PADATA_PROGRESS_H
#define MU_PADATA_PROGRESS_H

#include "memup/base.h"

/* floor(@a * @b / @c), UINT64_MAX where that is more or @c is 0. */
uint64_t mu_mul_div(uint64_t a, uint64_t b, uint64_t c);

#endif
