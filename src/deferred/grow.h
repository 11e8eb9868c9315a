/* SPDX-License-Identifier: MIT */
/* grow: claims in a row, from one zone. */
#ifndef MU_DEFERRED_GROW_H
#define MU_DEFERRED_GROW_H

#include "memup/deferred.h"

/*
 * Claim and initialise up to @blocks blocks of @zone, one by one, interrupts on
 * in between; returns how many. *@status is MU_ERR_NOMEM when one could not be
 * backed, else left alone.
 */
uint64_t mu_deferred_take_zone(struct mu_deferred *deferred,
			       struct mu_zone *zone, uint64_t blocks,
			       enum mu_status *status);

#endif
