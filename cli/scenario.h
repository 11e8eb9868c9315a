/* SPDX-License-Identifier: MIT */
/*
 * scenario: a boot that went wrong somewhere, or a claim about one, and a run
 * that shows what memup does in that case.
 *
 * A scenario fills a report: columns, then the values of each row from left to
 * right, then one verdict. What is printed comes from there, as a table or as
 * JSON.
 */
#ifndef MEMUP_CLI_SCENARIO_H
#define MEMUP_CLI_SCENARIO_H

#include "memup/base.h"

enum value_kind {
	VALUE_TEXT,
	VALUE_COUNT,
	VALUE_BYTES,
	VALUE_NS,
	VALUE_MILLI, /* a ratio in thousandths */
	VALUE_BOOL,
};

struct column {
	const char *key;   /* in JSON */
	const char *title; /* in the table; '>' is right-aligned */
	enum value_kind kind;
};

struct value {
	const struct column *column;
	bool known;
	uint64_t number;
	const char *text; /* must stay */
};

#define REPORT_VALUES 320

enum outcome { HELD, DID_NOT_HOLD, COULD_NOT_RUN };

struct report {
	const struct column *columns;
	unsigned nr_columns;
	unsigned at; /* the column of the next value */
	unsigned nr_values;
	struct value values[REPORT_VALUES];
	enum outcome outcome;
	char verdict[400];
};

/* A scenario's columns, which must stay. */
void report_columns(struct report *report, const struct column *columns,
		    unsigned nr);

/* The next value: of the kind that its column has. */
void report_text(struct report *report, const char *text);
void report_number(struct report *report, uint64_t number);
void report_unknown(struct report *report);

/* What it shows, one or two sentences, and whether memup held. */
void report_verdict(struct report *report, bool held, const char *format, ...)
	MU_PRINTF(3, 4);

/* It could not run: @what, and why. */
void report_failed(struct report *report, const char *what,
		   enum mu_status status, const struct mu_error *error);

struct scenario {
	const char *name;
	const char *summary; /* one line, for the list */
	const char *claim;   /* sentences, of any length */
	const char *source;  /* whose */
	const char *run_is;  /* what is run and compared */
	uint64_t host_bytes; /* of memory that it takes at the most */
	void (*run)(struct report *report);
};

extern const struct scenario scenario_trace_buf;
extern const struct scenario scenario_crashkernel;
extern const struct scenario scenario_hash_tables;
extern const struct scenario scenario_single_zeroing;
extern const struct scenario scenario_empty_zone;
extern const struct scenario scenario_window;
extern const struct scenario scenario_zone_device;

#endif
