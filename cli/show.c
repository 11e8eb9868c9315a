// SPDX-License-Identifier: MIT
/*
 * memup show: a machine's nodes, zones and ranges, with the holes between them.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/bringup.h"
#include "cli/command.h"
#include "cli/svg.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup show [MACHINE...] [--cmdline TEXT] [--svg FILE] "
	"[--json]\n"
	"\n"
	"Print a machine's nodes, zones and ranges, with the holes in "
	"between.\n"
	"\n"
	"MACHINE    a Linux boot log, ACPI tables, a device tree, or a\n"
	"           description such as 64T or 8x1T/448 (`memup boot --help`\n"
	"           has all of them); several make one machine. Without it:\n"
	"           this host.\n"
	"--cmdline  parameters of the kernel, as in `memup boot --help`\n"
	"--svg      draw it in FILE, `-` for standard output, instead of the\n"
	"           tables: the firmware's ranges and holes, a lane for each\n"
	"           node, zones in colour; point at a box and it tells more\n"
	"--json     one JSON object with everything that the tables have\n"
	"\n"
	"Ends are the last byte. Zones have Linux's bounds: DMA below 16 MiB,\n"
	"DMA32 below 4 GiB. Present is what is memory, managed what is the\n"
	"allocator's.\n"
	"\n"
	"Exit codes: 0 done, 2 bad input or use.\n";

/* One line of the map: a range, or the hole before one. */
struct line {
	mu_phys_t base, size;
	const struct mu_range *range; /* NULL: a hole */
};

/* Step through ranges and holes; @line is zeroed at first. */
static bool next_line(const struct mu_machine *machine, struct line *line,
		      unsigned *index)
{
	mu_phys_t at = line->base + line->size;
	const struct mu_range *range;

	if (*index == machine->nr_ranges)
		return false;
	range = &machine->ranges[*index];
	if (at < range->base) {
		*line = (struct line){at, range->base - at, NULL};
	} else {
		*line = (struct line){range->base, range->size, range};
		++*index;
	}
	return true;
}

static const char *type_of(const struct line *line)
{
	return line->range ? mu_range_type_str(
				     (enum mu_range_type)line->range->type)
			   : "hole";
}

static void flags_text(unsigned flags, char *text, size_t size)
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
	};
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						len ? " " : "", names[i].name);
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
	struct line line = {0};
	struct table table;
	unsigned index = 0;

	table_begin(&table, 6, names);
	while (next_line(machine, &line, &index)) {
		char flags[64] = "";

		table_add(&table, "0x%" PRIx64, line.base);
		table_add(&table, "0x%" PRIx64, line.base + line.size - 1);
		table_add(&table, "%s", size_text(line.size));
		table_add(&table, "%s", type_of(&line));
		if (line.range && line.range->nid != MU_NO_NODE)
			table_add(&table, "%d", line.range->nid);
		else
			table_add(&table, "-");
		if (line.range)
			flags_text(line.range->flags, flags, sizeof(flags));
		table_add(&table, "%s", flags);
	}
	table_end(&table, stdout);
}

static void print_all(const struct mu_machine *machine, const struct mu_mm *mm)
{
	printf("%s: %s, pages of %s\n\n", machine->source,
	       size_text(mu_machine_ram(machine)),
	       size_text((uint64_t)1 << machine->page_shift));
	print_nodes(machine, mm);
	putchar('\n');
	print_zones(mm);
	putchar('\n');
	print_ranges(machine);
}

static void json_nodes(const struct mu_machine *machine, const struct mu_mm *mm)
{
	const char *comma = "";

	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		const struct mu_node *node = &mm->buddy.nodes[nid];
		const char *inner = "";

		if (!machine->nodes[nid].present)
			continue;
		printf("%s{\"node\":%u,\"cpus\":%u,\"bytes\":%" PRIu64
		       ",\"start\":%" PRIu64 ",\"end\":%" PRIu64
		       ",\"distances\":{",
		       comma, nid, machine->nodes[nid].nr_cpus,
		       node->present_pages << mm->page_shift,
		       node->start_pfn << mm->page_shift,
		       node->end_pfn << mm->page_shift);
		comma = ",";
		for (unsigned to = 0; to < machine->nr_nodes; to++) {
			if (!machine->nodes[to].present)
				continue;
			printf("%s\"%u\":%u", inner, to,
			       machine->distances[nid * machine->max_nodes +
						  to]);
			inner = ",";
		}
		printf("}}");
	}
}

static void json_zones(const struct mu_mm *mm)
{
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];
		unsigned shift = mm->page_shift;

		printf("%s{\"node\":%d,\"zone\":\"%s\",\"start\":%" PRIu64
		       ",\"end\":%" PRIu64 ",\"present\":%" PRIu64
		       ",\"managed\":%" PRIu64 "}",
		       i ? "," : "", zone->nid, mu_zone_type_str(zone->type),
		       zone->start_pfn << shift, zone->end_pfn << shift,
		       zone->present_pages << shift,
		       zone->managed_pages << shift);
	}
}

static void json_ranges(const struct mu_machine *machine)
{
	struct line line = {0};
	unsigned index = 0;
	const char *comma = "";

	while (next_line(machine, &line, &index)) {
		char flags[64] = "";

		printf("%s{\"start\":%" PRIu64 ",\"end\":%" PRIu64
		       ",\"type\":\"%s\",\"node\":",
		       comma, line.base, line.base + line.size, type_of(&line));
		comma = ",";
		if (line.range && line.range->nid != MU_NO_NODE)
			printf("%d", line.range->nid);
		else
			printf("null");
		if (line.range)
			flags_text(line.range->flags, flags, sizeof(flags));
		printf(",\"flags\":\"%s\"}", flags);
	}
}

static void json_all(const struct mu_machine *machine, const struct mu_mm *mm)
{
	printf("{\"machine\":{\"source\":");
	json_string(stdout, machine->source);
	printf(",\"bytes\":%" PRIu64 ",\"cpus\":%u,\"page_size\":%u},"
	       "\"nodes\":[",
	       mu_machine_ram(machine), mu_machine_cpus(machine),
	       1u << machine->page_shift);
	json_nodes(machine, mm);
	printf("],\"zones\":[");
	json_zones(mm);
	printf("],\"ranges\":[");
	json_ranges(machine);
	printf("]}\n");
}

static bool draw(const char *path, const struct mu_machine *machine,
		 const struct mu_mm *mm)
{
	bool to_stdout = !strcmp(path, "-");
	FILE *out = to_stdout ? stdout : fopen(path, "w");
	const char *why = NULL;

	if (!out) {
		why = strerror(errno);
	} else {
		if (!svg_draw(out, machine, mm))
			why = mu_status_str(MU_ERR_NOMEM);
		if ((fflush(out) || ferror(out)) && !why)
			why = strerror(errno);
		if (!to_stdout && fclose(out) && !why)
			why = strerror(errno);
	}
	if (why)
		fprintf(stderr, "memup show: %s: %s\n",
			to_stdout ? "standard output" : path, why);
	return !why;
}

struct options {
	const char *const *machine; /* @nr_machine sources of one */
	unsigned nr_machine;
	const char *cmdline; /* NULL: none */
	const char *svg;
	bool json;
};

static int show(const struct options *options)
{
	struct mu_config config = mu_config_default();
	const char *svg = options->svg;
	struct mu_error error = {0};
	struct mu_machine *machine;
	struct bringup *bringup;
	enum mu_status status;
	bool drawn = true;

	if (mu_machine_load_all(&machine, options->machine, options->nr_machine,
				options->cmdline, &error) != MU_OK) {
		fprintf(stderr, "memup show: %s\n", error.text);
		return EXIT_USAGE;
	}
	bringup = malloc(sizeof(*bringup));
	status = bringup ? MU_OK : MU_ERR_NOMEM;
	if (status == MU_OK && options->cmdline)
		status = mu_config_apply_cmdline(
			&config, machine, options->cmdline,
			strlen(options->cmdline), &error);
	if (status == MU_OK)
		status = bringup_start(bringup, machine, &config, 0, &error);
	if (status != MU_OK) {
		fprintf(stderr, "memup show: %s: %s\n", machine->source,
			error.text[0] ? error.text : mu_status_str(status));
	} else {
		if (svg)
			drawn = draw(svg, machine, &bringup->mm);
		if (options->json)
			json_all(machine, &bringup->mm);
		else if (!svg)
			print_all(machine, &bringup->mm);
		bringup_end(bringup);
	}
	free(bringup);
	mu_machine_unload(machine);
	return status == MU_OK && drawn ? EXIT_DONE : EXIT_USAGE;
}

static int run_show(int argc, char **argv)
{
	static const struct option longs[] = {
		{"cmdline", required_argument, NULL, 'k'},
		{"svg", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'j') {
			options.json = true;
		} else if (option == 'k') {
			options.cmdline = optarg;
		} else if (option == 's') {
			options.svg = optarg;
		} else if (option == 'h') {
			fputs(help, stdout);
			return EXIT_DONE;
		} else {
			return EXIT_USAGE;
		}
	}
	if (options.json && options.svg && !strcmp(options.svg, "-")) {
		fprintf(stderr, "memup show: --json and --svg - both want "
				"standard output\n");
		return EXIT_USAGE;
	}
	options.machine = (const char *const *)argv + optind;
	options.nr_machine = (unsigned)(argc - optind);
	return show(&options);
}

const struct command command_show = {
	.name = "show",
	.summary = "print a machine's nodes, zones and ranges",
	.help = help,
	.run = run_show,
};
