// SPDX-License-Identifier: MIT
/*
 * memup boot, as a person runs it.
 */
#include <string.h>
#include "tests/cli.h"
#include "tests/world.h"

/*
 * 256 TiB have 1 TiB of memmap: more than a host of tests has. ThreadSanitizer
 * leaves less room for addresses, and now and then not that much in one piece.
 */
#if TEST_TSAN
#define TOO_LARGE  "32x2T"
#define ITS_MEMMAP "256G"
#else
#define TOO_LARGE  "64x4T"
#define ITS_MEMMAP "1T"
#endif

static unsigned occurrences(const char *text, const char *word)
{
	unsigned nr = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		nr++;
	return nr;
}

static void what_does_not_fit_is_left_out(void **state)
{
	struct cli cli = cli_run(NULL, "boot " TOO_LARGE);

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_non_null(strstr(cli.err,
			       "policy eager is left out: it writes " ITS_MEMMAP
			       " of memmap"));
	assert_non_null(strstr(cli.err, "policy deferred is left out"));
	assert_null(strstr(cli.out, "eager"));
	assert_non_null(strstr(cli.out, "\nlazy "));
	cli_free(&cli);
}

static void what_was_asked_for_is_refused(void **state)
{
	(void)state;
	cli_refused(NULL, "boot " TOO_LARGE " --policy eager",
		    "policy eager writes " ITS_MEMMAP
		    " of memmap, and this host "
		    "has ");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(what_was_asked_for_is_refused),
		cmocka_unit_test(all_policies_of_a_small_machine),
		cmocka_unit_test(what_parameters_ask_for),
		cmocka_unit_test(what_the_log_was_booted_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
