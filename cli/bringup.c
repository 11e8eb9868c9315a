// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/bringup.h"
#include "cli/progress.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* The port's watchdog: called by every thread that writes descriptors. */
static void tick(void *arg)
{
	struct bringup *bringup = arg;

	progress_tick(bringup->progress, bringup->mm.memmap.written_pages,
		      bringup->to_write);
}

static void *allocate_tables(size_t bytes)
{
	/* Raw memory: what is not touched costs nothing. */
	return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
}

enum mu_status bringup_prepare(struct bringup *bringup,
			       const struct mu_machine *machine,
			       enum mu_hosted_backing backing, unsigned threads,
			       const char *title, struct mu_error *error)
{
	const struct mu_limits none = {0};

	return bringup_prepare_late(bringup, machine, backing, threads, title,
				    &none, error);
}

enum mu_status bringup_prepare_late(struct bringup *bringup,
				    const struct mu_machine *machine,
				    enum mu_hosted_backing backing,
				    unsigned threads, const char *title,
				    const struct mu_limits *limits,
				    struct mu_error *error)
{
	struct mu_hosted_config hosted = {
		/* The caller of finish takes part: one fewer. */
		.threads = threads ? threads - 1 : 0,
		.backing = backing,
		.limit = limits->end,
		.tick = tick,
		.tick_arg = bringup,
	};
	struct mu_mm *mm = &bringup->mm;
	enum mu_status status;

	memset(bringup, 0, sizeof(*bringup));
	status = mu_hosted_create(&bringup->hosted, machine, &hosted, error);
	if (status != MU_OK)
		return status;
	bringup->port = *mu_hosted_port(bringup->hosted);
	bringup->progress = progress_begin(title);
	bringup->began = bringup->port.clock(bringup->port.arg);
	mu_mm_init(mm, &bringup->port);
	status = mu_mm_add_machine(mm, machine, error);
	if (status == MU_OK)
		status = mu_mm_set_limits(mm, limits, error);
	if (status == MU_OK)
		bringup->to_write =
			mu_mm_memmap_bytes(mm) / sizeof(struct mu_page);
	else
		bringup_end(bringup);
	return status;
}

enum mu_status bringup_open(struct bringup *bringup,
			    const struct mu_config *config,
			    struct mu_error *error)
{
	struct mu_mm *mm = &bringup->mm;

	bringup->tables_size = mu_mm_size(mm);
	bringup->tables = allocate_tables(bringup->tables_size);
	if (!bringup->tables)
		return MU_ERR_NOMEM;
	return mu_mm_start(mm, config, mu_hosted_memmap(bringup->hosted),
			   bringup->tables, bringup->tables_size, error);
}

enum mu_status bringup_config(struct mu_config *config,
			      const struct mu_machine *machine,
			      const char *cmdline, struct mu_error *error)
{
	*config = mu_config_for(machine);
	if (!cmdline)
		return MU_OK;
	return mu_config_apply_cmdline(config, machine, cmdline,
				       strlen(cmdline), error);
}

enum mu_status bringup_start(struct bringup *bringup,
			     const struct mu_machine *machine,
			     const struct mu_config *base, unsigned threads,
			     const char *cmdline, struct reserve *reserve,
			     struct mu_error *error)
{
	enum mu_hosted_backing backing =
		base->policy == MU_POLICY_LAZY ? MU_BACK_SECTION : MU_BACK_HUGE;
	struct mu_config config = *base;
	enum mu_status status =
		bringup_prepare(bringup, machine, backing, threads,
				mu_policy_str(config.policy), error);

	if (status != MU_OK)
		return status;
	if (reserve)
		status = reserve_take(reserve, &bringup->mm, &config, cmdline,
				      error);
	if (status == MU_OK)
		status = bringup_open(bringup, &config, error);
	if (status != MU_OK)
		bringup_end(bringup);
	return status;
}

void bringup_end(struct bringup *bringup)
{
	progress_end(bringup->progress);
	mu_hosted_destroy(bringup->hosted);
	free(bringup->tables);
}

bool bringup_zone_part(const struct mu_mm *mm, const struct mu_zone *zone,
		       const struct mu_memblock_region *region,
		       mu_phys_t *start, mu_phys_t *end)
{
	const struct mu_layout *layout = &mm->layout;
	bool kernel = layout->mirror && region->flags & MU_MEMBLOCK_MIRROR;
	mu_pfn_t last = zone->end_pfn;

	if ((region->nid < 0 ? 0 : region->nid) != zone->nid)
		return false;
	if (zone->type == MU_ZONE_MOVABLE && kernel)
		return false;
	if (zone->type != MU_ZONE_MOVABLE && !kernel &&
	    layout->movable_start[zone->nid] < last)
		last = layout->movable_start[zone->nid];
	*start = zone->start_pfn << mm->page_shift;
	*end = last << mm->page_shift;
	if (*start < region->base)
		*start = region->base;
	if (*end > region->base + region->size)
		*end = region->base + region->size;
	return *start < *end;
}

void bringup_be_silent(struct bringup *bringup)
{
	progress_end(bringup->progress);
	bringup->progress = NULL;
}

void bringup_populate(struct bringup *bringup, mu_pfn_t first, uint64_t nr)
{
	char *memmap = (char *)mu_hosted_memmap(bringup->hosted);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t from = first * sizeof(struct mu_page) & ~(page - 1);
	size_t end = (first + nr) * sizeof(struct mu_page);

	/* Fails on old kernels, which populate at the first stores. */
	madvise(memmap + from, end - from, MADV_POPULATE_WRITE);
}

uint64_t bringup_memmap_bytes(const struct mu_machine *machine)
{
	struct bringup *bringup = malloc(sizeof(*bringup));
	uint64_t bytes = 0;

	if (!bringup)
		return 0;
	if (bringup_prepare(bringup, machine, MU_BACK_SECTION, 0, "", NULL) ==
	    MU_OK) {
		bytes = bringup->to_write * sizeof(struct mu_page);
		bringup_end(bringup);
	}
	free(bringup);
	return bytes;
}

static void fill_in(struct run *run, const struct mu_mm *mm)
{
	struct mu_deferred_stats stats = mu_deferred_stats(&mm->deferred);

	run->pages = 0;
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++)
		run->pages += mm->buddy.zones[i].managed_pages;
	run->descriptors_written = mm->memmap.written_pages;
	run->memmap_bytes = mm->memmap.backed_pages * sizeof(struct mu_page);
	run->claims = stats.claims;
	run->claim_ns_max = stats.claim_ns_max;
	run->is_online = !stats.pristine_pages;
}

enum mu_status bringup_run(struct run *run, const struct mu_machine *machine,
			   const struct mu_config *base, const char *cmdline,
			   unsigned threads, const struct early_ask *ask,
			   struct mu_error *error)
{
	struct bringup *bringup = malloc(sizeof(*bringup));
	struct mu_config config = *base;
	enum mu_policy policy = config.policy;
	const struct mu_port *port;
	enum mu_status status;
	uint64_t began;
	mu_pfn_t pfn;

	if (!bringup)
		return MU_ERR_NOMEM;
	memset(run, 0, sizeof(*run));
	run->policy = policy;
	run->threads = policy == MU_POLICY_DEFERRED ? threads : 1;
	config.measure = true;
	status = bringup_start(bringup, machine, &config, run->threads, cmdline,
			       &run->reserve, error);
	if (status != MU_OK)
		goto out;
	port = &bringup->port;
	began = bringup->began;
	run->usable_ns = port->clock(port->arg) - began;
	status = mu_alloc_pages(&bringup->mm.buddy, MU_NO_NODE, 0, 0, &pfn);
	run->first_alloc_ns = port->clock(port->arg) - began;
	if (status == MU_OK) {
		huge_take(&run->huge, &bringup->mm, &run->reserve);
		early_take(&run->early, &bringup->mm, ask);
	}
	if (status == MU_OK && policy == MU_POLICY_DEFERRED)
		status = mu_mm_finish(&bringup->mm, threads);
	run->online_ns = policy == MU_POLICY_EAGER
				 ? run->usable_ns
				 : port->clock(port->arg) - began;
	fill_in(run, &bringup->mm);
	run->valid = status == MU_OK &&
		     mu_validate(&bringup->mm, NULL, &run->why) == MU_OK;
	bringup_end(bringup);
out:
	free(bringup);
	return status;
}
