// SPDX-License-Identifier: MIT
/*
 * memup hotplug: memory comes to a running machine, and goes.
 */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "cli/command.h"
#include "cli/hotplug_run.h"
#include "cli/run_options.h"
#include "cli/text.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup hotplug [MACHINE] --add SIZE [--remove SIZE] [--step "
	"SIZE]\n"
	"                     [--used SIZE] [--online WHERE] [--node N]\n"
	"                     [--hosted] [--policy POLICY] [--threads N] "
	"[--json]\n"
	"\n"
	"Bring a machine up, and while threads allocate and free its RAM\n"
	"add memory past its end and past 4G, as a new node; check that every\n"
	"page is accounted for; remove the end of it again, and check again.\n"
	"\n"
	"MACHINE    as `memup boot` takes it; without it: this host\n"
	"--add      such as 512G; a multiple of 32768 pages (128M of 4K)\n"
	"--remove   how much to remove again; the default is all\n"
	"--step     how much at once; the default is all of it\n"
	"--used     how much of its beginning is allocated, in blocks of 1024 "
	"pages,\n"
	"           before it goes; its client moves what is requested\n"
	"--online   kernel (the default), movable, ratio (movable unless there "
	"is\n"
	"           too much of that), or offline: only added\n"
	"--node     an existing node, instead of a new one\n"
	"--hosted   the memory hosts its own descriptors\n"
	"--policy   eager, deferred: all descriptors are written once it is "
	"online;\n"
	"           those of the machine at boot, by one CPU or by all\n"
	"           lazy: on demand\n"
	"           all: one after the other (the default)\n"
	"--threads  how many write descriptors; the default is as many as "
	"this\n"
	"           host and the machine have CPUs\n"
	"--json     one JSON object instead of the table\n"
	"\n"
	"Columns, a row for adding and one for removing: total time; its part "
	"under\n"
	"the hotplug lock, and the longest single time; descriptors written "
	"and\n"
	"memory behind descriptors afterwards, of the whole machine; blocks "
	"that the\n"
	"client moved. Then what the allocating threads saw meanwhile: the "
	"number of\n"
	"allocations of all orders, failures, the longest wait.\n"
	"\n"
	"This host's memory for descriptors is populated before times are "
	"measured,\n"
	"except for lazy ones and those that the new memory hosts. If it has "
	"fewer\n"
	"idle CPUs than there are threads, times include what other programs "
	"took.\n"
	"\n"
	"Exit codes: 0 done, 1 the machine does not validate, 2 bad input.\n";

struct options {
	const char *machine; /* NULL: this host */
	const char *node;    /* NULL: a new one */
	bool some;	     /* --remove was said */
	struct run_options run;
	struct hotplug_ask ask;
};

static bool parse_bytes(const char *name, const char *text, uint64_t *bytes)
{
	if (parse_size(text, bytes) && *bytes)
		return true;
	fprintf(stderr, "memup hotplug: --%s '%s' is not a size such as 512G\n",
		name, text);
	return false;
}

static bool parse_online(const char *text, struct hotplug_ask *ask)
{
	for (unsigned i = 0; i <= MU_ONLINE_RATIO; i++) {
		if (strcmp(text, mu_online_str((enum mu_online)i)) != 0)
			continue;
		ask->online = (enum mu_online)i;
		return true;
	}
	fprintf(stderr,
		"memup hotplug: --online '%s' is not one of kernel, movable, "
		"ratio, offline\n",
		text);
	return false;
}

static bool parse_option(int option, const char *text, struct options *options)
{
	struct hotplug_ask *ask = &options->ask;

	switch (option) {
	case 'a':
		return parse_bytes("add", text, &ask->add);
	case 'r':
		options->some = true;
		return parse_bytes("remove", text, &ask->remove);
	case 's':
		return parse_bytes("step", text, &ask->step);
	case 'u':
		return parse_bytes("used", text, &ask->used);
	case 'o':
		return parse_online(text, ask);
	case 'n':
		options->node = text;
		return true;
	case 'H':
		return ask->hosted = true;
	default:
		return run_option(&options->run, option, text);
	}
}

/* EXIT_DONE: go on; else the exit code, or -1 when help was all. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"add", required_argument, NULL, 'a'},
		{"remove", required_argument, NULL, 'r'},
		{"step", required_argument, NULL, 's'},
		{"used", required_argument, NULL, 'u'},
		{"online", required_argument, NULL, 'o'},
		{"node", required_argument, NULL, 'n'},
		{"hosted", no_argument, NULL, 'H'},
		{"help", no_argument, NULL, 'h'},
		RUN_LONG_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct hotplug_ask *ask = &options->ask;
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout), -1;
		if (!parse_option(option, optarg, options))
			return EXIT_USAGE;
	}
	if (!ask->add) {
		fputs("memup hotplug: --add is missing, such as --add 512G\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (!run_machine(&options->run, argc, argv, &options->machine))
		return EXIT_USAGE;
	ask->remove = options->some ? ask->remove : ask->add;
	if (!ask->step || ask->step > ask->add)
		ask->step = ask->add;
	return EXIT_DONE;
}

/* Do the sizes fit each other? */
static bool sizes_fit(const struct mu_machine *machine,
		      const struct hotplug_ask *ask)
{
	mu_phys_t section = MU_SECTION_PAGES << machine->page_shift;
	const struct {
		const char *name;
		mu_phys_t bytes, unit;
	} whole[] = {
		{"add", ask->add, section},
		{"remove", ask->remove, section},
		{"step", ask->step, section},
		{"used", ask->used, MU_BLOCK_PAGES << machine->page_shift}};

	for (unsigned i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (whole[i].bytes % whole[i].unit == 0)
			continue;
		fprintf(stderr,
			"memup hotplug: --%s %s: with pages of %s it must be a "
			"multiple of %s\n",
			whole[i].name, size_text(whole[i].bytes),
			size_text((mu_phys_t)1 << machine->page_shift),
			size_text(whole[i].unit));
		return false;
	}
	if (ask->remove > ask->add || ask->used > ask->add) {
		fprintf(stderr,
			"memup hotplug: --add %s is less than --%s %s\n",
			size_text(ask->add),
			ask->remove > ask->add ? "remove" : "used",
			size_text(ask->remove > ask->add ? ask->remove
							 : ask->used));
		return false;
	}
	/* Memory that hosts its descriptors goes in the pieces in which it
	 * came, and steps are counted from both ends. */
	if (ask->hosted && (ask->add % ask->step || ask->remove % ask->step)) {
		fprintf(stderr,
			"memup hotplug: --hosted: memory goes as it came, so "
			"--add and --remove must be multiples of --step %s\n",
			size_text(ask->step));
		return false;
	}
	if (ask->online == MU_ONLINE_NO && ask->used) {
		fputs("memup hotplug: --used: memory that is offline cannot "
		      "be\n",
		      stderr);
		return false;
	}
	if (hotplug_base(machine) + ask->add <= MU_PHYS_MAX)
		return true;
	fprintf(stderr,
		"memup hotplug: %s: --add %s passes the end of physical "
		"addresses, %s\n",
		machine->source, size_text(ask->add), size_text(MU_PHYS_MAX));
	return false;
}

static bool set_node(const struct mu_machine *machine, struct options *options)
{
	uint64_t node;

	options->ask.nid = MU_NO_NODE;
	if (!options->node && machine->nr_nodes < MU_MAX_NODES)
		return true;
	if (options->node && parse_size(options->node, &node) &&
	    node < machine->nr_nodes) {
		options->ask.nid = (int)node;
		return true;
	}
	fprintf(stderr, "memup hotplug: --node '%s': %s has nodes 0 to %u\n",
		options->node ? options->node : "", machine->source,
		machine->nr_nodes - 1);
	return false;
}

/* Can this host do what is asked? What it cannot of `all' is left out. */
static bool is_possible(const struct mu_machine *machine,
			struct options *options)
{
	uint64_t need = bringup_memmap_bytes(machine) +
			(options->ask.add >> machine->page_shift) *
				sizeof(struct mu_page);

	if (!sizes_fit(machine, &options->ask) || !set_node(machine, options) ||
	    !run_fits(&options->run, machine, need, "descriptors", ""))
		return false;
	options->ask.threads = options->run.threads;
	return true;
}

static void print_part(struct table *table, const struct hotplug_run *run,
		       const char *what, mu_phys_t size,
		       const struct hotplug_part *part, uint64_t moved)
{
	table_add(table, "%s", mu_policy_str(run->policy));
	table_add(table, "%s %s", what, size_text(size));
	table_add(table, "%s", time_text(part->ns));
	table_add(table, "%s", time_text(part->lock_ns));
	table_add(table, "%s", time_text(part->lock_ns_max));
	table_add(table, "%s", count_text(part->written));
	table_add(table, "%s", size_text(part->memmap));
	table_add(table, "%s", count_text(moved));
}

static void print_table(const struct mu_machine *machine,
			const struct hotplug_ask *ask,
			const struct hotplug_run *runs, unsigned nr)
{
	static const char *const change[] = {
		"policy",   "what",	    ">total",  ">under lock",
		">longest", ">descriptors", ">memmap", ">moved",
	};
	static const char *const saw[] = {"policy", LOAD_COLUMNS, "valid"};
	struct table table;

	printf("%s: %s, and %s from 0x%" PRIx64
	       " on as %snode %d, online: %s%s",
	       machine->source, size_text(mu_machine_ram(machine)),
	       size_text(ask->add), (uint64_t)hotplug_base(machine),
	       ask->nid == MU_NO_NODE ? "new " : "", hotplug_node(machine, ask),
	       mu_online_str(ask->online),
	       ask->hosted ? ", hosting its descriptors" : "");
	if (ask->step < ask->add)
		printf(", in steps of %s", size_text(ask->step));
	fputs("\n\n", stdout);
	table_begin(&table, sizeof(change) / sizeof(change[0]), change);
	for (unsigned i = 0; i < nr; i++) {
		print_part(&table, &runs[i], "add", ask->add, &runs[i].add, 0);
		print_part(&table, &runs[i], "remove", ask->remove,
			   &runs[i].remove, runs[i].moved);
	}
	table_end(&table, stdout);
	putchar('\n');
	table_begin(&table, sizeof(saw) / sizeof(saw[0]), saw);
	for (unsigned i = 0; i < nr; i++) {
		const struct hotplug_run *run = &runs[i];

		table_add(&table, "%s", mu_policy_str(run->policy));
		load_cells(&table, &run->saw);
		table_add(&table, "%s", run->valid ? "yes" : "NO");
	}
	table_end(&table, stdout);
}

static void json_part(const char *name, const struct hotplug_part *part)
{
	printf(",\"%s\":{\"ns\":%" PRIu64 ",\"lock_ns\":%" PRIu64
	       ",\"lock_ns_max\":%" PRIu64 ",\"descriptors_written\":%" PRIu64
	       ",\"memmap_bytes\":%" PRIu64 "}",
	       name, part->ns, part->lock_ns, part->lock_ns_max, part->written,
	       part->memmap);
}

static void print_json(const struct mu_machine *machine,
		       const struct hotplug_ask *ask,
		       const struct hotplug_run *runs, unsigned nr)
{
	printf("{\"machine\":{\"source\":");
	json_string(stdout, machine->source);
	printf(",\"bytes\":%" PRIu64 "},\"add_bytes\":%" PRIu64
	       ",\"remove_bytes\":%" PRIu64 ",\"step_bytes\":%" PRIu64
	       ",\"used_bytes\":%" PRIu64
	       ",\"node\":%d,\"online\":\"%s\",\"hosted\":%s,\"threads\":%u,"
	       "\"runs\":[",
	       mu_machine_ram(machine), ask->add, ask->remove, ask->step,
	       ask->used, hotplug_node(machine, ask),
	       mu_online_str(ask->online), ask->hosted ? "true" : "false",
	       ask->threads);
	for (unsigned i = 0; i < nr; i++) {
		const struct hotplug_run *run = &runs[i];

		printf("%s{\"policy\":\"%s\"", i ? "," : "",
		       mu_policy_str(run->policy));
		json_part("add", &run->add);
		json_part("remove", &run->remove);
		printf(",\"moved\":%" PRIu64 ",", run->moved);
		load_json(stdout, &run->saw);
		printf(",\"valid\":%s}", run->valid ? "true" : "false");
	}
	printf("]}\n");
}

static int run_all(const struct mu_machine *machine, struct options *options)
{
	const struct hotplug_ask *ask = &options->ask;
	struct hotplug_run runs[MU_POLICY_LAZY + 1];
	struct mu_error error = {0};
	unsigned nr = 0;
	int code = EXIT_DONE;

	if (!is_possible(machine, options))
		return EXIT_USAGE;
	for (unsigned i = 0; i <= MU_POLICY_LAZY; i++) {
		struct hotplug_run *run = &runs[nr];
		enum mu_status status;

		if (!options->run.policy[i])
			continue;
		status = hotplug_run(run, machine, ask, (enum mu_policy)i,
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

static int run_hotplug(int argc, char **argv)
{
	struct options options = {
		.run = run_options_for("memup hotplug", true),
		.ask.online = MU_ONLINE_KERNEL,
	};
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (mu_machine_load(&machine, options.machine, &error) != MU_OK) {
		fprintf(stderr, "memup hotplug: %s\n", error.text);
		return EXIT_USAGE;
	}
	code = run_all(machine, &options);
	mu_machine_unload(machine);
	return code;
}

const struct command command_hotplug = {
	.name = "hotplug",
	.summary = "add memory to a running machine and remove it, measured",
	.help = help,
	.run = run_hotplug,
};
