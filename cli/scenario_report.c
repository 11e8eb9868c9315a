// SPDX-License-Identifier: MIT
/* Columns and rows as a scenario fills them in. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/scenario.h"

void report_columns(struct report *report, const struct column *columns,
		    unsigned nr)
{
	report->columns = columns;
	report->nr_columns = nr;
}

static void add(struct report *report, struct value value)
{
	if (report->nr_values == REPORT_VALUES) {
		fputs("memup scenario: REPORT_VALUES is too small\n", stderr);
		abort();
	}
	value.column = &report->columns[report->at++];
	if (report->at == report->nr_columns)
		report->at = 0;
	report->values[report->nr_values++] = value;
}

void report_text(struct report *report, const char *text)
{
	add(report, (struct value){.known = true, .text = text});
}

void report_number(struct report *report, uint64_t number)
{
	add(report, (struct value){.known = true, .number = number});
}

void report_unknown(struct report *report)
{
	add(report, (struct value){.known = false});
}

void report_verdict(struct report *report, bool held, const char *format, ...)
{
	va_list args;

	report->outcome = held ? HELD : DID_NOT_HOLD;
	va_start(args, format);
	vsnprintf(report->verdict, sizeof(report->verdict), format, args);
	va_end(args);
}

void report_failed(struct report *report, const char *what,
		   enum mu_status status, const struct mu_error *error)
{
	report->outcome = COULD_NOT_RUN;
	snprintf(report->verdict, sizeof(report->verdict), "%s: %s", what,
		 error && error->text[0] ? error->text : mu_status_str(status));
}
