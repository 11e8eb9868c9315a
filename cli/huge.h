/* SPDX-License-Identifier: MIT */
/* huge: the huge pages that parameters ask for, taken from the allocator. */
#ifndef MEMUP_CLI_HUGE_H
#define MEMUP_CLI_HUGE_H

#include <stdio.h>
#include "cli/reserve.h"

struct huge_took {
	unsigned nr;
	struct huge_row {
		mu_phys_t page_size;
		int nid; /* or MU_NO_NODE */
		uint64_t asked, got;
		uint64_t descriptors; /* written meanwhile */
		uint64_t ns;
		bool possible; /* memup has pages of that size */
	} row[MU_HUGE_POOLS];
};

/* Allocate them, pool by pool, except those that are taken already; those of
 * any node are spread over all. They are kept. */
void huge_take(struct huge_took *took, struct mu_mm *mm,
	       const struct reserve *reserve);

/* Bytes of memmap that they write to, at most @most. */
uint64_t huge_memmap_bytes(const struct reserve *reserve, unsigned page_shift,
			   uint64_t most);

/* A row for each pool of one run, of the table that huge_begin() began. */
struct table;
void huge_begin(struct table *table);
void huge_add(struct table *table, const char *policy,
	      const struct huge_took *took);
void huge_json(FILE *out, const struct huge_took *took);

#endif
