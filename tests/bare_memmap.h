/* SPDX-License-Identifier: MIT */
/*
 * bare_memmap: a memmap of one's own, over the memory of a world that is never
 * started.
 */
#ifndef TESTS_BARE_MEMMAP_H
#define TESTS_BARE_MEMMAP_H

#include "tests/world.h"

struct bare {
	struct world world;
	struct mu_memmap memmap;
	void *buf;
};

void bare_init(struct bare *bare, const char *machine, unsigned page_shift,
	       unsigned nr_ragged);
void bare_destroy(struct bare *bare);

/* Back, initialise and publish one block. */
void bare_online(struct bare *bare, mu_pfn_t start, uint16_t zone);

#endif
