// SPDX-License-Identifier: MIT
/*
 * crashkernel: a reservation in the memory that the estimate covers.
 */
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/text.h"

#define MACHINE	     "50G/160"
#define CPUS	     160
#define PAGE_SHIFT   16
#define ESTIMATE     (2 * MU_GIB)
#define KERNEL	     (18 * MU_MIB)
#define CRASH_BASE   (128 * MU_MIB)
#define CRASH_SIZE   (4 * MU_GIB)
#define PERCPU	     (256 * MU_KIB)
#define TRACE	     (1408 * MU_KIB)
#define NR_CONSUMERS 4

/* What one boot had and got. */
struct boot {
	bool grows;
	uint64_t usable; /* bytes that an allocation could be given */
	uint64_t got[NR_CONSUMERS];
	bool valid;
};

static const char *const names[NR_CONSUMERS] = {
	"dentry hash table", "inode hash table", "per-CPU areas",
	"trace buffers"};

/* Linux's tables: a bucket of 8 bytes for 8 KiB and for 16 KiB of memory. No
 * smaller than computed from memory, so that a short one counts as a failure.
 */
static uint64_t hash_bytes(unsigned scale)
{
	uint64_t entries = 1;

	while (entries < (50 * MU_GIB - CRASH_SIZE - KERNEL) >> scale)
		entries *= 2;
	return entries * 8;
}

static uint64_t wanted(unsigned consumer)
{
	const uint64_t bytes[NR_CONSUMERS] = {hash_bytes(13), hash_bytes(14),
					      CPUS * PERCPU, CPUS * TRACE};

	return bytes[consumer];
}

static uint64_t take_hash(struct mu_mm *mm, unsigned scale)
{
	const struct mu_hash_spec spec = {
		.bucket_size = 8,
		.scale = scale,
		.low_limit = hash_bytes(scale) / 8,
		/* Through the allocator: only that has an estimate. */
		.max_order = MU_BLOCK_ORDER,
	};
	struct mu_hash hash;

	if (mu_early_hash(mm, &spec, &hash) != MU_OK)
		return 0;
	return hash.memory.pages << mm->page_shift;
}

static void take_all(struct mu_mm *mm, struct boot *boot)
{
	struct mu_early early;

	boot->got[0] = take_hash(mm, 13);
	boot->got[1] = take_hash(mm, 14);
	if (mu_early_percpu(mm, PERCPU, NULL, 0, &early) == MU_OK)
		boot->got[2] = early.pages << mm->page_shift;
	if (mu_early_trace(mm, TRACE, NULL, 0, &early) == MU_OK)
		boot->got[3] = early.pages << mm->page_shift;
}

static enum mu_status reserve(struct mu_mm *mm)
{
	enum mu_status status =
		mu_memblock_reserve(&mm->memblock, 0, KERNEL, MU_MEMBLOCK_NONE);

	if (status != MU_OK)
		return status;
	return mu_memblock_reserve(&mm->memblock, CRASH_BASE, CRASH_SIZE,
				   MU_MEMBLOCK_NONE);
}

static enum mu_status run_boot(struct boot *boot, struct mu_error *error)
{
	struct stage stage;
	struct mu_mm *mm = &stage.boot.mm;
	const struct mu_zone *zone;
	enum mu_status status = stage_prepare(&stage, MACHINE, PAGE_SHIFT,
					      MU_BACK_SECTION, 0, error);

	if (status != MU_OK)
		return status;
	status = reserve(mm);
	if (status != MU_OK) {
		stage_end(&stage);
		return status;
	}
	/* One zone, as on powerpc. */
	stage.config.dma_limit = stage.config.dma32_limit = 0;
	status = stage_open(&stage, error);
	if (status != MU_OK)
		return status;
	zone = &mm->buddy.zones[0];
	/* The estimate, counted in addresses. */
	status = mu_init_now(mm, 0, ESTIMATE >> PAGE_SHIFT);
	if (status == MU_OK) {
		boot->usable = zone->free_pages << PAGE_SHIFT;
		if (boot->grows)
			boot->usable += zone->pristine_pages << PAGE_SHIFT;
		else
			stage_stop_growth(&stage);
		take_all(mm, boot);
		boot->valid = stage_is_valid(&stage, error);
	}
	stage_end(&stage);
	return status;
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"consumer", "consumer", VALUE_TEXT},
		{"wanted_bytes", ">wants", VALUE_BYTES},
		{"growth_off_bytes", ">growth off", VALUE_BYTES},
		{"growth_on_bytes", ">growth on", VALUE_BYTES},
	};
	struct boot off = {.grows = false}, on = {.grows = true};
	struct mu_error error = {0};
	unsigned short_off = 0, short_on = 0;
	enum mu_status status = run_boot(&off, &error);

	if (status == MU_OK)
		status = run_boot(&on, &error);
	if (status != MU_OK) {
		report_failed(report, MACHINE, status, &error);
		return;
	}
	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	report_text(report, "(there is)");
	report_unknown(report);
	report_number(report, off.usable);
	report_number(report, on.usable);
	for (unsigned i = 0; i < NR_CONSUMERS; i++) {
		report_text(report, names[i]);
		report_number(report, wanted(i));
		report_number(report, off.got[i]);
		report_number(report, on.got[i]);
		short_off += off.got[i] < wanted(i);
		short_on += on.got[i] < wanted(i);
	}
	report_verdict(report, short_off && !short_on && off.valid && on.valid,
		       "The reservation left %s of the estimate: %u of %u "
		       "consumers went short. On demand the reservation does "
		       "not matter: %u did.",
		       size_text(off.usable), short_off, NR_CONSUMERS,
		       short_on);
}

const struct scenario scenario_crashkernel = {
	.name = "crashkernel",
	.summary = "an estimate that a reservation has eaten",
	.claim = "crashkernel=4096M on a ppc64 machine of 50 GB: of the first "
		 "2 GB, which is what was initialised early, the reservation "
		 "took nearly all; 110 MB were left to boot with, and it ran "
		 "out of memory.",
	.source = "Michal Hocko, \"mm: consider memblock reservations for "
		  "deferred memory initialization sizing\" (2017)",
	.run_is =
		"50 GiB, pages of 64 KiB, 160 CPUs; 4 GiB reserved at 128 MiB "
		"and 18 MiB for the kernel, which leaves those 110 MiB. The "
		"first 2 GiB of addresses are initialised, then a boot's "
		"consumers come (their sizes are ours; a hash table that "
		"would have to be smaller counts as not got). Growth off is "
		"what Linux had.",
	.host_bytes = 64 * MU_MIB,
	.run = run,
};
