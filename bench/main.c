// SPDX-License-Identifier: MIT
/*
 * memup-bench: memup against the limit of the machine and against a model of
 * what Linux does. docs/benchmarks.md explains every table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bench/stats.h"
#include "bench/tables.h"
#include "ports/hosted/hosted.h"

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} tables[] = {
	{"init", bench_init},
	{"finish", bench_finish},
	{"instructions", bench_instructions},
	{"classic", bench_classic},
	{"usable", bench_usable},
	{"stall", bench_stall},
	{"gigantic", bench_gigantic},
	{"touch", bench_touch},
	{"alloc", bench_alloc},
	{"device", bench_device},
	{"hotplug", bench_hotplug},
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static void usage(FILE *out)
{
	fputs("usage: memup-bench [--json FILE] [--memory GIB] [--reps N] "
	      "[TABLE...]\n\ntables:",
	      out);
	for (size_t i = 0; i < NR_TABLES; i++)
		fprintf(out, " %s", tables[i].name);
	fputs("; all of them when none is named\n"
	      "  --json FILE   the same numbers for programs\n"
	      "  --memory GIB  simulated memory, 8 to 65536 (default 256)\n"
	      "  --reps N      repetitions, 7 to 1000 (default 7)\n"
	      "What is behind a table: docs/benchmarks.md\n",
	      out);
}

static const char *text(const char *option, const char *text)
{
	if (!text || !*text)
		die("%s wants something after it", option);
	return text;
}

static uint64_t number(const char *option, const char *text, uint64_t least,
		       uint64_t most)
{
	char *end = NULL;
	unsigned long long value;

	errno = 0;
	value = text ? strtoull(text, &end, 10) : 0;
	if (!text || !*text || *end || errno || value < least || value > most)
		die("%s wants a number from %llu to %llu, not \"%s\"", option,
		    (unsigned long long)least, (unsigned long long)most,
		    text ? text : "");
	return value;
}

/* The program that runs itself. */
static bool worked(int argc, char **argv)
{
	if (argc != 3)
		return false;
	if (!strcmp(argv[1], "--work-claims"))
		work_claims(number(argv[1], argv[2], 0, 1 << 16));
	else if (!strcmp(argv[1], "--work-classic"))
		work_classic(number(argv[1], argv[2], 0, 1 << 16));
	else if (!strcmp(argv[1], "--work-resident"))
		work_resident(argv[2]);
	else
		return false;
	return true;
}

static void print_host(void)
{
	char line[256], model[128] = "an unknown CPU";
	FILE *in = fopen("/proc/cpuinfo", "re");

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "model name : %127[^\n]", model) == 1)
			break;
	if (in)
		fclose(in);
	printf("memup-bench on %u x %s\n", mu_hosted_cpus(), model);
#ifdef MU_DEBUG
	puts("a debug build: these numbers say nothing of memup");
#endif
	putchar('\n');
}

/* The memmap and, for the model, four times as much for a quarter of it. */
static void check_memory(const struct bench *bench)
{
	uint64_t need = bench->memory / 128, have = mu_hosted_available();

	if (have < need)
		die("%llu MiB are needed and %llu available: try --memory %llu",
		    (unsigned long long)(need / MU_MIB),
		    (unsigned long long)(have / MU_MIB),
		    (unsigned long long)(have * 128 / MU_GIB));
}

/* The bit of a named table. */
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
	struct bench bench = {.memory = 256 * MU_GIB, .reps = 7};
	const char *json = NULL;
	FILE *out = NULL;
	unsigned chosen = 0;

	if (worked(argc, argv))
		return 0;
	for (int i = 1; i < argc; i++) {
		const char *option = argv[i];

		if (!strcmp(option, "--help")) {
			usage(stdout);
			return 0;
		}
		if (strncmp(option, "--", 2) != 0) {
			chosen |= table_bit(option);
			continue;
		}
		/* argv[argc] is NULL. */
		i++;
		if (!strcmp(option, "--json"))
			json = text(option, argv[i]);
		else if (!strcmp(option, "--memory"))
			bench.memory =
				number(option, argv[i], 8, 65536) * MU_GIB;
		else if (!strcmp(option, "--reps"))
			bench.reps = (unsigned)number(option, argv[i], 7, 1000);
		else
			table_bit(option);
	}
	check_memory(&bench);
	if (json) {
		out = fopen(json, "we");
		if (!out)
			die("%s: %s", json, strerror(errno));
	}
	print_host();
	report_begin(&bench.report, out);
	for (size_t i = 0; i < NR_TABLES; i++)
		if (!chosen || chosen & 1u << i)
			tables[i].run(&bench);
	report_end(&bench.report);
	return 0;
}
