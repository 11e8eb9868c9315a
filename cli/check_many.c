// SPDX-License-Identifier: MIT
/* `memup check` of many logs: a table with one row each. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/check.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/text.h"

struct files {
	char **path;
	unsigned nr;
};

struct tally {
	unsigned agreed, differed, silent, refused; /* logs */
};

bool check_is_folder(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

static bool add_file(struct files *files, const char *path)
{
	char **more = realloc(files->path, (files->nr + 1) * sizeof(*more));

	if (!more)
		return false;
	files->path = more;
	more[files->nr] = strdup(path);
	return more[files->nr] && ++files->nr;
}

static bool add_folder(struct files *files, const char *folder)
{
	struct dirent **entries;
	int nr = scandir(folder, &entries, NULL, alphasort);
	bool good = nr >= 0;

	for (int i = 0; i < nr; i++) {
		char path[4096];
		struct stat status;

		snprintf(path, sizeof(path), "%s/%s", folder,
			 entries[i]->d_name);
		if (good && entries[i]->d_name[0] != '.' &&
		    !stat(path, &status) && S_ISREG(status.st_mode))
			good = add_file(files, path);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	return good;
}

static void add_row(struct table *table, const char *path, const char *verdict,
		    const struct rows *rows, const char *first)
{
	if (!table)
		return;
	table_add(table, "%s", path);
	table_add(table, "%s", verdict);
	table_add(table, "%u", rows->count[VERDICT_AGREES]);
	table_add(table, "%u", rows->count[VERDICT_DIFFERS]);
	table_add(table, "%u", rows->count[VERDICT_CANNOT]);
	table_add(table, "%u", rows->count[VERDICT_ABSENT]);
	table_add(table, "%u", rows->count[VERDICT_TAKEN]);
	table_add(table, "%s", first);
}

static void tell_one(struct table *table, struct tally *tally, const char *path,
		     const struct rows *rows, const char *why)
{
	if (why) {
		size_t len = strlen(path);

		/* The name stands in the first column already. */
		if (!strncmp(why, path, len) && why[len] == ':')
			why += len + 1 + strspn(why + len + 1, " ");
		tally->refused++;
		add_row(table, path, "not read", rows, why);
	} else if (rows->count[VERDICT_DIFFERS]) {
		unsigned i = 0;

		while (rows->row[i].verdict != VERDICT_DIFFERS)
			i++;
		tally->differed++;
		add_row(table, path, "differs", rows, rows->row[i].what);
	} else if (rows->count[VERDICT_AGREES] || rows->count[VERDICT_CANNOT]) {
		tally->agreed++;
		add_row(table, path, "agrees", rows, "");
	} else {
		tally->silent++;
		add_row(table, path, "nothing to compare", rows, "");
	}
}

static void json_one(const char *path, const struct rows *rows, const char *why)
{
	if (!why) {
		check_json(stdout, check_name(path), rows);
		return;
	}
	printf("{\"log\":");
	json_string(stdout, check_name(path));
	printf(",\"error\":");
	json_string(stdout, why);
	printf("}\n");
}

static int check_files(const struct files *files, bool json)
{
	static const char *const names[] = {"log",
					    "verdict",
					    ">agree",
					    ">differ",
					    ">cannot agree",
					    ">not in log",
					    ">taken from log",
					    "first difference, or why not"};
	struct progress *progress = progress_begin("check");
	struct tally tally = {0};
	struct table table;

	if (json)
		printf("{\"logs\":[");
	else
		table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned i = 0; i < files->nr; i++) {
		struct rows rows = {0};
		struct mu_error error = {0};
		const char *why = NULL;

		if (check_file(&rows, files->path[i], &error) != MU_OK)
			why = error.text;
		if (json && i)
			putchar(',');
		if (json)
			json_one(files->path[i], &rows, why);
		tell_one(json ? NULL : &table, &tally,
			 check_name(files->path[i]), &rows, why);
		free(rows.row);
		progress_tick(progress, i + 1, files->nr);
	}
	progress_end(progress);
	if (json)
		printf("],\"agree\":%u,\"differ\":%u,\"silent\":%u,"
		       "\"not_read\":%u}\n",
		       tally.agreed, tally.differed, tally.silent,
		       tally.refused);
	if (!json) {
		table_end(&table, stdout);
		printf("\n%u logs: %u agree, %u differ, %u have nothing to "
		       "compare, %u not read\n",
		       files->nr, tally.agreed, tally.differed, tally.silent,
		       tally.refused);
	}
	return tally.refused	? EXIT_USAGE
	       : tally.differed ? EXIT_NO
				: EXIT_DONE;
}

int check_many(char *const *what, unsigned nr, bool json)
{
	struct files files = {0};
	int code = EXIT_USAGE;
	bool good = true;

	for (unsigned i = 0; i < nr && good; i++) {
		good = check_is_folder(what[i]) ? add_folder(&files, what[i])
						: add_file(&files, what[i]);
		if (!good)
			fprintf(stderr, "memup check: %s: cannot be listed\n",
				what[i]);
	}
	if (good && files.nr)
		code = check_files(&files, json);
	else if (good)
		fprintf(stderr, "memup check: %s: no file in it\n", what[0]);
	for (unsigned i = 0; i < files.nr; i++)
		free(files.path[i]);
	free(files.path);
	return code;
}
