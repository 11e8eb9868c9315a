/* SPDX-License-Identifier: MIT */
/* movable: where the MOVABLE zones begin. */
#ifndef MU_BOOT_MOVABLE_H
#define MU_BOOT_MOVABLE_H

#include "memup/boot.h"

/*
 * The first pfn of MOVABLE for each of @nodes, according to the fields of
 * @config about MOVABLE; MU_NO_PFN where a node has none. @nodes must have
 * their spans and present pages.
 */
void mu_movable_lay_out(const struct mu_mm *mm, const struct mu_config *config,
			const struct mu_node *nodes, mu_pfn_t *movable_start);

#endif
