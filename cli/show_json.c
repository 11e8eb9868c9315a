// SPDX-License-Identifier: MIT
/* `memup show --json`: all that the tables have, in bytes. */
#include <inttypes.h>
#include "cli/not_modelled.h"
#include "cli/show.h"
#include "cli/text.h"

static void json_nodes(FILE *out, const struct mu_machine *machine,
		       const struct mu_mm *mm)
{
	const char *comma = "";

	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		const struct mu_node *node = &mm->buddy.nodes[nid];
		const char *inner = "";

		if (!machine->nodes[nid].present)
			continue;
		fprintf(out,
			"%s{\"node\":%u,\"cpus\":%u,\"bytes\":%" PRIu64
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
			fprintf(out, "%s\"%u\":%u", inner, to,
				machine->distances[nid * machine->max_nodes +
						   to]);
			inner = ",";
		}
		fprintf(out, "}}");
	}
}

static void json_zones(FILE *out, const struct mu_mm *mm)
{
	for (unsigned i = 0; i < mm->buddy.nr_zones; i++) {
		const struct mu_zone *zone = &mm->buddy.zones[i];
		unsigned shift = mm->page_shift;

		fprintf(out,
			"%s{\"node\":%d,\"zone\":\"%s\",\"start\":%" PRIu64
			",\"end\":%" PRIu64 ",\"present\":%" PRIu64
			",\"managed\":%" PRIu64 "}",
			i ? "," : "", zone->nid, mu_zone_type_str(zone->type),
			zone->start_pfn << shift, zone->end_pfn << shift,
			zone->present_pages << shift,
			zone->managed_pages << shift);
	}
}

static void json_ranges(FILE *out, const struct mu_machine *machine)
{
	struct show_line line = {0};
	unsigned index = 0;
	const char *comma = "";

	while (show_next_line(machine, &line, &index)) {
		char flags[64] = "";

		fprintf(out,
			"%s{\"start\":%" PRIu64 ",\"end\":%" PRIu64
			",\"type\":\"%s\",\"node\":",
			comma, line.base, line.base + line.size,
			show_type(&line));
		comma = ",";
		if (line.range && line.range->nid != MU_NO_NODE)
			fprintf(out, "%d", line.range->nid);
		else
			fprintf(out, "null");
		if (line.range)
			show_flags(line.range->flags, flags, sizeof(flags));
		fprintf(out, ",\"flags\":\"%s\"}", flags);
	}
}

static void json_perf(FILE *out, const struct mu_machine *machine)
{
	static const char *const keys[MU_NR_PERF] = {
		[MU_PERF_READ_LATENCY] = "read_latency_ns",
		[MU_PERF_WRITE_LATENCY] = "write_latency_ns",
		[MU_PERF_READ_BANDWIDTH] = "read_bandwidth_mbs",
		[MU_PERF_WRITE_BANDWIDTH] = "write_bandwidth_mbs",
	};
	const char *comma = "";
	int from = -1, to = -1;

	while (show_next_perf(machine, &from, &to)) {
		fprintf(out, "%s{\"from\":%d,\"to\":%d", comma, from, to);
		comma = ",";
		for (unsigned what = 0; what < MU_NR_PERF; what++) {
			uint32_t value = mu_machine_perf(machine, from, to,
							 (enum mu_perf)what);

			if (value)
				fprintf(out, ",\"%s\":%" PRIu32, keys[what],
					value);
			else
				fprintf(out, ",\"%s\":null", keys[what]);
		}
		putc('}', out);
	}
}

void show_json(FILE *out, const struct shown *shown)
{
	const struct mu_machine *machine = shown->machine;
	char unmodelled[256];

	fprintf(out, "{\"machine\":{\"source\":");
	json_string(out, machine->source);
	fprintf(out, ",\"arch\":");
	json_string(out, mu_arch_str(machine->arch));
	fprintf(out,
		",\"bytes\":%" PRIu64 ",\"cpus\":%u,\"possible_cpus\":%u"
		",\"page_size\":%u,\"booted_with\":",
		mu_machine_ram(machine), mu_machine_cpus(machine),
		mu_machine_possible_cpus(machine), 1u << machine->page_shift);
	json_string(out, machine->cmdline);
	(void)parameters_not_modelled(machine, unmodelled, sizeof(unmodelled));
	fprintf(out, ",\"not_modelled\":");
	json_string(out, unmodelled);
	fprintf(out, "},\"nodes\":[");
	json_nodes(out, machine, shown->mm);
	fprintf(out, "],\"performance\":[");
	json_perf(out, machine);
	fprintf(out, "],\"zones\":[");
	json_zones(out, shown->mm);
	fprintf(out, "]");
	reserve_json(out, shown->reserve, machine->page_shift);
	fprintf(out, ",\"ranges\":[");
	json_ranges(out, machine);
	fprintf(out, "]}\n");
}
