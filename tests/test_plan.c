// SPDX-License-Identifier: MIT
/* The model of `memup plan`, and how well it predicts what was published. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan_class.h"
#include "cli/plan_model.h"
#include "cli/plan_svg.h"
#include "cli/plan_validate.h"
#include "memup/base.h"
#include "tests/cli.h"

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b))))
		fail_msg("%.17g is not %.17g", a, b);
}

static const struct plan_node node = {.pages = 1 << 20, .cores = 8, .cpus = 16};
static const struct plan_model plain = {
	.thread_ns = 10, .node_ns = 2, .sibling = 0.5, .chunk = 1};

static void siblings_are_worth_less(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 8; n++)
		assert_near(plan_effective(&plain, &node, n), n);
	for (unsigned n = 9; n <= 16; n++)
		assert_near(plan_effective(&plain, &node, n),
			    8 + 0.5 * (n - 8));
}

/* Each part by itself, against sums done by hand. */
static void parts(void **state)
{
	struct plan_model model = plain;
	double pages = (double)node.pages;

	(void)state;
	assert_near(plan_time(&model, &node, 1), 12 * pages);
	assert_near(plan_time(&model, &node, 4), 4.5 * pages + 0.5 * 10);
	/* No more threads than CPUs. */
	assert_near(plan_time(&model, &node, 99), plan_time(&model, &node, 16));
	/* The tail: half a chunk, only beside others. */
	model.chunk = 1024;
	assert_near(plan_time(&model, &node, 1), 12 * pages);
	assert_near(plan_time(&model, &node, 4), 4.5 * pages + 512 * 10);
	/* Chunks are shared out; the start is not, and one thread has none. */
	model.chunk_ns = 100;
	model.start_ns = 7000;
	assert_near(plan_time(&model, &node, 1), 12 * pages + 1024 * 100);
	assert_near(plan_time(&model, &node, 4),
		    4.5 * pages + 512 * 10 + 1024 * 25 + 7000);
}

/* A chunk that is more than all there is leaves half of all. */
static void tail_of_a_small_node(void **state)
{
	struct plan_model model = plain;
	struct plan_node small = {.pages = 10, .cores = 2, .cpus = 2};

	(void)state;
	model.chunk = 1000;
	assert_near(plan_time(&model, &small, 2), 10 * 5 + 10 * 2 + 5 * 10);
}

/* What the model says of itself at two points gives the model back. */
static void calibration_inverts(void **state)
{
	static const unsigned pairs[][2] = {
		{1, 2}, {1, 16}, {2, 9}, {16, 1}, {4, 8}};

	(void)state;
	for (unsigned seed = 1; seed <= 50; seed++) {
		struct plan_model model = {
			.thread_ns = 0.5 + seed % 7,
			.node_ns = 0.1 * (seed % 11),
			.sibling = 0.1 * (seed % 10),
			.chunk_ns = 3.0 * (seed % 5),
			.start_ns = 1000.0 * (seed % 3),
			.chunk = 1 + 100 * (seed % 13),
		};

		for (unsigned i = 0; i < 5; i++) {
			struct plan_model found = model;
			struct plan_point a = {.threads = pairs[i][0]};
			struct plan_point b = {.threads = pairs[i][1]};

			a.ns = plan_time(&model, &node, a.threads);
			b.ns = plan_time(&model, &node, b.threads);
			found.thread_ns = found.node_ns = -1;
			assert_true(plan_calibrate(&found, &node, &a, &b));
			if (fabs(found.thread_ns - model.thread_ns) > 1e-6 ||
			    fabs(found.node_ns - model.node_ns) > 1e-6)
				fail_msg("seed %u, pair %u", seed, i);
		}
	}
}

static void calibration_refuses(void **state)
{
	struct plan_model model = plain;
	struct plan_point a = {1, 100}, b = {1, 50}, none = {2, 0};
	struct plan_point nan = {2, NAN};

	(void)state;
	assert_false(plan_calibrate(&model, &node, &a, &b));
	assert_false(plan_calibrate(&model, &node, &a, &none));
	assert_false(plan_calibrate(&model, &node, &a, &nan));
	assert_memory_equal(&model, &plain, sizeof(model));
}

/* Threads that gain nothing, and threads that gain more than they are. */
static void calibration_clamps(void **state)
{
	struct plan_model model = plain;
	struct plan_point one = {1, 1e6}, slower = {4, 2e6}, wonder = {4, 1e5};

	(void)state;
	assert_true(plan_calibrate(&model, &node, &one, &slower));
	assert_near(model.thread_ns, 0);
	assert_near(plan_time(&model, &node, 1), 1e6);
	assert_true(plan_calibrate(&model, &node, &one, &wonder));
	assert_near(model.node_ns, 0);
	assert_near(plan_time(&model, &node, 1), 1e6);
}

/* More threads never take longer while helpers cost nothing to start. */
static void monotone(void **state)
{
	struct plan_model model = plain;

	(void)state;
	model.chunk_ns = 10;
	for (unsigned n = 3; n <= 16; n++)
		assert_true(plan_time(&model, &node, n) <=
			    plan_time(&model, &node, n - 1));
}

static void knee_by_definition(void **state)
{
	const struct plan_node nodes[] = {
		{.pages = 1000, .cores = 64, .cpus = 64},
		{.pages = 500000, .cores = 40, .cpus = 80},
		{.pages = 700000, .cores = 30, .cpus = 60},
	};
	unsigned knee = plan_knee(&plain, nodes, 3, 80);
	double one = plan_longest(&plain, nodes, 3, 1);
	double all = plan_longest(&plain, nodes, 3, 80);

	(void)state;
	assert_true(one - plan_longest(&plain, nodes, 3, knee) >=
		    PLAN_ENOUGH * (one - all));
	assert_true(one - plan_longest(&plain, nodes, 3, knee - 1) <
		    PLAN_ENOUGH * (one - all));
	assert_near(one, plan_time(&plain, &nodes[2], 1));
	/* Where nothing is saved one thread is enough. */
	assert_int_equal(plan_knee(&plain, nodes, 1, 1), 1);
	assert_int_equal(
		plan_knee(&(struct plan_model){.node_ns = 1, .chunk = 1}, nodes,
			  3, 80),
		1);
	/* Nor is the last chunk of many a gain. */
	assert_int_equal(plan_knee(&(struct plan_model){.node_ns = 1,
							.thread_ns = 0.001,
							.chunk = 1},
				   nodes, 3, 80),
			 1);
	/* And where helpers cost more than they bring. */
	assert_int_equal(plan_knee(&(struct plan_model){.node_ns = 1,
							.start_ns = 1e12,
							.chunk = 1},
				   nodes, 3, 80),
			 1);
}

/* Every ladder, each with its first and last point alone. */
static void published_ladders(void **state)
{
	double median, worst, ms[PLAN_RUNGS_MOST];

	(void)state;
	for (unsigned i = 0; i < PLAN_LADDERS; i++) {
		const struct plan_ladder *ladder = &plan_ladders[i];
		unsigned last = ladder->nr - 1;

		assert_in_range(ladder->nr, 3, PLAN_RUNGS_MOST);
		assert_int_equal(ladder->rungs[0].threads, 1);
		assert_int_equal(ladder->rungs[last].threads, ladder->cpus);
		plan_predict(ladder, ms);
		assert_near(ms[0], ladder->rungs[0].ms);
		assert_near(ms[last], ladder->rungs[last].ms);
		plan_errors(ladder, 1, &median, &worst);
		if (median > PLAN_GOAL)
			fail_msg("%s: %.1f %%", ladder->machine, median);
		assert_true(worst >= median);
	}
	plan_errors(plan_ladders, PLAN_LADDERS, &median, &worst);
	assert_true(median <= PLAN_GOAL);
	/* The misses are told, not tuned away. */
	assert_true(worst > PLAN_GOAL);
}

/* A prediction knows the calibrating points alone. */
static void prediction_is_blind(void **state)
{
	struct plan_ladder ladder = plan_ladders[0];
	double before[PLAN_RUNGS_MOST], after[PLAN_RUNGS_MOST];

	(void)state;
	plan_predict(&ladder, before);
	for (unsigned i = 1; i + 1 < ladder.nr; i++)
		ladder.rungs[i].ms *= 3;
	plan_predict(&ladder, after);
	assert_memory_equal(before, after, ladder.nr * sizeof(before[0]));
	ladder.rungs[ladder.nr - 1].ms *= 2;
	plan_predict(&ladder, after);
	assert_true(after[1] > before[1]);
}

static char *svg_of(const char *title, unsigned threads)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct plan_node one = {
		.pages = 1 << 20, .cores = threads, .cpus = threads};

	assert_non_null(out);
	plan_svg(out, title, &plain, &one, 1, threads);
	fclose(out);
	return text;
}

static void svg(void **state)
{
	static const unsigned sizes[] = {1, 2, 52, 4096};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char *text = svg_of("<a & b>", sizes[i]);

		assert_non_null(strstr(text, "&lt;a &amp; b&gt;"));
		assert_non_null(strstr(text, "knee: "));
		assert_non_null(strstr(text, "</svg>"));
		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "inf"));
		free(text);
	}
}

/* A log and a description make one machine. */
static void several_sources(void **state)
{
#define PLAN "plan --json --rate 5 --bandwidth 20 "
#define LOG  "tests/fixtures/logs/eight-nodes-8g.log"
	struct cli one = cli_run(NULL, PLAN LOG);
	struct cli two = cli_run(NULL, PLAN LOG " 16G");

	(void)state;
	assert_int_equal(one.code, 0);
	assert_int_equal(two.code, 0);
	assert_non_null(strstr(one.out, "eight-nodes-8g.log\",\"bytes\":"));
	assert_non_null(
		strstr(two.out, "eight-nodes-8g.log, 16G\",\"bytes\":"));
	/* The last node has 1 GiB in the log, and 8 with the description. */
	assert_non_null(
		strstr(one.out, "{\"pages\":262144,\"cores\":1,\"cpus\":1}]"));
	assert_non_null(
		strstr(two.out, "{\"pages\":2097152,\"cores\":1,\"cpus\":1}]"));
	cli_free(&one);
	cli_free(&two);
	cli_refused(NULL, "plan --validate 16G", "'16G' is too many");
	cli_refused(NULL, "plan 16G /nowhere", "/nowhere");
}

/* Another machine has the rates of a class, the same at each run, and its own
 * bandwidths where its HMAT tells them. */
static void other_machines(void **state)
{
	struct cli one = cli_run(NULL, "plan 8x3T/448 --json");
	struct cli two = cli_run(NULL, "plan 8x3T/448 --json");
	struct cli other = cli_run(NULL, "plan 8x3T/448 --json --class epyc");
	struct cli text = cli_run(NULL, "plan 8x3T/448");
	struct cli hmat =
		cli_run(NULL, "plan --json 2x16G/4 tests/corpus/dsl/hmat");
	struct plan_model model = {0};
	double page;

	(void)state;
	assert_int_equal(one.code, 0);
	assert_string_equal(one.out, two.out);
	assert_string_not_equal(one.out, other.out);
	assert_non_null(strstr(one.out, "\"measured\":false,\"class\":"
					"\"skylake\",\"hmat\":false}"));
	assert_non_null(strstr(one.out, "\"limits\":[\"stores\","));
	assert_non_null(strstr(other.out, "\"class\":\"epyc\""));
	assert_non_null(strstr(text.out, "rates of class skylake: Skylake "
					 "8167M, 104 CPUs, 768G (Daniel"));
	assert_non_null(
		strstr(hmat.out, "\"class\":\"skylake\",\"hmat\":true}"));
	/* One thread of that machine: 1717.7 ms for 384 GiB, with 64 bytes a
	 * page where memup has 16. */
	plan_class_rates(&plan_classes[0], &model);
	page = 1717.7e6 / (384 << 18) * 16 / 64;
	assert_true(fabs(model.thread_ns + model.node_ns - page) < 1e-9 * page);
	cli_refused(NULL, "plan 16G --class i486", "'i486' is none of host");
	cli_free(&one);
	cli_free(&two);
	cli_free(&other);
	cli_free(&text);
	cli_free(&hmat);
}

/* What binds is the longest of the three parts; a node's own bandwidth counts
 * before the model's. */
static void what_binds(void **state)
{
	struct plan_node one = {.pages = 1 << 20, .cores = 8, .cpus = 8};
	struct plan_model model = {
		.thread_ns = 4, .node_ns = 1, .chunk = MU_SECTION_PAGES};

	(void)state;
	assert_string_equal(plan_limit(&model, &one, 1), "stores");
	assert_string_equal(plan_limit(&model, &one, 8), "memory");
	one.node_ns = 0.25;
	assert_string_equal(plan_limit(&model, &one, 8), "stores");
	assert_true(plan_time(&model, &one, 1) == 4.25 * (1 << 20));
	model.chunk_ns = 1e9;
	assert_string_equal(plan_limit(&model, &one, 8), "claims");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siblings_are_worth_less),
		cmocka_unit_test(parts),
		cmocka_unit_test(tail_of_a_small_node),
		cmocka_unit_test(calibration_inverts),
		cmocka_unit_test(calibration_refuses),
		cmocka_unit_test(calibration_clamps),
		cmocka_unit_test(monotone),
		cmocka_unit_test(knee_by_definition),
		cmocka_unit_test(published_ladders),
		cmocka_unit_test(prediction_is_blind),
		cmocka_unit_test(svg),
		cmocka_unit_test(several_sources),
		cmocka_unit_test(other_machines),
		cmocka_unit_test(what_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
