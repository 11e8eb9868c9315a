// SPDX-License-Identifier: MIT
#include "tests/machine_util.h"

static void good(void **state)
{
	static const struct {
		const char *text, *ranges;
		unsigned cpus;
	} cases[] = {
		{"4K", "0-fff usable 0\n", 1},
		{"64T", "0-3fffffffffff usable 0\n", 1},
		{"64t/3", "0-3fffffffffff usable 0\n", 3},
		{"4P", "0-fffffffffffff usable 0\n", 1},
		{"0x1000", "0-fff usable 0\n", 1},
		{"2x1G", "0-3fffffff usable 0\n40000000-7fffffff usable 1\n",
		 2},
		{"1x4096", "0-fff usable 0\n", 1},
		{"2x4K/5", "0-fff usable 0\n1000-1fff usable 1\n", 5},
		{"4K@8K", "2000-2fff usable 0\n", 1},
		{"4K@0+4K@8K", "0-fff usable 0\n2000-2fff usable 0\n", 1},
		{"4G@0:0+4G@8G:1/8",
		 "0-ffffffff usable 0\n200000000-2ffffffff usable 1\n", 8},
		{"4K@4K:3+4K@0:2", "0-fff usable 2\n1000-1fff usable 3\n", 2},
		{"64G,-1G@3G",
		 "0-bfffffff usable 0\n100000000-fffffffff usable 0\n", 1},
		{"2x8K,-8K@4K,-4K@1M", "0-fff usable 0\n3000-3fff usable 1\n",
		 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine;

		machine = machine_read(mu_machine_read_short, cases[i].text);
		assert_ranges(machine, cases[i].ranges);
		assert_int_equal(mu_machine_cpus(machine), cases[i].cpus);
		free(machine);
	}
}

static void bad(void **state)
{
	static const struct {
		const char *text, *error;
		enum mu_status status;
	} cases[] = {
		{"", ": expected a size or a count of nodes at character 1",
		 MU_ERR_SYNTAX},
		{"8y1T",
		 "8y1T: expected K, M, G, T, P, \"x\" or \"@\" at character 2",
		 MU_ERR_SYNTAX},
		{"1Ky", "1Ky: expected \"@\", \"/\" or \",\" at character 3",
		 MU_ERR_SYNTAX},
		{"8x", "8x: expected a size at character 3", MU_ERR_SYNTAX},
		{"8x1Tz",
		 "8x1Tz: expected \"/\", \",\" or the end at "
		 "character 5",
		 MU_ERR_SYNTAX},
		{"0x", "0x: expected a size or a count of nodes at character 1",
		 MU_ERR_SYNTAX},
		{"0G", "0G: a size of 0 at character 1", MU_ERR_RANGE},
		{"64", "64: not a multiple of 4 KiB at character 1",
		 MU_ERR_RANGE},
		{"65x4K", "65x4K: too many nodes at character 1", MU_ERR_RANGE},
		{"00x4K", "00x4K: no node at character 1", MU_ERR_RANGE},
		{"2x3P",
		 "2x3P: memory past the limit of 52 address bits at "
		 "character 3",
		 MU_ERR_RANGE},
		{"4097T",
		 "4097T: memory past the limit of 52 address bits at "
		 "character 1",
		 MU_ERR_RANGE},
		{"99999999999999999999",
		 "99999999999999999999: a number past 64 bits at character 1",
		 MU_ERR_RANGE},
		{"16384P", "16384P: a number past 64 bits at character 1",
		 MU_ERR_RANGE},
		{"4K@", "4K@: expected an address at character 4",
		 MU_ERR_SYNTAX},
		{"4K@5", "4K@5: not a multiple of 4 KiB at character 4",
		 MU_ERR_RANGE},
		{"4K@4P",
		 "4K@4P: memory past the limit of 52 address bits at "
		 "character 1",
		 MU_ERR_RANGE},
		{"4K@0:", "4K@0:: expected a node at character 6",
		 MU_ERR_SYNTAX},
		{"4K@0:64", "4K@0:64: a node past the limit at character 6",
		 MU_ERR_RANGE},
		{"4K@0+", "4K@0+: expected a size at character 6",
		 MU_ERR_SYNTAX},
		{"4K@0+4K", "4K@0+4K: expected \"@\" at character 8",
		 MU_ERR_SYNTAX},
		{"4K/", "4K/: expected a number of CPUs at character 4",
		 MU_ERR_SYNTAX},
		{"4K/0", "4K/0: no CPU at character 4", MU_ERR_RANGE},
		{"4K/4097", "4K/4097: more than 4096 CPUs at character 4",
		 MU_ERR_RANGE},
		{"4K/2K",
		 "4K/2K: expected \"/\", \",\" or the end at "
		 "character 5",
		 MU_ERR_SYNTAX},
		{"4K,", "4K,: expected \"-\" at character 4", MU_ERR_SYNTAX},
		{"4K,-4K", "4K,-4K: expected \"@\" at character 7",
		 MU_ERR_SYNTAX},
		{"4K,-4K@4P",
		 "4K,-4K@4P: a hole past the limit of 52 address bits at "
		 "character 5",
		 MU_ERR_RANGE},
		{"4K\n\x80",
		 "4K??: expected \"@\", \"/\" or \",\" at "
		 "character 3",
		 MU_ERR_SYNTAX},
		/* Long text is cut in the message, not in the reading. */
		{"4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+"
		 "4K@0+x",
		 "4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+4K@0+"
		 "...: expected a size at character 66",
		 MU_ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_short,
						 cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, 0);
	}
}

static void all_of_it_a_hole(void **state)
{
	struct mu_machine *machine = machine_new(4, 1);
	static const char text[] = "4K,-4K@0";

	(void)state;
	assert_int_equal(
		mu_machine_read_short(machine, text, strlen(text), NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_ERR_NOT_FOUND);
	free(machine);
}

static void too_many_places(void **state)
{
	struct mu_machine *machine = machine_new(2, 1);
	static const char text[] = "4K@0+4K@8K+4K@16K";
	struct mu_error error;

	(void)state;
	assert_int_equal(
		mu_machine_read_short(machine, text, strlen(text), &error),
		MU_ERR_FULL);
	assert_string_equal(error.text, "more than 2 memory ranges");
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(all_of_it_a_hole),
		cmocka_unit_test(too_many_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
