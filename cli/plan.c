// SPDX-License-Identifier: MIT
/*
 * memup plan: how long a machine would take, by threads per node.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/plan_class.h"
#include "cli/plan_measure.h"
#include "cli/plan_options.h"
#include "cli/plan_svg.h"
#include "cli/plan_validate.h"
#include "cli/text.h"
#include "memup/memup.h"
#include "ports/hosted/hosted.h"
#include "ports/hosted/machine.h"

struct plan {
	const struct mu_machine *machine;
	struct plan_node *nodes; /* those that have CPUs and memory */
	unsigned nr;
	unsigned threads; /* on a node, at most */
	struct plan_model model;
	bool measured; /* and this is what was: */
	struct plan_measured here;
	const struct plan_class *class; /* whose rates they are, or NULL */
	bool hmat; /* some node's bandwidth is from the machine's HMAT */
};

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

/*
 * Nanoseconds that the memory of node @nid takes for a descriptor when @from
 * writes to it, or 0. Most HMATs tell one bandwidth for all; of two, stores are
 * writes.
 */
static double told_ns(const struct mu_machine *machine, unsigned from,
		      unsigned nid)
{
	uint32_t mbs = mu_machine_perf(machine, (int)from, (int)nid,
				       MU_PERF_WRITE_BANDWIDTH);

	if (!mbs)
		mbs = mu_machine_perf(machine, (int)from, (int)nid,
				      MU_PERF_READ_BANDWIDTH);
	return mbs ? 1e3 * (double)sizeof(struct mu_page) / mbs : 0;
}

/* Fill plan->nodes from the machine, with bandwidths if @told. False without
 * memory to do it. */
static bool make_nodes(struct plan *plan, unsigned smt, bool told)
{
	const struct mu_machine *machine = plan->machine;
	struct plan_node *all = calloc(machine->nr_nodes, sizeof(*all));

	if (!all)
		return false;
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];
		uint64_t pages = range->size >> machine->page_shift;
		unsigned nid;

		if (range->type != MU_RANGE_RAM)
			continue;
		nid = nearest_with_cpus(machine, (unsigned)range->nid);
		all[nid].pages += pages;
		all[nid].node_ns += (double)pages *
				    told_ns(machine, nid, (unsigned)range->nid);
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
		if (told && all[nid].node_ns > 0) {
			node.node_ns = all[nid].node_ns / (double)node.pages;
			plan->hmat = true;
		}
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
static bool from_points(struct plan *plan, const struct plan_options *options)
{
	const struct plan_point *points = options->points;
	const struct plan_node *node = largest(plan);
	struct plan_model model = plan->model;

	for (unsigned i = 0; i < 2; i++) {
		if (points[i].threads <= node->cpus)
			continue;
		fprintf(stderr,
			"memup plan: --point %u=...: the largest node has %u "
			"CPUs\n",
			points[i].threads, node->cpus);
		return false;
	}
	if (!plan_calibrate(&model, node, &points[0], &points[1])) {
		fputs("memup plan: --point: both have the same number of "
		      "threads\n",
		      stderr);
		return false;
	}
	plan->model = model;
	return true;
}

/* Measure what was not given; given values take precedence. */
static bool make_model(struct plan *plan, const struct plan_options *options)
{
	const double bytes = sizeof(struct mu_page);
	struct plan_model *model = &plan->model;
	struct mu_error error = {.text = "no memory"};

	*model = (struct plan_model){.sibling = options->sibling,
				     .chunk = MU_SECTION_PAGES};
	plan->measured = !options->nr_points && !plan->class &&
			 (options->rate < 0 || options->bandwidth < 0);
	if (plan->class)
		plan_class_rates(plan->class, model);
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

/* What binds the node that takes longest. */
static const char *limit(const struct plan *plan, unsigned threads)
{
	const struct plan_node *node = plan->nodes;

	for (unsigned i = 1; i < plan->nr; i++)
		if (plan_time(&plan->model, &plan->nodes[i], threads) >
		    plan_time(&plan->model, node, threads))
			node = &plan->nodes[i];
	return plan_limit(&plan->model, node, threads);
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
	if (plan->class)
		printf("rates of class %s: %s (%s)\n", plan->class->name,
		       plan->class->ladder->machine, PLAN_CLASS_SOURCE);
	if (plan->hmat)
		printf("but bandwidths of nodes from the machine's HMAT\n");
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
		">GB/s",	 ">saved",  "limit", "",
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
		table_add(&table, "%s", limit(plan, n));
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
	       "\"measured\":%s,\"class\":",
	       model->thread_ns, model->node_ns, model->sibling,
	       model->chunk_ns, model->start_ns,
	       plan->measured ? "true" : "false");
	if (plan->class)
		json_string(stdout, plan->class->name);
	else
		printf("null");
	printf(",\"hmat\":%s},\"knee\":%u,\"limits\":[",
	       plan->hmat ? "true" : "false",
	       plan_knee(model, plan->nodes, plan->nr, plan->threads));
	for (unsigned n = 1; n <= plan->threads; n++)
		printf("%s\"%s\"", n > 1 ? "," : "", limit(plan, n));
	printf("],\"times_ns\":[");
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
		     const struct plan_options *options)
{
	struct plan plan = {.machine = machine};
	unsigned smt = options->smt ? options->smt : 1;
	int code = EXIT_USAGE;

	if (!options->smt && !options->nr_machine)
		smt = plan_host_smt();
	if (!options->nr_points &&
	    (options->rate < 0 || options->bandwidth < 0))
		plan.class = options->class ? plan_class_find(options->class)
			     : options->nr_machine ? &plan_classes[0]
						   : NULL;
	if (!make_nodes(&plan, smt, plan.class && options->bandwidth < 0)) {
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
	struct plan_options options;
	struct mu_machine *machine;
	struct mu_error error = {0};
	int code = plan_parse(argc, argv, &options);

	if (code != EXIT_DONE)
		return code < 0 ? EXIT_DONE : code;
	if (options.validate)
		return plan_validate(stdout, options.json) ? EXIT_DONE
							   : EXIT_NO;
	if (mu_machine_load_all(&machine, options.machine, options.nr_machine,
				NULL, &error) != MU_OK) {
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
	.help = plan_help,
	.run = run_plan,
};
