// SPDX-License-Identifier: MIT
/*
 * memup show, as a person runs it: what the tables have --json has too, and
 * parameters count, those of the machine itself as well.
 */
#include "tests/cli.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char reserved[] =
	"2x4G/2 --cmdline 'crashkernel=256M,high crashkernel=64M,cma "
	"reserve_mem=4M:2M:oops hugepagesz=1G hugepages=2 hugepagesz=2M "
	"hugepages=0:3,1:4'";

static struct cli run(const char *format, const char *machine)
{
	char arguments[512];
	struct cli cli;

	snprintf(arguments, sizeof(arguments), format, machine);
	cli = cli_run(NULL, arguments);
	if (cli.code)
		fail_msg("%s: %s", arguments, cli.err);
	return cli;
}

/* ---- Tables and JSON ---- */

/* Does @json have the number, not as a part of a longer one? */
static bool has_number(const char *json, unsigned long long number)
{
	char digits[24];
	size_t len;

	len = (size_t)snprintf(digits, sizeof(digits), "%llu", number);
	for (const char *at = json; (at = strstr(at, digits)); at++) {
		if (!isdigit((unsigned char)at[-1]) &&
		    !isdigit((unsigned char)at[len]))
			return true;
	}
	return false;
}

/* An address of the table is in JSON; of a last byte, the one behind it. */
static void check_addresses(const char *machine, const char *table,
			    const char *json)
{
	unsigned nr = 0;

	for (const char *at = table; (at = strstr(at, "0x")) != NULL; nr++) {
		char *end;
		unsigned long long value = strtoull(at, &end, 16);

		if (!has_number(json, value) && !has_number(json, value + 1))
			fail_msg("%s: --json has no 0x%llx", machine, value);
		at = end;
	}
	assert_true(nr > 3);
}

static void check_words(const char *machine, const char *table,
			const char *json)
{
	static const char *const words[] = {
		"DMA",	      "DMA32",	      "Normal", "Movable",   "hotplug",
		"persistent", "crash kernel", "oops",	"ACPI data", "mirror",
		"kept",	      "non-volatile", "x86-64", "arm64",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(table, words[i]) && !strstr(json, words[i]))
			fail_msg("%s: --json has no \"%s\"", machine, words[i]);
	}
}

static void json_has_all_of_the_tables(void **state)
{
	static const char *const machines[] = {
		"64T",
		"2G@0:0+2G@4G:1+64M@32T:2,-1M@1G",
		reserved,
		"4G --cmdline 'memmap=1G!2G memmap=64K$1M'",
		"tests/fixtures/logs/hmat-crashkernel.log",
		"tests/fixtures/logs/nvdimm.log",
		"tests/fixtures/logs/movablecore-two-nodes.log",
		"tests/fixtures/logs/removable-movable-node.log",
		"tests/corpus/dsl/hmat tests/corpus/dsl/srat-added",
		"tests/corpus/sysfs/nodes",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct cli table = run("show %s", machines[i]);
		struct cli json = run("show %s --json", machines[i]);

		check_addresses(machines[i], table.out, json.out);
		check_words(machines[i], table.out, json.out);
		cli_free(&table);
		cli_free(&json);
	}
}

/* @words in this order, with anything between them. */
static void in_order(const char *text, const char *const *words)
{
	for (; text && *words; words++) {
		const char *found = strstr(text, *words);

		if (!found)
			fail_msg("no \"%s\" in %s", *words, text);
		text = found ? found + strlen(*words) : NULL;
	}
}

static void reservations_and_huge_pages(void **state)
{
	static const char *const table[] = {
		"\nreserved for",
		"\ncrash kernel  ",
		" 256M",
		"\ncrash kernel, low ",
		"\ncrash kernel, shared ",
		" 64M",
		"\nreserve_mem ",
		"oops",
		" 4M",
		"\nhuge pages of",
		"1G   any      2 ",
		"2M     0      3",
		"2M     1      4",
		NULL,
	};
	static const char *const json[] = {
		"\"reservations\":[{\"for\":\"crash kernel\"",
		"\"shared\":false",
		"\"crash kernel, low\"",
		"\"crash kernel, shared\"",
		"\"shared\":true",
		"\"name\":\"oops\"",
		"\"huge_pages\":[{\"page_size\":1073741824,\"node\":null,",
		"\"count\":2}",
		"{\"page_size\":2097152,\"node\":0,\"count\":3}",
		NULL,
	};
	struct cli cli = run("show %s", reserved);

	(void)state;
	in_order(cli.out, table);
	cli_free(&cli);
	cli = run("show %s --json", reserved);
	in_order(cli.out, json);
	cli_free(&cli);
}

static void latencies_and_bandwidths(void **state)
{
	static const char *const table[] = {
		"\nfrom node  to memory of",
		"10 ns",
		"10240 MB/s",
		"25 ns",
		"5120 MB/s",
		NULL,
	};
	static const char *const json[] = {
		"\"booted_with\":\"",
		"crashkernel=128M\"",
		"\"performance\":[{\"from\":0,\"to\":0,\"read_latency_ns\":10,",
		"{\"from\":0,\"to\":1,\"read_latency_ns\":25,",
		"\"write_bandwidth_mbs\":5120}",
		NULL,
	};
	struct cli cli =
		run("show %s", "tests/fixtures/logs/hmat-crashkernel.log");

	(void)state;
	in_order(cli.out, table);
	cli_free(&cli);
	cli = run("show %s --json", "tests/fixtures/logs/hmat-crashkernel.log");
	in_order(cli.out, json);
	cli_free(&cli);
}

/* ---- Parameters ---- */

/* A crash kernel on a node does not make it one that cannot go: Linux has
 * reserved it by then where it could not be removed. */
static void crash_kernel_beside_movable(void **state)
{
	static const char *const table[] = {
		"Normal   0x100000000  0x11fffffff",
		"Movable  0x120000000  0x15fffffff",
		"Movable  0x160000000  0x1bfffffff",
		"crash kernel       -     0x118000000  0x11fffffff  128M",
		"crash kernel, low  -      0xaf000000   0xbeffffff  256M",
		NULL,
	};
	struct cli cli =
		run("show %s", "tests/fixtures/logs/removable-crashkernel.log");

	(void)state;
	in_order(cli.out, table);
	cli_free(&cli);
}

/* What the machine was booted with counts, and --cmdline goes on from there. */
static void parameters_of_the_log(void **state)
{
	struct cli cli =
		run("show %s", "tests/fixtures/logs/kernelcore-percent.log");

	(void)state;
	assert_non_null(strstr(cli.out, "Movable"));
	cli_free(&cli);
	cli = run("show %s", "tests/fixtures/logs/one-node-6g.log");
	assert_null(strstr(cli.out, "Movable"));
	cli_free(&cli);
	cli = run("show %s --cmdline kernelcore=1G",
		  "tests/fixtures/logs/one-node-6g.log");
	assert_non_null(strstr(cli.out, "Movable"));
	cli_free(&cli);
	cli = run("show %s --cmdline reserve_mem=1M:4K:here",
		  "tests/fixtures/logs/hmat-crashkernel.log");
	assert_non_null(strstr(cli.out, "here"));
	assert_non_null(strstr(cli.out, "\ncrash kernel "));
	cli_free(&cli);
}

static void parameters_refused(void **state)
{
	static const char *const bad[][2] = {
		{"crashkernel=x", "4G: crashkernel=x: expected a number"},
		{"crashkernel=8G", "4G: crashkernel=8G: not less than there "
				   "is RAM"},
		{"crashkernel=1M@3M", "not a multiple of 16 MiB"},
		{"reserve_mem=1M", "\"1M\" is not SIZE:ALIGN:NAME"},
		{"reserve_mem=1M:3:a", "an align that is not a power of two"},
		{"hugepagesz=3M hugepages=1", "hugepagesz=3M: no power of two"},
		{"hugepages=", "hugepages=: expected a number"},
		{"kernelcore=x", "kernelcore=x: expected a number"},
		{"mem=x", "kernel parameters: mem=x: expected a number"},
		{"memmap=1G!", "kernel parameters: memmap=1G!: expected"},
		{"numa=fake=", "expected a number of nodes, or a size"},
		{"memmap=exactmap", "4G: the machine has no usable memory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char arguments[128];

		snprintf(arguments, sizeof(arguments), "show 4G --cmdline '%s'",
			 bad[i][0]);
		cli_refused(NULL, arguments, bad[i][1]);
		snprintf(arguments, sizeof(arguments),
			 "show 4G --json --cmdline '%s'", bad[i][0]);
		cli_refused(NULL, arguments, bad[i][1]);
	}
}

/* ---- What is no machine, or half of one ---- */

static void half_a_machine(void **state)
{
	static const char *const texts[][2] = {
		{"", "no boot log, nor anything else"},
		{"Node 0, zone      DMA      1      0\n",
		 "/proc/buddyinfo counts free pages"},
		{"/dts-v1/;\n/ {\n};\n", "a device tree's source"},
		{"BIOS-e820: [mem 0x0-0x9ffff] usable\n"
		 "BIOS-e820: [mem 0x100000-0xfff] usable\n",
		 "standard input:2: range 0x100000-0xfff ends before it "
		 "begins"},
		{"BIOS-e820: [mem 0x0000000000100000-0x00000",
		 "standard input:1: "},
		{"00100000-000fffff : System RAM\n",
		 "standard input:1: System RAM at 0x100000-0xfffff ends before "
		 "it begins"},
		{"node 0 size: 9 MB\nnode 1 size: MB\n",
		 "standard input:2: node 1: no number after"},
		{"{\"memory\": [{\"range\":\"0x0-\",\"state\":\"online\"}]}\n",
		 "standard input:1: no range of addresses"},
		{"/sys/firmware/memmap/0/end:0xfff\n"
		 "/sys/firmware/memmap/0/start:0x\n",
		 "standard input:2: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cli_refused(texts[i][0], "show -", texts[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_all_of_the_tables),
		cmocka_unit_test(reservations_and_huge_pages),
		cmocka_unit_test(latencies_and_bandwidths),
		cmocka_unit_test(crash_kernel_beside_movable),
		cmocka_unit_test(parameters_of_the_log),
		cmocka_unit_test(parameters_refused),
		cmocka_unit_test(half_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
