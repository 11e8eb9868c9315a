// SPDX-License-Identifier: MIT
/* `memup show` for a person. */
#include <inttypes.h>
#include <string.h>
#include "cli/not_modelled.h"
#include "cli/show.h"
#include "cli/text.h"

bool show_next_line(const struct mu_machine *machine, struct show_line *line,
		    unsigned *index)
{
	mu_phys_t at = line->base + line->size;
	const struct mu_range *range;

	if (*index == machine->nr_ranges)
		return false;
	range = &machine->ranges[*index];
	if (at < range->base) {
		*line = (struct show_line){at, range->base - at, NULL};
	} else {
		*line = (struct show_line){range->base, range->size, range};
		++*index;
	}
	return true;
}

const char *show_type(const struct show_line *line)
{
	return line->range ? mu_range_type_str(
				     (enum mu_range_type)line->range->type)
			   : "hole";
}

void show_flags(unsigned flags, char *text, size_t size)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{MU_RANGE_HOTPLUG, "hotplug"},
		{MU_RANGE_MIRROR, "mirror"},
		{MU_RANGE_NOMAP, "nomap"},
		{MU_RANGE_NONVOLATILE, "non-volatile"},
		{MU_RANGE_KEPT, "kept"},
		{MU_RANGE_UNACCEPTED, "unaccepted"},
		{MU_RANGE_BOOT_SERVICES, "boot-services"},
	};
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						len ? " " : "", names[i].name);
}

bool show_next_perf(const struct mu_machine *machine, int *from, int *to)
{
	int nr = (int)machine->max_nodes;

	if (*from < 0)
		*from = 0;
	while (machine->nr_perf && *from < nr) {
		if (++*to == nr) {
			*to = -1;
			++*from;
			continue;
		}
		for (unsigned what = 0; what < MU_NR_PERF; what++)
			if (mu_machine_perf(machine, *from, *to,
					    (enum mu_perf)what))
				return true;
	}
	return false;
}

static void print_nodes(const struct mu_machine *machine,
			const struct mu_mm *mm)
{
	static const char *const names[] = {
		">node", ">CPUs", ">memory", ">from", ">to", "distances",
	};
	struct table table;

	table_begin(&table, 6, names);
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		const struct mu_node *node = &mm->buddy.nodes[nid];
		char distances[260] = "";
		size_t len = 0;

		if (!machine->nodes[nid].present)
			continue;
		for (unsigned to = 0; to < machine->nr_nodes; to++) {
			if (!machine->nodes[to].present)
				continue;
			if (len + 8 > sizeof(distances)) {
				snprintf(distances + len,
					 sizeof(distances) - len, "...");
				break;
			}
			len += (size_t)snprintf(
				distances + len, sizeof(distances) - len,
				"%s%u", len ? " " : "",
				machine->distances[nid * machine->max_nodes +
						   to]);
		}
		table_add(&table, "%u", nid);
		table_add(&table, "%u", machine->nodes[nid].nr_cpus);
		table_add(&table, "%s",
			  size_text(node->present_pages << mm->page_shift));
		if (node->present_pages) {
			table_add(&table, "0x%" PRIx64,
				  node->start_pfn << mm->page_shift);
			table_add(&table, "0x%" PRIx64,
				  (node->end_pfn << mm->page_shift) - 1);
		} else {
			table_add(&table, "-");
			table_add(&table, "-");
		}
		table_add(&table, "%s", distances);
	}
	table_end(&table, stdout);
}

static void print_zones(const struct mu_mm *mm)
{
	static const char *const names[] = {
		">node", "zone",     ">from",	 ">to",
		">size", ">present", ">managed",
	};
	struct table table;

	table_begin(&table, 7, names);
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];
		unsigned shift = mm->page_shift;

		table_add(&table, "%d", zone->nid);
		table_add(&table, "%s", mu_zone_type_str(zone->type));
		table_add(&table, "0x%" PRIx64, zone->start_pfn << shift);
		table_add(&table, "0x%" PRIx64, (zone->end_pfn << shift) - 1);
		table_add(
			&table, "%s",
			size_text((zone->end_pfn - zone->start_pfn) << shift));
		table_add(&table, "%s",
			  size_text(zone->present_pages << shift));
		table_add(&table, "%s",
			  size_text(zone->managed_pages << shift));
	}
	table_end(&table, stdout);
}

static void print_ranges(const struct mu_machine *machine)
{
	static const char *const names[] = {
		">from", ">to", ">size", "type", ">node", "flags",
	};
	struct show_line line = {0};
	struct table table;
	unsigned index = 0;

	table_begin(&table, 6, names);
	while (show_next_line(machine, &line, &index)) {
		char flags[64] = "";

		table_add(&table, "0x%" PRIx64, line.base);
		table_add(&table, "0x%" PRIx64, line.base + line.size - 1);
		table_add(&table, "%s", size_text(line.size));
		table_add(&table, "%s", show_type(&line));
		if (line.range && line.range->nid != MU_NO_NODE)
			table_add(&table, "%d", line.range->nid);
		else
			table_add(&table, "-");
		if (line.range)
			show_flags(line.range->flags, flags, sizeof(flags));
		table_add(&table, "%s", flags);
	}
	table_end(&table, stdout);
}

static void add_value(struct table *table, uint32_t value, const char *unit)
{
	if (value)
		table_add(table, "%" PRIu32 " %s", value, unit);
	else
		table_add(table, "-");
}

/* Prints nothing if no source has them. */
static void print_perf(const struct mu_machine *machine)
{
	static const char *const names[] = {
		">from node",	  ">to memory of",   ">read latency",
		">write latency", ">read bandwidth", ">write bandwidth",
	};
	struct table table;
	int from = -1, to = -1;

	if (!machine->nr_perf)
		return;
	table_begin(&table, 6, names);
	while (show_next_perf(machine, &from, &to)) {
		table_add(&table, "%d", from);
		table_add(&table, "%d", to);
		for (unsigned what = 0; what < MU_NR_PERF; what++)
			add_value(&table,
				  mu_machine_perf(machine, from, to,
						  (enum mu_perf)what),
				  what < MU_PERF_READ_BANDWIDTH ? "ns"
								: "MB/s");
	}
	table_end(&table, stdout);
	putchar('\n');
}

void show_tables(const struct shown *shown)
{
	const struct mu_machine *machine = shown->machine;
	unsigned possible = mu_machine_possible_cpus(machine);
	unsigned cpus = mu_machine_cpus(machine);
	char unmodelled[256];

	printf("%s: %s%s%s, pages of %s\n", machine->source,
	       machine->arch ? mu_arch_str(machine->arch) : "",
	       machine->arch ? ", " : "", size_text(mu_machine_ram(machine)),
	       size_text((uint64_t)1 << machine->page_shift));
	if (machine->cmdline_len)
		printf("booted with: %s\n", machine->cmdline);
	if (parameters_not_modelled(machine, unmodelled, sizeof(unmodelled)))
		printf("not modelled: %s\n", unmodelled);
	if (possible > cpus)
		printf("%u CPU%s, %u more may come\n", cpus,
		       cpus == 1 ? "" : "s", possible - cpus);
	putchar('\n');
	print_nodes(machine, shown->mm);
	putchar('\n');
	print_perf(machine);
	print_zones(shown->mm);
	putchar('\n');
	reserve_print_rows(shown->reserve);
	if (shown->reserve->nr)
		putchar('\n');
	reserve_print_pools(shown->reserve, machine->page_shift);
	if (shown->reserve->pools.nr)
		putchar('\n');
	print_ranges(machine);
}
