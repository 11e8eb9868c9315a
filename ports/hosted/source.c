// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memup/fdt.h"
#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"
#include "ports/hosted/source.h"

static enum mu_status no_memory(struct mu_error *error)
{
	return mu_hosted_fail(error, MU_ERR_NOMEM, "no memory");
}

/* Takes over source->owned, also on failure. */
static enum mu_status push(struct mu_sources *sources, const char *name,
			   struct mu_source source, struct mu_error *error)
{
	struct mu_source *list = realloc(
		sources->list, (sources->nr + 1) * sizeof(*sources->list));

	if (list)
		sources->list = list;
	source.name = strdup(name);
	if (!list || !source.name) {
		free(source.name);
		free(source.owned);
		return no_memory(error);
	}
	if (source.owned)
		source.text = source.owned;
	if (source.kind == MU_SOURCE_TEXT)
		source.text_kind = mu_machine_kind(source.text, source.len);
	if (source.kind == MU_SOURCE_TEXT && mu_is_fdt(source.text, source.len))
		source.kind = MU_SOURCE_FDT;
	list[sources->nr++] = source;
	return MU_OK;
}

enum mu_status mu_sources_add_text(struct mu_sources *sources, const char *name,
				   const char *text, size_t len,
				   struct mu_error *error)
{
	struct mu_source source = {
		.kind = MU_SOURCE_TEXT, .text = text, .len = len};

	return push(sources, name, source, error);
}

/* What no reader is for stays as it is: the message about it looks at its first
 * bytes. */
static enum mu_status clean_source(struct mu_source *source)
{
	char *text = malloc(source->len + 1);
	size_t len = source->len;
	enum mu_status status;

	if (!text)
		return MU_ERR_NOMEM;
	memcpy(text, source->owned, len + 1);
	status = mu_clean_file(&text, &len);
	if (!status && mu_machine_kind(text, len) != MU_KIND_UNKNOWN) {
		free(source->owned);
		source->owned = text;
		source->len = len;
		return MU_OK;
	}
	free(text);
	return status;
}

static enum mu_status open_file(struct mu_sources *sources, const char *path,
				struct mu_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct mu_source source = {.kind = MU_SOURCE_TEXT};
	enum mu_status status =
		mu_read_file(path, &source.owned, &source.len, error);

	if (status)
		return status;
	if (clean_source(&source)) {
		free(source.owned);
		return no_memory(error);
	}
	return push(sources, is_stdin ? "standard input" : path, source, error);
}

/* Drop the last source again if it is no table. */
static void keep_table(struct mu_sources *sources)
{
	struct mu_source *last = &sources->list[sources->nr - 1];

	if (last->kind == MU_SOURCE_TEXT && last->text_kind == MU_KIND_ACPI)
		return;
	free(last->name);
	free(last->owned);
	sources->nr--;
}

static enum mu_status open_tables(struct mu_sources *sources, const char *dir,
				  struct mu_error *error)
{
	enum mu_status status = MU_OK;
	unsigned before = sources->nr;
	struct dirent **entries;
	int nr = scandir(dir, &entries, NULL, alphasort);

	if (nr < 0)
		return mu_hosted_fail(error, MU_ERR_INVALID, "%s: %s", dir,
				      strerror(errno));
	for (int i = 0; i < nr; i++) {
		char path[PATH_MAX];
		struct stat about;
		int len = snprintf(path, sizeof(path), "%s/%s", dir,
				   entries[i]->d_name);

		free(entries[i]);
		if (status || len >= (int)sizeof(path) || stat(path, &about) ||
		    !S_ISREG(about.st_mode))
			continue;
		status = open_file(sources, path, error);
		if (!status)
			keep_table(sources);
	}
	free(entries);
	if (!status && sources->nr == before)
		status = mu_hosted_fail(
			error, MU_ERR_NOT_FOUND,
			"%s: no ACPI table that memup reads in this directory, "
			"nor ranges as in /sys/firmware/memmap",
			dir);
	return status;
}

static enum mu_status open_directory(struct mu_sources *sources,
				     const char *dir, struct mu_error *error)
{
	struct mu_source memmap = {.kind = MU_SOURCE_MEMMAP};
	char first[PATH_MAX];

	(void)snprintf(first, sizeof(first), "%s/0/start", dir);
	if (access(first, F_OK) == 0)
		return push(sources, dir, memmap, error);
	return open_tables(sources, dir, error);
}

enum mu_status mu_sources_open(struct mu_sources *sources, const char *what,
			       struct mu_error *error)
{
	struct mu_source source = {.kind = MU_SOURCE_HOST};
	struct stat about;

	if (!what)
		return push(sources, "this host", source, error);
	if (strcmp(what, "-") == 0)
		return open_file(sources, what, error);
	if (stat(what, &about) == 0)
		return S_ISDIR(about.st_mode)
			       ? open_directory(sources, what, error)
			       : open_file(sources, what, error);
	source.kind = MU_SOURCE_SHORT;
	source.len = strlen(what);
	source.owned = strdup(what);
	return source.owned ? push(sources, what, source, error)
			    : no_memory(error);
}

void mu_sources_close(struct mu_sources *sources)
{
	for (unsigned i = 0; i < sources->nr; i++) {
		free(sources->list[i].name);
		free(sources->list[i].owned);
	}
	free(sources->list);
}

bool mu_source_is_acpi(const struct mu_source *source)
{
	return source->kind == MU_SOURCE_TEXT &&
	       (source->text_kind == MU_KIND_ACPI ||
		source->text_kind == MU_KIND_ACPIDUMP ||
		source->text_kind == MU_KIND_DSL);
}

bool mu_source_fills_in(const struct mu_source *source)
{
	return source->kind == MU_SOURCE_TEXT &&
	       source->text_kind == MU_KIND_ACPI &&
	       (memcmp(source->text, "APIC", 4) == 0 ||
		memcmp(source->text, "CEDT", 4) == 0);
}

/* Put the name of the source in front of the text of @error. */
static enum mu_status failed(const struct mu_source *source,
			     enum mu_status status, struct mu_error *error)
{
	struct mu_error old;

	if (!error)
		return status;
	old = *error;
	if (source->kind == MU_SOURCE_SHORT && status == MU_ERR_SYNTAX)
		mu_hosted_fail(error, status,
			       "%s (and there is no file of that name)",
			       old.text);
	else if (source->kind == MU_SOURCE_SHORT)
		mu_hosted_fail(error, status, "%s", old.text);
	else if (old.line)
		mu_hosted_fail(error, status, "%s:%u: %s", source->name,
			       (unsigned)old.line, old.text);
	else if (old.offset)
		mu_hosted_fail(error, status, "%s: byte 0x%llx: %s",
			       source->name, (unsigned long long)old.offset,
			       old.text);
	else
		mu_hosted_fail(error, status, "%s: %s", source->name, old.text);
	error->line = old.line;
	error->offset = old.offset;
	return status;
}

enum mu_status mu_source_read(const struct mu_source *source,
			      struct mu_machine *machine,
			      struct mu_error *error)
{
	enum mu_status status = MU_OK;

	switch (source->kind) {
	case MU_SOURCE_HOST:
		status = mu_host_machine(machine, "", error);
		break;
	case MU_SOURCE_TEXT:
		status = mu_machine_read_kind(machine, source->text_kind,
					      source->text, source->len, error);
		break;
	case MU_SOURCE_FDT:
		status = mu_machine_read_fdt(machine, source->text, source->len,
					     error);
		if (!status)
			mu_machine_apply_own(machine);
		break;
	case MU_SOURCE_SHORT:
		status = mu_machine_read_short(machine, source->text,
					       source->len, error);
		break;
	case MU_SOURCE_MEMMAP:
		status = mu_machine_read_memmap(machine, source->name, error);
		break;
	}
	return status ? failed(source, status, error) : MU_OK;
}
