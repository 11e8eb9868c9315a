// SPDX-License-Identifier: MIT
/* Latencies and bandwidths, and ACPI's table of them. */
#include "memup/machine_acpi.h"
#include "tests/acpi_tables.h"
#include "tests/machine_util.h"

static void begin_hmat(struct tables *t, unsigned revision)
{
	t->len = 0;
	tables_begin(t, "HMAT", revision);
	tables_zeros(t, 4);
}

/* A matrix from nodes 0 and 3 to nodes 0, 1 and 2. */
static void matrix(struct tables *t, unsigned flags, unsigned type,
		   uint64_t unit, const uint16_t *entries)
{
	static const uint32_t from[] = {0, 3}, to[] = {0, 1, 2};

	tables_put(t, 1, 2);
	tables_zeros(t, 2);
	tables_put(t, 32 + 4 * 5 + 2 * 6, 4);
	tables_put(t, flags, 1);
	tables_put(t, type, 1);
	tables_zeros(t, 2);
	tables_put(t, 2, 4);
	tables_put(t, 3, 4);
	tables_zeros(t, 4);
	tables_put(t, unit, 8);
	for (unsigned i = 0; i < 2; i++)
		tables_put(t, from[i], 4);
	for (unsigned i = 0; i < 3; i++)
		tables_put(t, to[i], 4);
	for (unsigned i = 0; i < 6; i++)
		tables_put(t, entries[i], 2);
}

static struct mu_machine *read_finished(const struct tables *t)
{
	struct mu_machine *machine = tables_read(t);

	assert_int_equal(
		mu_machine_add(machine, 0, MU_GIB, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	return machine;
}

static void assert_perf(const struct mu_machine *machine, enum mu_perf what,
			const uint32_t *expected)
{
	static const int from[] = {0, 3};

	for (unsigned i = 0; i < 2; i++)
		for (int to = 0; to < 3; to++)
			assert_int_equal(
				mu_machine_perf(machine, from[i], to, what),
				expected[3 * i + (unsigned)to]);
}

static void matrices(void **state)
{
	static const uint16_t latency[] = {100, 101, 0xffff, 0, 65534, 1};
	static const uint16_t bandwidth[] = {10, 20, 30, 40, 50, 0xffff};
	static const uint16_t cache[] = {1, 1, 1, 1, 1, 1};
	struct mu_machine *machine;
	struct tables t;

	(void)state;
	begin_hmat(&t, 2);
	/* Picoseconds, rounded up. */
	matrix(&t, 0, 1, 1001, latency);
	matrix(&t, 0, 3, 1024, bandwidth);
	/* Of a cache, of data that nobody knows. */
	matrix(&t, 1, 1, 1000, cache);
	matrix(&t, 0, 6, 1000, cache);
	/* More than 32 bits, or 64. */
	matrix(&t, 0, 2, (uint64_t)1 << 62, cache);
	matrix(&t, 0, 2, (uint64_t)1000 << 32, cache);
	tables_end(&t);
	machine = read_finished(&t);
	assert_perf(machine, MU_PERF_READ_LATENCY,
		    (const uint32_t[]){101, 102, 0, 0, 65600, 2});
	assert_perf(machine, MU_PERF_WRITE_LATENCY,
		    (const uint32_t[]){0, 0, 0, 0, 0, 0});
	assert_perf(machine, MU_PERF_READ_BANDWIDTH,
		    (const uint32_t[]){10240, 20480, 30720, 40960, 51200, 0});
	assert_perf(machine, MU_PERF_WRITE_BANDWIDTH,
		    (const uint32_t[]){10240, 20480, 30720, 40960, 51200, 0});
	/* Who is only measured is not there. */
	assert_int_equal(machine->nr_nodes, 1);
	free(machine);

	/* Revision 1: tenths of both. */
	begin_hmat(&t, 1);
	matrix(&t, 0, 0, 10, latency);
	matrix(&t, 0, 5, 1, bandwidth);
	tables_end(&t);
	machine = read_finished(&t);
	assert_perf(machine, MU_PERF_WRITE_LATENCY,
		    (const uint32_t[]){100, 101, 0, 0, 65534, 1});
	assert_perf(machine, MU_PERF_WRITE_BANDWIDTH,
		    (const uint32_t[]){1, 2, 3, 4, 5, 0});
	free(machine);
}

static void bad_matrices(void **state)
{
	static const uint16_t entries[6] = {0};
	struct tables t;

	(void)state;
	begin_hmat(&t, 2);
	tables_zeros(&t, 4);
	tables_put(&t, 40, 4);
	tables_zeros(&t, 32);
	tables_end(&t);
	free(tables_read(&t));
	t.bytes[44] = 41;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 40,
			  "HMAT: a structure of 41 bytes, 40 before the end");

	/* One initiator too many, one target; as many as there can be. */
	begin_hmat(&t, 2);
	matrix(&t, 0, 1, 1000, entries);
	tables_end(&t);
	free(tables_read(&t));
	t.bytes[40 + 12]++;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 40,
			  "HMAT: values of 3 initiators and 3 targets do not "
			  "fit in 64 bytes");
	t.bytes[40 + 12]--;
	t.bytes[40 + 16]++;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 40,
			  "HMAT: values of 2 initiators and 4 targets do not "
			  "fit in 64 bytes");
	for (unsigned i = 12; i < 20; i++)
		t.bytes[40 + i] = 0xff;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 40,
			  "HMAT: values of 4294967295 initiators and "
			  "4294967295 targets do not fit in 64 bytes");
	/* A node that no machine has. */
	begin_hmat(&t, 2);
	matrix(&t, 0, 1, 1000, entries);
	t.bytes[40 + 32 + 3] = 0xff;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_RANGE, 40,
			  "node 2147483647 is not one of 0 to 15");
}

/* In any order, the best of several counts, and nothing is lost. */
static void best_counts(void **state)
{
	struct mu_machine *machine = machine_new(16, 8);
	uint64_t seed = machine_seed = 4;
	uint32_t best[8][8][MU_NR_PERF] = {0};
	struct mu_error error;
	unsigned nr = 0;

	(void)state;
	for (; nr < machine->max_perf; nr++) {
		int from = (int)(next_random(&seed) % 8);
		int to = (int)(next_random(&seed) % 8);
		unsigned what = next_random(&seed) % MU_NR_PERF;
		uint32_t value = (uint32_t)(next_random(&seed) >> 33) + 1;
		uint32_t *old = &best[from][to][what];

		assert_int_equal(mu_machine_set_perf(machine, from, to,
						     (enum mu_perf)what, value,
						     NULL),
				 MU_OK);
		if (!*old || (what < MU_PERF_READ_BANDWIDTH ? value < *old
							    : value > *old))
			*old = value;
	}
	assert_int_equal(mu_machine_set_perf(machine, 0, 0,
					     MU_PERF_READ_LATENCY, 1, &error),
			 MU_ERR_FULL);
	assert_string_equal(error.text,
			    "more than 64 latencies and bandwidths");
	/* Nothing told is nothing to keep. */
	assert_int_equal(mu_machine_set_perf(machine, 0, 0,
					     MU_PERF_READ_LATENCY, 0, &error),
			 MU_OK);
	assert_int_equal(mu_machine_set_perf(machine, 0, 8,
					     MU_PERF_READ_LATENCY, 1, &error),
			 MU_ERR_RANGE);
	assert_int_equal(
		mu_machine_set_perf(machine, 0, 0, MU_NR_PERF, 1, &error),
		MU_ERR_INVALID);
	assert_int_equal(
		mu_machine_add(machine, 0, MU_GIB, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	for (int from = 0; from < 8; from++)
		for (int to = 0; to < 8; to++)
			for (unsigned what = 0; what < MU_NR_PERF; what++)
				assert_int_equal(
					mu_machine_perf(machine, from, to,
							(enum mu_perf)what),
					best[from][to][what]);
	assert_int_equal(mu_machine_perf(machine, -1, 0, MU_PERF_READ_LATENCY),
			 0);
	assert_int_equal(
		mu_machine_perf(machine, 0, 1024, MU_PERF_READ_LATENCY), 0);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrices),
		cmocka_unit_test(bad_matrices),
		cmocka_unit_test_teardown(best_counts, machine_print_seed),
	};

	return cmocka_run_group_tests_name("machine_hmat", tests, NULL, NULL);
}
