/* SPDX-License-Identifier: MIT */
/* check_rows: what memup computed beside what Linux said, one row per item. */
#ifndef MEMUP_CLI_CHECK_ROWS_H
#define MEMUP_CLI_CHECK_ROWS_H

#include "cli/bringup.h"
#include "cli/check_log.h"

enum verdict {
	VERDICT_AGREES,
	VERDICT_DIFFERS,
	VERDICT_CANNOT, /* agree: the row says why */
	VERDICT_ABSENT, /* not in this log */
	VERDICT_TAKEN,	/* memup has it from this very line: no comparison */
	NR_VERDICTS
};

struct row {
	char what[48];
	enum verdict verdict;
	char memup[64], linux_[64];
	const char *why; /* VERDICT_CANNOT */
};

struct rows {
	struct row *row;
	unsigned nr;
	unsigned count[NR_VERDICTS];
	bool full; /* no memory for one more */
};

/*
 * Add the rows that the lines of @said and the machine, as brought up in
 * @bringup, have in common. @bringup was made from @machine. Page frames in
 * @said become addresses.
 */
void rows_compare(struct rows *rows, struct said *said,
		  const struct mu_machine *machine,
		  const struct bringup *bringup);

/*
 * Add one for each range of the map that parameters changed: @machine is the
 * firmware's map with memup's idea of those parameters.
 */
void rows_compare_user_map(struct rows *rows, const struct said *said,
			   const struct mu_machine *machine);

#endif
