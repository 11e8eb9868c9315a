// SPDX-License-Identifier: MIT
#include "tests/machine_util.h"

/* RAM to 1 MiB, reserved to 2 MiB, RAM to 3 MiB on node 1. */
static struct mu_machine *three_ranges(void)
{
	struct mu_machine *machine = machine_new(64, 4);

	assert_int_equal(
		mu_machine_add(machine, 0, MU_MIB, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add(machine, MU_MIB, MU_MIB,
					MU_RANGE_RESERVED, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add(machine, 2 * MU_MIB, MU_MIB,
					MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add_affinity(machine, 0, 2 * MU_MIB, 0, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add_affinity(machine, 2 * MU_MIB, MU_MIB, 1,
						 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 1, 3, NULL), MU_OK);
	return machine;
}

static void parameters(void **state)
{
	static const char *const unchanged = "0-fffff usable 0\n"
					     "100000-1fffff reserved 0\n"
					     "200000-2fffff usable 1\n";
	static const struct {
		const char *text, *ranges;
	} cases[] = {
		{"", NULL},
		{"quiet root=/dev/sda1 hugepages=4 mem", NULL},
		{"mem=nopentium", NULL},
		{"mem=8E", NULL},
		{"-- mem=1", NULL},
		{"init=\"mem=4K mem=8K\"", NULL},
		{"mem=0x280000", "0-fffff usable 0\n"
				 "100000-1fffff reserved 0\n"
				 "200000-27ffff usable 1\n"},
		{"quiet mem=512k", "0-7ffff usable 0\n"
				   "100000-1fffff reserved 0\n"},
		{"\"mem=512k\"", "0-7ffff usable 0\n"
				 "100000-1fffff reserved 0\n"},
		{"memmap=512K", "0-7ffff usable 0\n"
				"100000-1fffff reserved 0\n"},
		{"memmap=exactmap memmap=4K@8K,4K@16K",
		 "2000-2fff usable 0\n4000-4fff usable 0\n"},
		{"memmap=1M@1M", NULL},
		{"memmap=1M@3M", "0-fffff usable 0\n"
				 "100000-1fffff reserved 0\n"
				 "200000-3fffff usable 1\n"},
		{"memmap=4K#0", "0-fff ACPI data 0\n"
				"1000-fffff usable 0\n"
				"100000-1fffff reserved 0\n"
				"200000-2fffff usable 1\n"},
		{"memmap=4K$0,1M!2M", "0-fff reserved 0\n"
				      "1000-fffff usable 0\n"
				      "100000-1fffff reserved 0\n"
				      "200000-2fffff persistent 1\n"},
		{"memmap=3M%0-2+1", "0-1fffff usable 0\n"
				    "200000-2fffff usable 1\n"},
		{"memmap=3M%0-1", "100000-1fffff reserved 0\n"},
		{"memmap=4K%0+3", "0-fff ACPI data 0\n"
				  "1000-fffff usable 0\n"
				  "100000-1fffff reserved 0\n"
				  "200000-2fffff usable 1\n"},
		{"memmap=2M%0", "200000-2fffff usable 1\n"},
		{"numa=off", "0-fffff usable 0\n"
			     "100000-1fffff reserved 0\n"
			     "200000-2fffff usable 0\n"},
		{"numa=fake=4", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine = three_ranges();

		assert_int_equal(
			mu_machine_apply_cmdline(machine, cases[i].text,
						 strlen(cases[i].text), NULL),
			MU_OK);
		/* Without any RAM there is no machine; give it some far off. */
		assert_int_equal(mu_machine_add(machine, MU_GIB, 0x1000,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
		assert_int_equal(machine->ranges[machine->nr_ranges - 1].base,
				 MU_GIB);
		machine->nr_ranges--;
		assert_ranges(machine,
			      cases[i].ranges ? cases[i].ranges : unchanged);
		assert_int_equal(mu_machine_cpus(machine), 3);
		free(machine);
	}
}

static void amounts(void **state)
{
	static const char *const all = "0-fffff usable 0\n"
				       "100000-1fffff reserved 0\n"
				       "200000-2fffff usable 1\n";
	static const char *const low = "0-fffff usable 0\n"
				       "100000-1fffff reserved 0\n";
	static const struct {
		enum mu_arch arch;
		const char *text, *ranges;
	} cases[] = {
		/* Where RAM ends. */
		{MU_ARCH_UNKNOWN, "mem=1536K", low},
		{MU_ARCH_X86_64, "mem=1536K", low},
		{MU_ARCH_S390, "mem=1536K", low},
		{MU_ARCH_X86_64, "mem=0", all},
		/* How much there is. */
		{MU_ARCH_ARM64, "mem=1536K",
		 "0-fffff usable 0\n"
		 "100000-1fffff reserved 0\n"
		 "200000-27ffff usable 1\n"},
		{MU_ARCH_ARM64, "mem=1M", low},
		{MU_ARCH_RISCV, "mem=8K",
		 "0-1fff usable 0\n"
		 "100000-1fffff reserved 0\n"},
		{MU_ARCH_PPC64, "mem=2M", all},
		{MU_ARCH_ARM64, "mem=8E", all},
		{MU_ARCH_ARM64, "mem=0", all},
		{MU_ARCH_ARM64, "mem=1536K numa=off",
		 "0-fffff usable 0\n"
		 "100000-1fffff reserved 0\n"
		 "200000-27ffff usable 0\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine = three_ranges();

		machine->arch = cases[i].arch;
		/* What is told twice counts once. */
		assert_int_equal(mu_machine_add(machine, 0x1000, 0x1000,
						MU_RANGE_RAM, 0, NULL),
				 MU_OK);
		assert_int_equal(
			mu_machine_apply_cmdline(machine, cases[i].text,
						 strlen(cases[i].text), NULL),
			MU_OK);
		assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
		assert_ranges(machine, cases[i].ranges);
		free(machine);
	}
}

/* Of what makes no sense the kernel says so and goes on. */
static void own(void **state)
{
	static const char text[] = "mem=4Q memmap=exactmap numa=off mem=1536K";
	struct mu_machine *machine = three_ranges();

	(void)state;
	machine->arch = MU_ARCH_ARM64;
	mu_machine_set_cmdline(machine, text, sizeof(text) - 1);
	mu_machine_apply_own(machine);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "0-fffff usable 0\n"
			       "100000-1fffff reserved 0\n"
			       "200000-27ffff usable 0\n");
	mu_machine_apply_own(machine);
	free(machine);
}

static void numa_off_moves_cpus(void **state)
{
	struct mu_machine *machine = three_ranges();

	(void)state;
	assert_int_equal(mu_machine_set_distance(machine, 0, 1, 31, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_apply_cmdline(machine, "numa=off", 8, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_int_equal(machine->nr_nodes, 1);
	assert_int_equal(machine->nodes[0].nr_cpus, 3);
	assert_false(machine->nodes[1].present);
	assert_int_equal(mu_machine_apply_cmdline(machine, "numa=off", 8, NULL),
			 MU_ERR_INVALID);
	free(machine);
}

static void too_long(void **state)
{
	static char text[MU_MACHINE_CMDLINE_MAX + 1];
	struct mu_machine *machine = three_ranges();
	struct mu_error error;

	(void)state;
	memset(text, ' ', sizeof(text));
	assert_int_equal(
		mu_machine_apply_cmdline(machine, text, sizeof(text), &error),
		MU_ERR_RANGE);
	assert_string_equal(error.text,
			    "4097 bytes of parameters, more than 4096");
	assert_int_equal(
		mu_machine_apply_cmdline(machine, text, sizeof(text) - 1, NULL),
		MU_OK);
	free(machine);
}

static void bad_parameters(void **state)
{
	static const struct {
		const char *text, *error;
		enum mu_status status;
	} cases[] = {
		{"mem=", "mem=: expected a number", MU_ERR_SYNTAX},
		{"mem=4Kx", "mem=4Kx: expected nothing after the size",
		 MU_ERR_SYNTAX},
		{"mem=99999999999999999999",
		 "mem=99999999999999999999: a number past 64 bits",
		 MU_ERR_RANGE},
		{"mem=16E", "mem=16E: a number past 64 bits", MU_ERR_RANGE},
		{"memmap=", "memmap=: expected a number", MU_ERR_SYNTAX},
		{"memmap=1M@", "memmap=1M@: expected a number", MU_ERR_SYNTAX},
		{"memmap=1M@x", "memmap=1M@x: expected a number",
		 MU_ERR_SYNTAX},
		{"memmap=1M@0&",
		 "memmap=1M@0&: expected @, #, $, !, %, a comma "
		 "or the end",
		 MU_ERR_SYNTAX},
		{"memmap=1M%0-", "memmap=1M%0-: expected a number",
		 MU_ERR_SYNTAX},
		{"memmap=1M%0-1+", "memmap=1M%0-1+: expected a number",
		 MU_ERR_SYNTAX},
		{"memmap=2E@15E",
		 "0x2000000000000000 bytes at 0xf000000000000000 pass the end "
		 "of 64 bits",
		 MU_ERR_RANGE},
		{"memmap=4K@4P",
		 "0x1000 bytes at 0x10000000000000 pass the limit of 52 "
		 "address bits",
		 MU_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_apply_cmdline,
						 cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(amounts),
		cmocka_unit_test(own),
		cmocka_unit_test(numa_off_moves_cpus),
		cmocka_unit_test(too_long),
		cmocka_unit_test(bad_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
