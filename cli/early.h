/* SPDX-License-Identifier: MIT */
/* early: what a simulated boot asks for before anything else has run. */
#ifndef MEMUP_CLI_EARLY_H
#define MEMUP_CLI_EARLY_H

#include <stdio.h>
#include "memup/early.h"
#include "memup/machine.h"

/* What the user asks for; 0: nothing. */
struct early_ask {
	uint64_t trace_bytes;  /* --trace-buf-size, for each CPU */
	uint64_t percpu_bytes; /* --percpu, for each CPU */
	uint64_t hash_entries; /* --hash-entries, buckets of 8 bytes */
	bool hash_from_memory; /* --hash-entries auto */
};

enum early_kind { EARLY_HASH, EARLY_PERCPU, EARLY_TRACE, NR_EARLY_KINDS };

/* What one of them got. */
struct early_row {
	bool asked;
	enum mu_status status;
	uint64_t wanted; /* bytes; 0: as memory says */
	uint64_t bytes;
	uint64_t entries; /* of the hash table */
	uint64_t allocations;
	uint64_t runs;	 /* of adjacent pages */
	uint64_t blocks; /* initialised meanwhile */
	uint64_t ns;
};

struct early_took {
	struct early_row rows[NR_EARLY_KINDS];
};

/* "hash table", ... */
const char *early_name(enum early_kind kind);

bool early_is_asked(const struct early_ask *ask);

/* Bytes that may be taken on @machine, at most its memory. */
uint64_t early_bytes(const struct early_ask *ask,
		     const struct mu_machine *machine);

/* Allocate it, one kind after the other, and keep it. @ask may be NULL. */
void early_take(struct early_took *took, struct mu_mm *mm,
		const struct early_ask *ask);

/* How many runs of adjacent pages a chain has. */
uint64_t early_runs(const struct mu_mm *mm, const struct mu_early *early);

/* Rows of one policy as JSON, an array. */
void early_json(FILE *out, const struct early_took *took);

#endif
