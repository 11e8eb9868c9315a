// SPDX-License-Identifier: MIT
/*
 * Instructions for one page's descriptor, counted, not timed: this program
 * initialises few blocks and then many under valgrind's counter, and the
 * difference contains only the blocks.
 */
#include <math.h>
#include <stdlib.h>
#include "bench/ask.h"
#include "bench/classic.h"
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

#define FEW  64
#define MANY 1088 /* FEW and 2^20 pages */

void work_claims(uint64_t blocks)
{
	struct rig rig;

	rig_create(&rig, "16G", 0, MU_BACK_HUGE);
	rig_start(&rig, MU_POLICY_LAZY);
	if (mu_deferred_take(&rig.mm.deferred, 0, blocks, NULL) != blocks)
		die("fewer than %llu blocks", (unsigned long long)blocks);
	rig_destroy(&rig);
}

void work_classic(uint64_t blocks)
{
	size_t pages = blocks * CLASSIC_BLOCK;
	struct classic_page *memmap =
		aligned_alloc(64, pages * sizeof(struct classic_page));
	struct classic classic;

	if (!memmap)
		die("no memory for %zu descriptors", pages);
	classic_reset(&classic, memmap);
	classic_by_block(&classic, 0, pages);
	free(memmap);
}

/* Instructions that the program executes when it is run with @option. */
static double count(const char *option, unsigned blocks)
{
	char number[16];
	char *const argv[] = {
		(char[]){"valgrind"},
		(char[]){"--tool=callgrind"},
		(char[]){"--callgrind-out-file=/dev/null"},
		(char *)(uintptr_t)ask_self(),
		(char *)(uintptr_t)option,
		number,
		NULL,
	};
	double instructions;

	snprintf(number, sizeof(number), "%u", blocks);
	return ask(argv, "Collected : ", &instructions) ? instructions
							: NO_VALUE;
}

static double row(struct bench *bench, const char *name, const char *option)
{
	double few = count(option, FEW), many = count(option, MANY);
	double pages = (double)(MANY - FEW) * (double)MU_BLOCK_PAGES;
	const double values[] = {many - few, pages, (many - few) / pages};

	report_row(&bench->report, name, values);
	return values[2];
}

void bench_instructions(struct bench *bench)
{
	static const char *const columns[] = {"counted", "pages", "per page",
					      NULL};
	double memup;

	report_table(&bench->report, "instructions",
		     "instructions of the initialisation (valgrind)", columns);
	row(bench, "two-pass model", "--work-classic");
	memup = row(bench, "memup, mu_deferred_take, batch 32",
		    "--work-claims");
	if (isfinite(memup))
		report_at_most(&bench->report, "instructions per page", 2,
			       memup);
	else
		report_note(&bench->report,
			    "not measured: valgrind is not there or failed");
}
