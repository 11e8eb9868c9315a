// SPDX-License-Identifier: MIT
/*
 * memup-bench-padata: jobs against OpenMP, oneTBB, bare threads and a mutex.
 * docs/benchmarks.md explains every table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "bench/padata/padata.h"
#include "bench/stats.h"

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} tables[] = {
	{"jobs", bench_jobs},
	{"pages", bench_pages},
	{"serial", bench_serial},
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static void usage(FILE *out)
{
	fputs("usage: memup-bench-padata [--json FILE] [--reps N] "
	      "[jobs|pages|serial...]\n",
	      out);
}

void bench_settle(void)
{
	const struct timespec moment = {.tv_nsec = 20000000};

	nanosleep(&moment, NULL);
}

static unsigned parse_reps(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || value < 3 || value > 1000)
		die("--reps wants a number from 3 to 1000, not \"%s\"", text);
	return (unsigned)value;
}

static unsigned table_bit(const char *name)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		if (!strcmp(name, tables[i].name))
			return 1u << i;
	usage(stderr);
	die("there is no option or table \"%s\"", name);
}

int main(int argc, char **argv)
{
	struct bench bench = {.reps = 9, .threads = mu_hosted_cpus()};
	struct mu_hosted_config config = {.threads = bench.threads - 1};
	struct mu_error error = {.text = "no memory"};
	const char *json = NULL;
	unsigned chosen = 0;
	FILE *out = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--json") && i + 1 < argc)
			json = argv[++i];
		else if (!strcmp(argv[i], "--reps") && i + 1 < argc)
			bench.reps = parse_reps(argv[++i]);
		else
			chosen |= table_bit(argv[i]);
	}
	if (json && !(out = fopen(json, "we")))
		die("%s: %s", json, strerror(errno));
	if (mu_hosted_create(&bench.hosted, NULL, &config, &error) != MU_OK)
		die("%s", error.text);
	bench.port = mu_hosted_port(bench.hosted);
	printf("memup-bench-padata with %u thread%s\n", bench.threads,
	       bench.threads == 1 ? "" : "s");
#ifndef BENCH_OMP
	puts("OpenMP: absent when this was built (gcc and libgomp)");
#endif
#ifndef BENCH_TBB
	puts("oneTBB: absent when this was built (libtbb-dev, g++)");
#endif
#ifdef MU_DEBUG
	puts("a debug build: these numbers say nothing of memup");
#endif
	putchar('\n');
	report_begin(&bench.report, out);
	for (size_t i = 0; i < NR_TABLES; i++)
		if (!chosen || chosen & 1u << i)
			tables[i].run(&bench);
	report_end(&bench.report);
	mu_hosted_destroy(bench.hosted);
	return 0;
}
