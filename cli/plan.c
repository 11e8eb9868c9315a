// SPDX-License-Identifier: MIT
/*
 * memup plan: how long a machine would take, by threads on a node.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/plan_measure.h"
#include "cli/plan_svg.h"
#include "cli/plan_validate.h"
#include "cli/text.h"
#include "memup/memup.h"
#include "ports/hosted/hosted.h"
#include "ports/hosted/machine.h"

static const char help[] =
	"usage: memup plan [MACHINE] [--svg FILE] [--json] [PARAMETERS]\n"
	"       memup plan --validate [--json]\n"
	"\n"
	"Predict how long initialising all of a machine's descriptors takes "
	"with 1,\n"
	"2, ... threads on each node, and where more threads stop to pay.\n"
	"\n"
	"MACHINE      as for `memup boot`; without it this host\n"
	"--svg FILE   write the curve as a picture; `-` is standard output, "
	"instead\n"
	"             of the table\n"
	"--json       one JSON object instead of the table\n"
	"--validate   hold the model against times that were published for "
	"six\n"
	"             machines; exit code 1 if the median error is above "
	"15 %\n"
	"\n"
	"The model is T(n) = a / n + b: what threads do apart, and what the "
	"node's\n"
	"memory does for one at a time. It is calibrated on this host (about "
	"a\n"
	"second) unless you say it all:\n"
	"--rate GB/S       what one thread stores, memory included\n"
	"--bandwidth GB/S  what a node's memory takes from any number\n"
	"--point N=MS      twice, instead of these: N threads on the largest "
	"node\n"
	"                  took MS milliseconds\n"
	"--chunk NS        to take a chunk of one section\n"
	"--start US        until helpers are there; both 0 when nothing is "
	"measured\n"
	"--smt N           threads a core (default: 1; of this host: its "
	"own)\n"
	"--sibling PART    what a core's second thread adds (default 0.3)\n"
	"\n"
	"Nodes work side by side; memory of a node without CPUs is counted at "
	"the\n"
	"nearest node that has some. The knee: the fewest threads that save "
	"90 %\n"
	"of what all save.\n"
	"\n"
	"Exit codes: 0 done, 1 the model misses its goal, 2 bad input.\n";

#define NOT_SAID (-1.0)

struct options {
	const char *machine, *svg;
	bool json, validate;
	double rate, bandwidth; /* bytes/ns, as GB/s are; or NOT_SAID */
	double chunk_ns, start_ns, sibling;
	unsigned smt; /* 0: not said */
	struct plan_point points[2];
	unsigned nr_points;
};

struct plan {
	const struct mu_machine *machine;
	struct plan_node *nodes; /* those that have CPUs and memory */
	unsigned nr;
	unsigned threads; /* on a node, at most */
	struct plan_model model;
	bool measured; /* and this is what was: */
	struct plan_measured here;
};

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
static bool parse_point(const char *text, struct options *options)
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

static bool parse_option(int option, const char *value, struct options *options)
{
	double number;

	switch (option) {
	case 's':
		options->svg = value;
		return true;
	case 'j':
		return options->json = true;
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

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"svg", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"validate", no_argument, NULL, 'v'},
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

	*options = (struct options){
		.rate = NOT_SAID,
		.bandwidth = NOT_SAID,
		.chunk_ns = NOT_SAID,
		.start_ns = NOT_SAID,
		.sibling = PLAN_SIBLING,
	};
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout), -1;
		if (!parse_option(option, optarg, options))
			return EXIT_USAGE;
	}
	if (optind < argc)
		options->machine = argv[optind++];
	if (optind < argc || (options->validate && options->machine)) {
		fprintf(stderr,
			"memup plan: one MACHINE at a time, none with "
			"--validate; '%s' is too many\n",
			argv[optind < argc ? optind : optind - 1]);
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

/* The nearest node to @nid that has CPUs; a finished machine has one. */
static unsigned nearest_with_cpus(const struct mu_machine *machine,
				  unsigned nid)
{
	unsigned best = nid, least = UINT_MAX;

	for (unsigned to = 0; to < machine->nr_nodes; to++) {
		unsigned distance =
			machine->distances[(size_t)nid * machine->max_nodes +
					   to];

		if (machine->nodes[to].nr_cpus && distance < least) {
			least = distance;
			best = to;
		}
	}
	return best;
}

/* Fill plan->nodes from the machine. False without memory to do it. */
static bool make_nodes(struct plan *plan, unsigned smt)
{
	const struct mu_machine *machine = plan->machine;
	struct plan_node *all = calloc(machine->nr_nodes, sizeof(*all));

	if (!all)
		return false;
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type != MU_RANGE_RAM)
			continue;
		all[nearest_with_cpus(machine, (unsigned)range->nid)].pages +=
			range->size >> machine->page_shift;
	}
	for (unsigned nid = 0; nid < machine->nr_nodes; nid++) {
		unsigned cpus = machine->nodes[nid].nr_cpus;
		struct plan_node node = {
			.pages = all[nid].pages,
			.cores = (cpus + smt - 1) / smt,
			.cpus = cpus,
		};

		if (!node.pages || !cpus)
			continue;
		all[plan->nr++] = node;
		if (cpus > plan->threads)
			plan->threads = cpus;
	}
	plan->nodes = all;
	return true;
}

static const struct plan_node *largest(const struct plan *plan)
{
	const struct plan_node *node = plan->nodes;

	for (unsigned i = 1; i < plan->nr; i++)
		if (plan->nodes[i].pages > node->pages)
			node = &plan->nodes[i];
	return node;
}

/* The model from --point alone. */
static bool from_points(struct plan *plan, const struct options *options)
{
	const struct plan_point *points = options->points;
	const struct plan_node *node = largest(plan);

	for (unsigned i = 0; i < 2; i++) {
		if (points[i].threads <= node->cpus)
			continue;
		fprintf(stderr,
			"memup plan: --point %u=...: the largest node has %u "
			"CPUs\n",
			points[i].threads, node->cpus);
		return false;
	}
	if (plan_calibrate(&plan->model, node, &points[0], &points[1]))
		return true;
	fputs("memup plan: --point: both have the same number of threads\n",
	      stderr);
	return false;
}

/* Measure what was not said, then let what was said win. */
static bool make_model(struct plan *plan, const struct options *options)
{
	const double bytes = sizeof(struct mu_page);
	struct plan_model *model = &plan->model;
	struct mu_error error = {.text = "no memory"};

	*model = (struct plan_model){.sibling = options->sibling,
				     .chunk = MU_SECTION_PAGES};
	plan->measured = !options->nr_points &&
			 (options->rate < 0 || options->bandwidth < 0);
	if (plan->measured && plan_measure(model, &plan->here, &error)) {
		fprintf(stderr, "memup plan: cannot measure here: %s\n",
			error.text);
		return false;
	}
	if (options->chunk_ns >= 0)
		model->chunk_ns = options->chunk_ns;
	if (options->start_ns >= 0)
		model->start_ns = options->start_ns;
	if (options->nr_points)
		return from_points(plan, options);
	if (options->rate > 0 || options->bandwidth > 0) {
		double page = options->rate > 0
				      ? bytes / options->rate
				      : model->thread_ns + model->node_ns;

		if (options->bandwidth > 0)
			model->node_ns = bytes / options->bandwidth;
		model->thread_ns = page - model->node_ns;
	}
	if (model->thread_ns >= 0)
		return true;
	fprintf(stderr,
		"memup plan: one thread stores %.2f GB/s, more than the %.2f "
		"that a node's memory takes\n",
		bytes / (model->thread_ns + model->node_ns),
		bytes / model->node_ns);
	return false;
}

/* Is @threads worth a row? Round numbers, parts of all, the knee. */
static bool is_row(const struct plan *plan, unsigned knee, unsigned threads)
{
	unsigned all = plan->threads;

	return threads <= 4 || threads == knee || threads == all ||
	       threads == (all + 3) / 4 || threads == (all + 1) / 2 ||
	       !(threads & (threads - 1)) || (all <= 16);
}

static double longest(const struct plan *plan, unsigned threads)
{
	return plan_longest(&plan->model, plan->nodes, plan->nr, threads);
}

static uint64_t all_pages(const struct plan *plan)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < plan->nr; i++)
		pages += plan->nodes[i].pages;
	return pages;
}

/* With @threads on a node, or as many as it has CPUs. */
static unsigned all_threads(const struct plan *plan, unsigned threads)
{
	unsigned all = 0;

	for (unsigned i = 0; i < plan->nr; i++)
		all += threads < plan->nodes[i].cpus ? threads
						     : plan->nodes[i].cpus;
	return all;
}

static void print_model(const struct plan *plan)
{
	const struct plan_model *model = &plan->model;
	const double bytes = sizeof(struct mu_page);

	printf("%s: %s of memory, %s descriptors on %u node%s with CPUs\n",
	       plan->machine->source, size_text(mu_machine_ram(plan->machine)),
	       count_text(all_pages(plan)), plan->nr, plan->nr == 1 ? "" : "s");
	printf("model: one thread %.2f GB/s, a node's memory ",
	       bytes / (model->thread_ns + model->node_ns));
	if (model->node_ns > 0)
		printf("%.2f GB/s", bytes / model->node_ns);
	else
		printf("without a limit that could be seen");
	printf(", chunk %s, start %s\n", time_text((uint64_t)model->chunk_ns),
	       time_text((uint64_t)model->start_ns));
	if (plan->measured && plan->here.all.threads)
		printf("calibrated here: %s descriptors, 1 thread %s, %u "
		       "threads %s\n",
		       count_text(plan->here.node.pages),
		       time_text((uint64_t)plan->here.one.ns),
		       plan->here.all.threads,
		       time_text((uint64_t)plan->here.all.ns));
	else if (plan->measured)
		printf("calibrated here: %s descriptors, 1 thread %s, the only "
		       "CPU: say --bandwidth\n",
		       count_text(plan->here.node.pages),
		       time_text((uint64_t)plan->here.one.ns));
	putchar('\n');
}

static void print_table(const struct plan *plan)
{
	static const char *const names[] = {
		">threads/node", ">in all", ">time", ">speedup",
		">GB/s",	 ">saved",  "",
	};
	unsigned knee =
		plan_knee(&plan->model, plan->nodes, plan->nr, plan->threads);
	double one = longest(plan, 1);
	double bytes = (double)all_pages(plan) * sizeof(struct mu_page);
	struct table table;

	print_model(plan);
	table_begin(&table, sizeof(names) / sizeof(names[0]), names);
	for (unsigned n = 1; n <= plan->threads; n++) {
		double ns = longest(plan, n);

		if (!is_row(plan, knee, n))
			continue;
		table_add(&table, "%u", n);
		table_add(&table, "%u", all_threads(plan, n));
		table_add(&table, "%s", time_text((uint64_t)ns));
		table_add(&table, "%.2f", one / ns);
		table_add(&table, "%.1f", bytes / ns);
		table_add(&table, "%.0f %%", 100 * (1 - ns / one));
		table_add(&table, "%s", n == knee ? "knee" : "");
	}
	table_end(&table, stdout);
}

static void print_json(const struct plan *plan)
{
	const struct plan_model *model = &plan->model;

	printf("{\"machine\":{\"source\":");
	json_string(stdout, plan->machine->source);
	printf(",\"bytes\":%" PRIu64 ",\"nodes\":[",
	       mu_machine_ram(plan->machine));
	for (unsigned i = 0; i < plan->nr; i++)
		printf("%s{\"pages\":%" PRIu64 ",\"cores\":%u,\"cpus\":%u}",
		       i ? "," : "", plan->nodes[i].pages, plan->nodes[i].cores,
		       plan->nodes[i].cpus);
	printf("]},\"model\":{\"thread_ns\":%.6g,\"node_ns\":%.6g,"
	       "\"sibling\":%g,\"chunk_ns\":%.6g,\"start_ns\":%.6g,"
	       "\"measured\":%s},\"knee\":%u,\"times_ns\":[",
	       model->thread_ns, model->node_ns, model->sibling,
	       model->chunk_ns, model->start_ns,
	       plan->measured ? "true" : "false",
	       plan_knee(model, plan->nodes, plan->nr, plan->threads));
	for (unsigned n = 1; n <= plan->threads; n++)
		printf("%s%.0f", n > 1 ? "," : "", longest(plan, n));
	printf("]}\n");
}

static bool write_svg(const struct plan *plan, const char *name)
{
	bool is_stdout = !strcmp(name, "-"), failed;
	FILE *out = is_stdout ? stdout : fopen(name, "we");
	unsigned cpus = mu_machine_cpus(plan->machine);
	char title[256];

	if (!out) {
		fprintf(stderr, "memup plan: %s: %s\n", name, strerror(errno));
		return false;
	}
	snprintf(title, sizeof(title), "%.160s: %s, %u CPU%s",
		 plan->machine->source,
		 size_text(mu_machine_ram(plan->machine)), cpus,
		 cpus == 1 ? "" : "s");
	plan_svg(out, title, &plan->model, plan->nodes, plan->nr,
		 plan->threads);
	failed = fflush(out) || ferror(out);
	if (!is_stdout)
		failed |= fclose(out);
	if (failed)
		fprintf(stderr, "memup plan: %s: %s\n", name, strerror(errno));
	return !failed;
}

static int make_plan(const struct mu_machine *machine,
		     const struct options *options)
{
	struct plan plan = {.machine = machine};
	unsigned smt = options->smt ? options->smt : 1;
	int code = EXIT_USAGE;

	if (!options->smt && !options->machine)
		smt = plan_host_smt();
	if (!make_nodes(&plan, smt)) {
		fputs("memup plan: out of memory\n", stderr);
		return EXIT_USAGE;
	}
	if (make_model(&plan, options)) {
		code = EXIT_DONE;
		if (options->svg && !write_svg(&plan, options->svg))
			code = EXIT_USAGE;
		else if (options->json)
			print_json(&plan);
		else if (!options->svg || strcmp(options->svg, "-") != 0)
			print_table(&plan);
	}
	free(plan.nodes);
	return code;
}

static int run_plan(int argc, char **argv)
{
	struct options options;
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (options.validate)
		return plan_validate(stdout, options.json) ? EXIT_DONE
							   : EXIT_NO;
	if (mu_machine_load(&machine, options.machine, &error) != MU_OK) {
		fprintf(stderr, "memup plan: %s\n", error.text);
		return EXIT_USAGE;
	}
	code = make_plan(machine, &options);
	mu_machine_unload(machine);
	return code;
}

const struct command command_plan = {
	.name = "plan",
	.summary = "predict a machine's initialisation time by threads",
	.help = help,
	.run = run_plan,
};
