/* SPDX-License-Identifier: MIT */
/*
 * limits: what may come in addition to the memory that is there at the start:
 * hot-added memory and devices. For mu_mm_set_limits(), before tables are
 * sized.
 *
 * Cost: one pointer for each 128 GiB (4 KiB pages) up to the end, so 4 KiB for
 * 64 TiB; and pieces of 32 KiB of raw memory, untouched until used: one for
 * each 128 GiB that may come late, and two for each range.
 */
#ifndef MEMUP_LIMITS_H
#define MEMUP_LIMITS_H

#include "memup/base.h"

/* All zero: nothing comes. */
struct mu_limits {
	/* The first address past all memory that will ever be there. */
	mu_phys_t end;
	/* Bytes that may come in total; what goes and comes back at the same
	 * place counts once. 0: as many as lie below end. */
	mu_phys_t late;
	/* Ranges that may be there at once, besides those of the start. */
	unsigned ranges;
	/* Nodes of what comes have ids below this, or exist at the start. */
	unsigned nodes;
};

#endif /* MEMUP_LIMITS_H */
