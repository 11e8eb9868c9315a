// SPDX-License-Identifier: MIT
/*
 * memup device: persistent memory comes to a running machine.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/device_run.h"
#include "cli/run_options.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup device [MACHINE] --pmem [Nx]SIZE [--compound SIZE]\n"
	"                    [--altmap] [--policy POLICY] [--threads N] "
	"[--json]\n"
	"\n"
	"Bring a machine up, and while threads allocate and free its RAM\n"
	"register devices past its end, all at the same time, on its nodes in\n"
	"turn; look up a page in each; check that every page is accounted "
	"for;\n"
	"remove them and check again.\n"
	"\n"
	"MACHINE     as `memup boot` takes it; without it: this host\n"
	"--pmem      such as 4x3T: four devices of 3 TiB; multiples of 2M\n"
	"--compound  one descriptor for each 2M or 1G of a device (with pages\n"
	"            of 4K; else for 512 or 262144 of them)\n"
	"--altmap    the devices host their own descriptors in their own "
	"memory\n"
	"--policy    eager: all descriptors are written when registration "
	"returns\n"
	"            lazy: only those that are needed\n"
	"            all: one after the other (the default)\n"
	"--threads   how many write descriptors, of all devices; the default\n"
	"            is as many as this host and the machine have CPUs\n"
	"--json      one JSON object instead of the tables\n"
	"\n"
	"Columns: the longest time of one registration under the hotplug "
	"lock;\n"
	"the longest registration; all of them; the longest first lookup of a "
	"page;\n"
	"descriptors written; memory behind them in RAM, in the devices, and "
	"both\n"
	"per TiB of device. Then all removals, and the longest time of one "
	"under\n"
	"the lock; what the allocating threads saw meanwhile: the number of\n"
	"allocations of all orders, failures, the longest wait.\n"
	"\n"
	"This host's memory for descriptors is populated before times are "
	"measured,\n"
	"except for lazy ones and those in devices. If it has fewer idle CPUs "
	"than\n"
	"there are threads, times include what other programs took.\n"
	"\n"
	"Exit codes: 0 done, 1 the machine does not validate, 2 bad input.\n";

struct options {
	const char *machine; /* NULL: this host */
	const char *pmem, *compound;
	struct run_options run;
	struct device_ask ask;
};

static bool parse_pmem(const char *text, struct device_ask *ask)
{
	const char *size = text;
	char *end = NULL;
	unsigned long nr = 1;

	errno = 0;
	if (strncmp(text, "0x", 2) != 0)
		nr = strtoul(text, &end, 10);
	if (end && *end == 'x' && end != text && *text != '-' && !errno &&
	    nr >= 1 && nr <= DEVICE_MOST)
		size = end + 1;
	else
		nr = 1;
	ask->nr = (unsigned)nr;
	if (parse_size(size, &ask->size) && ask->size)
		return true;
	fprintf(stderr,
		"memup device: --pmem '%s' is not a size such as 3T, or 4x3T "
		"for up to %d of them\n",
		text, DEVICE_MOST);
	return false;
}

/* EXIT_DONE: go on; else the exit code, or -1 when help was all. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"pmem", required_argument, NULL, 'm'},
		{"compound", required_argument, NULL, 'c'},
		{"altmap", no_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		RUN_LONG_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		bool fine = true;

		if (option == 'm')
			fine = parse_pmem(options->pmem = optarg,
					  &options->ask);
		else if (option == 'c')
			options->compound = optarg;
		else if (option == 'a')
			options->ask.altmap = true;
		else if (option == 'h')
			return fputs(help, stdout), -1;
		else
			fine = run_option(&options->run, option, optarg);
		if (!fine)
			return EXIT_USAGE;
	}
	if (!options->pmem) {
		fputs("memup device: --pmem is missing, such as --pmem 4x3T\n",
		      stderr);
		return EXIT_USAGE;
	}
	return run_machine(&options->run, argc, argv, &options->machine)
		       ? EXIT_DONE
		       : EXIT_USAGE;
}

/* Which order --compound is, for pages of the machine's size. */
static bool set_order(const struct mu_machine *machine, struct options *options)
{
	uint64_t page = (uint64_t)1 << machine->page_shift, bytes;

	if (!options->compound)
		return true;
	if (parse_size(options->compound, &bytes)) {
		if (bytes == page << MU_HUGE_ORDER)
			options->ask.order = MU_HUGE_ORDER;
		else if (bytes == page << MU_GIGANTIC_ORDER)
			options->ask.order = MU_GIGANTIC_ORDER;
	}
	if (options->ask.order)
		return true;
	fprintf(stderr,
		"memup device: --compound '%s': with pages of %s it can be %s "
		"or %s\n",
		options->compound, size_text(page),
		size_text(page << MU_HUGE_ORDER),
		size_text(page << MU_GIGANTIC_ORDER));
	return false;
}

/* Can this host do what is asked? What it cannot of `all' is left out. */
static bool is_possible(const struct mu_machine *machine,
			struct options *options)
{
	uint64_t need = device_memmap_bytes(machine, &options->ask);
	mu_phys_t end = device_base(machine, &options->ask, options->ask.nr);

	if (options->ask.size > MU_PHYS_MAX || end > MU_PHYS_MAX) {
		fprintf(stderr,
			"memup device: %s: --pmem %s passes the end of "
			"physical addresses, %s\n",
			machine->source, options->pmem, size_text(MU_PHYS_MAX));
		return false;
	}
	if (!run_fits(&options->run, machine, need, "descriptors", ""))
		return false;
	options->ask.threads = options->run.threads;
	return true;
}

static uint64_t per_tib(const struct device_run *run,
			const struct device_ask *ask)
{
	uint64_t bytes = run->stats.backed + run->stats.hosted;

	return (uint64_t)((double)bytes * (double)MU_TIB /
			  ((double)ask->size * ask->nr));
}

static void print_table(const struct mu_machine *machine,
			const struct device_ask *ask,
			const struct device_run *runs, unsigned nr)
{
	static const char *const come[] = {
		"policy",  ">under lock",  ">registered",
		">all",	   ">first touch", ">written",
		">memmap", ">in device",   ">per TiB",
	};
	static const char *const go[] = {
		"policy", ">removed", ">under lock", LOAD_COLUMNS, "valid",
	};
	struct table table;

	printf("%s: %s, and %u device%s of %s from 0x%" PRIx64 " on\n\n",
	       machine->source, size_text(mu_machine_ram(machine)), ask->nr,
	       ask->nr == 1 ? "" : "s", size_text(ask->size),
	       (uint64_t)device_base(machine, ask, 0));
	table_begin(&table, sizeof(come) / sizeof(come[0]), come);
	for (unsigned i = 0; i < nr; i++) {
		const struct device_run *run = &runs[i];

		table_add(&table, "%s", run->lazy ? "lazy" : "eager");
		table_add(&table, "%s", time_text(run->lock_ns));
		table_add(&table, "%s", time_text(run->register_ns));
		table_add(&table, "%s", time_text(run->all_ns));
		table_add(&table, "%s", time_text(run->touch_ns));
		table_add(&table, "%s", count_text(run->stats.written));
		table_add(&table, "%s", size_text(run->stats.backed));
		table_add(&table, "%s", size_text(run->stats.hosted));
		table_add(&table, "%s", size_text(per_tib(run, ask)));
	}
	table_end(&table, stdout);
	putchar('\n');
	table_begin(&table, sizeof(go) / sizeof(go[0]), go);
	for (unsigned i = 0; i < nr; i++) {
		const struct device_run *run = &runs[i];

		table_add(&table, "%s", run->lazy ? "lazy" : "eager");
		table_add(&table, "%s", time_text(run->remove_ns));
		table_add(&table, "%s", time_text(run->remove_lock_ns));
		load_cells(&table, &run->saw);
		table_add(&table, "%s", run->valid ? "yes" : "NO");
	}
	table_end(&table, stdout);
}

static void print_json(const struct mu_machine *machine,
		       const struct device_ask *ask,
		       const struct device_run *runs, unsigned nr)
{
	printf("{\"machine\":{\"source\":");
	json_string(stdout, machine->source);
	printf(",\"bytes\":%" PRIu64 "},\"devices\":%u,\"bytes\":%" PRIu64
	       ",\"pages_per_descriptor\":%" PRIu64
	       ",\"altmap\":%s,\"threads\":%u,\"runs\":[",
	       mu_machine_ram(machine), ask->nr, ask->size,
	       (uint64_t)1 << ask->order, ask->altmap ? "true" : "false",
	       ask->threads);
	for (unsigned i = 0; i < nr; i++) {
		const struct device_run *run = &runs[i];

		printf("%s{\"policy\":\"%s\",\"lock_ns\":%" PRIu64
		       ",\"register_ns\":%" PRIu64 ",\"all_ns\":%" PRIu64
		       ",\"touch_ns\":%" PRIu64,
		       i ? "," : "", run->lazy ? "lazy" : "eager", run->lock_ns,
		       run->register_ns, run->all_ns, run->touch_ns);
		printf(",\"pages\":%" PRIu64 ",\"pages_reserved\":%" PRIu64
		       ",\"descriptors\":%" PRIu64
		       ",\"descriptors_written\":%" PRIu64
		       ",\"memmap_bytes\":%" PRIu64 ",\"hosted_bytes\":%" PRIu64
		       ",\"bytes_per_tib\":%" PRIu64,
		       run->stats.pages, run->stats.reserved,
		       run->stats.descriptors, run->stats.written,
		       run->stats.backed, run->stats.hosted, per_tib(run, ask));
		printf(",\"remove_ns\":%" PRIu64 ",\"remove_lock_ns\":%" PRIu64
		       ",",
		       run->remove_ns, run->remove_lock_ns);
		load_json(stdout, &run->saw);
		printf(",\"valid\":%s}", run->valid ? "true" : "false");
	}
	printf("]}\n");
}

static int run_all(const struct mu_machine *machine, struct options *options)
{
	const struct device_ask *ask = &options->ask;
	struct mu_error error = {0};
	struct device_run runs[2];
	unsigned nr = 0;
	int code = EXIT_DONE;

	if (!set_order(machine, options) || !is_possible(machine, options))
		return EXIT_USAGE;
	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++) {
		struct device_run *run = &runs[nr];
		enum mu_status status;

		if (!options->run.policy[i])
			continue;
		status = device_run(run, machine, ask, i == MU_POLICY_LAZY,
				    &error);
		if (!run_said(&options->run, machine, (enum mu_policy)i, status,
			      &error, run->valid ? NULL : &run->why, &code))
			return EXIT_USAGE;
		nr++;
	}
	if (options->run.json)
		print_json(machine, ask, runs, nr);
	else
		print_table(machine, ask, runs, nr);
	return code;
}

static int run_device(int argc, char **argv)
{
	struct options options = {
		.run = run_options_for("memup device", false)};
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (mu_machine_load(&machine, options.machine, &error) != MU_OK) {
		fprintf(stderr, "memup device: %s\n", error.text);
		return EXIT_USAGE;
	}
	code = run_all(machine, &options);
	mu_machine_unload(machine);
	return code;
}

const struct command command_device = {
	.name = "device",
	.summary = "register and remove terabytes of device memory, measured",
	.help = help,
	.run = run_device,
};
