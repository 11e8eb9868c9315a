// SPDX-License-Identifier: MIT
/*
 * memup check: what memup makes of the firmware's lines in a boot log, compared
 * with what Linux made of them and printed in the same log.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/check.h"
#include "cli/command.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"

static const char help[] =
	"usage: memup check LOG... [--json]\n"
	"       memup check FOLDER [--json]\n"
	"\n"
	"Read a Linux boot log twice: memup takes the firmware's lines and\n"
	"computes nodes, zones and pages; what Linux says later in the same\n"
	"log is compared with that, one row per item.\n"
	"\n"
	"LOG        a boot log, `-` for standard input. The more complete the\n"
	"           better: `dmesg`, or `journalctl -k -b`.\n"
	"FOLDER     all files in it; of several files, one row each in a\n"
	"           table, and the first row that differs\n"
	"--json     one JSON object with all rows\n"
	"\n"
	"A row agrees, differs, cannot agree (it says why), is not in this\n"
	"log, or was taken from that very line (if the firmware's own lines\n"
	"are missing), which compares nothing. mem=, memmap=, numa=, "
	"crashkernel=, kernelcore=,\n"
	"movablecore= and movable_node on the log's command line are\n"
	"followed. Ends are the last byte. For what cannot agree, and why, "
	"see\n"
	"docs/check.md.\n"
	"\n"
	"Exit codes: 0 nothing differs, 1 something does, 2 bad input or "
	"use;\n"
	"of several files 2 if one cannot be read, though all are tried.\n";

static const char *const verdicts[NR_VERDICTS] = {
	[VERDICT_AGREES] = "agrees",	    [VERDICT_DIFFERS] = "differs",
	[VERDICT_CANNOT] = "cannot agree",  [VERDICT_ABSENT] = "not in log",
	[VERDICT_TAKEN] = "taken from log",
};

/* ---- From the log to a machine, and on ---- */

static enum mu_status bring_up(struct rows *rows, struct source *source,
			       const struct mu_machine *machine,
			       struct mu_error *error)
{
	struct mu_config config = mu_config_for(machine);
	struct bringup *bringup = malloc(sizeof(*bringup));
	enum mu_status status = bringup ? MU_OK : MU_ERR_NOMEM;

	/* What Linux reserves is in its zones as before: none of it here. */
	if (!status)
		status = bringup_start(bringup, machine, &config, 0, NULL, NULL,
				       error);
	if (!status) {
		rows_compare(rows, &source->said, machine, bringup);
		bringup_end(bringup);
	}
	free(bringup);
	return status;
}

/*
 * The map before the kernel applied its parameters, with memup's idea of them.
 * Whatever comes after the title "user-defined" is not read.
 */
static enum mu_status check_user_map(struct rows *rows,
				     const struct source *source,
				     struct mu_error *error)
{
	const struct said *said = &source->said;
	struct mu_machine *machine;
	enum mu_status status;

	if (!said->user_map || !said->nr_user || !said->cmdline)
		return MU_OK;
	status = mu_machine_load_text(&machine, source->name, said->begin,
				      (size_t)(said->user_map - said->begin),
				      said->cmdline, said->cmdline_len, error);
	if (status)
		return status;
	rows_compare_user_map(rows, said, machine);
	mu_machine_unload(machine);
	return MU_OK;
}

enum mu_status check_all(struct rows *rows, struct source *source,
			 struct mu_error *error)
{
	struct mu_machine *machine;
	enum mu_status status;

	status = mu_machine_load_text(&machine, source->name, source->text,
				      source->len, NULL, 0, error);
	if (status)
		return status;
	status = bring_up(rows, source, machine, error);
	mu_machine_unload(machine);
	return status ? status : check_user_map(rows, source, error);
}

/* ---- Output ---- */

static void print_rows(const char *name, const struct rows *rows)
{
	static const char *const names[] = {"what", "verdict", "memup",
					    "Linux"};
	struct table table;

	table_begin(&table, 4, names);
	for (unsigned i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->row[i];

		table_add(&table, "%s", row->what);
		table_add(&table, "%s", verdicts[row->verdict]);
		table_add(&table, "%s", row->memup[0] ? row->memup : "-");
		table_add(&table, "%s", row->linux_[0] ? row->linux_ : "-");
	}
	table_end(&table, stdout);
	for (unsigned i = 0; i < rows->nr; i++)
		if (rows->row[i].why)
			printf("%s%s: %s\n", i ? "" : "\n", rows->row[i].what,
			       rows->row[i].why);
	printf("\n%s: %u agree, %u differ, ", name, rows->count[VERDICT_AGREES],
	       rows->count[VERDICT_DIFFERS]);
	if (rows->count[VERDICT_CANNOT])
		printf("%u cannot agree, ", rows->count[VERDICT_CANNOT]);
	printf("%u not in log, %u taken from log\n",
	       rows->count[VERDICT_ABSENT], rows->count[VERDICT_TAKEN]);
}

void check_json(FILE *out, const char *name, const struct rows *rows)
{
	fprintf(out, "{\"log\":");
	json_string(out, name);
	fprintf(out,
		",\"agree\":%u,\"differ\":%u,\"cannot\":%u,\"absent\":%u,"
		"\"taken\":%u,"
		"\"rows\":[",
		rows->count[VERDICT_AGREES], rows->count[VERDICT_DIFFERS],
		rows->count[VERDICT_CANNOT], rows->count[VERDICT_ABSENT],
		rows->count[VERDICT_TAKEN]);
	for (unsigned i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->row[i];

		fprintf(out, "%s{\"what\":", i ? "," : "");
		json_string(out, row->what);
		fprintf(out, ",\"verdict\":");
		json_string(out, verdicts[row->verdict]);
		if (row->why) {
			fprintf(out, ",\"why\":");
			json_string(out, row->why);
		}
		if (row->verdict == VERDICT_AGREES ||
		    row->verdict == VERDICT_CANNOT ||
		    row->verdict == VERDICT_DIFFERS) {
			fprintf(out, ",\"memup\":");
			json_string(out, row->memup);
			fprintf(out, ",\"linux\":");
			json_string(out, row->linux_);
		}
		putc('}', out);
	}
	fprintf(out, "]}\n");
}

enum mu_status check_file(struct rows *rows, const char *what,
			  struct mu_error *error)
{
	struct source source = {.name = check_name(what)};
	enum mu_status status =
		mu_read_file(what, &source.text, &source.len, error);
	bool full;

	if (status != MU_OK)
		return status;
	full = mu_clean_file(&source.text, &source.len) ||
	       !said_read(&source.said, source.text, source.len);
	if (!full)
		status = check_all(rows, &source, error);
	if (full || rows->full)
		status = MU_ERR_NOMEM;
	said_free(&source.said);
	free(source.text);
	if (status && !error->text[0])
		snprintf(error->text, sizeof(error->text), "%s",
			 mu_status_str(status));
	return status;
}

const char *check_name(const char *what)
{
	return strcmp(what, "-") ? what : "standard input";
}

static int check(const char *what, bool json)
{
	struct rows rows = {0};
	struct mu_error error = {0};
	int code = EXIT_USAGE;

	if (check_file(&rows, what, &error) != MU_OK) {
		fprintf(stderr, "memup check: %s\n", error.text);
	} else if (!json && !rows.count[VERDICT_AGREES] &&
		   !rows.count[VERDICT_DIFFERS] &&
		   !rows.count[VERDICT_CANNOT]) {
		printf("%s: read, nothing to compare: Linux says nothing in it "
		       "of what it made of the map (no \"Zone ranges:\", no "
		       "\"Memory:\")\n",
		       check_name(what));
		code = EXIT_DONE;
	} else {
		if (json)
			check_json(stdout, check_name(what), &rows);
		else
			print_rows(check_name(what), &rows);
		code = rows.count[VERDICT_DIFFERS] ? EXIT_NO : EXIT_DONE;
	}
	free(rows.row);
	return code;
}

static int run_check(int argc, char **argv)
{
	bool json = false;
	int code = parse_json_option(argc, argv, help, &json);

	if (code >= 0)
		return code;
	if (optind == argc) {
		fprintf(stderr, "memup check: which log? `memup check --help` "
				"tells more\n");
		return EXIT_USAGE;
	}
	if (optind + 1 < argc || check_is_folder(argv[optind]))
		return check_many(argv + optind, (unsigned)(argc - optind),
				  json);
	return check(argv[optind], json);
}

const struct command command_check = {
	.name = "check",
	.summary = "compare memup with what Linux says in a boot log",
	.help = help,
	.run = run_check,
};
