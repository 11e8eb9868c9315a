// SPDX-License-Identifier: MIT
/*
 * What people pasted, and what is right about it: each log of
 * tests/fixtures/field shows one kind of fault that memup had. Run in the top
 * directory.
 */
#include "tests/cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD "tests/fixtures/field/"

/* The lines of @text, with blanks squeezed, have one that begins with @line. */
static bool has_line(const char *text, const char *line)
{
	char *flat = malloc(strlen(text) + 2), *to = flat;
	char *wanted = malloc(strlen(line) + 2);
	bool found;

	assert_non_null(flat);
	assert_non_null(wanted);
	*to++ = '\n';
	for (; *text; text++)
		if (*text != ' ' || (to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *text;
	*to = '\0';
	sprintf(wanted, "\n%s", line);
	found = strstr(flat, wanted) != NULL;
	free(wanted);
	free(flat);
	return found;
}

static void says(const char *what, const char *name, const char *const *lines)
{
	char arguments[256];
	struct cli cli;

	snprintf(arguments, sizeof(arguments), "%s " FIELD "%s", what, name);
	cli = cli_run(NULL, arguments);
	if (cli.code)
		fail_msg("%s: exit code %d: %s%s", arguments, cli.code, cli.out,
			 cli.err);
	for (; *lines; lines++)
		if (!has_line(cli.out, *lines) && !strstr(cli.out, *lines))
			fail_msg("%s: no \"%s\" in %s", arguments, *lines,
				 cli.out);
	cli_free(&cli);
}

#define MOST 6

static void checked(void **state)
{
	static const struct {
		const char *name, *lines[MOST];
	} cases[] = {
		{"01-fb-bar-line-phantom-node.log",
		 {"9 agree, 0 differ", "node ids agrees 1 1"}},
		{"02-fb-bar-line-refused-ppc64.log",
		 {"4 agree, 0 differ", "total memory agrees 16777216K"}},
		{"04-i386-highmem-zone-rows.log",
		 {"0 differ", "node 0, zone Normal, pages agrees 467580 467580",
		  "zone Normal agrees 0x1000000-0x7327bfff"}},
		{"06-i386-memory-above-max-pfn.log",
		 {"7 agree, 0 differ", "total memory agrees 3145208K",
		  "last_pfn agrees 0xbffe0"}},
		{"07-builtin-cmdline-second-line.log",
		 {"12 agree, 0 differ", "node ids agrees 2 2",
		  "node 1, span agrees 0x140000000-0x23fffffff"}},
		{"08-truncated-late-e820-update.log",
		 {"0 differ", "total memory agrees 16414036K 16414036K"}},
		{"09-e820-type-9-and-20-in-user-map.log",
		 {"0 differ",
		  "map of parameters, 0xbf7d0000 agrees "
		  "0xbf7d0000-0xbf7effff reserved",
		  "map of parameters, 0x200000000 agrees "
		  "0x200000000-0x3ffffffff persistent"}},
		{"10-srat-lists-hotplug-cpus.log",
		 {"0 differ", "CPUs, possible agrees 4 4"}},
		{"12-riscv-dma32-below-4g.log",
		 {"0 differ", "zone DMA32 agrees 0x0-0x7fffffff",
		  "zone Normal agrees 0x80000000-0x27fffffff"}},
		{"14-mail-wrapped-e820.log", {"4 agree, 0 differ"}},
		{"15-no-break-spaces.log",
		 {"0 differ", "total memory agrees 5240832K 5240832K",
		  "zone Normal agrees 0x0-0x1ffdfffff"}},
		{"16-dmesg-color-always.log",
		 {"0 differ", "zone DMA agrees 0x40000000-0xffffffff",
		  "total memory agrees 4194304K"}},
		{"18-quoted-iomem.log", {"read, nothing to compare"}},
		{"19-numactl-cpu-ranges.log", {"read, nothing to compare"}},
		{"20-log-replayed-by-second-console.log",
		 {"0 differ", "node 0, zone DMA, unavailable agrees 97 97",
		  "node 0, zone DMA32, unavailable agrees 1 1",
		  "last_pfn agrees 0x3ffff"}},
		{"21-unaccepted-memory-table.log",
		 {"10 agree, 0 differ", "node 0, memory from 0x7f37e000 agrees "
					"0x7f37e000-0x7f37efff"}},
		{"22-wrapped-kernel-command-line.log",
		 {"0 differ", "crash kernel agrees 256M 256M"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		says("check", cases[i].name, cases[i].lines);
}

static void shown(void **state)
{
	static const struct {
		const char *name, *lines[MOST];
	} cases[] = {
		{"01-fb-bar-line-phantom-node.log", {"0 1 1.6G 0x1000"}},
		{"10-srat-lists-hotplug-cpus.log",
		 {"0 2 2.0G 0x1000", "2 CPUs, 2 more may come"}},
		{"14-mail-wrapped-e820.log",
		 {"0x9d400 0x9ffff 11K reserved", "0x40000000 0x40009fff 40K "
						  "ACPI NVS"}},
		{"18-quoted-iomem.log",
		 {"0x1000 0x9ffff 636K usable", "0x100000000 0x27fffffff 6G "
						"usable"}},
		{"19-numactl-cpu-ranges.log", {"0 64 251.7G", "1 64 250.9G"}},
		{"22-wrapped-kernel-command-line.log",
		 {"booted with: root=/dev/vda console=ttyAMA0 crashkernel=256M "
		  "hugepages=16\n"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		says("show", cases[i].name, cases[i].lines);
}

/* Each once, and none that is for the first process. */
static void not_modelled(void **state)
{
	struct cli cli = cli_run("BIOS-e820: [mem 0x0-0xffffff] usable\n"
				 "Kernel command line: cma=64M a kho=on "
				 "cma=64M cma= -- vmalloc=1G\n",
				 "show -");

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_true(has_line(cli.out, "not modelled: cma=64M kho=on\n"));
	cli_free(&cli);
}

/* A map whose beginning is lost explains rows of memory, and no others. */
static void cut_map(void **state)
{
	static const char log[] =
		"%sBIOS-e820: [mem 0x100000-0xffffff] usable\n"
		"Early memory node ranges\n"
		"  node   0: [mem 0x0000000000001000-0x000000000009ffff]\n"
		"  node   0: [mem 0x0000000000100000-0x0000000000ffffff]\n"
		"Initmem setup node 0 "
		"[mem 0x0000000000001000-0x0000000000ffffff]\n";
	char text[1024];
	struct cli cli;

	(void)state;
	snprintf(text, sizeof(text), log, "");
	cli = cli_run(text, "check -");
	assert_int_equal(cli.code, 0);
	assert_true(has_line(cli.out, "node 0, span cannot agree"));
	assert_true(has_line(cli.out, "node 0, span: the log begins within"));
	cli_free(&cli);
	cli = cli_run(text, "check - --json");
	assert_non_null(strstr(cli.out, "\"why\":\"the log begins"));
	cli_free(&cli);
	snprintf(text, sizeof(text), log, "BIOS-provided physical RAM map:\n");
	cli = cli_run(text, "check -");
	assert_int_equal(cli.code, 1);
	assert_true(has_line(cli.out, "node 0, span differs"));
	cli_free(&cli);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checked),
		cmocka_unit_test(shown),
		cmocka_unit_test(not_modelled),
		cmocka_unit_test(cut_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
