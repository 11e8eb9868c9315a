// SPDX-License-Identifier: MIT
/*
 * Descriptors in memory that the host has not given yet: what is added is the
 * host's page fault and its zeroing, which memup can neither avoid nor speed
 * up. memset() of as many bytes shows that cost alone.
 */
#include <string.h>
#include <sys/mman.h>
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

enum { BY_PAGES, BY_HUGE, NR_HOSTS };

struct touch {
	struct samples memup[NR_HOSTS];
	struct samples store[NR_HOSTS];
	struct samples again; /* memup, on memory that is there */
};

static uint64_t take(struct rig *rig)
{
	uint64_t before = now_ns();

	mu_deferred_take(&rig->mm.deferred, 0, UINT64_MAX, NULL);
	return now_ns() - before;
}

static uint64_t fresh_memset(size_t bytes, bool huge)
{
	uint64_t before, after;
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("no memory for %zu bytes", bytes);
	if (huge)
		madvise(at, bytes, MADV_HUGEPAGE);
	before = now_ns();
	memset(at, 0x5a, bytes);
	after = now_ns();
	munmap(at, bytes);
	return after - before;
}

static uint64_t measure_round(struct touch *touch, const char *what,
			      unsigned host)
{
	struct rig rig;
	uint64_t pages;

	rig_create(&rig, what, 0,
		   host == BY_HUGE ? MU_BACK_HUGE : MU_BACK_SECTION);
	rig_start(&rig, MU_POLICY_LAZY);
	pages = rig_pristine(&rig);
	samples_add(&touch->memup[host], (double)take(&rig));
	if (host == BY_HUGE) {
		rig_start(&rig, MU_POLICY_LAZY);
		samples_add(&touch->again, (double)take(&rig));
	}
	rig_destroy(&rig);
	samples_add(&touch->store[host],
		    (double)fresh_memset(pages * sizeof(struct mu_page),
					 host == BY_HUGE));
	return pages;
}

static void row(struct report *report, const char *name,
		struct samples *samples, uint64_t pages)
{
	double nr = (double)pages;
	const double values[] = {
		samples_median(samples) / nr,
		samples_rank(samples, 0) / nr,
		samples_rank(samples, 1) / nr,
	};

	report_row(report, name, values);
	samples_free(samples);
}

void bench_touch(struct bench *bench)
{
	static const char *const columns[] = {"ns/page", "min", "max", NULL};
	struct report *report = &bench->report;
	struct touch touch;
	uint64_t pages = 0;
	char what[32];

	memset(&touch, 0, sizeof(touch));
	snprintf(what, sizeof(what), "%lluM",
		 (unsigned long long)(bench->memory / 8 / MU_MIB));
	for (unsigned rep = 0; rep < bench->reps; rep++)
		for (unsigned host = 0; host < NR_HOSTS; host++)
			pages = measure_round(&touch, what, host);
	report_table(report, "touch",
		     "the host's part: memory that it has not given yet",
		     columns);
	row(report, "memup, memory that is there", &touch.again, pages);
	row(report, "memup, fresh, huge pages", &touch.memup[BY_HUGE], pages);
	row(report, "memset, fresh, huge pages", &touch.store[BY_HUGE], pages);
	row(report, "memup, fresh, small pages", &touch.memup[BY_PAGES], pages);
	row(report, "memset, fresh, small pages", &touch.store[BY_PAGES],
	    pages);
}
