// SPDX-License-Identifier: MIT
/*
 * memup boot: bring a machine up under each policy and measure it.
 */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "cli/boot_report.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup boot [MACHINE...] [--cmdline TEXT] [--policy POLICY]\n"
	"                  [--threads N] [--json]\n"
	"                  [--hash-entries N] [--percpu SIZE]\n"
	"                  [--trace-buf-size SIZE]\n"
	"\n"
	"Bring a machine's memory up for real (descriptors are written, a "
	"page\n"
	"is handed out), print one row for each policy, and check that every\n"
	"page is accounted for.\n"
	"\n"
	"MACHINE    a file, recognised by its contents: a Linux boot log, "
	"ACPI\n"
	"           tables or what acpidump or iasl -d prints, a device tree\n"
	"           (.dtb), /proc/iomem, /proc/zoneinfo, what lsmem or "
	"numactl\n"
	"           --hardware prints, what `grep -r .` or `tail -n +1` "
	"prints\n"
	"           of /sys/firmware/memmap or /sys/devices/system/node; `-` "
	"for\n"
	"           standard input; a directory like /sys/firmware/acpi/tables "
	"or\n"
	"           /sys/firmware/memmap; or a description: 64T, 8x1T/448\n"
	"           (8 nodes, 448 CPUs), 2G@0:0+2G@4G:1/8 "
	"(SIZE@ADDRESS:NODE),\n"
	"           64G,-1G@3G (a hole). Several describe one machine "
	"together:\n"
	"           ranges of all of them, nodes of ACPI or else of the first\n"
	"           that has any. Without it: this host.\n"
	"--cmdline  kernel parameters, such as \"mem=4G memmap=1G$8G\":\n"
	"           mem, memmap, numa, kernelcore, movablecore, movable_node,\n"
	"           crashkernel, reserve_mem, hugepages, hugepagesz. Those "
	"that\n"
	"           a log's machine was booted with apply as well, except for\n"
	"           what is in its map already; crashkernel= and hugepages= "
	"here\n"
	"           replace them\n"
	"--policy   eager: the boot CPU initialises all descriptors first\n"
	"           deferred: on demand, and the rest by threads on all nodes\n"
	"           lazy: only on demand\n"
	"           all: one after the other (the default); those for which "
	"this\n"
	"           host has no memory are left out, with a message\n"
	"--threads  how many threads finish the deferred policy; the default "
	"is\n"
	"           as many as this host and the machine have CPUs\n"
	"--json     one JSON object instead of the table\n"
	"\n"
	"Memory for the boot itself, requested after the first page is "
	"allocated\n"
	"and before threads begin; a second table, or \"early\" in the JSON, "
	"shows\n"
	"what it got:\n"
	"--hash-entries    a hash table of N buckets of 8 bytes, rounded down\n"
	"                  to a power of two, and halved until it fits in a "
	"16th\n"
	"                  of memory; `auto`: one per 8K of memory\n"
	"--percpu          SIZE for each CPU in one piece, on its node\n"
	"--trace-buf-size  SIZE for each CPU in single pages\n"
	"\n"
	"The clock starts when the port is up (address space for the memmap "
	"is\n"
	"reserved, threads wait). Columns: the first page is allocated; every\n"
	"byte can be allocated; the last descriptor is written (`-`: some\n"
	"memory stays pristine); descriptors written; memmap memory in use;\n"
	"longest single claim, from claim to free list; threads.\n"
	"\n"
	"Huge pages that parameters ask for are allocated then, too, and kept: "
	"a\n"
	"table, or \"huge_pages\", shows how many there were.\n"
	"\n"
	"Exit codes: 0 done, 1 the machine does not validate, or did not give\n"
	"what the boot asked for, 2 bad input.\n";

struct options {
	const char *const *machine; /* @nr_machine sources of one */
	unsigned nr_machine;
	const char *cmdline; /* NULL: none */
	struct mu_config config;
	struct run_options run;
	struct early_ask ask;
};

/* The size after --@name. */
static bool parse_bytes(const char *name, const char *text, uint64_t *bytes)
{
	if (parse_size(text, bytes) && *bytes)
		return true;
	fprintf(stderr,
		"memup boot: --%s '%s' is not a size from 1 to 4P, such as "
		"64K or 100M\n",
		name, text);
	return false;
}

static bool parse_hash(const char *text, struct early_ask *ask)
{
	ask->hash_from_memory = !strcmp(text, "auto");
	if (ask->hash_from_memory ||
	    (parse_size(text, &ask->hash_entries) && ask->hash_entries))
		return true;
	fprintf(stderr,
		"memup boot: --hash-entries '%s' is not `auto` or a number "
		"from 1 to 4P, such as 1048576 or 1M\n",
		text);
	return false;
}

static bool parse_percpu(const char *text, struct early_ask *ask)
{
	const uint64_t most = MU_BLOCK_PAGES << MU_PAGE_SHIFT_MIN;

	if (!parse_bytes("percpu", text, &ask->percpu_bytes))
		return false;
	if (ask->percpu_bytes <= most)
		return true;
	fprintf(stderr,
		"memup boot: --percpu '%s' is over %s, the largest piece\n",
		text, size_text(most));
	return false;
}

/* EXIT_DONE: go on; else the exit code, or -1 when help was all. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"cmdline", required_argument, NULL, 'k'},
		{"hash-entries", required_argument, NULL, 'e'},
		{"percpu", required_argument, NULL, 'c'},
		{"trace-buf-size", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		RUN_LONG_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		bool fine = true;

		if (option == 'k')
			options->cmdline = optarg;
		else if (option == 'e')
			fine = parse_hash(optarg, &options->ask);
		else if (option == 'c')
			fine = parse_percpu(optarg, &options->ask);
		else if (option == 'b')
			fine = parse_bytes("trace-buf-size", optarg,
					   &options->ask.trace_bytes);
		else if (option == 'h')
			return fputs(help, stdout), -1;
		else
			fine = run_option(&options->run, option, optarg);
		if (!fine)
			return EXIT_USAGE;
	}
	options->machine = (const char *const *)argv + optind;
	options->nr_machine = (unsigned)(argc - optind);
	return EXIT_DONE;
}

/* Can this host do what is asked? Checked before anything is done; of `all'
 * policies only those stay that it can run. */
static bool is_possible(const struct mu_machine *machine,
			struct options *options)
{
	uint64_t need = bringup_memmap_bytes(machine);
	uint64_t have = mu_hosted_available();
	uint64_t early = early_bytes(&options->ask, machine);
	struct reserve reserve;

	if (!run_fits(&options->run, machine, need, "memmap",
		      "; --policy lazy takes only what is used"))
		return false;
	early = (early >> machine->page_shift) * sizeof(struct mu_page);
	if (reserve_read_pools(&reserve, machine, options->cmdline, NULL) ==
	    MU_OK)
		early += huge_memmap_bytes(&reserve, machine->page_shift, need);
	if (early < have - have / 16)
		return true;
	fprintf(stderr,
		"memup boot: %s: what the boot asks for has %s of memmap, and "
		"this host has %s of memory left\n",
		machine->source, size_text(early), size_text(have));
	return false;
}

/* Did the boot of @run get all that it asked for? Prints a message if not. */
static bool check_early(const struct mu_machine *machine, const struct run *run)
{
	bool all = true;

	for (unsigned i = 0; i < NR_EARLY_KINDS; i++) {
		const struct early_row *row = &run->early.rows[i];

		if (!row->asked || row->status == MU_OK)
			continue;
		fprintf(stderr, "memup boot: %s: policy %s: %s: %s for %s\n",
			machine->source, mu_policy_str(run->policy),
			early_name((enum early_kind)i),
			mu_status_str(row->status),
			row->wanted ? size_text(row->wanted) : "it");
		all = false;
	}
	return all;
}

static bool check_huge(const struct mu_machine *machine, const struct run *run)
{
	bool all = true;

	for (unsigned i = 0; i < run->huge.nr; i++) {
		const struct huge_row *row = &run->huge.row[i];

		if (row->got == row->asked)
			continue;
		fprintf(stderr,
			"memup boot: %s: policy %s: %s of %s huge pages of "
			"%s%s\n",
			machine->source, mu_policy_str(run->policy),
			count_text(row->got), count_text(row->asked),
			size_text(row->page_size),
			row->possible ? "" : ", which memup has none of");
		all = false;
	}
	return all;
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

		if (!options->run.policy[i])
			continue;
		options->config.policy = (enum mu_policy)i;
		status = bringup_run(&runs[nr], machine, &options->config,
				     options->cmdline, options->run.threads,
				     &options->ask, &error);
		if (!run_said(&options->run, machine, (enum mu_policy)i, status,
			      &error, runs[nr].valid ? NULL : &runs[nr].why,
			      &code))
			return EXIT_USAGE;
		if (!check_early(machine, &runs[nr]) ||
		    !check_huge(machine, &runs[nr]))
			code = EXIT_NO;
		nr++;
	}
	if (options->run.json)
		boot_json(machine, runs, nr);
	else
		boot_tables(machine, runs, nr);
	return code;
}

static int run_boot(int argc, char **argv)
{
	struct options options = {.run = run_options_for("memup boot", true)};
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (mu_machine_load_all(&machine, options.machine, options.nr_machine,
				options.cmdline, &error) != MU_OK) {
		fprintf(stderr, "memup boot: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (bringup_config(&options.config, machine, options.cmdline, &error) !=
	    MU_OK) {
		fprintf(stderr, "memup boot: kernel parameters: %s\n",
			error.text);
		code = EXIT_USAGE;
	} else {
		code = boot(machine, &options);
	}
	mu_machine_unload(machine);
	return code;
}

const struct command command_boot = {
	.name = "boot",
	.summary = "bring a machine up under each policy, measured",
	.help = help,
	.run = run_boot,
};
