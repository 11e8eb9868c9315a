// SPDX-License-Identifier: MIT
/*
 * memup device, as a person runs it.
 */
#include <string.h>
#include "tests/cli.h"

/* Each of @texts, ended by NULL, is in what it prints. */
static void runs(const char *arguments, const char *const *texts)
{
	struct cli cli = cli_run(NULL, arguments);

	assert_int_equal(cli.code, 0);
	for (; *texts; texts++)
		if (!strstr(cli.out, *texts))
			fail_msg("%s: no %s in: %s", arguments, *texts,
				 cli.out);
	cli_free(&cli);
}

static void both_policies(void **state)
{
	(void)state;
	runs("device 2x1G/2 --pmem 3x256M --json",
	     (const char *const[]){
		     "\"devices\":3,\"bytes\":268435456",
		     "\"policy\":\"eager\"", "\"descriptors_written\":196608,",
		     "\"policy\":\"lazy\"", "\"descriptors_written\":3072,",
		     "\"pages\":196608,", "\"valid\":true}]}", NULL});
	runs("device 2x1G/2 --pmem 256M --policy lazy",
	     (const char *const[]){"1 device of 256M from 0x80000000",
				   "under lock", "\nlazy ", "yes", NULL});
}

static void compound_and_altmap(void **state)
{
	(void)state;
	runs("device 1G/2 --pmem 2x1T --compound 2M --json",
	     (const char *const[]){"\"pages_per_descriptor\":512",
				   "\"descriptors\":1048576",
				   "\"bytes_per_tib\":8388608", NULL});
	runs("device 1G/2 --pmem 1T --compound 1G --json",
	     (const char *const[]){"\"descriptors\":1024", NULL});
	runs("device 1G/2 --pmem 1G --altmap --json",
	     (const char *const[]){"\"memmap_bytes\":0,"
				   "\"hosted_bytes\":4194304",
				   "\"pages_reserved\":1024", NULL});
}

/* 64 TiB have 256 GiB of memmap. */
static void what_does_not_fit_is_left_out(void **state)
{
	struct cli cli = cli_run(NULL, "device 1G --pmem 16x4T");

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_non_null(strstr(cli.err, "policy eager is left out: it writes "
					"256G of descriptors"));
	assert_null(strstr(cli.out, "eager"));
	cli_free(&cli);
	cli_refused(NULL, "device 1G --pmem 16x4T --policy eager",
		    "policy eager writes 256G of descriptors");
}

static void bad_use(void **state)
{
	(void)state;
	cli_refused(NULL, "device 1G", "--pmem is missing");
	cli_refused(NULL, "device 1G --pmem 4y3T", "--pmem '4y3T' is not a");
	cli_refused(NULL, "device 1G --pmem 0x0", "--pmem '0x0' is not a");
	cli_refused(NULL, "device 1G --pmem 4x", "--pmem '4x' is not a");
	cli_refused(NULL, "device 1G --pmem 65x1G", "up to 64");
	cli_refused(NULL, "device 1G --pmem 5P", "--pmem '5P'");
	cli_refused(NULL, "device 1G --pmem 4P", "passes the end");
	cli_refused(NULL, "device 1G 2G --pmem 1G", "'2G' is too many");
	cli_refused(NULL, "device 1G --pmem 1G --compound 4M",
		    "it can be 2M or 1G");
	cli_refused(NULL, "device 1G --pmem 1G --policy deferred",
		    "not one of eager, lazy, all");
	cli_refused(NULL, "device 1G/2 --pmem 1G --threads 3",
		    "--threads 3, but 1G/2 has 2 CPUs");
	/* What the library refuses, in its words. */
	cli_refused(NULL, "device 1G --pmem 3M",
		    "pmem0: 0x40000000-0x402fffff is not a multiple of "
		    "0x200000");
	cli_refused(NULL, "device 1G --pmem 64M --altmap",
		    "no whole section of 0x8000000 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_policies),
		cmocka_unit_test(compound_and_altmap),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(bad_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
