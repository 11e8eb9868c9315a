/* SPDX-License-Identifier: MIT */
/* timeline: the lines of a boot log that tell of memory work, with times. */
#ifndef MEMUP_CLI_REPORT_TIMELINE_H
#define MEMUP_CLI_REPORT_TIMELINE_H

#include <stdio.h>
#include "memup/base.h"

struct timeline_line {
	unsigned number; /* in the text, from 1 */
	bool has_time;
	double seconds;	  /* since the kernel began, as printed */
	const char *kind; /* "zones", "deferred", ...; NULL: not of memory */
	const char *text; /* after what printk puts in front; not terminated */
	size_t len;
};

/* What the @len bytes at @line, without the newline, are. */
struct timeline_line timeline_read(const char *line, size_t len);

/*
 * All lines of [@begin, @end) that are of memory, as a JSON array of objects
 * with line, time (or null), kind and text. @number is that of the first line.
 */
void timeline_json(FILE *out, const char *begin, const char *end,
		   unsigned number);

#endif
