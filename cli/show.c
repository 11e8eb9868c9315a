// SPDX-License-Identifier: MIT
/*
 * memup show: a machine's nodes, zones and ranges, with the holes between them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/bringup.h"
#include "cli/command.h"
#include "cli/show.h"
#include "cli/svg.h"
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
	"           lists them all); several describe one machine together.\n"
	"           Without it: this host.\n"
	"--cmdline  kernel parameters, as in `memup boot --help`; those that "
	"the\n"
	"           machine was booted with apply as well\n"
	"--svg      draw it in FILE, `-` for standard output, instead of the\n"
	"           tables: the firmware's ranges and holes, a lane for each\n"
	"           node, zones in colour, what parameters reserve below; "
	"point\n"
	"           at a box to see more\n"
	"--json     one JSON object with everything that is in the tables\n"
	"\n"
	"Ends are the last byte. Zones end where Linux puts their ends on the\n"
	"machine's architecture, or where its log says; an unknown "
	"architecture\n"
	"counts as x86-64. Present is what is memory, managed what belongs to "
	"the\n"
	"allocator. What a command line reserves (crashkernel=, reserve_mem=) "
	"is\n"
	"listed, and so are the huge pages that it asks for.\n"
	"\n"
	"Exit codes: 0 done, 2 bad input or use.\n";

static bool draw(const char *path, const struct shown *shown)
{
	bool to_stdout = !strcmp(path, "-");
	FILE *out = to_stdout ? stdout : fopen(path, "w");
	const char *why = NULL;

	if (!out) {
		why = strerror(errno);
	} else {
		if (!svg_draw(out, shown))
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

static bool tell(const struct options *options, const struct shown *shown)
{
	bool drawn = true;

	if (options->svg)
		drawn = draw(options->svg, shown);
	if (options->json)
		show_json(stdout, shown);
	else if (!options->svg)
		show_tables(shown);
	return drawn;
}

static int show(const struct options *options)
{
	struct mu_error error = {0};
	struct mu_machine *machine;
	struct mu_config config;
	struct bringup *bringup;
	struct reserve reserve;
	enum mu_status status;
	int code = EXIT_USAGE;

	if (mu_machine_load_all(&machine, options->machine, options->nr_machine,
				options->cmdline, &error) != MU_OK) {
		fprintf(stderr, "memup show: %s\n", error.text);
		return EXIT_USAGE;
	}
	bringup = malloc(sizeof(*bringup));
	status = bringup ? bringup_config(&config, machine, options->cmdline,
					  &error)
			 : MU_ERR_NOMEM;
	if (status == MU_OK)
		status = bringup_start(bringup, machine, &config, 0,
				       options->cmdline, &reserve, &error);
	if (status != MU_OK) {
		fprintf(stderr, "memup show: %s: %s\n", machine->source,
			error.text[0] ? error.text : mu_status_str(status));
	} else {
		struct shown shown = {machine, &bringup->mm, &reserve};

		if (tell(options, &shown))
			code = EXIT_DONE;
		bringup_end(bringup);
	}
	free(bringup);
	mu_machine_unload(machine);
	return code;
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
