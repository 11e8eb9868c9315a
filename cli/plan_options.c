// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/plan_class.h"
#include "cli/plan_options.h"
#include "memup/base.h"

const char plan_help[] =
	"usage: memup plan [MACHINE...] [--svg FILE] [--json] [PARAMETERS]\n"
	"       memup plan --validate [--json]\n"
	"\n"
	"Predict how long initialising all of a machine's descriptors takes "
	"with 1,\n"
	"2, ... threads on each node, and where more threads stop paying off.\n"
	"\n"
	"MACHINE      as for `memup boot`; without it this host\n"
	"--svg FILE   write the curve as a picture; `-` is standard output, "
	"instead\n"
	"             of the table\n"
	"--json       one JSON object instead of the table\n"
	"--validate   compare the model with times that were published for "
	"six\n"
	"             machines; exit code 1 if the median error is above 15 %\n"
	"\n"
	"The model is T(n) = a / n + b: what threads do in parallel, and what "
	"the\n"
	"node's memory does serially. This host is measured (about a second);\n"
	"another machine has the rates of a class of machines, and where its "
	"HMAT\n"
	"tells a node's bandwidth, that:\n"
	"--class NAME      skylake (the default), broadwell, haswell, epyc,\n"
	"                  epyc-small, haswell-small (docs/report.md has "
	"their\n"
	"                  source), or host: what is measured here\n"
	"--rate GB/S       the rate of one thread, memory included\n"
	"--bandwidth GB/S  the rate of a node's memory with any number of "
	"threads\n"
	"--point N=MS      twice, instead of these: N threads on the largest "
	"node\n"
	"                  took MS milliseconds\n"
	"--chunk NS        the time to take a chunk of one section\n"
	"--start US        the time until helpers arrive; both 0 if not "
	"measured\n"
	"--smt N           threads per core (default: 1; for this host its "
	"own)\n"
	"--sibling PART    what a core's second thread adds (default 0.3)\n"
	"\n"
	"Nodes work in parallel; memory of a node without CPUs is counted at "
	"the\n"
	"nearest node that has some. The knee: the fewest threads that save 90 "
	"%\n"
	"of what all save, or one where all save less than 1 %.\n"
	"\n"
	"Exit codes: 0 done, 1 the model misses its goal, 2 bad input.\n";

static bool parse_number(const char *option, const char *text, double least,
			 double most, double *value)
{
	char *end;
	double number;

	errno = 0;
	number = strtod(text, &end);
	if (errno || end == text || *end || !(number >= least) ||
	    !(number <= most)) {
		fprintf(stderr,
			"memup plan: --%s '%s' is not a number from %g to %g\n",
			option, text, least, most);
		return false;
	}
	*value = number;
	return true;
}

/* N=MS */
static bool parse_point(const char *text, struct plan_options *options)
{
	const char *equals = strchr(text, '=');
	struct plan_point *point = &options->points[options->nr_points];
	char *end;
	unsigned long threads;

	if (options->nr_points == 2) {
		fputs("memup plan: --point: two are enough, and all that the "
		      "model takes\n",
		      stderr);
		return false;
	}
	errno = 0;
	threads = strtoul(text, &end, 10);
	if (errno || !equals || end != equals || *text == '-' || !threads ||
	    threads > MU_MAX_CPUS) {
		fprintf(stderr,
			"memup plan: --point '%s' is not THREADS=MILLISECONDS, "
			"with 1 to %d threads\n",
			text, MU_MAX_CPUS);
		return false;
	}
	if (!parse_number("point", equals + 1, 1e-6, 1e9, &point->ns))
		return false;
	point->ns *= 1e6;
	point->threads = (unsigned)threads;
	options->nr_points++;
	return true;
}

static bool parse_option(int option, const char *value,
			 struct plan_options *options)
{
	double number;

	switch (option) {
	case 's':
		options->svg = value;
		return true;
	case 'j':
		return options->json = true;
	case 'C':
		options->class = value;
		if (!strcmp(value, "host") || plan_class_find(value))
			return true;
		fprintf(stderr,
			"memup plan: --class '%s' is none of host, skylake, "
			"broadwell, haswell, epyc, epyc-small, haswell-small\n",
			value);
		return false;
	case 'v':
		return options->validate = true;
	case 'r':
		return parse_number("rate", value, 1e-3, 1e6, &options->rate);
	case 'b':
		return parse_number("bandwidth", value, 1e-3, 1e6,
				    &options->bandwidth);
	case 'c':
		return parse_number("chunk", value, 0, 1e9, &options->chunk_ns);
	case 'S':
		if (!parse_number("start", value, 0, 1e9, &number))
			return false;
		options->start_ns = 1e3 * number;
		return true;
	case 'i':
		return parse_number("sibling", value, 0, 1, &options->sibling);
	case 't':
		if (!parse_number("smt", value, 1, 8, &number))
			return false;
		options->smt = (unsigned)number;
		return true;
	case 'p':
		return parse_point(value, options);
	default:
		return false;
	}
}

int plan_parse(int argc, char **argv, struct plan_options *options)
{
	static const struct option longs[] = {
		{"svg", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"validate", no_argument, NULL, 'v'},
		{"class", required_argument, NULL, 'C'},
		{"rate", required_argument, NULL, 'r'},
		{"bandwidth", required_argument, NULL, 'b'},
		{"point", required_argument, NULL, 'p'},
		{"chunk", required_argument, NULL, 'c'},
		{"start", required_argument, NULL, 'S'},
		{"smt", required_argument, NULL, 't'},
		{"sibling", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct plan_options){
		.rate = NOT_SAID,
		.bandwidth = NOT_SAID,
		.chunk_ns = NOT_SAID,
		.start_ns = NOT_SAID,
		.sibling = PLAN_SIBLING,
	};
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return fputs(plan_help, stdout), -1;
		if (!parse_option(option, optarg, options))
			return EXIT_USAGE;
	}
	options->machine = (const char *const *)argv + optind;
	options->nr_machine = (unsigned)(argc - optind);
	if (options->validate && options->nr_machine) {
		fprintf(stderr,
			"memup plan: --validate has machines of its own; "
			"'%s' is too many\n",
			options->machine[0]);
		return EXIT_USAGE;
	}
	if (options->nr_points == 1 ||
	    (options->nr_points &&
	     (options->rate > 0 || options->bandwidth > 0))) {
		fputs("memup plan: --point comes twice, and without --rate "
		      "and --bandwidth\n",
		      stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}
