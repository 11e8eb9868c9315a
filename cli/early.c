// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>
#include "cli/early.h"

/* Buckets of a list head each, one for 8 KiB: Linux's dentry cache. */
#define BUCKET_SIZE 8
#define SCALE	    13

const char *early_name(enum early_kind kind)
{
	static const char *const names[] = {"hash table", "per-CPU areas",
					    "trace buffers"};

	return names[kind];
}

static const char *early_key(enum early_kind kind)
{
	static const char *const keys[] = {"hash", "percpu", "trace"};

	return keys[kind];
}

bool early_is_asked(const struct early_ask *ask)
{
	return ask->trace_bytes || ask->percpu_bytes || ask->hash_entries ||
	       ask->hash_from_memory;
}

/* @bytes for each of @cpus, but no more than @most. */
static uint64_t times(uint64_t bytes, unsigned cpus, uint64_t most)
{
	return bytes > most / cpus ? most : bytes * cpus;
}

uint64_t early_bytes(const struct early_ask *ask,
		     const struct mu_machine *machine)
{
	uint64_t ram = mu_machine_ram(machine), bytes = 0;
	unsigned cpus = mu_machine_cpus(machine);
	/* No table is larger than a 16th of memory. */
	uint64_t hash =
		ask->hash_from_memory || ask->hash_entries ? ram / 16 : 0;

	if (ask->hash_entries && !ask->hash_from_memory &&
	    hash / BUCKET_SIZE > ask->hash_entries)
		hash = ask->hash_entries * BUCKET_SIZE;
	bytes += hash;
	/* A unit is up to twice as large as asked for. */
	bytes += times(ask->percpu_bytes * 2, cpus, ram);
	bytes += times(ask->trace_bytes, cpus, ram);
	return bytes < ram ? bytes : ram;
}

uint64_t early_runs(const struct mu_mm *mm, const struct mu_early *early)
{
	mu_pfn_t end = MU_NO_PFN;
	uint64_t runs = 0;

	for (mu_pfn_t pfn = early->first; pfn != MU_NO_PFN;
	     pfn = mu_early_next(mm, early, pfn)) {
		const struct mu_page *page = mu_pfn_to_page(&mm->memmap, pfn);

		runs += pfn != end;
		end = pfn + ((mu_pfn_t)1 << page->order);
	}
	return runs;
}

static enum mu_status take(struct early_row *row, struct mu_mm *mm,
			   const struct early_ask *ask, enum early_kind kind,
			   struct mu_early *early)
{
	struct mu_hash_spec spec = {
		.bucket_size = BUCKET_SIZE,
		.scale = SCALE,
		.entries = ask->hash_from_memory ? 0 : ask->hash_entries,
		.nid = MU_NO_NODE,
	};
	struct mu_hash hash;
	enum mu_status status;

	if (kind == EARLY_PERCPU)
		return mu_early_percpu(mm, ask->percpu_bytes, NULL, 0, early);
	if (kind == EARLY_TRACE)
		return mu_early_trace(mm, ask->trace_bytes, NULL, 0, early);
	status = mu_early_hash(mm, &spec, &hash);
	*early = hash.memory;
	row->entries = hash.entries;
	return status;
}

static void take_one(struct early_row *row, struct mu_mm *mm,
		     const struct early_ask *ask, enum early_kind kind)
{
	const struct mu_port *port = mm->port;
	uint64_t blocks = mu_deferred_stats(&mm->deferred).claims;
	uint64_t began = port->clock(port->arg);
	struct mu_early early;

	row->asked = true;
	row->status = take(row, mm, ask, kind, &early);
	row->ns = port->clock(port->arg) - began;
	row->blocks = mu_deferred_stats(&mm->deferred).claims - blocks;
	row->bytes = early.pages << mm->page_shift;
	row->allocations = early.allocations;
	row->runs = early_runs(mm, &early);
}

void early_take(struct early_took *took, struct mu_mm *mm,
		const struct early_ask *ask)
{
	const struct mu_port *port = mm->port;
	uint64_t cpus = port->cpu_count(port->arg);

	memset(took, 0, sizeof(*took));
	if (!ask)
		return;
	took->rows[EARLY_HASH].wanted =
		ask->hash_from_memory ? 0 : ask->hash_entries * BUCKET_SIZE;
	took->rows[EARLY_PERCPU].wanted = ask->percpu_bytes * cpus;
	took->rows[EARLY_TRACE].wanted = ask->trace_bytes * cpus;
	if (ask->hash_entries || ask->hash_from_memory)
		take_one(&took->rows[EARLY_HASH], mm, ask, EARLY_HASH);
	if (ask->percpu_bytes)
		take_one(&took->rows[EARLY_PERCPU], mm, ask, EARLY_PERCPU);
	if (ask->trace_bytes)
		take_one(&took->rows[EARLY_TRACE], mm, ask, EARLY_TRACE);
}

void early_json(FILE *out, const struct early_took *took)
{
	const char *comma = "";

	putc('[', out);
	for (unsigned i = 0; i < NR_EARLY_KINDS; i++) {
		const struct early_row *row = &took->rows[i];

		if (!row->asked)
			continue;
		fprintf(out, "%s{\"consumer\":\"%s\",\"status\":\"%s\"", comma,
			early_key((enum early_kind)i),
			mu_status_str(row->status));
		if (row->wanted)
			fprintf(out, ",\"wanted_bytes\":%" PRIu64, row->wanted);
		else
			fputs(",\"wanted_bytes\":null", out);
		if (i == EARLY_HASH)
			fprintf(out, ",\"entries\":%" PRIu64, row->entries);
		fprintf(out,
			",\"bytes\":%" PRIu64 ",\"allocations\":%" PRIu64
			",\"runs\":%" PRIu64 ",\"claims\":%" PRIu64
			",\"ns\":%" PRIu64 "}",
			row->bytes, row->allocations, row->runs, row->blocks,
			row->ns);
		comma = ",";
	}
	putc(']', out);
}
