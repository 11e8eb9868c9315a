// SPDX-License-Identifier: MIT
/*
 * memup check: Linux and memup agree on every log of tests/fixtures/logs, and
 * every kind of row can differ. Run in the top directory.
 */
#include "tests/cli.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGS "tests/fixtures/logs/"

static void fixtures_agree(void **state)
{
	glob_t logs;

	(void)state;
	assert_int_equal(glob(LOGS "*.log", 0, NULL, &logs), 0);
	assert_true(logs.gl_pathc >= 27);
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		char arguments[256];
		struct cli cli;

		snprintf(arguments, sizeof(arguments), "check %s",
			 logs.gl_pathv[i]);
		cli = cli_run(NULL, arguments);
		if (cli.code || !strstr(cli.out, ", 0 differ,") ||
		    strstr(cli.out, ": 0 agree"))
			fail_msg("%s: %s%s", arguments, cli.out, cli.err);
		assert_string_equal(cli.err, "");
		cli_free(&cli);
	}
	globfree(&logs);
}

/* @log with the first @old after @from replaced by @new. */
static char *change(const char *log, const char *from, const char *old,
		    const char *new)
{
	char *text = cli_read_file(log), *result, *at;

	at = strstr(text, from);
	assert_non_null(at);
	at = strstr(at, old);
	assert_non_null(at);
	result = malloc(strlen(text) + strlen(new) + 1);
	assert_non_null(result);
	sprintf(result, "%.*s%s%s", (int)(at - text), text, new,
		at + strlen(old));
	free(text);
	return result;
}

/* One value of Linux is another: the row that begins with @row differs. */
static void assert_seen(const char *log, const char *from, const char *old,
			const char *new, const char *row)
{
	char *text = change(log, from, old, new), *line;
	struct cli cli = cli_run(text, "check -");

	free(text);
	line = strstr(cli.out, row);
	if (cli.code != 1 || !line)
		fail_msg("%s: \"%s\": exit code %d: %s%s", log, row, cli.code,
			 cli.out, cli.err);
	else
		line[strcspn(line, "\n")] = '\0';
	if (!line || !strstr(line, "differs"))
		fail_msg("%s: agrees all the same: %s", log, line);
	cli_free(&cli);
	/* What differs is in the JSON too. */
	text = change(log, from, old, new);
	cli = cli_run(text, "check - --json");
	free(text);
	assert_int_equal(cli.code, 1);
	assert_non_null(strstr(cli.out, "\"verdict\":\"differs\""));
	assert_null(strstr(cli.out, "\"differ\":0,"));
	cli_free(&cli);
}

static void every_row_can_differ(void **state)
{
	(void)state;
	assert_seen(LOGS "one-node-6g.log", "Memory: ", "6290936K", "6290932K",
		    "total memory");
	assert_seen(LOGS "one-node-6g.log", "last_pfn", "0x1c0000", "0x1c0001",
		    "last_pfn");
	assert_seen(LOGS "two-nodes-4g.log", "smpboot: ", "Allowing 4 CPUs",
		    "Allowing 5 CPUs", "CPUs ");
	assert_seen(LOGS "two-nodes-4g.log", "Brought up", "2 nodes", "3 nodes",
		    "nodes with memory or CPUs");
	assert_seen(LOGS "two-nodes-4g.log", "nr_node_ids:", "2", "4",
		    "node ids");
	assert_seen(LOGS "one-node-6g.log", "Zone ranges", "0000000000ffffff",
		    "00000000007fffff", "zone DMA ");
	assert_seen(LOGS "one-node-6g.log", "Zone ranges", "00000000ffffffff",
		    "00000000efffffff", "zone DMA32 ");
	assert_seen(LOGS "one-node-6g.log", "Normal ", "00000001bfffffff",
		    "00000001afffffff", "zone Normal ");
	assert_seen(LOGS "one-node-6g.log", "Device ", "empty",
		    "[mem 0x0000000100000000-0x00000001bfffffff]",
		    "zone Device ");
	assert_seen(LOGS "movablecore.log", "Movable zone", "0000180000000",
		    "0000180400000", "node 0, Movable begins");
	assert_seen(LOGS "one-node-6g.log", "Initmem", "00000001bfffffff",
		    "00000001afffffff", "node 0, span");
	assert_seen(LOGS "memoryless-nodes.log", "Initmem",
		    "setup node 0 as memoryless",
		    "setup node 0 [mem "
		    "0x0000000000001000-0x0000000000001fff]",
		    "node 0, span");
	assert_seen(LOGS "one-node-6g.log", "On node 0, zone Normal", "32",
		    "33", "node 0, zone Normal, unavailable");
	assert_seen(LOGS "one-node-6g.log", "Early memory", "bffdffff",
		    "bffcffff", "node 0, memory from 0x100000 ");
	assert_seen(LOGS "two-nodes-4g.log", "Early memory",
		    "node   1:", "node   0:", "memory from 0x40000000");
	assert_seen(LOGS "mem-3000m.log", "user-defined", "bb7fffff",
		    "bb6fffff", "map of parameters, 0x100000 ");
	assert_seen(LOGS "mem-3000m.log", "user-defined", "usable", "reserved",
		    "map of parameters, 0x0 ");
}

/* Pages of nodes and zones: lines that Linux 6 has no more. */
static void rows_of_older_kernels(void **state)
{
	static const char after[] = "Initmem setup node 0 "
				    "[mem 0x0000000000001000-"
				    "0x00000001bfffffff]\n";
	static const char pages[] =
		"Initmem setup node 0 [mem 0x0000000000001000-"
		"0x00000001bfffffff]\n"
		"On node 0 totalpages: 1572734\n"
		"  DMA zone: 64 pages used for memmap\n"
		"  DMA zone: 21 pages reserved\n"
		"  DMA zone: 3998 pages, LIFO batch:0\n"
		"  Normal zone: 786432 pages, LIFO batch:63\n";
	char *text = change(LOGS "one-node-6g.log", "Initmem", after, pages);
	struct cli cli = cli_run(text, "check -");
	char *at;

	(void)state;
	if (cli.code || !strstr(cli.out, "node 0, zone Normal, pages"))
		fail_msg("%s%s", cli.out, cli.err);
	cli_free(&cli);
	at = strstr(text, "1572734");
	at[6] = '5';
	at = strstr(text, "3998");
	at[3] = '9';
	cli = cli_run(text, "check -");
	assert_int_equal(cli.code, 1);
	assert_non_null(strstr(cli.out, " 2 differ,"));
	cli_free(&cli);
	free(text);
}

static void other_rows(void **state)
{
	struct cli cli;

	(void)state;
	/* Without the firmware's lines there is nothing to hold against. */
	cli = cli_run(
		"Zone ranges:\n"
		"  Normal   [mem 0x0000000000000000-0x00000003ffffffff]\n"
		"Movable zone start for each node\n"
		"Early memory node ranges\n"
		"  node   0: [mem 0x0000000000000000-0x00000003ffffffff]\n",
		"check -");
	assert_int_equal(cli.code, 0);
	assert_non_null(
		strstr(cli.out, "early memory ranges        taken from log"));
	assert_non_null(
		strstr(cli.out, "total memory               not in log"));
	cli_free(&cli);

	/* With an SRAT the nodes of those ranges are its word. */
	cli = cli_run(
		"ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x1ffffffff]\n"
		"ACPI: SRAT: Node 1 PXM 1 [mem 0x200000000-0x3ffffffff]\n"
		"Early memory node ranges\n"
		"  node   0: [mem 0x0000000000000000-0x00000002ffffffff]\n"
		"  node   1: [mem 0x0000000300000000-0x00000003ffffffff]\n",
		"check -");
	assert_int_equal(cli.code, 1);
	assert_non_null(strstr(cli.out, "node 0, memory from 0x0 "));
	assert_non_null(strstr(cli.out, " 0x0-0x1ffffffff "));
	assert_non_null(strstr(cli.out, " 0x0-0x2ffffffff\n"));
	cli_free(&cli);
}

/* @text with @before in front of every line. */
static char *prefix(const char *text, const char *before)
{
	size_t lines = 1, len = 0;
	char *result;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	result = malloc(strlen(text) + lines * strlen(before) + 1);
	assert_non_null(result);
	while (*text) {
		size_t line = strcspn(text, "\n");

		line += text[line] == '\n';
		len += (size_t)sprintf(result + len, "%s%.*s", before,
				       (int)line, text);
		text += line;
	}
	return result;
}

/* syslog puts the host's name before a line, and hosts are called anything. */
static void names_of_hosts(void **state)
{
	static const char *const names[] = {"k8s-node", "Node", "DMA",
					    "Movable"};
	static const char *const logs[] = {LOGS "two-nodes-4g.log",
					   LOGS "movablecore-two-nodes.log"};

	(void)state;
	for (unsigned i = 0; i < 2 * 4; i++) {
		char *text = cli_read_file(logs[i / 4]), before[64], *named;
		struct cli plain = cli_run(text, "check -"), cli;

		snprintf(before, sizeof(before),
			 "Nov 22 10:00:01 %s kernel: ", names[i % 4]);
		named = prefix(text, before);
		cli = cli_run(named, "check -");
		assert_int_equal(plain.code, 0);
		assert_string_equal(cli.out, plain.out);
		cli_free(&plain);
		cli_free(&cli);
		free(named);
		free(text);
	}
}

static void refusals(void **state)
{
	static const char no_map[] = "hello\nworld\n";
	struct cli cli;

	(void)state;
	cli_refused(NULL, "check", "which log?");
	cli_refused(NULL, "check /nonexistent/log", "No such file");
	cli_refused(NULL, "check /proc/self/task", "no file in it");
	cli_refused(NULL, "check --frobnicate", "frobnicate");
	cli_refused("", "check -", "standard input: ");
	cli_refused(no_map, "check -", "standard input: ");
	/* What Linux says nothing about is no fault. */
	cli = cli_run("BIOS-e820: [mem 0x0-0xfffff] usable\n", "check -");
	assert_int_equal(cli.code, 0);
	assert_non_null(strstr(cli.out, "read, nothing to compare"));
	cli_free(&cli);
	cli_refused("BIOS-e820: [mem 0x0-0xfffff] usble\n", "check -",
		    "standard input:1: ");
	/* What the kernel passed over is passed over here. */
	cli = cli_run("Command line: movablecore=99Q\n"
		      "BIOS-e820: [mem 0x0-0xfffff] usable\n"
		      "Memory: 1K/1024K available\n",
		      "check -");
	assert_int_equal(cli.code, 0);
	cli_free(&cli);
}

static void help_tells_all(void **state)
{
	struct cli cli = cli_run(NULL, "check --help");

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_non_null(strstr(cli.out, "--json"));
	assert_non_null(strstr(cli.out, "Exit codes:"));
	cli_free(&cli);
	cli = cli_run(NULL, "--help");
	assert_non_null(strstr(cli.out, "check "));
	cli_free(&cli);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_agree),
		cmocka_unit_test(every_row_can_differ),
		cmocka_unit_test(rows_of_older_kernels),
		cmocka_unit_test(other_rows),
		cmocka_unit_test(names_of_hosts),
		cmocka_unit_test(refusals),
		cmocka_unit_test(help_tells_all),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
