// SPDX-License-Identifier: MIT
/*
 * memup boot: bring a machine up under each policy and measure it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/bringup.h"
#include "cli/command.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup boot [MACHINE] [--policy POLICY] [--threads N] [--json]\n"
	"\n"
	"Bring a machine's memory up for real (descriptors are written, a "
	"page\n"
	"is handed out), print one row for each policy, and check that every\n"
	"page is accounted for.\n"
	"\n"
	"MACHINE    a Linux boot log, `-` for one on standard input, or a\n"
	"           description: 64T, 8x1T/448 (8 nodes, 448 CPUs),\n"
	"           2G@0:0+2G@4G:1/8 (SIZE@ADDRESS:NODE), 64G,-1G@3G (a "
	"hole).\n"
	"           Without it: this host.\n"
	"--policy   eager: the boot CPU initialises all descriptors first\n"
	"           deferred: on demand, and the rest by threads on all nodes\n"
	"           lazy: on demand alone\n"
	"           all: one after the other (the default)\n"
	"--threads  how many threads finish the deferred policy; the default "
	"is\n"
	"           as many as this host and the machine have CPUs\n"
	"--json     one JSON object instead of the table\n"
	"\n"
	"The clock starts when the port is up (address space for the memmap "
	"is\n"
	"reserved, threads wait). Columns: the first page is allocated; every\n"
	"byte can be allocated; the last descriptor is written (`-`: some\n"
	"memory stays pristine); descriptors written; memmap memory in use;\n"
	"longest single claim, from claim to free list; threads.\n"
	"\n"
	"Exit codes: 0 done, 1 the machine does not validate, 2 bad input.\n";

struct options {
	const char *machine;
	bool policy[MU_POLICY_LAZY + 1];
	unsigned threads; /* 0: not said */
	bool json;
};

static bool parse_policy(const char *text, struct options *options)
{
	bool all = !strcmp(text, "all"), found = all;

	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++) {
		bool this = !strcmp(text, mu_policy_str((enum mu_policy)i));

		options->policy[i] = all || this;
		found |= this;
	}
	if (!found)
		fprintf(stderr,
			"memup boot: --policy '%s' is not one of eager, "
			"deferred, lazy, all\n",
			text);
	return found;
}

static bool parse_threads(const char *text, struct options *options)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !value ||
	    value > MU_MAX_CPUS) {
		fprintf(stderr,
			"memup boot: --threads '%s' is not a number from 1 to "
			"%d\n",
			text, MU_MAX_CPUS);
		return false;
	}
	options->threads = (unsigned)value;
	return true;
}

/* EXIT_DONE: go on; else the exit code, or -1 when help was all. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"policy", required_argument, NULL, 'p'},
		{"threads", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	parse_policy("all", options);
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		bool fine = true;

		if (option == 'p')
			fine = parse_policy(optarg, options);
		else if (option == 't')
			fine = parse_threads(optarg, options);
		else if (option == 'j')
			options->json = true;
		else if (option == 'h')
			return fputs(help, stdout), -1;
		else
			fine = false;
		if (!fine)
			return EXIT_USAGE;
	}
	if (optind < argc)
		options->machine = argv[optind++];
	if (optind < argc) {
		fprintf(stderr,
			"memup boot: one MACHINE at a time; '%s' is too many\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Can this host do what is asked? Said before anything is done. */
static bool is_possible(const struct mu_machine *machine,
			struct options *options)
{
	unsigned cpus = mu_machine_cpus(machine);
	uint64_t need = bringup_memmap_bytes(machine);
	uint64_t have = mu_hosted_available();

	if (options->threads > cpus) {
		fprintf(stderr,
			"memup boot: --threads %u, but %s has %u CPU%s, and a "
			"thread is a CPU of the machine\n",
			options->threads, machine->source, cpus,
			cpus == 1 ? "" : "s");
		return false;
	}
	if (!options->threads)
		options->threads = mu_hosted_cpus();
	if (options->threads > cpus)
		options->threads = cpus;
	for (unsigned i = 0; i < MU_POLICY_LAZY; i++) {
		if (!options->policy[i] || need < have - have / 16)
			continue;
		fprintf(stderr,
			"memup boot: %s: policy %s writes %s of memmap, and "
			"this host has %s of memory left; --policy lazy takes "
			"only what is used\n",
			machine->source, mu_policy_str((enum mu_policy)i),
			size_text(need), size_text(have));
		return false;
	}
	return true;
}

static unsigned count_nodes(const struct mu_machine *machine)
{
	unsigned nodes = 0;

	for (unsigned i = 0; i < machine->nr_nodes; i++)
		nodes += machine->nodes[i].present;
	return nodes;
}

static void print_table(const struct mu_machine *machine,
			const struct run *runs, unsigned nr)
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

static void print_json(const struct mu_machine *machine, const struct run *runs,
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
		       ",\"claim_ns_max\":%" PRIu64 ",\"valid\":%s}",
		       run->pages, run->descriptors_written, run->memmap_bytes,
		       run->claims, run->claim_ns_max,
		       run->valid ? "true" : "false");
	}
	printf("]}\n");
}

static int boot(const struct mu_machine *machine, struct options *options)
{
	struct run runs[MU_POLICY_LAZY + 1];
	struct mu_error error = {0};
	unsigned nr = 0;
	int code = EXIT_DONE;

	if (!is_possible(machine, options))
		return EXIT_USAGE;
	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++) {
		enum mu_status status;

		if (!options->policy[i])
			continue;
		status = bringup_run(&runs[nr], machine, (enum mu_policy)i,
				     options->threads, &error);
		if (status != MU_OK) {
			fprintf(stderr, "memup boot: %s: policy %s: %s\n",
				machine->source,
				mu_policy_str((enum mu_policy)i),
				error.text[0] ? error.text
					      : mu_status_str(status));
			return EXIT_USAGE;
		}
		if (!runs[nr].valid) {
			fprintf(stderr,
				"memup boot: policy %s: does not validate: "
				"%s\n",
				mu_policy_str((enum mu_policy)i),
				runs[nr].why.text);
			code = EXIT_NO;
		}
		nr++;
	}
	if (options->json)
		print_json(machine, runs, nr);
	else
		print_table(machine, runs, nr);
	return code;
}

static int run_boot(int argc, char **argv)
{
	struct options options = {0};
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (mu_machine_load(&machine, options.machine, &error) != MU_OK) {
		fprintf(stderr, "memup boot: %s\n", error.text);
		return EXIT_USAGE;
	}
	code = boot(machine, &options);
	mu_machine_unload(machine);
	return code;
}

const struct command command_boot = {
	.name = "boot",
	.summary = "bring a machine up under each policy, measured",
	.help = help,
	.run = run_boot,
};
