// SPDX-License-Identifier: MIT
/*
 * The table of ranges, read without a lock.
 *
 * There are two tables. A change is made in the one that is not current, as a
 * copy; then the version is incremented, so that its lowest bit points there. A
 * reader searches the table that the version points to, and the result is valid
 * if the version is still the same: the table that it read is written again
 * only after the version has moved on. So a reader never waits for a writer,
 * and repeats the search only when a change was completed.
 *
 * All of it is atomic, since a reader may read a table that is already being
 * written again; loads are acquire and stores release, so that a reader that
 * sees a new value sees a new version as well. (How locks of this kind fit C's
 * memory model: Hans Boehm, "Can seqlocks get along with programming language
 * memory models?", MSPC 2012; his fences are not needed when each access is
 * ordered.)
 */
#include "device/internal.h"

size_t mu_devices_size(unsigned max_ranges)
{
	return mu_align_up(max_ranges * (sizeof(struct mu_device_slot) +
					 2 * sizeof(struct mu_device_entry)),
			   MU_CACHE_LINE);
}

enum mu_status mu_devices_init(struct mu_devices *devices,
			       struct mu_memmap *memmap,
			       struct mu_memblock *memblock,
			       unsigned page_shift, unsigned max_ranges,
			       void *buf, size_t size)
{
	if (size < mu_devices_size(max_ranges))
		return MU_ERR_FULL;
	memset(devices, 0, sizeof(*devices));
	devices->port = memmap->port;
	devices->memmap = memmap;
	devices->memblock = memblock;
	devices->page_shift = page_shift;
	devices->batch = 1;
	devices->max_ranges = max_ranges;
	/* Nothing of it is read before it was written. */
	devices->slots = buf;
	devices->tables[0] =
		(struct mu_device_entry *)(void *)(devices->slots + max_ranges);
	devices->tables[1] = devices->tables[0] + max_ranges;
	return MU_OK;
}

/* ---- Reading ---- */

struct table {
	struct mu_device_entry *entries;
	unsigned nr;
};

static struct table table_at(const struct mu_devices *devices, uint64_t version)
{
	struct table table = {.entries = devices->tables[version & 1]};

	/* acquire: see above. */
	table.nr = atomic_load_explicit(&devices->nr[version & 1],
					memory_order_acquire);
	return table;
}

static struct table table_now(const struct mu_devices *devices)
{
	/* acquire: its lines were written before the version was. */
	return table_at(devices, atomic_load_explicit(&devices->version,
						      memory_order_acquire));
}

static uint64_t get(const _Atomic uint64_t *word)
{
	/* acquire: see above. */
	return atomic_load_explicit(word, memory_order_acquire);
}

static struct mu_device_line read_line(const struct mu_devices *devices,
				       struct table table, unsigned i)
{
	const struct mu_device_entry *entry = &table.entries[i];
	uint64_t who = get(&entry->who);

	return (struct mu_device_line){
		.start = get(&entry->start),
		.end = get(&entry->end),
		.slot = &devices->slots[who >> 32],
		.range = (uint32_t)who,
	};
}

static unsigned lower_bound(struct table table, mu_pfn_t pfn)
{
	unsigned lo = 0, hi = table.nr;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (get(&table.entries[mid].end) <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool mu_device_search(const struct mu_devices *devices, mu_pfn_t pfn,
		      struct mu_device_line *line, uint64_t *version)
{
	bool found;

	do {
		struct table table;
		unsigned i;

		*version = get(&devices->version);
		table = table_at(devices, *version);
		i = lower_bound(table, pfn);
		found = i < table.nr;
		if (found) {
			*line = read_line(devices, table, i);
			found = line->start <= pfn && pfn < line->end;
		}
	} while (!mu_device_unchanged(devices, *version));
	return found;
}

bool mu_device_find(const struct mu_devices *devices, mu_pfn_t pfn,
		    mu_pfn_t *start, mu_pfn_t *end)
{
	struct mu_device_line line;
	uint64_t version;

	if (!mu_device_search(devices, pfn, &line, &version))
		return false;
	*start = line.start;
	*end = line.end;
	return true;
}

struct mu_device_line mu_device_line(const struct mu_devices *devices,
				     unsigned i)
{
	return read_line(devices, table_now(devices), i);
}

unsigned mu_device_lines(const struct mu_devices *devices)
{
	return table_now(devices).nr;
}

unsigned mu_device_lower_bound(const struct mu_devices *devices, mu_pfn_t pfn)
{
	return lower_bound(table_now(devices), pfn);
}

/* ---- Writing, under (H) ---- */

static void put(_Atomic uint64_t *word, uint64_t value)
{
	/* release: whoever reads this value then sees the current version, or a
	 * later one, but not the one in which the old value was valid. */
	atomic_store_explicit(word, value, memory_order_release);
}

static void write_line(struct mu_devices *devices, struct table *table,
		       const struct mu_device_line *line)
{
	struct mu_device_entry *entry = &table->entries[table->nr++];
	uint64_t slot = (uint64_t)(line->slot - devices->slots);

	put(&entry->start, line->start);
	put(&entry->end, line->end);
	put(&entry->who, slot << 32 | line->range);
}

/* The table that is not current, empty. */
static struct table other_table(const struct mu_devices *devices)
{
	/* relaxed: only we write it. */
	uint64_t version =
		atomic_load_explicit(&devices->version, memory_order_relaxed);

	return (struct table){.entries = devices->tables[!(version & 1)]};
}

/* Make it the current one. */
static void publish(struct mu_devices *devices, struct table table)
{
	/* relaxed: as above. */
	uint64_t version =
		atomic_load_explicit(&devices->version, memory_order_relaxed) +
		1;

	/* release: as in put(); and the version comes after all of it. */
	atomic_store_explicit(&devices->nr[version & 1], table.nr,
			      memory_order_release);
	atomic_store_explicit(&devices->version, version, memory_order_release);
}

static struct mu_device_line line_of(const struct mu_pagemap *map, unsigned i)
{
	return (struct mu_device_line){
		.start = map->ranges[i].start,
		.end = map->ranges[i].end,
		.slot = map->slot,
		.range = i,
	};
}

void mu_device_table_add(struct mu_devices *devices,
			 const struct mu_pagemap *map)
{
	struct table old = table_now(devices), table = other_table(devices);
	unsigned i = 0, j = 0;

	/* Both are sorted. */
	while (i < old.nr || j < map->nr_ranges) {
		struct mu_device_line line;

		if (j < map->nr_ranges)
			line = line_of(map, j);
		if (i < old.nr) {
			struct mu_device_line have = read_line(devices, old, i);

			if (j == map->nr_ranges || have.start < line.start) {
				write_line(devices, &table, &have);
				i++;
				continue;
			}
		}
		write_line(devices, &table, &line);
		j++;
	}
	publish(devices, table);
}

void mu_device_table_remove(struct mu_devices *devices,
			    const struct mu_pagemap *map)
{
	struct table old = table_now(devices), table = other_table(devices);

	for (unsigned i = 0; i < old.nr; i++) {
		struct mu_device_line line = read_line(devices, old, i);

		if (line.slot != map->slot)
			write_line(devices, &table, &line);
	}
	publish(devices, table);
}
