// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdarg.h>
#include "bench/report.h"

#define NAME_WIDTH   34
#define COLUMN_WIDTH 11

/* Three significant digits, or the whole part. */
static int digits(double value)
{
	value = fabs(value);
	return value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
}

static void json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void json_number(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.6g", value);
	else
		fputs("null", out);
}

static void close_table(struct report *report)
{
	if (report->nr_tables)
		putchar('\n');
	if (report->json && report->nr_tables)
		fputs(report->nr_goals ? "]}" : "], \"goals\": []}",
		      report->json);
}

void report_begin(struct report *report, FILE *json)
{
	*report = (struct report){.json = json};
	if (json)
		fputs("{\"tables\": [", json);
}

void report_end(struct report *report)
{
	close_table(report);
	printf("goals: %u met, %u not met\n", report->met, report->missed);
	if (report->json) {
		fprintf(report->json, "\n], \"met\": %u, \"missed\": %u}\n",
			report->met, report->missed);
		fclose(report->json);
	}
}

void report_table(struct report *report, const char *id, const char *title,
		  const char *const *columns)
{
	FILE *json = report->json;
	unsigned nr = 0;

	close_table(report);
	printf("%s\n%-*s", title, NAME_WIDTH, "");
	for (; columns[nr]; nr++)
		printf("%*s", COLUMN_WIDTH, columns[nr]);
	putchar('\n');
	if (json) {
		fputs(report->nr_tables ? ",\n{\"id\": " : "\n{\"id\": ", json);
		json_string(json, id);
		fputs(", \"title\": ", json);
		json_string(json, title);
		fputs(", \"columns\": [", json);
		for (unsigned i = 0; i < nr; i++) {
			fputs(i ? ", " : "", json);
			json_string(json, columns[i]);
		}
		fputs("], \"rows\": [", json);
	}
	report->nr_columns = nr;
	report->nr_rows = report->nr_goals = 0;
	report->nr_tables++;
}

void report_row(struct report *report, const char *name, const double *values)
{
	FILE *json = report->json;

	printf("  %-*s", NAME_WIDTH - 2, name);
	for (unsigned i = 0; i < report->nr_columns; i++) {
		if (isfinite(values[i]))
			printf("%*.*f", COLUMN_WIDTH, digits(values[i]),
			       values[i]);
		else
			printf("%*s", COLUMN_WIDTH, "-");
	}
	putchar('\n');
	fflush(stdout);
	if (json) {
		fputs(report->nr_rows ? ",\n  {\"name\": " : "\n  {\"name\": ",
		      json);
		json_string(json, name);
		fputs(", \"values\": [", json);
		for (unsigned i = 0; i < report->nr_columns; i++) {
			fputs(i ? ", " : "", json);
			json_number(json, values[i]);
		}
		fputs("]}", json);
	}
	report->nr_rows++;
}

static void goal(struct report *report, const char *what, const char *sense,
		 double wanted, double measured, bool met)
{
	FILE *json = report->json;

	printf("  goal: %s: %s %.*f, measured %.*f: %s\n", what, sense,
	       digits(wanted), wanted, digits(measured), measured,
	       met ? "met" : "NOT MET");
	if (json) {
		fputs(report->nr_goals ? ",\n  {\"what\": "
				       : "], \"goals\": [\n  {\"what\": ",
		      json);
		json_string(json, what);
		fprintf(json, ", \"sense\": \"%s\", \"goal\": ", sense);
		json_number(json, wanted);
		fputs(", \"measured\": ", json);
		json_number(json, measured);
		fprintf(json, ", \"met\": %s}", met ? "true" : "false");
	}
	report->nr_goals++;
	report->met += met;
	report->missed += !met;
}

void report_at_least(struct report *report, const char *what, double wanted,
		     double measured)
{
	goal(report, what, "at least", wanted, measured, measured >= wanted);
}

void report_at_most(struct report *report, const char *what, double wanted,
		    double measured)
{
	goal(report, what, "at most", wanted, measured, measured <= wanted);
}

void report_note(struct report *report, const char *fmt, ...)
{
	va_list args;

	(void)report;
	va_start(args, fmt);
	fputs("  ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}
