// SPDX-License-Identifier: MIT
/*
 * From memblock to the allocator. Each step is one walk over the pieces of
 * memory or of free memory (hotplug/layout.h).
 */
#include "base/assert.h"
#include "base/fmt.h"
#include "base/sort.h"
#include "base/string.h"
#include "boot/movable.h"
#include "buddy/memory.h"
#include "deferred/memory.h"
#include "hotplug/layout.h"
#include "boot/reserved.h"
#include "boot/tables.h"
#include "memmap/blocks.h"

struct start {
	struct mu_mm *mm;
	struct mu_tables tables;
	unsigned nr_ragged; /* entries of tables.ragged in use */
	enum mu_status status;
};

/* ---- Nodes ---- */

static void nodes_init(struct start *start)
{
	struct mu_mm *mm = start->mm;
	unsigned nr_cpus = start->tables.nr_cpus;
	bool known = mm->machine && mu_machine_cpus(mm->machine) == nr_cpus;
	mu_pfn_t first, end;
	uint64_t cursor;
	int nid;

	mm->buddy.nodes = start->tables.nodes;
	mm->buddy.nr_nodes = mm->nr_nodes;
	for (unsigned i = 0; i < mm->nr_nodes; i++) {
		struct mu_node *node = &mm->buddy.nodes[i];

		memset(node, 0, sizeof(*node));
		node->nid = (int)i;
		for (unsigned type = 0; type <= MU_NR_ZONES; type++)
			node->zone_id[type] = MU_NO_ZONE;
		/* If the machine does not know all CPUs they may all be on this
		 * node. */
		node->nr_cpus = nr_cpus;
		if (known && i < mm->machine->nr_nodes)
			node->nr_cpus = mm->machine->nodes[i].nr_cpus;
	}
	mu_for_each_mem_pfn_range (&mm->memblock, cursor, MU_NO_NODE, &first,
				   &end, &nid) {
		struct mu_node *node = &mm->buddy.nodes[MU_MAX(nid, 0)];

		if (!node->present_pages)
			node->start_pfn = first;
		node->end_pfn = end;
		node->present_pages += end - first;
	}
}

/* ---- Zones ---- */

static void count_present(void *arg, int nid, enum mu_zone_type type,
			  mu_pfn_t first, mu_pfn_t end)
{
	struct start *start = arg;

	start->tables.per_zone[(unsigned)nid * MU_NR_ZONES + type] +=
		end - first;
}

static void zones_init(struct start *start)
{
	struct mu_mm *mm = start->mm;
	struct mu_buddy *buddy = &mm->buddy;
	uint64_t *present = start->tables.per_zone;

	memset(present, 0, sizeof(*present) * MU_NR_ZONES * mm->nr_nodes);
	mu_layout_memory(&start->mm->layout, count_present, start);
	buddy->zones = start->tables.zones;
	buddy->nr_zones = 0;
	for (unsigned i = 0; i < mm->nr_nodes * MU_NR_ZONES; i++) {
		struct mu_node *node = &buddy->nodes[i / MU_NR_ZONES];
		enum mu_zone_type type = (enum mu_zone_type)(i % MU_NR_ZONES);
		uint32_t id = buddy->nr_zones;
		mu_pfn_t first, end;

		if (!present[i])
			continue;
		mu_layout_zone(&start->mm->layout, node->nid, type, &first,
			       &end);
		mu_zone_init(&buddy->zones[id], id, node->nid, type,
			     MU_MAX(first, node->start_pfn),
			     MU_MIN(end, node->end_pfn));
		buddy->zones[id].present_pages = present[i];
		node->zone_id[type] = (uint16_t)id;
		buddy->nr_zones++;
	}
}

static struct mu_zone *zone_of(const struct start *start, int nid,
			       enum mu_zone_type type)
{
	const struct mu_buddy *buddy = &start->mm->buddy;

	return &buddy->zones[buddy->nodes[nid].zone_id[type]];
}

/* ---- Ragged blocks: every end of a piece that is not a block's ---- */

static void note_ends(struct start *start, mu_pfn_t first, mu_pfn_t end)
{
	uint64_t *ragged = start->tables.ragged;

	mu_verify(start->mm->port,
		  start->nr_ragged + 2 <= start->tables.nr_ragged);
	if (first & (MU_BLOCK_PAGES - 1))
		ragged[start->nr_ragged++] =
			mu_align_down(first, MU_BLOCK_PAGES);
	if (end & (MU_BLOCK_PAGES - 1))
		ragged[start->nr_ragged++] = mu_align_down(end, MU_BLOCK_PAGES);
}

static void note_piece(void *arg, int nid, enum mu_zone_type type,
		       mu_pfn_t first, mu_pfn_t end)
{
	(void)nid;
	(void)type;
	note_ends(arg, first, end);
}

/* Note the ends of the reserved regions that lie in memory. */
static void note_reserved(struct start *start)
{
	const struct mu_mm *mm = start->mm;
	const struct mu_memblock_region *region;

	mu_for_each_reserved_mem_region (&mm->memblock, region) {
		mu_phys_t last = region->base + region->size - 1;
		mu_pfn_t first = region->base >> mm->page_shift;
		mu_pfn_t end = (last >> mm->page_shift) + 1;

		if (mu_memblock_is_memory(&mm->memblock, region->base) &&
		    mu_memblock_is_memory(&mm->memblock, last))
			note_ends(start, first, end);
	}
}

static void ragged_init(struct start *start)
{
	uint64_t *ragged = start->tables.ragged;
	size_t nr;

	mu_layout_memory(&start->mm->layout, note_piece, start);
	mu_layout_free(&start->mm->layout, note_piece, start);
	note_reserved(start);
	mu_sort_u64(ragged, start->nr_ragged);
	nr = mu_unique_u64(ragged, start->nr_ragged);
	for (size_t i = 0; i < nr; i++)
		mu_memmap_add_ragged(&start->mm->memmap, ragged[i]);
}

/* ---- Free memory: whole blocks to extents, the rest to the lists ---- */

static void count_extents(void *arg, int nid, enum mu_zone_type type,
			  mu_pfn_t first, mu_pfn_t end)
{
	struct start *start = arg;

	if (mu_align_up(first, MU_BLOCK_PAGES) <
	    mu_align_down(end, MU_BLOCK_PAGES))
		start->tables.per_zone[zone_of(start, nid, type)->id] +=
			MU_EXTENTS_PER_RANGE;
}

/* Part of one ragged block becomes pages at once. */
static void online_part(struct start *start, struct mu_zone *zone,
			mu_pfn_t first, mu_pfn_t end)
{
	struct mu_mm *mm = start->mm;

	start->status = mu_memmap_back(&mm->memmap,
				       mu_align_down(first, MU_BLOCK_PAGES));
	if (start->status != MU_OK)
		return;
	mu_memmap_init_ragged(&mm->memmap, first, end, (uint16_t)zone->id,
			      MU_PAGE_TAIL);
	mu_buddy_add_range(&mm->buddy, zone, first, end);
}

static void add_free(void *arg, int nid, enum mu_zone_type type, mu_pfn_t first,
		     mu_pfn_t end)
{
	struct start *start = arg;
	struct mu_zone *zone = zone_of(start, nid, type);

	while (first < end && start->status == MU_OK) {
		mu_pfn_t next = mu_align_down(end, MU_BLOCK_PAGES);

		if (first & (MU_BLOCK_PAGES - 1) || next <= first) {
			next = mu_align_up(first + 1, MU_BLOCK_PAGES);
			next = MU_MIN(next, end);
			online_part(start, zone, first, next);
		} else {
			mu_deferred_add(&start->mm->deferred, zone, first,
					next);
		}
		first = next;
	}
}

static void free_init(struct start *start)
{
	struct mu_mm *mm = start->mm;
	uint64_t *nr = start->tables.per_zone;
	struct mu_extent *next = start->tables.extents;

	memset(nr, 0, mm->buddy.nr_zones * sizeof(*nr));
	mu_layout_free(&start->mm->layout, count_extents, start);
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		nr[i] += start->tables.nr_spare;
		mu_deferred_set_extents(&mm->deferred, &mm->buddy.zones[i],
					next, (unsigned)nr[i]);
		next += nr[i];
	}
	mm->hotplug.spare = next;
	mm->hotplug.nr_spare = start->tables.nr_spare;
	mu_layout_free(&start->mm->layout, add_free, start);
}

/* Linux's, in percent. */
#define MOVABLE_RATIO 301

static void hotplug_init(struct mu_mm *mm)
{
	struct mu_hotplug *hotplug = &mm->hotplug;

	hotplug->port = mm->port;
	hotplug->devices = &mm->devices;
	hotplug->memblock = &mm->memblock;
	hotplug->memblock_lock = &mm->reserved_lock;
	hotplug->memmap = &mm->memmap;
	hotplug->buddy = &mm->buddy;
	hotplug->deferred = &mm->deferred;
	hotplug->layout = &mm->layout;
	hotplug->policy = mm->config.policy;
	hotplug->page_shift = mm->page_shift;
	hotplug->measure = mm->config.measure;
	hotplug->auto_online = mm->config.auto_online;
	hotplug->movable_ratio = mm->config.movable_ratio
					 ? mm->config.movable_ratio
					 : MOVABLE_RATIO;
}

/* Policy eager: every block, and the descriptors of what is reserved. */
static enum mu_status take_everything(struct mu_mm *mm)
{
	enum mu_status status;

	mu_deferred_take(&mm->deferred, 0, UINT64_MAX, &status);
	if (status == MU_OK)
		status = mu_reserved_init_all(mm);
	return status;
}

/* Are the addresses of every page extension enough? */
static enum mu_status check_exts(const struct mu_mm *mm, struct mu_error *error)
{
	for (const struct mu_page_ext *ext = mm->exts; ext; ext = ext->next) {
		uint64_t need = mu_mm_page_ext_span(mm, ext->size);

		if (ext->span < need)
			return mu_fail(error, MU_ERR_FULL, 0,
				       "a page extension of %zu bytes needs "
				       "%llu bytes of addresses, and there are "
				       "%llu",
				       ext->size, (unsigned long long)need,
				       (unsigned long long)ext->span);
	}
	return MU_OK;
}

/* Lay out the tables in @size bytes at @buf. */
static enum mu_status lay_out(struct start *start, void *buf, size_t size,
			      const void *memmap, struct mu_error *error)
{
	size_t need = mu_tables_lay_out(start->mm, &start->tables, buf, 0);

	if (!need)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "there is no memory to start with");
	if ((uintptr_t)buf % MU_CACHE_LINE || (uintptr_t)memmap % MU_CACHE_LINE)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "tables at 0x%llx, memmap at 0x%llx: not "
			       "aligned to %u bytes",
			       (unsigned long long)(uintptr_t)buf,
			       (unsigned long long)(uintptr_t)memmap,
			       (unsigned)MU_CACHE_LINE);
	if (need > size)
		return mu_fail(error, MU_ERR_FULL, 0,
			       "the tables need %zu bytes, and there are %zu: "
			       "memblock has %u ranges of memory and %u "
			       "reserved ones by now",
			       need, size, start->mm->memblock.memory.cnt,
			       start->mm->memblock.reserved.cnt);
	return check_exts(start->mm, error);
}

/* The tables of the floors below, and memblock's, which move. */
static enum mu_status make_parts(struct start *start, struct mu_page *memmap)
{
	struct mu_mm *mm = start->mm;
	const struct mu_tables *tables = &start->tables;
	enum mu_status status =
		mu_memmap_init(&mm->memmap, mm->port, memmap, &mm->memblock,
			       mm->page_shift, &mm->limits, tables->memmap.at,
			       tables->memmap.size, tables->nr_ragged);

	if (status == MU_OK)
		status = mu_devices_init(&mm->devices, &mm->memmap,
					 &mm->memblock, mm->page_shift,
					 tables->nr_devices, tables->devices.at,
					 tables->devices.size);
	if (status == MU_OK)
		status = mu_caches_init(&mm->buddy, tables->nr_cpus,
					mm->config.cache_pages,
					tables->caches.at, tables->caches.size);
	/* Its free memory will be the allocator's. */
	mm->memblock.can_resize = false;
	if (status == MU_OK && tables->more_regions)
		status = mu_memblock_make_room(
			&mm->memblock, tables->more_regions, tables->regions.at,
			tables->regions.size);
	return status;
}

enum mu_status mu_mm_start(struct mu_mm *mm, const struct mu_config *config,
			   struct mu_page *memmap, void *tables,
			   size_t tables_size, struct mu_error *error)
{
	struct start start = {.mm = mm, .status = MU_OK};
	enum mu_status status =
		lay_out(&start, tables, tables_size, memmap, error);

	if (status != MU_OK)
		return status;
	status = config->movable_node ? mu_mm_movable_node(mm) : MU_OK;
	if (status != MU_OK)
		return mu_fail(error, status, 0,
			       "movable_node: memory that stays cannot be told "
			       "from what may go: %s",
			       mu_status_str(status));
	status = mu_layout_init(
		&mm->layout, &mm->memblock, mm->page_shift,
		&(struct mu_layout_spec){
			.dma_limit = config->dma_limit,
			.dma32_limit = config->dma32_limit,
			.mirror = config->kernelcore_mirror,
			.movable_start = start.tables.movable_start,
		},
		error);
	if (status != MU_OK)
		return status;
	mm->config = *config;
	mm->nr_nodes = start.tables.nr_nodes;
	mm->buddy.port = mm->port;
	mm->buddy.memmap = &mm->memmap;
	mm->buddy.machine = mm->machine;
	mm->buddy.max_zones = start.tables.nr_zones;

	nodes_init(&start);
	mu_movable_lay_out(mm, config, mm->buddy.nodes,
			   start.tables.movable_start);
	zones_init(&start);
	mu_zonelists_build(&mm->buddy, start.tables.zonelists,
			   start.tables.per_zone);
	/* They were laid out with the sizes that are asked for again. */
	mu_verify(mm->port, make_parts(&start, memmap) == MU_OK);
	mm->memmap.exts = mm->exts;
	ragged_init(&start);
	mu_deferred_init(&mm->deferred, &mm->buddy, start.tables.pristine);
	mm->deferred.measure = config->measure;
	mm->deferred.batch = MU_MIN(config->batch, MU_SECTION_BLOCKS);
	mm->devices.measure = config->measure;
	mm->devices.batch = MU_MAX(mm->deferred.batch, 1);
	free_init(&start);
	mu_buddy_set_watermarks(&mm->buddy, config->min_free_pages,
				mm->page_shift);
	hotplug_init(mm);
	if (start.status == MU_OK && config->policy == MU_POLICY_EAGER)
		start.status = take_everything(mm);
	if (start.status != MU_OK)
		return mu_fail(error, start.status, 0,
			       "memmap: %llu of %llu bytes could be backed",
			       (unsigned long long)(mm->memmap.backed_pages *
						    sizeof(struct mu_page)),
			       (unsigned long long)mu_mm_memmap_bytes(mm));
	return MU_OK;
}
