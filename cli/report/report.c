// SPDX-License-Identifier: MIT
/*
 * memup report: boot logs as one page to look at. The data in it are those of
 * `memup show --json` and `memup check --json`, the lines of the log that tell
 * of memory work, and the rates with which the page computes what-if.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/check.h"
#include "cli/command.h"
#include "cli/plan_class.h"
#include "cli/progress.h"
#include "cli/report/page.h"
#include "cli/report/timeline.h"
#include "cli/show.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"

static const char help[] =
	"usage: memup report LOG... -o FILE\n"
	"\n"
	"Write one page for a browser about the boots in these logs: the map\n"
	"of memory from the whole machine to a single page, the timeline of\n"
	"the boot, what would be with other parameters, and the differences\n"
	"that `memup check` finds. The page is one file and loads nothing; it\n"
	"prints, follows the dark mode, and has a table for each picture.\n"
	"\n"
	"LOG       a Linux boot log, or another text that `memup show` reads\n"
	"          from one file: then without a timeline. `-` is standard\n"
	"          input.\n"
	"-o FILE   where to write it, `-` for standard output\n"
	"\n"
	"A log that cannot be read is named, and nothing is written.\n"
	"\n"
	"Exit codes: 0 done, 2 bad input or use.\n";

/* More would not keep the page below 1 MiB. */
#define REPORT_MOST (1u << 20)

/* The members "agree" and "rows" of the log, or null. */
static void put_check(FILE *out, struct source *source)
{
	struct rows rows = {0};
	struct mu_error error = {0};

	if (check_all(&rows, source, &error) == MU_OK && !rows.full &&
	    rows.count[VERDICT_AGREES] + rows.count[VERDICT_DIFFERS])
		check_json(out, source->name, &rows);
	else
		fputs("null", out);
	free(rows.row);
}

static unsigned lines_before(const char *text, const char *end)
{
	unsigned nr = 1;

	for (; text < end; text++)
		nr += *text == '\n';
	return nr;
}

static void put_log(FILE *out, struct source *source)
{
	fputs(",\"timeline\":", out);
	if (source->said.has_map)
		timeline_json(out, source->said.begin, source->said.end,
			      lines_before(source->text, source->said.begin));
	else
		fputs("[]", out);
	fputs(",\"check\":", out);
	put_check(out, source);
}

static enum mu_status put_machine(FILE *out, const struct mu_machine *machine,
				  struct mu_error *error)
{
	struct bringup *bringup = malloc(sizeof(*bringup));
	struct mu_config config;
	struct reserve reserve;
	enum mu_status status =
		bringup ? bringup_config(&config, machine, NULL, error)
			: MU_ERR_NOMEM;

	if (!status)
		status = bringup_start(bringup, machine, &config, 0, NULL,
				       &reserve, error);
	if (!status) {
		struct shown shown = {machine, &bringup->mm, &reserve};

		fputs("{\"show\":", out);
		show_json(out, &shown);
		bringup_end(bringup);
	}
	free(bringup);
	return status;
}

static enum mu_status put_one(FILE *out, const char *what,
			      struct mu_error *error)
{
	struct source source = {.name = check_name(what)};
	struct mu_machine *machine;
	enum mu_status status;

	status = mu_read_file(what, &source.text, &source.len, error);
	if (!status)
		status = mu_clean_file(&source.text, &source.len);
	if (status) {
		free(source.text);
		return status;
	}
	status = mu_machine_load_text(&machine, source.name, source.text,
				      source.len, NULL, 0, error);
	if (!status) {
		status = put_machine(out, machine, error);
		mu_machine_unload(machine);
	}
	if (!status) {
		if (said_read(&source.said, source.text, source.len)) {
			put_log(out, &source);
			putc('}', out);
		} else {
			status = MU_ERR_NOMEM;
		}
		said_free(&source.said);
	}
	free(source.text);
	return status;
}

static void put_classes(FILE *out)
{
	fprintf(out,
		"\"descriptor\":%zu,\"section_pages\":%u,\"sibling\":%g,"
		"\"enough\":%g,\"source\":",
		sizeof(struct mu_page), (unsigned)MU_SECTION_PAGES,
		PLAN_SIBLING, PLAN_ENOUGH);
	json_string(out, PLAN_CLASS_SOURCE);
	fputs(",\"classes\":[", out);
	for (unsigned i = 0; i < PLAN_LADDERS; i++) {
		struct plan_model model = {0};

		plan_class_rates(&plan_classes[i], &model);
		fprintf(out, "%s{\"name\":", i ? "," : "");
		json_string(out, plan_classes[i].name);
		fputs(",\"machine\":", out);
		json_string(out, plan_classes[i].ladder->machine);
		fprintf(out, ",\"thread_ns\":%.6g,\"node_ns\":%.6g}",
			model.thread_ns, model.node_ns);
	}
	putc(']', out);
}

/* All data into memory, so that a log that cannot be read leaves no page. */
static bool collect(char **json, size_t *len, char *const *what, unsigned nr)
{
	FILE *out = open_memstream(json, len);
	struct progress *progress = progress_begin("report");
	struct mu_error error = {0};
	enum mu_status status = out ? MU_OK : MU_ERR_NOMEM;

	if (out) {
		putc('{', out);
		put_classes(out);
		fputs(",\"logs\":[", out);
	}
	for (unsigned i = 0; i < nr && !status; i++) {
		progress_tick(progress, i, nr);
		if (i)
			putc(',', out);
		status = put_one(out, what[i], &error);
	}
	progress_end(progress);
	if (out) {
		fputs("]}", out);
		if (fclose(out) && !status)
			status = MU_ERR_NOMEM;
	}
	if (!status)
		return true;
	fprintf(stderr, "memup report: %s\n",
		error.text[0] ? error.text : mu_status_str(status));
	return false;
}

static int report(const char *path, char *const *what, unsigned nr)
{
	bool to_stdout = !strcmp(path, "-"), failed = true;
	char *json = NULL;
	size_t len = 0;
	FILE *out;

	if (!collect(&json, &len, what, nr)) {
		free(json);
		return EXIT_USAGE;
	}
	if (len + report_page_head_size + report_page_tail_size > REPORT_MOST) {
		fprintf(stderr,
			"memup report: the page would have %s, more than %s: "
			"give it fewer logs\n",
			size_text(len + report_page_head_size +
				  report_page_tail_size),
			size_text(REPORT_MOST));
		free(json);
		return EXIT_USAGE;
	}
	out = to_stdout ? stdout : fopen(path, "we");
	if (out) {
		page_write(out, json, len);
		failed = fflush(out) || ferror(out);
		if (!to_stdout)
			failed |= fclose(out) != 0;
	}
	free(json);
	if (failed)
		fprintf(stderr, "memup report: %s: %s\n",
			to_stdout ? "standard output" : path, strerror(errno));
	return failed ? EXIT_USAGE : EXIT_DONE;
}

static int run_report(int argc, char **argv)
{
	static const struct option longs[] = {
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_DONE;
		}
		if (option != 'o')
			return EXIT_USAGE;
		path = optarg;
	}
	if (optind == argc) {
		fputs("memup report: which log? `memup report --help` tells "
		      "more\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (!path) {
		fputs("memup report: where to? -o FILE, or -o - for standard "
		      "output\n",
		      stderr);
		return EXIT_USAGE;
	}
	return report(path, argv + optind, (unsigned)(argc - optind));
}

const struct command command_report = {
	.name = "report",
	.summary = "write a page about boot logs, to look at in a browser",
	.help = help,
	.run = run_report,
};
