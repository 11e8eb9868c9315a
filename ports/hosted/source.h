/* SPDX-License-Identifier: MIT */
/* source: one input for a machine, read once from where it is. */
#ifndef MEMUP_PORTS_HOSTED_SOURCE_H
#define MEMUP_PORTS_HOSTED_SOURCE_H

#include "memup/machine_read.h"

enum mu_source_kind {
	MU_SOURCE_HOST,
	MU_SOURCE_TEXT, /* with the kind of the text beside it */
	MU_SOURCE_FDT,
	MU_SOURCE_SHORT,
	MU_SOURCE_MEMMAP, /* a directory as /sys/firmware/memmap */
};

struct mu_source {
	char *name; /* in front of messages and in the machine */
	enum mu_source_kind kind;
	enum mu_machine_kind text_kind;
	const char *text;
	size_t len;
	char *owned; /* the text, if it is to be freed */
};

struct mu_sources {
	struct mu_source *list;
	unsigned nr;
};

/*
 * Add what @what stands for, see mu_machine_load(): one source, or one for each
 * ACPI table of a directory. On failure those added so far stay.
 */
enum mu_status mu_sources_open(struct mu_sources *sources, const char *what,
			       struct mu_error *error) MU_MUST_CHECK;

/* Add @len bytes at @text, which stay the caller's, under the name @name. */
enum mu_status mu_sources_add_text(struct mu_sources *sources, const char *name,
				   const char *text, size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

void mu_sources_close(struct mu_sources *sources);

/* Is it an ACPI table? These describe nodes, and are read before others. */
bool mu_source_is_acpi(const struct mu_source *source);

/* Is it a table that fills in what no other source has? It is read last. */
bool mu_source_fills_in(const struct mu_source *source);

/* Read it into @machine. The text of @error has the source's name in front. */
enum mu_status mu_source_read(const struct mu_source *source,
			      struct mu_machine *machine,
			      struct mu_error *error) MU_MUST_CHECK;

#endif
