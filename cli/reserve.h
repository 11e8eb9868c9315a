/* SPDX-License-Identifier: MIT */
/*
 * reserve: what kernel parameters reserve, and the huge pages that they ask
 * for: those of --cmdline, and those that the machine was booted with.
 */
#ifndef MEMUP_CLI_RESERVE_H
#define MEMUP_CLI_RESERVE_H

#include <stdio.h>
#include "memup/memup.h"

/* The crash kernel's three pieces, and what has a name. */
#define RESERVE_MAX (3 + MU_MEMBLOCK_NAMED)

struct reserve {
	struct mu_huge_pools pools;
	/* Pages of each pool that memblock gave: under the eager policy those
	 * that the allocator has no pieces for. */
	uint64_t taken[MU_HUGE_POOLS];
	unsigned nr;
	struct reserve_row {
		const char *what; /* "crash kernel", ... */
		char name[MU_MEMBLOCK_NAME];
		mu_phys_t base, size;
		bool shared; /* not reserved: MOVABLE until it is needed */
	} row[RESERVE_MAX];
};

/*
 * Reserve it in @mm, which has its machine and has not started, and set what
 * belongs to it in @config. @cmdline, or NULL, must make sense; its
 * crashkernel= and hugepages= replace the machine's own.
 */
enum mu_status reserve_take(struct reserve *reserve, struct mu_mm *mm,
			    struct mu_config *config, const char *cmdline,
			    struct mu_error *error) MU_MUST_CHECK;

/* Only the pools, as reserve_take() reads them; other fields are not touched.
 */
enum mu_status reserve_read_pools(struct reserve *reserve,
				  const struct mu_machine *machine,
				  const char *cmdline,
				  struct mu_error *error) MU_MUST_CHECK;

/* Bytes of a page of @pool, the default size filled in. */
mu_phys_t reserve_huge_size(const struct reserve *reserve,
			    const struct mu_huge_pool *pool,
			    unsigned page_shift);

/* Print tables of what is reserved and of huge pages, if there is any; and the
 * JSON members for both, with a comma in front. */
void reserve_print_rows(const struct reserve *reserve);
void reserve_print_pools(const struct reserve *reserve, unsigned page_shift);
void reserve_json(FILE *out, const struct reserve *reserve,
		  unsigned page_shift);

#endif
