/* SPDX-License-Identifier: MIT */
/*
 * report: aligned tables for people, the same numbers as JSON for programs.
 *
 * A table is begun, then has rows, then goals and notes; the next table or the
 * end closes it.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

/* A missing value: "-" and null. */
#define NO_VALUE __builtin_nan("")

struct report {
	FILE *json; /* NULL: not wanted */
	unsigned nr_columns;
	unsigned nr_tables, nr_rows, nr_goals;
	unsigned met, missed;
};

/* Begin; @json may be NULL. End; closes the file. */
void report_begin(struct report *report, FILE *json);
void report_end(struct report *report);

/* @id names the table in JSON; @columns ends with NULL. */
void report_table(struct report *report, const char *id, const char *title,
		  const char *const *columns);

/* One value a column. */
void report_row(struct report *report, const char *name, const double *values);

/* "goal: what: at least 0.90, measured 0.93: met". */
void report_at_least(struct report *report, const char *what, double wanted,
		     double measured);
void report_at_most(struct report *report, const char *what, double wanted,
		    double measured);

/* A line of text under the table. Not in JSON. */
void report_note(struct report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
