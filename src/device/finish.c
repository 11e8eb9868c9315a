// SPDX-License-Identifier: MIT
/*
 * Write all descriptors of a pagemap, with several threads.
 *
 * As in floor deferred the units of the job are counts, not places: a thread
 * that is given n units takes n sections, from the ranges of its own node while
 * these have any. So nodes proceed in parallel, and a node that is done helps
 * the others. Which section the job takes is only a hint; claims decide:
 * readers and other jobs claim at the same time, and at the end one look at the
 * masks says what is left.
 */
#include "device/internal.h"
#include "memup/padata.h"

/* Sections that have descriptors of @range to be written. */
static uint64_t nr_sections(const struct mu_pagemap *map,
			    const struct mu_device_range *range)
{
	return ((range->last - 1) >> MU_SECTION_ORDER) -
	       (mu_device_blocks_start(map, range) >> MU_SECTION_ORDER) + 1;
}

/* The blocks of the @n'th of them. */
static void section_blocks(const struct mu_pagemap *map,
			   const struct mu_device_range *range, uint64_t n,
			   mu_pfn_t *start, mu_pfn_t *end)
{
	mu_pfn_t first = mu_device_blocks_start(map, range);
	mu_pfn_t section = ((first >> MU_SECTION_ORDER) + n)
			   << MU_SECTION_ORDER;

	*start = MU_MAX(section, first);
	*end = MU_MIN(section + MU_SECTION_PAGES, mu_device_blocks_end(range));
}

/* A section of @range that no thread has taken. */
static bool take_section(const struct mu_pagemap *map,
			 struct mu_device_range *range, uint64_t *n)
{
	uint64_t nr = nr_sections(map, range);

	/* relaxed: a number, which publishes nothing. */
	if (atomic_load_explicit(&range->next, memory_order_relaxed) >= nr)
		return false;
	*n = atomic_fetch_add_explicit(&range->next, 1, memory_order_relaxed);
	return *n < nr;
}

static struct mu_device_range *take_any(const struct mu_pagemap *map, int nid,
					uint64_t *n)
{
	for (unsigned i = 0; i < map->nr_ranges; i++)
		if (map->ranges[i].nid == nid &&
		    take_section(map, &map->ranges[i], n))
			return &map->ranges[i];
	for (unsigned i = 0; i < map->nr_ranges; i++)
		if (map->ranges[i].nid != nid &&
		    take_section(map, &map->ranges[i], n))
			return &map->ranges[i];
	return NULL;
}

static enum mu_status take_chunk(uint64_t start, uint64_t end, void *arg)
{
	struct mu_pagemap *map = arg;
	const struct mu_port *port = map->devices->port;
	int nid = mu_cpu_node(port, mu_cpu_id(port));

	for (; start < end; start++) {
		struct mu_device_range *range;
		enum mu_status status;
		mu_pfn_t from, to;
		uint64_t n;

		range = take_any(map, nid, &n);
		if (!range)
			return MU_OK;
		section_blocks(map, range, n, &from, &to);
		status = mu_device_init_blocks(map, range, from, to,
					       map->devices->batch);
		if (status != MU_OK)
			return status;
		mu_watchdog(port);
	}
	return MU_OK;
}

/* Are all of [@block, @end), of one section, ready? */
static bool are_ready(const struct mu_pagemap *map,
		      struct mu_device_range *range, mu_pfn_t block,
		      mu_pfn_t end)
{
	for (; block < end; block += MU_BLOCK_PAGES) {
		uint32_t bit;
		struct mu_claims *claims =
			mu_device_claims(map, range, block, &bit);

		/* acquire: whoever returns from finish sees the descriptors. */
		if (!claims || !(atomic_load_explicit(&claims->ready,
						      memory_order_acquire) &
				 bit))
			return false;
	}
	return true;
}

/* Wait for what others are writing, and write what their jobs could not. */
static enum mu_status finish_range(struct mu_pagemap *map,
				   struct mu_device_range *range)
{
	const struct mu_devices *devices = map->devices;
	uint64_t nr = nr_sections(map, range);

	for (uint64_t n = 0; n < nr; n++) {
		enum mu_status status;
		mu_pfn_t from, to;

		section_blocks(map, range, n, &from, &to);
		if (are_ready(map, range, from, to))
			continue;
		status = mu_device_init_blocks(map, range, from, to,
					       devices->batch);
		if (status != MU_OK)
			return status;
		for (unsigned spins = 0; !are_ready(map, range, from, to);)
			mu_pause(devices->port, spins++);
	}
	return MU_OK;
}

enum mu_status mu_pagemap_finish(struct mu_pagemap *map, unsigned threads)
{
	struct mu_padata_mt_job job = {
		.thread_fn = take_chunk,
		.fn_arg = map,
		.max_threads = threads,
	};
	enum mu_status status;

	for (unsigned i = 0; i < map->nr_ranges; i++) {
		/* relaxed: a hint. Another job that is under way takes some
		 * sections twice, and finds them claimed. */
		atomic_store_explicit(&map->ranges[i].next, 0,
				      memory_order_relaxed);
		job.size += nr_sections(map, &map->ranges[i]);
	}
	status = mu_padata_do_multithreaded(map->devices->port, &job);
	for (unsigned i = 0; i < map->nr_ranges && status == MU_OK; i++)
		status = finish_range(map, &map->ranges[i]);
	return status;
}
