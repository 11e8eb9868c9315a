// SPDX-License-Identifier: MIT
/*
 * hash-tables: what a kernel allocates before its allocator is complete.
 */
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/text.h"

#define BUCKET	 8
#define SCALE	 13 /* one bucket for 8 KiB, as Linux's dentry cache */
#define ESTIMATE (2 * MU_GIB)

struct boot {
	const char *machine;
	const char *growth;
	bool grows;
	bool zero;
	uint64_t entries; /* asked for; 0: as memory says */
	uint64_t expected;
};

/* Returns whether it went as it should; *@got is the table in bytes. */
static bool run_boot(struct report *report, const struct boot *boot,
		     struct stage *stage, uint64_t *got)
{
	struct mu_mm *mm = &stage->boot.mm;
	struct mu_hash_spec spec = {
		.bucket_size = BUCKET,
		.scale = SCALE,
		.entries = boot->entries,
		.zero = boot->zero,
		/* A run of more than a block is a claim of its own, which an
		 * estimate knows nothing of. */
		.max_order = boot->grows ? MU_GIGANTIC_ORDER : MU_BLOCK_ORDER,
	};
	uint64_t before, ns;
	struct mu_hash hash;
	enum mu_status status;
	bool fine;

	if (!boot->grows) {
		stage_estimate(stage, ESTIMATE);
		stage_stop_growth(stage);
	}
	before = mm->memmap.written_pages;
	ns = stage_now(stage);
	status = mu_early_hash(mm, &spec, &hash);
	ns = stage_now(stage) - ns;
	*got = hash.entries * BUCKET;
	report_text(report, boot->machine);
	report_text(report, boot->growth);
	report_text(report, boot->zero ? "zeroed" : "raw");
	report_number(report, boot->expected * BUCKET);
	report_number(report, *got);
	report_number(report, early_runs(mm, &hash.memory));
	report_number(report, (mm->memmap.written_pages - before)
				      << mm->page_shift);
	report_number(report, ns);
	fine = stage_is_valid(stage, NULL) &&
	       (hash.entries == boot->expected) == boot->grows;
	return status == MU_OK && fine &&
	       mu_early_free(mm, &hash.memory) == MU_OK;
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"machine", "machine", VALUE_TEXT},
		{"growth", "growth", VALUE_TEXT},
		{"contents", "contents", VALUE_TEXT},
		{"wanted_bytes", ">wants", VALUE_BYTES},
		{"bytes", ">got", VALUE_BYTES},
		{"runs", ">runs", VALUE_COUNT},
		{"initialised_bytes", ">initialised", VALUE_BYTES},
		{"ns", ">took", VALUE_NS},
	};
	/* Without a number of entries, those of Linux's published table. */
	static const struct boot boots[] = {
		{.machine = "16G",
		 .growth = "on",
		 .grows = true,
		 .expected = 16 * MU_MIB / BUCKET},
		{.machine = "16G",
		 .growth = "on",
		 .grows = true,
		 .zero = true,
		 .expected = 16 * MU_MIB / BUCKET},
		{.machine = "1T",
		 .growth = "on",
		 .grows = true,
		 .expected = 256 * MU_MIB / BUCKET},
		{.machine = "64T",
		 .growth = "on",
		 .grows = true,
		 .expected = 2 * MU_GIB / BUCKET},
		{.machine = "8x2T",
		 .growth = "off",
		 .entries = 32 * MU_GIB / BUCKET,
		 .expected = 32 * MU_GIB / BUCKET},
		{.machine = "8x2T",
		 .growth = "on",
		 .grows = true,
		 .entries = 32 * MU_GIB / BUCKET,
		 .expected = 32 * MU_GIB / BUCKET},
	};
	const unsigned nr = sizeof(boots) / sizeof(boots[0]);
	uint64_t got[sizeof(boots) / sizeof(boots[0])];
	bool held = true;

	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	for (unsigned i = 0; i < nr; i++) {
		struct mu_error error = {0};
		struct stage stage;
		enum mu_status status =
			stage_up(&stage, boots[i].machine, 0, &error);

		if (status != MU_OK) {
			report_failed(report, boots[i].machine, status, &error);
			return;
		}
		held &= run_boot(report, &boots[i], &stage, &got[i]);
		stage_end(&stage);
	}
	report_verdict(report, held,
		       "As the first thing after the start every table came in "
		       "full size; the one of 32G that 16G of estimate cannot "
		       "hold came down to %s there, and is %s on demand.",
		       size_text(got[nr - 2]), size_text(got[nr - 1]));
}

const struct scenario scenario_hash_tables = {
	.name = "hash-tables",
	.summary = "large hash tables before anything else ran",
	.claim =
		"Users may ask for larger hash tables than the memory that was "
		"initialised early can hold, and the boot fails; and large "
		"tables need not be zeroed when they are allocated.",
	.source = "Pavel Tatashin, \"mm: initialize pages on demand during "
		  "boot\" (v6, 2018), and \"mm: optimize early system hash "
		  "allocations\" (2017); sizes as in \"mm: adaptive hash table "
		  "scaling\" (2017)",
	.run_is = "A dentry-like table (8 bytes for 8 KiB of memory, slower "
		  "above 64 GiB) is the first allocation; the last two rows "
		  "ask for 2^32 entries, once with 2 GiB of each of 8 nodes "
		  "initialised and growth off, where the table is halved until "
		  "it fits, as Linux does. \"initialised\" is memory whose "
		  "descriptors were written for it, with what lies before an "
		  "aligned run.",
	.host_bytes = 256 * MU_MIB,
	.run = run,
};
