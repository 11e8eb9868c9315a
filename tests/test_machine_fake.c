// SPDX-License-Identifier: MIT
/*
 * numa=fake=. What Linux makes of it is in tests/fixtures/logs, which
 * test_check reads; here are the limits.
 */
#include "tests/machine_util.h"

static struct mu_machine *faked(const char *text, const char *parameters)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error = {.text = ""};

	if (mu_machine_read_short(machine, text, strlen(text), &error) ||
	    mu_machine_apply_cmdline(machine, parameters, strlen(parameters),
				     &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s %s: %s", text, parameters, error.text);
	return machine;
}

static void assert_faked(const char *text, const char *parameters,
			 const char *ranges)
{
	struct mu_machine *machine = faked(text, parameters);

	assert_ranges(machine, ranges);
	free(machine);
}

static void equal_nodes(void **state)
{
	(void)state;
	assert_faked("1G", "numa=fake=2",
		     "0-1fffffff usable 0\n20000000-3fffffff usable 1\n");
	/* Holes do not count; what is left goes to the last. */
	assert_faked("512M@0+512M@1G", "quiet numa=fake=2 --",
		     "0-1fffffff usable 0\n40000000-5fffffff usable 1\n");
	assert_faked("1G", "numa=fake=1", "0-3fffffff usable 0\n");
	/* Each its turn: node 0's memory, then node 1's. */
	assert_faked("2x1G", "numa=fake=4",
		     "0-1fffffff usable 0\n20000000-3fffffff usable 2\n"
		     "40000000-5fffffff usable 1\n"
		     "60000000-7fffffff usable 3\n");
	/* Less than 32 MiB for each: Linux leaves the real nodes. */
	assert_faked("2x64M", "numa=fake=8",
		     "0-3ffffff usable 0\n4000000-7ffffff usable 1\n");
}

static void nodes_of_a_size(void **state)
{
	(void)state;
	assert_faked("1G", "numa=fake=256M",
		     "0-fffffff usable 0\n10000000-1fffffff usable 1\n"
		     "20000000-2fffffff usable 2\n"
		     "30000000-3fffffff usable 3\n");
	/* The rest is less than one more. */
	assert_faked("1G", "numa=fake=384M",
		     "0-17ffffff usable 0\n18000000-3fffffff usable 1\n");
	/* To a multiple of 32 MiB, and no less than that. */
	assert_faked("128M", "numa=fake=65M",
		     "0-3ffffff usable 0\n4000000-7ffffff usable 1\n");
	assert_faked("64M", "numa=fake=1M",
		     "0-1ffffff usable 0\n2000000-3ffffff usable 1\n");
	assert_faked("1G", "numa=fake=64G", "0-3fffffff usable 0\n");
}

static void nodes_in_each(void **state)
{
	(void)state;
	assert_faked("2x1G", "numa=fake=2U",
		     "0-1fffffff usable 0\n20000000-3fffffff usable 1\n"
		     "40000000-5fffffff usable 2\n"
		     "60000000-7fffffff usable 3\n");
}

static void cpus_and_distances(void **state)
{
	struct mu_machine *machine = faked("2x1G/6", "numa=fake=2U");

	(void)state;
	assert_int_equal(machine->nr_nodes, 4);
	assert_int_equal(mu_machine_cpus(machine), 6);
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(machine->nodes[1].nr_cpus, 1);
	assert_int_equal(machine->nodes[2].nr_cpus, 2);
	assert_int_equal(machine->distances[0 * 16 + 0], 10);
	assert_int_equal(machine->distances[0 * 16 + 1], 10);
	assert_int_equal(machine->distances[0 * 16 + 2], 20);
	assert_int_equal(machine->distances[3 * 16 + 1], 20);
	assert_int_equal(machine->distances[3 * 16 + 2], 10);
	free(machine);
}

/* Fake nodes are as far apart as the real ones that they are in. */
static void real_distances(void **state)
{
	static const char words[] = "numa=fake=2U";
	struct mu_machine *machine = machine_new(64, 16);

	(void)state;
	assert_int_equal(mu_machine_read_short(machine, "2x1G/6", 6, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_set_distance(machine, 0, 1, 31, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_set_distance(machine, 1, 0, 17, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_set_perf(machine, 0, 0,
					     MU_PERF_READ_LATENCY, 9, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_apply_cmdline(machine, words,
						  sizeof(words) - 1, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < 4; j++)
			assert_int_equal(machine->distances[i * 16 + j],
					 i / 2 == j / 2 ? 10
					 : i < j	? 31
							: 17);
	/* What was measured was another node's. */
	assert_int_equal(mu_machine_perf(machine, 0, 0, MU_PERF_READ_LATENCY),
			 0);
	free(machine);
}

static void misread(const char *parameters, enum mu_status status)
{
	struct mu_machine *machine = machine_new(8, 4);
	struct mu_error error = {.text = ""};

	assert_int_equal(mu_machine_apply_cmdline(machine, parameters,
						  strlen(parameters), &error),
			 status);
	assert_non_null(strstr(error.text, parameters));
	assert_int_equal(machine->fake, MU_FAKE_NONE);
	free(machine);
}

static void bad_parameters(void **state)
{
	struct mu_error error;
	struct mu_machine *machine;

	(void)state;
	misread("numa=fake=", MU_ERR_SYNTAX);
	misread("numa=fake=x", MU_ERR_SYNTAX);
	misread("numa=fake=4x", MU_ERR_SYNTAX);
	misread("numa=fake=4,4", MU_ERR_SYNTAX);
	misread("numa=fake=0", MU_ERR_RANGE);
	misread("numa=fake=1025", MU_ERR_RANGE);
	misread("numa=fake=0U", MU_ERR_RANGE);
	misread("numa=fake=99999999999999999999", MU_ERR_SYNTAX);
	misread("numa=fake=2:10,20", MU_ERR_UNSUPPORTED);
	/* More nodes, and more ranges, than the machine has room for. */
	machine = machine_new(64, 2);
	assert_int_equal(mu_machine_read_short(machine, "1G", 2, NULL), MU_OK);
	assert_int_equal(
		mu_machine_apply_cmdline(machine, "numa=fake=4", 11, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, &error), MU_ERR_RANGE);
	assert_non_null(strstr(error.text, "limit of 2"));
	free(machine);
	machine = machine_new(2, 8);
	assert_int_equal(mu_machine_read_short(machine, "1G", 2, NULL), MU_OK);
	assert_int_equal(
		mu_machine_apply_cmdline(machine, "numa=fake=4", 11, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, &error), MU_ERR_FULL);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_nodes),
		cmocka_unit_test(nodes_of_a_size),
		cmocka_unit_test(nodes_in_each),
		cmocka_unit_test(cpus_and_distances),
		cmocka_unit_test(real_distances),
		cmocka_unit_test(bad_parameters),
	};

	return cmocka_run_group_tests_name("machine_fake", tests, NULL, NULL);
}
