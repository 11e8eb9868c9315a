/* SPDX-License-Identifier: MIT */
/* check: a boot log's rows, for `memup check` and `memup report`. */
#ifndef MEMUP_CLI_CHECK_H
#define MEMUP_CLI_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include "cli/check_rows.h"

struct source {
	const char *name; /* for messages */
	char *text;	  /* ends in a zero */
	size_t len;
	struct said said; /* of said_read() with it */
};

/*
 * Bring up the machine of @source and compare it with what its log says, into
 * @rows, which begins empty and is freed by free(rows->row). rows->full: there
 * was no memory for all of them.
 */
enum mu_status check_all(struct rows *rows, struct source *source,
			 struct mu_error *error) MU_MUST_CHECK;

/* All rows as one JSON object, with the name of the log. */
void check_json(FILE *out, const char *name, const struct rows *rows);

/*
 * The same from the file @what, "-" for standard input, into @rows, which is
 * empty. On failure @error says why, with the file's name. Rows that compare
 * nothing are no failure.
 */
enum mu_status check_file(struct rows *rows, const char *what,
			  struct mu_error *error) MU_MUST_CHECK;

/* What messages call @what. */
const char *check_name(const char *what);

/* Is there a folder called @path? */
bool check_is_folder(const char *path);

/* Each of the @nr files, and all files in folders among them, in the order of
 * their names: one row of a table each. The exit code. */
int check_many(char *const *what, unsigned nr, bool json);

#endif
