// SPDX-License-Identifier: MIT
/*
 * zone-device: descriptors of device memory that were written twice, and once
 * under a lock that every node waits for.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "cli/scenario.h"
#include "cli/stage.h"
#include "cli/text.h"

#define MACHINE	 "4x1G/4"
#define NODES	 4
#define RAM_END	 (4 * MU_GIB)
#define PER_NODE (16 * MU_GIB)
#define PAGES	 (PER_NODE >> MU_PAGE_SHIFT_MIN)
#define RUNS	 5

enum way { TWICE, ONCE, EAGER, LAZY, NR_WAYS };

static const char *const way_names[NR_WAYS] = {"twice, first under the lock",
					       "once, after it (the patch)",
					       "memup, eager", "memup, lazy"};

/* A descriptor of 64 bytes, as struct page. */
struct classic {
	uint64_t flags;
	void *next, *prev; /* a list; of device memory pagemap and data */
	void *mapping;
	uint64_t index, private_data;
	int32_t mapcount, refcount;
	void *memcg;
};
_Static_assert(sizeof(struct classic) == 64, "as struct page");

/* What one node's device saw, in ns. */
struct node {
	struct game *game;
	unsigned nid;
	struct classic *pages;
	struct mu_pagemap map;
	struct mu_device_range range;
	pthread_t thread;
	enum mu_status status;
	uint64_t began, ended, waited, locked;
};

struct game {
	struct stage stage;
	enum way way;
	pthread_mutex_t lock; /* the model's hotplug lock */
	pthread_barrier_t begin;
	struct node nodes[NODES];
	bool valid;
};

/* One run: the longest of all nodes, except that all is for all together. */
struct sample {
	uint64_t all, waited, locked, written;
};

static inline void set_page(struct classic *page)
{
	memset(page, 0, sizeof(*page));
	page->flags = (uint64_t)3 << 62 | 0x400;
	page->refcount = 1;
	page->mapcount = -1;
	page->next = page->prev = &page->next;
}

static inline void set_device(struct classic *page, void *pagemap)
{
	page->next = pagemap;
	page->prev = NULL;
}

/* What must be in a descriptor of any page; then what is a device's; or both.
 * Functions of their own, as they are in different places. */
__attribute__((noinline)) static void first_pass(struct classic *page,
						 uint64_t nr)
{
	for (struct classic *end = page + nr; page < end; page++)
		set_page(page);
}

__attribute__((noinline)) static void second_pass(struct classic *page,
						  uint64_t nr, void *pagemap)
{
	for (struct classic *end = page + nr; page < end; page++)
		set_device(page, pagemap);
}

__attribute__((noinline)) static void only_pass(struct classic *page,
						uint64_t nr, void *pagemap)
{
	for (struct classic *end = page + nr; page < end; page++) {
		set_page(page);
		set_device(page, pagemap);
	}
}

static void by_model(struct node *node)
{
	struct game *game = node->game;
	uint64_t locked;

	pthread_mutex_lock(&game->lock);
	locked = stage_now(&game->stage);
	node->waited = locked - node->began;
	if (game->way == TWICE)
		first_pass(node->pages, PAGES);
	node->locked = stage_now(&game->stage) - locked;
	pthread_mutex_unlock(&game->lock);
	if (game->way == TWICE)
		second_pass(node->pages, PAGES, &node->map);
	else
		only_pass(node->pages, PAGES, &node->map);
}

static void by_memup(struct node *node)
{
	static const char *const names[NODES] = {"pmem0", "pmem1", "pmem2",
						 "pmem3"};
	struct mu_pagemap_stats stats;

	memset((void *)&node->map, 0, sizeof(node->map));
	memset((void *)&node->range, 0, sizeof(node->range));
	node->map.name = names[node->nid];
	node->map.type = MU_DEVICE_FS_DAX;
	node->map.lazy = node->game->way == LAZY;
	node->map.ranges = &node->range;
	node->map.nr_ranges = 1;
	node->range.base = RAM_END + node->nid * PER_NODE;
	node->range.size = PER_NODE;
	node->range.nid = (int)node->nid;
	node->status = mu_pagemap_register(&node->game->stage.boot.mm.devices,
					   &node->map, 1, NULL);
	if (node->status != MU_OK)
		return;
	stats = mu_pagemap_stats(&node->map);
	node->waited = stats.wait_ns;
	node->locked = stats.lock_ns;
}

static void *probe(void *arg)
{
	struct node *node = arg;
	struct stage *stage = &node->game->stage;

	mu_hosted_set_cpu(stage->boot.hosted, node->nid);
	pthread_barrier_wait(&node->game->begin);
	node->began = stage_now(stage);
	if (node->game->way < EAGER)
		by_model(node);
	else
		by_memup(node);
	node->ended = stage_now(stage);
	return NULL;
}

static void larger(uint64_t *most, uint64_t value)
{
	*most = *most > value ? *most : value;
}

/* All nodes at the same time; @sample of it. */
static enum mu_status run_once(struct game *game, enum way way,
			       struct sample *sample)
{
	uint64_t first = UINT64_MAX, last = 0;
	enum mu_status status = MU_OK;

	memset(sample, 0, sizeof(*sample));
	game->way = way;
	for (unsigned i = 0; i < NODES; i++) {
		game->nodes[i].status = MU_OK;
		if (pthread_create(&game->nodes[i].thread, NULL, probe,
				   &game->nodes[i])) {
			/* Those before it wait for it. */
			fputs("memup scenario: no thread to be had\n", stderr);
			exit(2);
		}
	}
	for (unsigned i = 0; i < NODES; i++) {
		struct node *node = &game->nodes[i];

		pthread_join(node->thread, NULL);
		if (node->status != MU_OK)
			status = node->status;
		first = node->began < first ? node->began : first;
		larger(&last, node->ended);
		larger(&sample->waited, node->waited);
		larger(&sample->locked, node->locked);
	}
	sample->all = last - first;
	if (way < EAGER || status != MU_OK) {
		sample->written = (way == TWICE ? 2 : 1) * (uint64_t)NODES *
				  PAGES * sizeof(struct classic);
		return status;
	}
	game->valid &= stage_is_valid(&game->stage, NULL);
	for (unsigned i = 0; i < NODES && status == MU_OK; i++) {
		sample->written +=
			mu_pagemap_stats(&game->nodes[i].map).written *
			sizeof(struct mu_page);
		status = mu_pagemap_remove(&game->nodes[i].map, NULL);
	}
	return status;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct sample *)a)->all;
	uint64_t y = ((const struct sample *)b)->all;

	return (x > y) - (x < y);
}

/* Each way RUNS times by turns, after one that is not counted; the run with
 * the median time is left in the middle. */
static enum mu_status run_all(struct game *game,
			      struct sample samples[NR_WAYS][RUNS])
{
	enum mu_status status = MU_OK;
	struct sample unused;

	for (unsigned way = 0; way < NR_WAYS && status == MU_OK; way++)
		status = run_once(game, (enum way)way, &unused);
	for (unsigned i = 0; i < RUNS * NR_WAYS && status == MU_OK; i++)
		status = run_once(game, (enum way)(i % NR_WAYS),
				  &samples[i % NR_WAYS][i / NR_WAYS]);
	for (unsigned way = 0; way < NR_WAYS; way++)
		qsort(samples[way], RUNS, sizeof(samples[way][0]), compare);
	return status;
}

static enum mu_status set_up(struct game *game, struct mu_error *error)
{
	const struct mu_limits limits = {.end = RAM_END + NODES * PER_NODE,
					 .ranges = NODES};
	const size_t bytes = NODES * PAGES * sizeof(struct classic);
	struct classic *pages;
	enum mu_status status =
		stage_prepare_late(&game->stage, MACHINE, MU_PAGE_SHIFT_MIN,
				   MU_BACK_HUGE, 0, &limits, error);

	if (status == MU_OK)
		status = stage_open(&game->stage, error);
	if (status != MU_OK)
		return status;
	bringup_be_silent(&game->stage.boot);
	/* What the host has given stays: memup's descriptors, and the model's.
	 */
	game->stage.boot.port.memmap_unmap = NULL;
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED) {
		stage_end(&game->stage);
		return MU_ERR_NOMEM;
	}
	madvise(pages, bytes, MADV_HUGEPAGE);
	pthread_mutex_init(&game->lock, NULL);
	pthread_barrier_init(&game->begin, NULL, NODES);
	game->valid = true;
	for (unsigned i = 0; i < NODES; i++) {
		game->nodes[i].game = game;
		game->nodes[i].nid = i;
		game->nodes[i].pages = pages + i * PAGES;
	}
	return MU_OK;
}

static void tear_down(struct game *game)
{
	munmap(game->nodes[0].pages, NODES * PAGES * sizeof(struct classic));
	pthread_barrier_destroy(&game->begin);
	pthread_mutex_destroy(&game->lock);
	stage_end(&game->stage);
}

static void add_row(struct report *report, enum way way,
		    const struct sample *sample, const struct sample *base)
{
	report_text(report, way_names[way]);
	report_number(report, sample->all);
	report_number(report, sample->locked);
	report_number(report, sample->waited);
	report_number(report, sample->written);
	report_number(report, sample->all * 1000 / (base->all ? base->all : 1));
}

static void run(struct report *report)
{
	static const struct column columns[] = {
		{"way", "descriptors are written", VALUE_TEXT},
		{"all_ns", ">all nodes", VALUE_NS},
		{"lock_ns", ">under lock", VALUE_NS},
		{"wait_ns", ">waited", VALUE_NS},
		{"bytes", ">bytes", VALUE_BYTES},
		{"ratio", ">ratio", VALUE_MILLI},
	};
	struct sample samples[NR_WAYS][RUNS];
	struct game *game = calloc(1, sizeof(*game));
	struct mu_error error = {0};
	enum mu_status status = game ? set_up(game, &error) : MU_ERR_NOMEM;
	const struct sample *twice = &samples[TWICE][RUNS / 2];
	const struct sample *eager = &samples[EAGER][RUNS / 2];
	const struct sample *lazy = &samples[LAZY][RUNS / 2];
	bool valid;

	if (status != MU_OK) {
		free(game);
		report_failed(report, MACHINE, status, &error);
		return;
	}
	status = run_all(game, samples);
	valid = game->valid;
	tear_down(game);
	free(game);
	if (status != MU_OK) {
		report_failed(report, MACHINE, status, NULL);
		return;
	}
	report_columns(report, columns, sizeof(columns) / sizeof(columns[0]));
	for (unsigned way = 0; way < NR_WAYS; way++)
		add_row(report, (enum way)way, &samples[way][RUNS / 2], eager);
	report_verdict(report,
		       valid && eager->all < twice->all &&
			       eager->locked < twice->locked,
		       "Two passes, one of them under the lock, took %s, and a "
		       "node waited %s for the others. memup wrote each "
		       "descriptor once in %s, %s of it under the lock; "
		       "lazily the devices were there in %s.",
		       time_text(twice->all), time_text(twice->waited),
		       time_text(eager->all), time_text(eager->locked),
		       time_text(lazy->all));
}

const struct scenario scenario_zone_device = {
	.name = "zone-device",
	.summary = "device memory initialised twice, once under a lock",
	.claim = "\"The ZONE_DEVICE pages were being initialized in two "
		 "locations. One was with the memory_hotplug lock held and "
		 "another was outside of that lock. The problem with this is "
		 "that it was nearly doubling the memory initialization "
		 "time.\"",
	.source = "Alexander Duyck, \"mm: Defer ZONE_DEVICE page "
		  "initialization to the point where we init pgmap\" (2018)",
	.run_is =
		"4 nodes with a device of 16 GiB each, registered by a thread "
		"for each node at the same time, all memory of the descriptors "
		"there since before. The first two ways are a model of what "
		"Linux did before and after that patch, on 64 bytes a page. "
		"memup's have 16 bytes. \"under lock\" and \"waited\" (for "
		"it) are the longest of a node, in the run with the median "
		"time of 5. It holds when memup is faster and shorter under "
		"the lock.",
	.host_bytes = 1536 * MU_MIB,
	.run = run,
};
