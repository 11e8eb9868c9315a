// SPDX-License-Identifier: MIT
/*
 * RAM that comes and goes under the lazy policy, and stays pristine: what
 * depends on its size, and what does not.
 */
#include "bench/rig.h"
#include "bench/stats.h"
#include "bench/tables.h"

#define BASE (64 * MU_GIB)
#define RUNS 101

struct turns {
	struct samples add, remove;
};

static void come_and_go(struct rig *rig, mu_phys_t size, struct turns *turns,
			bool count)
{
	struct mu_hotplug *hotplug = &rig->mm.hotplug;
	struct mu_error error = {.text = "no reason given"};
	uint64_t before = now_ns(), there, after;

	if (mu_hotplug_add(hotplug, BASE, size, 0, MU_ONLINE_KERNEL, 0,
			   &error) != MU_OK)
		die("%s", error.text);
	there = now_ns();
	if (mu_hotplug_offline(hotplug, BASE, size, 0, &error) != MU_OK ||
	    mu_hotplug_remove(hotplug, BASE, size, &error) != MU_OK)
		die("%s", error.text);
	after = now_ns();
	if (!count)
		return;
	samples_add(&turns->add, (double)(there - before));
	samples_add(&turns->remove, (double)(after - there));
}

static double row(struct report *report, const char *name,
		  struct samples *samples)
{
	double median = samples_median(samples) / 1e3;
	const double values[] = {
		median,
		samples_rank(samples, 0) / 1e3,
		samples_rank(samples, 1) / 1e3,
	};

	report_row(report, name, values);
	samples_free(samples);
	return median;
}

void bench_hotplug(struct bench *bench)
{
	static const char *const columns[] = {"us", "min", "max", NULL};
	struct report *report = &bench->report;
	struct turns small = {.add = {.nr = 0}}, large = small;
	struct rig rig;
	double add, gone;

	rig_create_room(&rig, 0, MU_BACK_SECTION, BASE + MU_TIB);
	for (unsigned i = 0; i <= RUNS; i++) {
		come_and_go(&rig, MU_GIB, &small, i > 0);
		come_and_go(&rig, 512 * MU_GIB, &large, i > 0);
	}
	rig_destroy(&rig);
	report_table(report, "hotplug",
		     "memory comes online, and goes pristine, lazy policy",
		     columns);
	row(report, "add 1 GiB", &small.add);
	add = row(report, "add 512 GiB", &large.add);
	row(report, "remove 1 GiB", &small.remove);
	gone = row(report, "remove 512 GiB", &large.remove);
	report_at_most(report, "us to add 512 GiB", 100, add);
	report_at_most(report, "us to remove 512 GiB", 100, gone);
}
