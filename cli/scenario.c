// SPDX-License-Identifier: MIT
/*
 * memup scenario: boots that went wrong, run again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/scenario.h"
#include "cli/text.h"
#include "ports/hosted/hosted.h"

static const char help[] =
	"usage: memup scenario [NAME | all] [--json]\n"
	"\n"
	"Run a boot that is known to have gone wrong, or about which a claim "
	"was\n"
	"made: prints the claim and its source, what was measured in this run, "
	"and\n"
	"whether memup held. Without NAME: the list.\n"
	"\n"
	"all     one after the other\n"
	"--json  one JSON object instead\n"
	"\n"
	"Exit codes: 0 memup held (or the list was printed), 1 it did not,\n"
	"2 bad use, or this host does not have the memory to run it.\n";

static const struct scenario *const scenarios[] = {
	&scenario_trace_buf,	  &scenario_crashkernel, &scenario_hash_tables,
	&scenario_single_zeroing, &scenario_empty_zone,	 &scenario_window,
	&scenario_zone_device,
};
#define NR_SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

/* @text in lines of 80 columns, after a label of 8. */
static void print_wrapped(const char *label, const char *text)
{
	int column = printf("%-8s", label);

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > 8 && column + 1 + len > 80)
			column = printf("\n%8s", "") - 1;
		column += printf("%s%.*s", column > 8 ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void add_cell(struct table *table, const struct value *value)
{
	enum value_kind kind = value->column->kind;
	uint64_t number = value->number;

	if (!value->known)
		table_add(table, "-");
	else if (kind == VALUE_TEXT)
		table_add(table, "%s", value->text);
	else if (kind == VALUE_COUNT)
		table_add(table, "%s", count_text(number));
	else if (kind == VALUE_BYTES)
		table_add(table, "%s", size_text(number));
	else if (kind == VALUE_NS)
		table_add(table, "%s", time_text(number));
	else if (kind == VALUE_MILLI)
		table_add(table, "%.2f", (double)number / 1000);
	else
		table_add(table, "%s", number ? "yes" : "NO");
}

static void print_values(const struct report *report)
{
	const char *titles[16];
	struct table table;

	for (unsigned i = 0; i < report->nr_columns; i++)
		titles[i] = report->columns[i].title;
	table_begin(&table, report->nr_columns, titles);
	for (unsigned i = 0; i < report->nr_values; i++)
		add_cell(&table, &report->values[i]);
	table_end(&table, stdout);
}

static void print_scenario(const struct scenario *scenario,
			   const struct report *report)
{
	printf("%s: %s\n\n", scenario->name, scenario->summary);
	print_wrapped("claim", scenario->claim);
	print_wrapped("source", scenario->source);
	print_wrapped("run", scenario->run_is);
	putchar('\n');
	print_values(report);
	putchar('\n');
	print_wrapped(report->outcome == HELD ? "held" : "NOT",
		      report->verdict);
}

static void json_value(const struct value *value)
{
	enum value_kind kind = value->column->kind;

	if (!value->known)
		fputs("null", stdout);
	else if (kind == VALUE_TEXT)
		json_string(stdout, value->text);
	else if (kind == VALUE_BOOL)
		fputs(value->number ? "true" : "false", stdout);
	else if (kind == VALUE_MILLI)
		printf("%.3f", (double)value->number / 1000);
	else
		printf("%" PRIu64, value->number);
}

static void json_member(const char *name, const char *text)
{
	printf("\"%s\":", name);
	json_string(stdout, text);
	putchar(',');
}

static void json_scenario(const struct scenario *scenario,
			  const struct report *report)
{
	putchar('{');
	json_member("name", scenario->name);
	json_member("claim", scenario->claim);
	json_member("source", scenario->source);
	json_member("run", scenario->run_is);
	fputs("\"rows\":[", stdout);
	for (unsigned i = 0; i < report->nr_values; i++) {
		const struct value *value = &report->values[i];
		bool first = value->column == report->columns;

		printf("%s\"%s\":",
		       !first ? ","
		       : i    ? "},{"
			      : "{",
		       value->column->key);
		json_value(value);
	}
	printf("%s],\"held\":%s,", report->nr_values ? "}" : "",
	       report->outcome == HELD ? "true" : "false");
	fputs("\"verdict\":", stdout);
	json_string(stdout, report->verdict);
	putchar('}');
}

static void run_one(const struct scenario *scenario, struct report *report)
{
	uint64_t have = mu_hosted_available();

	if (scenario->host_bytes < have - have / 16) {
		scenario->run(report);
		return;
	}
	report->outcome = COULD_NOT_RUN;
	snprintf(report->verdict, sizeof(report->verdict),
		 "takes up to %s of memory, and this host has %s left",
		 size_text(scenario->host_bytes), size_text(have));
}

/* Run the scenarios [@first, @end) and print each as it is done. */
static int run_scenarios(size_t first, size_t end, bool json)
{
	bool held = true, ran = true;
	const char *between = "";

	if (json)
		printf("{\"scenarios\":[");
	for (size_t i = first; i < end; i++) {
		struct report *report = calloc(1, sizeof(*report));

		if (!report) {
			fputs("memup scenario: out of memory\n", stderr);
			return EXIT_USAGE;
		}
		run_one(scenarios[i], report);
		held &= report->outcome != DID_NOT_HOLD;
		ran &= report->outcome != COULD_NOT_RUN;
		if (report->outcome == COULD_NOT_RUN) {
			fprintf(stderr, "memup scenario: %s: %s\n",
				scenarios[i]->name, report->verdict);
		} else {
			fputs(between, stdout);
			(json ? json_scenario : print_scenario)(scenarios[i],
								report);
			between = json ? "," : "\n\n";
		}
		fflush(stdout);
		free(report);
	}
	if (json)
		printf("]}\n");
	if (!held)
		return EXIT_NO;
	return ran ? EXIT_DONE : EXIT_USAGE;
}

static void list(bool json)
{
	if (json)
		printf("{\"scenarios\":[");
	for (size_t i = 0; i < NR_SCENARIOS; i++) {
		if (!json) {
			printf("%-16s %s\n", scenarios[i]->name,
			       scenarios[i]->summary);
			continue;
		}
		printf(i ? ",{" : "{");
		json_member("name", scenarios[i]->name);
		fputs("\"summary\":", stdout);
		json_string(stdout, scenarios[i]->summary);
		putchar('}');
	}
	if (json)
		printf("]}\n");
}

static int unknown(const char *name)
{
	fprintf(stderr, "memup scenario: '%s' is no scenario; there are", name);
	for (size_t i = 0; i < NR_SCENARIOS; i++)
		fprintf(stderr, " %s,", scenarios[i]->name);
	fputs(" and all\n", stderr);
	return EXIT_USAGE;
}

static int run_scenario(int argc, char **argv)
{
	bool json = false;
	int code = parse_json_option(argc, argv, help, &json);

	if (code >= 0)
		return code;
	if (optind == argc) {
		list(json);
		return EXIT_DONE;
	}
	if (optind + 1 < argc) {
		fprintf(stderr,
			"memup scenario: one NAME at a time, or all; '%s' is "
			"too many\n",
			argv[optind + 1]);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[optind], "all"))
		return run_scenarios(0, NR_SCENARIOS, json);
	for (size_t i = 0; i < NR_SCENARIOS; i++)
		if (!strcmp(argv[optind], scenarios[i]->name))
			return run_scenarios(i, i + 1, json);
	return unknown(argv[optind]);
}

const struct command command_scenario = {
	.name = "scenario",
	.summary = "run boots that went wrong elsewhere, measured",
	.help = help,
	.run = run_scenario,
};
