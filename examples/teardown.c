// SPDX-License-Identifier: MIT
/*
 * Tear down a large mapping by all CPUs. munmap() of much memory is slow and
 * keeps the process's other threads out of mmap() meanwhile; here the pages are
 * freed first, in chunks, and munmap() has nothing left to do.
 *
 *	teardown [MIB]
 *
 * Freeing cannot be undone. So there is no undo function, and Ctrl-C leaves the
 * first part freed and the rest as it was: the units done are the first ones
 * (memup/padata.h).
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "examples/run.h"

#define UNIT ((size_t)2 << 20)

static enum mu_status fill(uint64_t start, uint64_t end, void *arg)
{
	memset((char *)arg + start * UNIT, 1, (end - start) * UNIT);
	return MU_OK;
}

static enum mu_status give_back(uint64_t start, uint64_t end, void *arg)
{
	return madvise((char *)arg + start * UNIT, (end - start) * UNIT,
		       MADV_DONTNEED)
		       ? MU_ERR_UNSUPPORTED
		       : MU_OK;
}

static void say(const char *what, const struct run *run, enum mu_status status,
		const struct mu_padata_progress *report)
{
	printf("%s: %s, %.0f of %.0f MiB in %.0f ms with %u threads\n", what,
	       status == MU_OK ? "done" : mu_status_str(status),
	       (double)(report->done * UNIT) / 0x1p20,
	       (double)(report->size * UNIT) / 0x1p20,
	       (double)report->elapsed / 1e6, run->threads);
}

int main(int argc, char **argv)
{
	struct mu_padata_mt_job job = {.thread_fn = fill};
	struct mu_padata_progress report;
	enum mu_status status;
	struct run run;

	job.fn_arg = run_map(argc, argv, "teardown", UNIT, &job.size);
	if (!job.fn_arg || !run_open(&run))
		return 2;
	status = run_job(&run, "fill", &job, &report);
	say("fill", &run, status, &report);
	if (status == MU_OK) {
		job.thread_fn = give_back;
		status = run_job(&run, "teardown", &job, &report);
		say("teardown", &run, status, &report);
	}
	run_close(&run);
	munmap(job.fn_arg, job.size * UNIT);
	return status != MU_OK;
}
