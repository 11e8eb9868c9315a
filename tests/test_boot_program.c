// SPDX-License-Identifier: MIT
/*
 * memup boot, as a person runs it.
 */
#include <stdio.h>
#include <string.h>
#include "cli/text.h"
#include "memup/base.h"
#include "ports/hosted/hosted.h"
#include "tests/cli.h"

/*
 * A machine whose memmap is more than this host has memory for, but not much
 * more: it takes addresses, of which sanitizers leave few.
 */
static char too_large[16], its_memmap[16];

static int size_up(void **state)
{
	uint64_t gib = MU_GIB, have = mu_hosted_available();

	(void)state;
	while (gib < have && gib < 512 * MU_GIB)
		gib *= 2;
	gib = 2 * gib / MU_GIB;
	/* 256 bytes of machine for each byte of memmap; in eight nodes. */
	snprintf(too_large, sizeof(too_large), "8x%uG", (unsigned)(gib * 32));
	snprintf(its_memmap, sizeof(its_memmap), "%s", size_text(gib * MU_GIB));
	return 0;
}

/* Run "boot", the machine that is too large, and @more. */
static const char *boot_too_large(const char *more)
{
	static char arguments[64];

	snprintf(arguments, sizeof(arguments), "boot %s %s", too_large, more);
	return arguments;
}

static unsigned occurrences(const char *text, const char *word)
{
	unsigned nr = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		nr++;
	return nr;
}

static void what_does_not_fit_is_left_out(void **state)
{
	struct cli cli = cli_run(NULL, boot_too_large(""));
	char why[80];

	(void)state;
	assert_int_equal(cli.code, 0);
	snprintf(why, sizeof(why),
		 "policy eager is left out: it writes %s of memmap",
		 its_memmap);
	assert_non_null(strstr(cli.err, why));
	assert_non_null(strstr(cli.err, "policy deferred is left out"));
	assert_null(strstr(cli.out, "eager"));
	assert_non_null(strstr(cli.out, "\nlazy "));
	cli_free(&cli);
}

static void what_was_asked_for_is_refused(void **state)
{
	char why[80];

	(void)state;
	snprintf(why, sizeof(why),
		 "policy eager writes %s of memmap, and this host has ",
		 its_memmap);
	cli_refused(NULL, boot_too_large("--policy eager"), why);
	cli_refused(NULL, "boot 1G --policy quick",
		    "--policy 'quick' is not one of eager, deferred, lazy, "
		    "all");
	cli_refused(NULL, "boot 1G/2 --threads 3",
		    "--threads 3, but 1G/2 has 2 CPUs");
}

static void all_policies_of_a_small_machine(void **state)
{
	struct cli cli = cli_run(NULL, "boot 2x512M/2 --json");
	const char *at = cli.out;

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_string_equal(cli.err, "");
	for (unsigned i = 0; i < 3; i++) {
		at = strstr(at, "\"valid\":true");
		assert_non_null(at);
		at++;
	}
	assert_null(strstr(at, "\"policy\""));
	cli_free(&cli);
}

static void what_parameters_ask_for(void **state)
{
	struct cli cli = cli_run(NULL, "boot 2x512M/2 --json --cmdline "
				       "'crashkernel=64M hugepages=3 "
				       "reserve_mem=4M:2M:oops'");

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_int_equal(occurrences(cli.out, "\"valid\":true"), 3);
	assert_int_equal(occurrences(cli.out, "\"asked\":3,\"got\":3,"), 3);
	assert_non_null(strstr(cli.out, "{\"for\":\"crash kernel\",\"name\":"
					"\"\",\"start\":1006632960,\"end\":"
					"1073741824,"));
	assert_non_null(strstr(cli.out, "\"name\":\"oops\""));
	cli_free(&cli);

	/* 64 MiB are less than 40 pages of 2 MiB. */
	cli = cli_run(NULL, "boot 64M --policy lazy --cmdline hugepages=40");
	assert_int_equal(cli.code, 1);
	assert_non_null(strstr(cli.err, " of 40 huge pages of 2M"));
	cli_free(&cli);

	cli_refused(NULL, "boot 1G --cmdline crashkernel=2G",
		    "crashkernel=2G: not less than there is RAM");
	cli_refused(NULL, "boot 1G --cmdline reserve_mem=2G:4K:x",
		    "reserve_mem: 2147483648 bytes aligned to 4096: no memory");
	cli_refused(NULL, "boot 1G --cmdline movablecore=x",
		    "movablecore=x: expected a number");
}

/* The same as with --cmdline, from the machine's own. */
static void what_the_log_was_booted_with(void **state)
{
	struct cli cli = cli_run(NULL, "boot --policy lazy --json tests/"
				       "fixtures/logs/hmat-crashkernel.log");

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_int_equal(occurrences(cli.out, "\"valid\":true"), 1);
	assert_non_null(strstr(cli.out, "{\"for\":\"crash kernel\""));
	cli_free(&cli);
}

/*
 * A log of @nr ranges of @size bytes with holes as large between them, and one
 * of 64 MiB above all.
 */
static const char *log_of_ranges(unsigned nr, unsigned long long size)
{
	static char text[256 * 1024];
	unsigned long long at = 0;
	int len = 0;

	for (unsigned i = 0; i < nr; i++, at += 2 * size)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"BIOS-e820: [mem 0x%llx-0x%llx] usable\n", at,
				at + size - 1);
	snprintf(text + len, sizeof(text) - (size_t)len,
		 "BIOS-e820: [mem 0x%llx-0x%llx] usable\n", at,
		 at + (64 << 20) - 1);
	return text;
}

/* More ranges than memblock has room for at first: large ones, and pages that
 * none of its tables fits in. */
static void many_ranges(void **state)
{
	static const struct {
		unsigned nr;
		unsigned long long size;
	} logs[] = {{200, 8 << 20}, {4000, 4096}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct cli cli =
			cli_run(log_of_ranges(logs[i].nr, logs[i].size),
				"boot - --json");

		assert_string_equal(cli.err, "");
		assert_int_equal(cli.code, 0);
		assert_int_equal(occurrences(cli.out, "\"valid\":true"), 3);
		cli_free(&cli);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(what_was_asked_for_is_refused),
		cmocka_unit_test(all_policies_of_a_small_machine),
		cmocka_unit_test(what_parameters_ask_for),
		cmocka_unit_test(many_ranges),
		cmocka_unit_test(what_the_log_was_booted_with),
	};

	return cmocka_run_group_tests(tests, size_up, NULL);
}
