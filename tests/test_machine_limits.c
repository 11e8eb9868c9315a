// SPDX-License-Identifier: MIT
/* What the machine refuses, and what it completes by itself. */
#include "tests/machine_util.h"

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(mu_machine_size(0, 1), 0);
	assert_int_equal(mu_machine_size(1, 0), 0);
	assert_int_equal(mu_machine_size(1, MU_MAX_NODES + 1), 0);
	assert_int_equal(mu_machine_size((1u << 20) + 1, 1), 0);
	assert_true(mu_machine_size(1u << 20, MU_MAX_NODES) >
		    mu_machine_size((1u << 20) - 1, MU_MAX_NODES));
	assert_true(mu_machine_size(2, 2) > mu_machine_size(2, 1));
}

static void type_names(void **state)
{
	(void)state;
	for (int i = 0; i < MU_NR_RANGE_TYPES; i++) {
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				mu_range_type_str((enum mu_range_type)i),
				mu_range_type_str((enum mu_range_type)j));
	}
	assert_string_equal(mu_range_type_str(MU_RANGE_RAM), "usable");
	assert_string_equal(mu_range_type_str((enum mu_range_type)999),
			    "unknown type");
}

static void type_numbers(void **state)
{
	static const enum mu_range_type low[] = {
		MU_RANGE_RESERVED, MU_RANGE_RAM,      MU_RANGE_RESERVED,
		MU_RANGE_ACPI,	   MU_RANGE_NVS,      MU_RANGE_UNUSABLE,
		MU_RANGE_RESERVED, MU_RANGE_PMEM,     MU_RANGE_RESERVED,
		MU_RANGE_RESERVED, MU_RANGE_RESERVED, MU_RANGE_RESERVED,
		MU_RANGE_PMEM,	   MU_RANGE_RESERVED};

	(void)state;
	for (unsigned i = 0; i < sizeof(low) / sizeof(low[0]); i++)
		assert_int_equal(mu_range_type_e820(i), low[i]);
	assert_int_equal(mu_range_type_e820(0xefffffff),
			 MU_RANGE_SOFT_RESERVED);
	assert_int_equal(mu_range_type_e820(1ull << 32 | 1), MU_RANGE_RESERVED);
}

static void bad_ranges(void **state)
{
	struct mu_machine *machine = machine_new(4, 2);
	struct mu_error error;

	(void)state;
	assert_int_equal(
		mu_machine_add(machine, UINT64_MAX, 2, MU_RANGE_RAM, 0, &error),
		MU_ERR_RANGE);
	assert_string_equal(error.text, "0x2 bytes at 0xffffffffffffffff pass "
					"the end of 64 bits");
	assert_int_equal(mu_machine_add(machine, MU_PHYS_MAX - 1, 2,
					MU_RANGE_RAM, 0, &error),
			 MU_ERR_RANGE);
	assert_string_equal(error.text, "0x2 bytes at 0xfffffffffffff pass "
					"the limit of 52 address bits");
	assert_int_equal(
		mu_machine_add(machine, MU_PHYS_MAX, 1, MU_RANGE_RAM, 0, NULL),
		MU_ERR_RANGE);
	assert_int_equal(
		mu_machine_add(machine, 0, 1, MU_RANGE_NONE, 0, &error),
		MU_ERR_INVALID);
	assert_string_equal(error.text, "range type 0 is not one of 1 to 7");
	assert_int_equal(
		mu_machine_add(machine, 0, 1, MU_NR_RANGE_TYPES, 0, NULL),
		MU_ERR_INVALID);
	assert_int_equal(mu_machine_update(machine, UINT64_MAX, 2,
					   MU_RANGE_NONE, MU_RANGE_RAM, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(mu_machine_update(machine, 0, 1, MU_NR_RANGE_TYPES,
					   MU_RANGE_RAM, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(machine->nr_ranges, 0);
	/* The last byte there is. */
	assert_int_equal(mu_machine_add(machine, MU_PHYS_MAX - 1, 1,
					MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "fffffffffffff-fffffffffffff usable 0\n");
	assert_int_equal(mu_machine_top(machine), MU_PHYS_MAX);
	free(machine);
}

static void bad_nodes(void **state)
{
	struct mu_machine *machine = machine_new(4, 2);
	struct mu_error error;

	(void)state;
	assert_int_equal(mu_machine_add_affinity(machine, 0, 1, 2, 0, &error),
			 MU_ERR_RANGE);
	assert_string_equal(error.text, "node 2 is not one of 0 to 1");
	assert_int_equal(
		mu_machine_add_affinity(machine, 0, 1, MU_NO_NODE, 0, NULL),
		MU_ERR_RANGE);
	assert_int_equal(mu_machine_add_cpus(machine, 2, 1, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(mu_machine_add_cpus(machine, 0, MU_MAX_CPUS, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 1, 1, &error),
			 MU_ERR_RANGE);
	assert_string_equal(error.text,
			    "1 more CPUs are over the limit of 4096");
	assert_int_equal(mu_machine_spread_cpus(machine, 1, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(mu_machine_set_distance(machine, 0, 1, 9, &error),
			 MU_ERR_RANGE);
	assert_string_equal(error.text,
			    "the distance from node 0 to node 1 cannot be 9: "
			    "it is 10 to itself, 10 to 255 to others");
	assert_int_equal(mu_machine_set_distance(machine, 0, 1, 256, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(mu_machine_set_distance(machine, 1, 1, 11, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(mu_machine_set_distance(machine, 0, 2, 20, NULL),
			 MU_ERR_RANGE);
	assert_int_equal(machine->nr_affinities, 0);
	assert_int_equal(machine->nr_nodes, 1);
	free(machine);
}

static void full_tables(void **state)
{
	struct mu_machine *machine = machine_new(2, 2);
	struct mu_error error;

	(void)state;
	/* An empty range takes no room. */
	assert_int_equal(mu_machine_add(machine, 5, 0, MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add(machine, 0, 0x9000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_update(machine, 0x1000, 0x1000,
					   MU_RANGE_RAM, MU_RANGE_RESERVED,
					   &error),
			 MU_ERR_FULL);
	assert_string_equal(error.text, "more than 2 memory ranges");
	assert_int_equal(machine->nr_ranges, 1);
	assert_int_equal(mu_machine_add(machine, 0x1000, 0x1000,
					MU_RANGE_RESERVED, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add(machine, 0, 1, MU_RANGE_RAM, 0, NULL),
			 MU_ERR_FULL);
	assert_int_equal(mu_machine_add_affinity(machine, 0, 1, 0, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_affinity(machine, 0, 1, 0, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_add_affinity(machine, 0, 1, 0, 0, NULL),
			 MU_ERR_FULL);
	/* Three pieces do not fit in two: the machine is as it was. */
	assert_int_equal(mu_machine_finish(machine, &error), MU_ERR_FULL);
	assert_string_equal(error.text,
			    "more than 2 memory ranges after cutting");
	assert_false(machine->finished);
	assert_int_equal(machine->nr_ranges, 2);
	assert_int_equal(machine->ranges[0].size, 0x9000);
	free(machine);
}

static void nothing_after_finish(void **state)
{
	struct mu_machine *machine = machine_new(8, 2);

	(void)state;
	assert_int_equal(mu_machine_finish(machine, NULL), MU_ERR_NOT_FOUND);
	assert_int_equal(
		mu_machine_add(machine, 0, 1, MU_RANGE_RESERVED, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_ERR_NOT_FOUND);
	assert_int_equal(mu_machine_add(machine, 8, 1, MU_RANGE_RAM, 0, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_int_equal(mu_machine_add(machine, 0, 1, MU_RANGE_RAM, 0, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_update(machine, 0, 9, MU_RANGE_RAM,
					   MU_RANGE_NONE, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_add_affinity(machine, 0, 1, 0, 0, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_add_cpus(machine, 0, 1, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_spread_cpus(machine, 1, NULL),
			 MU_ERR_INVALID);
	assert_int_equal(mu_machine_set_distance(machine, 0, 0, 10, NULL),
			 MU_ERR_INVALID);
	assert_ranges(machine, "0-0 reserved 0\n8-8 usable 0\n");
	free(machine);
}

/* Nodes, CPUs and distances that nobody told. */
static void what_is_completed(void **state)
{
	struct mu_machine *machine = machine_new(8, 8);

	(void)state;
	/* RAM below, between and above what affinities name. */
	assert_int_equal(
		mu_machine_add(machine, 0x0, 0x1000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(
		mu_machine_add(machine, 0x2000, 0x5000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_add_affinity(machine, 0x5000, 0x1000, 3,
						 MU_RANGE_HOTPLUG, NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add_affinity(machine, 0x3000, 0x1000, 6, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_set_distance(machine, 3, 6, 31, NULL),
			 MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "0-fff usable 6\n"
			       "2000-4fff usable 6\n"
			       "5000-5fff usable 3 flags 1\n"
			       "6000-6fff usable 3\n");
	assert_int_equal(machine->nr_nodes, 7);
	assert_false(machine->nodes[0].present);
	assert_true(machine->nodes[3].present);
	assert_int_equal(mu_machine_cpus(machine), 1);
	assert_int_equal(machine->nodes[6].nr_cpus, 1);
	assert_int_equal(machine->distances[3 * 8 + 6], 31);
	assert_int_equal(machine->distances[6 * 8 + 3], 20);
	assert_int_equal(machine->distances[6 * 8 + 6], 10);
	assert_int_equal(mu_machine_ram(machine), 0x6000);
	assert_int_equal(mu_machine_top(machine), 0x7000);
	free(machine);
}

static void cpus_are_spread(void **state)
{
	struct mu_machine *machine = machine_new(8, 8);

	(void)state;
	assert_int_equal(mu_machine_spread_cpus(machine, 2, NULL), MU_OK);
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(mu_machine_add_cpus(machine, 2, 0, NULL), MU_OK);
	assert_int_equal(mu_machine_add_cpus(machine, 5, 0, NULL), MU_OK);
	assert_int_equal(mu_machine_spread_cpus(machine, 8, NULL), MU_OK);
	assert_int_equal(machine->nodes[0].nr_cpus, 2 + 3);
	assert_int_equal(machine->nodes[1].nr_cpus, 0);
	assert_int_equal(machine->nodes[2].nr_cpus, 3);
	assert_int_equal(machine->nodes[5].nr_cpus, 2);
	assert_int_equal(mu_machine_cpus(machine), 10);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(type_names),
		cmocka_unit_test(type_numbers),
		cmocka_unit_test(bad_ranges),
		cmocka_unit_test(bad_nodes),
		cmocka_unit_test(full_tables),
		cmocka_unit_test(nothing_after_finish),
		cmocka_unit_test(what_is_completed),
		cmocka_unit_test(cpus_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
