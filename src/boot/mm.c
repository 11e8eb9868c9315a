// SPDX-License-Identifier: MIT
/*
 * What comes before start: the machine's memory in memblock, and how large the
 * tables will be.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/port.h"
#include "base/string.h"
#include "boot/tables.h"
#include "buddy/memory.h"
#include "deferred/memory.h"
#include "memmap/blocks.h"

struct mu_config mu_config_default(void)
{
	return (struct mu_config){
		.policy = MU_POLICY_LAZY,
		.dma_limit = 16 * MU_MIB,
		.dma32_limit = 4 * MU_GIB,
	};
}

void mu_mm_init(struct mu_mm *mm, const struct mu_port *port)
{
	memset(mm, 0, sizeof(*mm));
	mm->port = port;
	mm->page_shift = MU_PAGE_SHIFT_MIN;
	mm->nr_nodes = 1;
	mu_memblock_init(&mm->memblock, port);
}

static unsigned memblock_flags(unsigned range_flags)
{
	unsigned flags = MU_MEMBLOCK_NONE;

	if (range_flags & MU_RANGE_HOTPLUG)
		flags |= MU_MEMBLOCK_HOTPLUG;
	if (range_flags & MU_RANGE_MIRROR)
		flags |= MU_MEMBLOCK_MIRROR;
	if (range_flags & MU_RANGE_NOMAP)
		flags |= MU_MEMBLOCK_NOMAP;
	return flags;
}

/* RAM that is kept is reserved before it is added: no table lands in it. */
static enum mu_status add_ram(struct mu_mm *mm, const struct mu_range *range)
{
	struct mu_memblock *memblock = &mm->memblock;
	enum mu_status status = MU_OK;

	if (range->flags & MU_RANGE_KEPT)
		status = mu_memblock_reserve(memblock, range->base, range->size,
					     MU_MEMBLOCK_NONE);
	if (status != MU_OK)
		return status;
	return mu_memblock_add_node(memblock, range->base, range->size,
				    range->nid, memblock_flags(range->flags));
}

/*
 * Tables that must grow do so in memory that was added before, which may be too
 * fragmented: add the largest range first.
 */
static enum mu_status add_largest(struct mu_mm *mm,
				  const struct mu_machine *machine)
{
	const unsigned not_for_us =
		MU_RANGE_KEPT | MU_RANGE_NOMAP | MU_RANGE_HOTPLUG;
	const struct mu_range *largest = NULL;

	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type == MU_RANGE_RAM &&
		    !(range->flags & not_for_us) &&
		    (!largest || range->size > largest->size))
			largest = range;
	}
	return largest ? add_ram(mm, largest) : MU_OK;
}

/* All RAM that is @kept, or all that is not. */
static enum mu_status add_all(struct mu_mm *mm,
			      const struct mu_machine *machine, bool kept,
			      struct mu_error *error)
{
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];
		enum mu_status status;

		if (range->type != MU_RANGE_RAM ||
		    !(range->flags & MU_RANGE_KEPT) == kept)
			continue;
		status = add_ram(mm, range);
		if (status != MU_OK)
			return mu_fail(error, status, 0,
				       "%s: RAM at 0x%llx, 0x%llx bytes, "
				       "range %u of %u: %s",
				       machine->source,
				       (unsigned long long)range->base,
				       (unsigned long long)range->size, i,
				       machine->nr_ranges,
				       mu_status_str(status));
	}
	return MU_OK;
}

enum mu_status mu_mm_add_machine(struct mu_mm *mm,
				 const struct mu_machine *machine,
				 struct mu_error *error)
{
	enum mu_status status;

	if (!machine->finished)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "%s: the machine is not finished",
			       machine->source);
	mm->machine = machine;
	mm->page_shift = machine->page_shift;
	mm->nr_nodes = machine->nr_nodes;
	mm->memblock.page_shift = machine->page_shift;
	/* Usable memory first: tables that grow are put there. */
	mu_memblock_allow_resize(&mm->memblock);
	status = machine->nr_ranges > MU_MEMBLOCK_REGIONS
			 ? add_largest(mm, machine)
			 : MU_OK;
	if (status == MU_OK)
		status = add_all(mm, machine, false, error);
	if (status == MU_OK)
		status = add_all(mm, machine, true, error);
	if (status == MU_OK && mu_memblock_is_memory(&mm->memblock, 0)) {
		status = mu_memblock_reserve(&mm->memblock, 0,
					     (mu_phys_t)1 << mm->page_shift,
					     MU_MEMBLOCK_NONE);
		if (status != MU_OK)
			mu_fail(error, status, 0,
				"%s: page 0 cannot be "
				"reserved: %s",
				machine->source, mu_status_str(status));
	}
	return status;
}

enum mu_status mu_mm_set_limits(struct mu_mm *mm,
				const struct mu_limits *limits,
				struct mu_error *error)
{
	if (limits->end > MU_PHYS_MAX)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "limits: memory up to 0x%llx, past 0x%llx",
			       (unsigned long long)limits->end,
			       (unsigned long long)MU_PHYS_MAX);
	if (limits->nodes > MU_MAX_NODES)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "limits: %u nodes, more than %u", limits->nodes,
			       MU_MAX_NODES);
	mm->limits = *limits;
	return MU_OK;
}

/* Node ids are below this: those of the machine, of memory that the client
 * added itself, and of what may come. */
static unsigned nr_nodes(const struct mu_mm *mm)
{
	unsigned nr = MU_MAX(mm->nr_nodes, mm->limits.nodes);
	const struct mu_memblock_region *region;

	mu_for_each_mem_region (&mm->memblock, region)
		nr = MU_MAX(nr, (unsigned)MU_MAX(region->nid, 0) + 1);
	return nr;
}

/* One more per node: the isolated zone for memory that goes offline. */
#define ZONES_OF_NODE (MU_NR_ZONES + 1)

/* The maximum number of zones: every type on each node that has memory, or on
 * all nodes if more may come. */
static unsigned most_zones(const struct mu_mm *mm)
{
	uint64_t seen[MU_MAX_NODES / 64] = {0};
	const struct mu_memblock_region *region;
	unsigned nodes = 0;

	if (mm->limits.ranges)
		return nr_nodes(mm) * ZONES_OF_NODE;
	mu_for_each_mem_region (&mm->memblock, region) {
		unsigned nid = (unsigned)MU_MAX(region->nid, 0);
		uint64_t bit = (uint64_t)1 << (nid % 64);

		nodes += !(seen[nid / 64] & bit);
		seen[nid / 64] |= bit;
	}
	return nodes * ZONES_OF_NODE;
}

/* CPU ids are below this: those of the port, and of the machine, whose CPUs may
 * come later. Without cpu_id CPUs cannot be told apart. */
static unsigned nr_cpus(const struct mu_mm *mm)
{
	unsigned nr = mu_cpu_count(mm->port);

	if (!mm->port->cpu_id)
		return 0;
	if (mm->machine)
		nr = MU_MAX(nr, mu_machine_cpus(mm->machine));
	return MU_MIN(nr, MU_MAX_CPUS);
}

/* Spare regions of memblock, for memory that is freed late. */
#define REGIONS_SPARE 64

/* Where the next table of @bytes goes; NULL if only the size is computed. */
static void *carve(char *buf, size_t *at, size_t bytes)
{
	void *table = buf ? buf + *at : NULL;

	*at += mu_align_up(bytes, MU_CACHE_LINE);
	return table;
}

static struct mu_part carve_part(char *buf, size_t *at, size_t bytes)
{
	return (struct mu_part){.at = carve(buf, at, bytes), .size = bytes};
}

size_t mu_tables_lay_out(const struct mu_mm *mm, struct mu_tables *tables,
			 void *buf, unsigned more)
{
	const struct mu_memblock *mb = &mm->memblock;
	/* A reserved region cuts a free range in two, a zone border a piece;
	 * each piece has two ends that may be ragged. */
	unsigned reserved = mb->reserved.cnt + more;
	unsigned ranges = mb->memory.cnt + reserved;
	unsigned zones = most_zones(mm), nodes = nr_nodes(mm);
	unsigned pieces = mb->memory.cnt + ranges + 2 * zones;
	size_t at = 0;

	if (!mb->memory.cnt)
		return 0;
	tables->nr_nodes = nodes;
	tables->nr_zones = zones;
	/* Any zone may get everything that comes. */
	tables->nr_spare = MU_EXTENTS_SPARE + mm->limits.ranges;
	tables->nr_ragged = 2 * (pieces + reserved);
	tables->nr_extents =
		MU_EXTENTS_PER_RANGE * pieces + tables->nr_spare * zones;
	tables->nodes = carve(buf, &at, nodes * sizeof(struct mu_node));
	tables->zonelists =
		carve(buf, &at, (size_t)nodes * (zones + 1) * sizeof(uint16_t));
	tables->zones = carve(buf, &at, zones * sizeof(struct mu_zone));
	tables->pristine = carve(buf, &at, zones * sizeof(struct mu_pristine));
	tables->extents =
		carve(buf, &at, tables->nr_extents * sizeof(struct mu_extent));
	tables->movable_start = carve(buf, &at, nodes * sizeof(mu_pfn_t));
	tables->per_zone =
		carve(buf, &at, (size_t)nodes * MU_NR_ZONES * sizeof(uint64_t));
	tables->ragged = carve(buf, &at, tables->nr_ragged * sizeof(uint64_t));
	tables->memmap =
		carve_part(buf, &at,
			   mu_memmap_size(mb, mm->page_shift, &mm->limits,
					  tables->nr_ragged));
	tables->nr_devices = MU_MIN(mm->limits.ranges, UINT16_MAX);
	tables->devices =
		carve_part(buf, &at, mu_devices_size(tables->nr_devices));
	tables->nr_cpus = nr_cpus(mm);
	tables->caches = carve_part(buf, &at, mu_caches_size(tables->nr_cpus));
	/* A range that comes, or goes in parts, cuts a region in three. */
	tables->more_regions =
		mm->limits.ranges ? 2 * mm->limits.ranges + REGIONS_SPARE : 0;
	tables->regions = carve_part(
		buf, &at,
		tables->more_regions
			? mu_memblock_room_size(mb, tables->more_regions + more)
			: 0);
	return at;
}

enum mu_status mu_mm_add_page_ext(struct mu_mm *mm, struct mu_page_ext *ext)
{
	if (!ext->size || !ext->base || (uintptr_t)ext->base % 8)
		return MU_ERR_INVALID;
	ext->next = mm->exts;
	mm->exts = ext;
	return MU_OK;
}

size_t mu_mm_size(const struct mu_mm *mm)
{
	struct mu_tables tables;

	return mu_tables_lay_out(mm, &tables, NULL, MU_MM_MORE_RESERVED);
}

uint64_t mu_mm_memmap_span(const struct mu_mm *mm)
{
	mu_phys_t end =
		MU_MAX(mu_memblock_end_of_DRAM(&mm->memblock), mm->limits.end);
	mu_phys_t mask = ((mu_phys_t)1 << mm->page_shift) - 1;
	mu_pfn_t pages = (end + mask) >> mm->page_shift;

	/* The port may back whole sections. */
	return mu_align_up(pages, MU_SECTION_PAGES) * sizeof(struct mu_page);
}

uint64_t mu_mm_page_ext_span(const struct mu_mm *mm, size_t size)
{
	return mu_mm_memmap_span(mm) / sizeof(struct mu_page) * size;
}

uint64_t mu_mm_memmap_bytes(const struct mu_mm *mm)
{
	mu_pfn_t start, end, last = 0;
	uint64_t cursor, blocks = 0;

	/* Backing is by blocks; one that two ranges share counts once. */
	mu_for_each_mem_pfn_range (&mm->memblock, cursor, MU_NO_NODE, &start,
				   &end, NULL) {
		start = MU_MAX(mu_align_down(start, MU_BLOCK_PAGES), last);
		end = mu_align_up(end, MU_BLOCK_PAGES);
		if (start < end)
			blocks += (end - start) >> MU_BLOCK_ORDER;
		last = MU_MAX(last, end);
	}
	return (blocks << MU_BLOCK_ORDER) * sizeof(struct mu_page);
}

enum mu_status mu_mm_finish(struct mu_mm *mm, unsigned max_threads)
{
	return mu_deferred_finish(&mm->deferred, max_threads);
}
