// SPDX-License-Identifier: MIT
/*
 * memup hotplug, as a person runs it.
 */
#include "tests/cli.h"

#include <string.h>

/* It goes well, and says all of @parts, up to a NULL. */
static void runs(const char *args, const char *const *parts)
{
	struct cli cli = cli_run(NULL, args);

	if (cli.code)
		fail_msg("memup %s: %s", args, cli.err);
	for (; *parts; parts++)
		if (!strstr(cli.out, *parts))
			fail_msg("memup %s: no '%s' in: %s", args, *parts,
				 cli.out);
	cli_free(&cli);
}

static void comes_and_goes(void **state)
{
	(void)state;
	runs("hotplug 2x1G/2 --add 1G --remove 512M --json",
	     (const char *const[]){
		     "\"add_bytes\":1073741824", "\"remove_bytes\":536870912",
		     "\"node\":2", "\"online\":\"kernel\"",
		     "\"policy\":\"eager\"", "\"policy\":\"deferred\"",
		     "\"policy\":\"lazy\"", "\"lock_ns_max\":",
		     "\"failures\":0", "\"valid\":true", NULL});
	runs("hotplug 2x1G/2 --add 512G --policy lazy",
	     (const char *const[]){"512G from 0x100000000 on as new node 2, "
				   "online: kernel\n",
				   "remove 512G", "yes", NULL});
	runs("hotplug 1G/2 --add 512M --online ratio --policy deferred",
	     (const char *const[]){"online: ratio\n", "\ndeferred ", "yes",
				   NULL});
	runs("hotplug 1G/2 --add 1G --used 256M --online movable --policy lazy "
	     "--json",
	     (const char *const[]){"\"moved\":64,", "\"valid\":true", NULL});
	runs("hotplug 1G/2 --add 2G --hosted --step 1G --json",
	     (const char *const[]){"\"hosted\":true", "\"valid\":true", NULL});
	runs("hotplug 2x1G/2 --add 640M --remove 384M --step 256M --node 1 "
	     "--policy lazy --json",
	     (const char *const[]){"\"valid\":true", NULL});
	runs("hotplug 1G/2 --add 1G --online offline",
	     (const char *const[]){"offline", NULL});
	runs("hotplug 2x1G/2 --add 512M --step 1G --node 0 --policy lazy",
	     (const char *const[]){"on as node 0, online: kernel\n", NULL});
	runs("hotplug 2x1G/2 --add 512M --step 256M --policy lazy",
	     (const char *const[]){"online: kernel, in steps of 256M\n", NULL});
}

static void refusals(void **state)
{
	(void)state;
	cli_refused(NULL, "hotplug 1G", "--add is missing");
	cli_refused(NULL, "hotplug 1G --add 1Q", "--add '1Q'");
	cli_refused(NULL, "hotplug 1G --add 0", "--add '0'");
	cli_refused(NULL, "hotplug 1G --add 100M", "multiple of 128M");
	cli_refused(NULL, "hotplug 1G --add 1G --step 1M", "--step 1M");
	cli_refused(NULL, "hotplug 1G --add 1G --remove 2G",
		    "--add 1G is less than --remove 2G");
	cli_refused(NULL, "hotplug 1G --add 1G --used 2G",
		    "--add 1G is less than --used 2G");
	cli_refused(NULL, "hotplug 1G --add 4P", "passes the end");
	cli_refused(NULL, "hotplug 1G --add 1G --node 1", "--node '1'");
	cli_refused(NULL, "hotplug 1G --add 1G --online up", "--online 'up'");
	cli_refused(NULL, "hotplug 1G --add 1G --policy late",
		    "'late' is not one of eager, deferred, lazy, all");
	cli_refused(NULL, "hotplug 1G --add 1G --used 1000000",
		    "multiple of 4M");
	cli_refused(NULL, "hotplug 1G --add 1G --threads 9", "has 1 CPU");
	cli_refused(NULL, "hotplug 1G --add 1G --threads 0", "--threads '0'");
	cli_refused(NULL, "hotplug 1G --add 1G --hosted --step 768M",
		    "multiples of --step 768M");
	cli_refused(NULL, "hotplug 1G --add 1G --online offline --used 1M",
		    "--used");
	cli_refused(NULL, "hotplug 1G 2G --add 1G", "'2G' is too many");
	cli_refused(NULL, "hotplug 1G --frobnicate", "frobnicate");
}

static void help_tells_all(void **state)
{
	(void)state;
	runs("hotplug --help",
	     (const char *const[]){"--add", "--remove", "--step", "--used",
				   "--online", "--node", "--hosted", "--policy",
				   "--threads", "--json", "Exit codes:", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(refusals),
		cmocka_unit_test(help_tells_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
