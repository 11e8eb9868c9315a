// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include "cli/boot_report.h"
#include "cli/text.h"

static unsigned count_nodes(const struct mu_machine *machine)
{
	unsigned nodes = 0;

	for (unsigned i = 0; i < machine->nr_nodes; i++)
		nodes += machine->nodes[i].present;
	return nodes;
}

static void print_runs(const struct mu_machine *machine, const struct run *runs,
		       unsigned nr)
{
	static const char *const names[] = {
		"policy",	">first alloc", ">all usable", ">online",
		">descriptors", ">memmap",	">claims",     ">longest",
		">threads",	"valid",
	};
	struct table table;

	printf("%s: %s in %u node%s, %u CPU%s\n\n", machine->source,
	       size_text(mu_machine_ram(machine)), count_nodes(machine),
	       count_nodes(machine) == 1 ? "" : "s", mu_machine_cpus(machine),
	       mu_machine_cpus(machine) == 1 ? "" : "s");
	table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned i = 0; i < nr; i++) {
		const struct run *run = &runs[i];

		table_add(&table, "%s", mu_policy_str(run->policy));
		table_add(&table, "%s", time_text(run->first_alloc_ns));
		table_add(&table, "%s", time_text(run->usable_ns));
		table_add(&table, "%s",
			  run->is_online ? time_text(run->online_ns) : "-");
		table_add(&table, "%s", count_text(run->descriptors_written));
		table_add(&table, "%s", size_text(run->memmap_bytes));
		table_add(&table, "%s", count_text(run->claims));
		table_add(&table, "%s", time_text(run->claim_ns_max));
		table_add(&table, "%u", run->threads);
		table_add(&table, "%s", run->valid ? "yes" : "NO");
	}
	table_end(&table, stdout);
}

static void print_early(const struct run *runs, unsigned nr)
{
	static const char *const names[] = {
		"policy",	"consumer", ">asked",	       ">got",
		">allocations", ">runs",    ">blocks written", ">took",
	};
	struct table table;

	putchar('\n');
	table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned i = 0; i < nr * NR_EARLY_KINDS; i++) {
		enum early_kind kind = (enum early_kind)(i % NR_EARLY_KINDS);
		const struct run *run = &runs[i / NR_EARLY_KINDS];
		const struct early_row *row = &run->early.rows[kind];

		if (!row->asked)
			continue;
		table_add(&table, "%s", mu_policy_str(run->policy));
		table_add(&table, "%s", early_name(kind));
		table_add(&table, "%s",
			  row->wanted ? size_text(row->wanted) : "auto");
		table_add(&table, "%s",
			  row->status == MU_OK ? size_text(row->bytes)
					       : mu_status_str(row->status));
		table_add(&table, "%s", count_text(row->allocations));
		table_add(&table, "%s", count_text(row->runs));
		table_add(&table, "%s", count_text(row->blocks));
		table_add(&table, "%s", time_text(row->ns));
	}
	table_end(&table, stdout);
}

static bool has_early(const struct run *run)
{
	for (unsigned i = 0; i < NR_EARLY_KINDS; i++)
		if (run->early.rows[i].asked)
			return true;
	return false;
}

static void print_huge(const struct run *runs, unsigned nr)
{
	struct table table;

	putchar('\n');
	huge_begin(&table);
	for (unsigned i = 0; i < nr; i++)
		huge_add(&table, mu_policy_str(runs[i].policy), &runs[i].huge);
	table_end(&table, stdout);
}

void boot_tables(const struct mu_machine *machine, const struct run *runs,
		 unsigned nr)
{
	print_runs(machine, runs, nr);
	if (!nr)
		return;
	if (runs[0].reserve.nr) {
		putchar('\n');
		reserve_print_rows(&runs[0].reserve);
	}
	if (runs[0].huge.nr)
		print_huge(runs, nr);
	if (has_early(&runs[0]))
		print_early(runs, nr);
}

void boot_json(const struct mu_machine *machine, const struct run *runs,
	       unsigned nr)
{
	printf("{\"machine\":{\"source\":");
	json_string(stdout, machine->source);
	printf(",\"nodes\":%u,\"cpus\":%u,\"bytes\":%" PRIu64
	       ",\"ranges\":%u},\"runs\":[",
	       count_nodes(machine), mu_machine_cpus(machine),
	       mu_machine_ram(machine), machine->nr_ranges);
	for (unsigned i = 0; i < nr; i++) {
		const struct run *run = &runs[i];

		printf("%s{\"policy\":\"%s\",\"threads\":%u,"
		       "\"first_alloc_ns\":%" PRIu64 ",\"usable_ns\":%" PRIu64,
		       i ? "," : "", mu_policy_str(run->policy), run->threads,
		       run->first_alloc_ns, run->usable_ns);
		if (run->is_online)
			printf(",\"online_ns\":%" PRIu64, run->online_ns);
		else
			printf(",\"online_ns\":null");
		printf(",\"pages\":%" PRIu64 ",\"descriptors_written\":%" PRIu64
		       ",\"memmap_bytes\":%" PRIu64 ",\"claims\":%" PRIu64
		       ",\"claim_ns_max\":%" PRIu64 ",\"valid\":%s",
		       run->pages, run->descriptors_written, run->memmap_bytes,
		       run->claims, run->claim_ns_max,
		       run->valid ? "true" : "false");
		if (has_early(run)) {
			printf(",\"early\":");
			early_json(stdout, &run->early);
		}
		if (run->huge.nr) {
			printf(",\"huge_pages\":");
			huge_json(stdout, &run->huge);
		}
		putchar('}');
	}
	putchar(']');
	/* The same of every run. */
	if (nr)
		reserve_json(stdout, &runs[0].reserve, machine->page_shift);
	printf("}\n");
}
