// SPDX-License-Identifier: MIT
/*
 * Populate a large mapping with zeroed memory before it is used, by all CPUs: a
 * job with undo.
 *
 *	prefault [MIB]
 *
 * `memup prefault` is the full version, for files too.
 */
#include <stdio.h>
#include <sys/mman.h>
#include "examples/run.h"

#define UNIT ((size_t)2 << 20) /* a huge page */
#define PAGE ((size_t)4096)

/* Populate [@start, @end), in units, by one store to each page. */
static enum mu_status fault_in(uint64_t start, uint64_t end, void *arg)
{
	volatile char *area = arg;

	for (size_t at = start * UNIT; at < end * UNIT; at += PAGE)
		area[at] = 0;
	return MU_OK;
}

static void give_back(uint64_t start, uint64_t end, void *arg)
{
	madvise((char *)arg + start * UNIT, (end - start) * UNIT,
		MADV_DONTNEED);
}

int main(int argc, char **argv)
{
	struct mu_padata_mt_job job = {
		.thread_fn = fault_in,
		.undo_fn = give_back,
	};
	struct mu_padata_progress report;
	enum mu_status status;
	struct run run;

	job.fn_arg = run_map(argc, argv, "prefault", UNIT, &job.size);
	if (!job.fn_arg)
		return 2;
	madvise(job.fn_arg, job.size * UNIT, MADV_HUGEPAGE);
	if (!run_open(&run))
		return 2;
	status = run_job(&run, "prefault", &job, &report);
	if (status == MU_OK)
		printf("%.0f ms with %u threads, %.1f GB/s\n",
		       (double)report.elapsed / 1e6, run.threads,
		       (double)(job.size * UNIT) / (double)report.elapsed);
	else
		printf("%s, all given back\n", mu_status_str(status));
	printf("%.0f MiB resident\n", (double)mu_hosted_resident() / 0x1p20);
	run_close(&run);
	munmap(job.fn_arg, job.size * UNIT);
	return status != MU_OK;
}
