// SPDX-License-Identifier: MIT
/*
 * Device memory: descriptors against the store bandwidth and a model of the two
 * passes that Linux made of it until 2018; what is done under the hotplug lock;
 * and what does not depend on the size.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "bench/classic.h"
#include "bench/rig.h"
#include "bench/stores.h"
#include "bench/tables.h"
#include "bench/team.h"
#include "ports/hosted/machine.h"

#define LIMIT (64 * MU_TIB)
#define BASE  (MU_TIB)
#define RUNS  201

/* A machine with room for devices, and one that comes and goes. */
struct site {
	struct rig rig;
	struct mu_pagemap map;
	struct mu_device_range range;
	unsigned threads;
	bool registered;
};

static void site_create(struct site *site, unsigned helpers,
			enum mu_hosted_backing backing)
{
	struct rig *rig = &site->rig;

	memset((void *)site, 0, sizeof(*site));
	rig_create_room(rig, helpers, backing, LIMIT);
	/* Keep what the host has backed, so that only memup is measured. */
	rig->port.memmap_unmap = NULL;
}

static void site_set(struct site *site, mu_phys_t size, unsigned order,
		     bool lazy, unsigned threads)
{
	memset((void *)&site->map, 0, sizeof(site->map));
	memset((void *)&site->range, 0, sizeof(site->range));
	site->map.name = "pmem";
	site->map.type = MU_DEVICE_GENERIC;
	site->map.order = order;
	site->map.lazy = lazy;
	site->map.ranges = &site->range;
	site->map.nr_ranges = 1;
	site->range.base = BASE;
	site->range.size = size;
	site->threads = threads;
}

static void unregister(void *arg)
{
	struct site *site = arg;
	struct mu_error error;

	if (site->registered && mu_pagemap_remove(&site->map, &error) != MU_OK)
		die("%s", error.text);
	site->registered = false;
}

static void enlist(void *arg, unsigned self, unsigned nr)
{
	struct site *site = arg;
	struct mu_error error;

	(void)self, (void)nr;
	if (mu_pagemap_register(&site->rig.mm.devices, &site->map,
				site->threads, &error) != MU_OK)
		die("%s", error.text);
	site->registered = true;
}

static void enlist_alone(void *arg, unsigned self, unsigned nr)
{
	struct site *site = arg;

	site->threads = 1;
	enlist(arg, self, nr);
}

static void enlist_by_two(void *arg, unsigned self, unsigned nr)
{
	struct site *site = arg;

	site->threads = 2;
	enlist(arg, self, nr);
}

static void site_destroy(struct site *site)
{
	unregister(site);
	rig_destroy(&site->rig);
}

/* ---- Initialised, against what this machine can store ---- */

struct model {
	struct classic_page *pages;
	uint64_t nr_pages;
};

static void two_passes(void *arg, unsigned self, unsigned nr)
{
	struct model *model = arg;

	(void)self, (void)nr;
	classic_device(model->pages, model->nr_pages, model);
}

struct fill {
	const struct store *store;
	char *at;
	size_t bytes;
};

static void fill(void *arg, unsigned self, unsigned nr)
{
	const struct fill *fill = arg;

	(void)self, (void)nr;
	fill->store->fill(fill->at, fill->bytes);
}

static void row(struct report *report, struct contest *contest, double bytes,
		double pages, double limit)
{
	double ns = samples_median(&contest->ns);
	const double values[] = {
		ns / 1e6,
		samples_rank(&contest->ns, 0) / 1e6,
		samples_rank(&contest->ns, 1) / 1e6,
		ns / pages,
		bytes / ns,
		limit / ns,
	};

	report_row(report, contest->name, values);
}

static double median(struct contest *contest)
{
	return samples_median(&contest->ns);
}

static void against(struct bench *bench, struct site *site, mu_phys_t size)
{
	static const char *const columns[] = {
		"ms", "min", "max", "ns/page", "GB/s", "of stores", NULL};
	struct report *report = &bench->report;
	struct contest contests[MAX_STORES + 3];
	struct store stores[MAX_STORES];
	struct fill fills[MAX_STORES];
	unsigned nr_stores = stores_available(stores), best = 0;
	double pages = (double)(size >> 12), limit, eager;
	struct model model = {.nr_pages = size >> 12};
	size_t bytes = model.nr_pages * sizeof(struct mu_page);
	size_t model_bytes = model.nr_pages * sizeof(struct classic_page);
	struct contest *memup = &contests[nr_stores];
	struct team team;
	char title[128];

	model.pages = mmap(NULL, model_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (model.pages == MAP_FAILED)
		die("no memory for %zu bytes of descriptors", model_bytes);
	madvise(model.pages, model_bytes, MADV_HUGEPAGE);
	memset((void *)model.pages, 1, model_bytes);
	for (unsigned i = 0; i < nr_stores; i++) {
		fills[i] =
			(struct fill){.store = &stores[i],
				      .at = (char *)mu_pfn_to_page(
					      &site->rig.mm.memmap, BASE >> 12),
				      .bytes = bytes};
		/* What they overwrite must be nobody's. */
		contests[i] = (struct contest){.name = stores[i].name,
					       .before = NULL,
					       .run = fill,
					       .arg = &fills[i]};
	}
	contests[nr_stores] = (struct contest){"memup, 1 thread",
					       unregister,
					       enlist_alone,
					       site,
					       {NULL, 0, 0}};
	contests[nr_stores + 1] = (struct contest){"memup, 2 threads",
						   unregister,
						   enlist_by_two,
						   site,
						   {NULL, 0, 0}};
	contests[nr_stores + 2] =
		(struct contest){"model, two passes of 64 bytes",
				 NULL,
				 two_passes,
				 &model,
				 {NULL, 0, 0}};
	site_set(site, size, 0, false, 1);
	team_start(&team, 1);
	contest_run(&team, contests, nr_stores + 3, bench->reps);
	team_stop(&team);

	snprintf(title, sizeof(title),
		 "device memory, %llu GiB registered and initialised",
		 (unsigned long long)(size / MU_GIB));
	report_table(report, "device", title, columns);
	for (unsigned i = 1; i < nr_stores; i++)
		if (median(&contests[i]) < median(&contests[best]))
			best = i;
	limit = median(&contests[best]);
	eager = median(memup);
	for (unsigned i = 0; i < nr_stores + 2; i++)
		row(report, &contests[i], (double)bytes, pages, limit);
	row(report, &contests[nr_stores + 2], 2 * (double)model_bytes, pages,
	    limit);
	report_at_least(report, "memup, 1 thread, of the best stores", 0.9,
			limit / eager);
	report_at_most(report, "memup, 1 thread, of the model's time", 0.333,
		       eager / median(&contests[nr_stores + 2]));
	contest_free(contests, nr_stores + 3);
	munmap(model.pages, model_bytes);
}

/* ---- What does not depend on the size ---- */

struct kind {
	const char *name;
	mu_phys_t size;
	unsigned order;
	bool lazy;
	struct samples lock, call, touch, remove;
	uint64_t memmap; /* bytes, after the call and a touch */
};

static void come_and_go(struct site *site, struct kind *kind, bool count)
{
	struct mu_devices *devices = &site->rig.mm.devices;
	mu_pfn_t pfn = (BASE + kind->size / 2) >> 12;
	uint64_t before, called, touched, removed;
	struct mu_pagemap *map;
	struct mu_page *page;

	site_set(site, kind->size, kind->order, kind->lazy, 1);
	before = now_ns();
	enlist(site, 0, 1);
	called = now_ns();
	map = mu_pagemap_get(devices, pfn);
	if (!map || mu_device_page(map, pfn, &page) != MU_OK)
		die("%s: there is no page", kind->name);
	mu_pagemap_put(map);
	touched = now_ns();
	kind->memmap = mu_pagemap_stats(&site->map).backed;
	if (count) {
		samples_add(&kind->lock, (double)site->map.lock_ns);
		samples_add(&kind->call, (double)(called - before));
		samples_add(&kind->touch, (double)(touched - called));
	}
	before = now_ns();
	unregister(site);
	removed = now_ns();
	if (count)
		samples_add(&kind->remove, (double)(removed - before));
}

static void kind_row(struct report *report, struct kind *kind)
{
	const double values[] = {
		samples_median(&kind->lock),
		samples_median(&kind->call) / 1e3,
		samples_median(&kind->touch) / 1e3,
		samples_median(&kind->remove) / 1e3,
		(double)kind->memmap / (double)MU_KIB,
		(double)kind->memmap / (double)kind->size * (double)MU_TIB /
			(double)MU_MIB,
	};

	report_row(report, kind->name, values);
}

static void kind_free(struct kind *kind)
{
	samples_free(&kind->lock);
	samples_free(&kind->call);
	samples_free(&kind->touch);
	samples_free(&kind->remove);
}

static void sizes(struct bench *bench, struct site *site)
{
	static const char *const columns[] = {
		"lock ns", "call us", "touch us", "remove us",
		"KiB",	   "MiB/TiB", NULL};
	struct kind kinds[] = {
		{.name = "lazy, 1 GiB", .size = MU_GIB, .lazy = true},
		{.name = "lazy, 1 TiB", .size = MU_TIB, .lazy = true},
		{.name = "lazy, 16 TiB", .size = 16 * MU_TIB, .lazy = true},
		{.name = "eager, 1 GiB", .size = MU_GIB},
		{.name = "eager, 1 TiB of 2 MiB pages",
		 .size = MU_TIB,
		 .order = MU_HUGE_ORDER},
		{.name = "eager, 1 TiB of 1 GiB pages",
		 .size = MU_TIB,
		 .order = MU_GIGANTIC_ORDER},
	};
	const unsigned nr = sizeof(kinds) / sizeof(kinds[0]);
	struct report *report = &bench->report;
	double gib, tib;

	for (unsigned i = 0; i <= RUNS; i++)
		for (unsigned j = 0; j < nr; j++)
			come_and_go(site, &kinds[(i + j) % nr], i > 0);
	report_table(report, "device-size",
		     "device memory, what depends on its size and what not",
		     columns);
	for (unsigned i = 0; i < nr; i++)
		kind_row(report, &kinds[i]);
	gib = samples_median(&kinds[0].lock);
	tib = samples_median(&kinds[1].lock);
	report_at_most(report, "1 TiB under the lock, of 1 GiB's time", 1.5,
		       tib / gib);
	report_at_most(report, "us to register 16 TiB lazily", 100,
		       samples_median(&kinds[2].call) / 1e3);
	report_at_most(report, "MiB for a TiB of 2 MiB pages", 16,
		       (double)kinds[4].memmap / (double)MU_MIB);
	report_at_most(report, "MiB for a TiB of 1 GiB pages", 1,
		       (double)kinds[5].memmap / (double)MU_MIB);
	for (unsigned i = 0; i < nr; i++)
		kind_free(&kinds[i]);
}

void bench_device(struct bench *bench)
{
	struct site site;

	site_create(&site, 1, MU_BACK_HUGE);
	/* 100 GiB of 256. */
	against(bench, &site, bench->memory * 100 / 256 / MU_GIB * MU_GIB);
	site_destroy(&site);
	site_create(&site, 0, MU_BACK_SECTION);
	sizes(bench, &site);
	site_destroy(&site);
}
