// SPDX-License-Identifier: MIT
/* memup check of several logs and of folders. Run in the top directory. */
#include "tests/cli.h"

#include <string.h>

#define LOGS "tests/fixtures/logs/"

static void a_folder(void **state)
{
	struct cli cli = cli_run(NULL, "check " LOGS);

	(void)state;
	assert_int_equal(cli.code, 0);
	assert_string_equal(cli.err, "");
	assert_non_null(strstr(cli.out, LOGS "/eight-nodes-8g.log"));
	assert_non_null(strstr(cli.out, " logs: "));
	assert_non_null(strstr(cli.out, ", 0 differ, 0 have nothing to "
					"compare, 0 not read\n"));
	cli_free(&cli);
}

/* The verdicts side by side; one that cannot be read does not hide others. */
static void all_verdicts(void **state)
{
	static const char log[] =
		"[    0.000000] BIOS-provided physical RAM map:\n"
		"[    0.000000] BIOS-e820: [mem 0x0000000000000000-"
		"0x000000000009fbff] usable\n"
		"[    0.000000] BIOS-e820: [mem 0x0000000000100000-"
		"0x000000007fffffff] usable\n"
		"[    0.000000] Memory: 100K/4096K available\n";
	struct cli cli = cli_run(log, "check " LOGS "one-node-6g.log - "
				      "/nowhere/x.log");

	(void)state;
	assert_int_equal(cli.code, 2);
	assert_non_null(strstr(cli.out, LOGS "one-node-6g.log  agrees"));
	assert_non_null(strstr(cli.out, "standard input"));
	assert_non_null(strstr(cli.out, "  differs "));
	assert_non_null(strstr(cli.out, "/nowhere/x.log"));
	assert_non_null(strstr(cli.out, "  not read "));
	assert_non_null(strstr(cli.out, "3 logs: 1 agree, 1 differ, 0 have "
					"nothing to compare, 1 not read\n"));
	cli_free(&cli);
	cli = cli_run(log, "check - " LOGS "one-node-6g.log");
	assert_int_equal(cli.code, 1);
	cli_free(&cli);
}

static void json(void **state)
{
	struct cli cli = cli_run(NULL, "check --json /nowhere/x.log " LOGS
				       "one-node-6g.log");

	(void)state;
	assert_int_equal(cli.code, 2);
	assert_string_equal(cli.err, "");
	assert_int_equal(strncmp(cli.out,
				 "{\"logs\":[{\"log\":"
				 "\"/nowhere/x.log\",\"error\":",
				 35),
			 0);
	assert_non_null(strstr(cli.out, "],\"agree\":1,\"differ\":0,"
					"\"silent\":0,\"not_read\":1}\n"));
	cli_free(&cli);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder),
		cmocka_unit_test(all_verdicts),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
