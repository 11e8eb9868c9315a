/* SPDX-License-Identifier: MIT */
/* checker: what check_rows.c, check_ranges.c and check_pages.c share. */
#ifndef MEMUP_CLI_CHECKER_H
#define MEMUP_CLI_CHECKER_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/check_rows.h"

struct checker {
	struct rows *rows;
	const struct said *said;
	const struct mu_machine *machine;
	const struct mu_mm *mm;
	unsigned shift;		     /* of memup's pages */
	unsigned linux_shift;	     /* of the kernel's: some have 8 KiB */
	mu_pfn_t first_pfn, end_pfn; /* of all memory */
};

/* Add a row named by @format; equal texts agree. */
void row_add(struct rows *rows, const char *memup, const char *linux_,
	     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The row that was added last cannot agree, if it differs, and @why. */
void row_cannot(struct rows *rows, const char *why);
/* A row of that kind without values. */
void row_bare(struct rows *rows, enum verdict verdict, const char *what);

/* A range as "0x1000-0x1fff", or "empty". */
struct range_text {
	char text[48];
};
const char *range_text(struct range_text *out, mu_phys_t base, mu_phys_t end);

/* Early memory ranges and spans of nodes (check_ranges.c). */
void compare_ranges(struct checker *checker);
/* Pages of nodes and zones, and of holes (check_pages.c). */
void compare_pages(struct checker *checker);

#endif
