// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/acpi_tables.h"
#include "tests/machine_util.h"

static void begin_srat(struct tables *t, unsigned revision)
{
	tables_begin(t, "SRAT", revision);
	tables_zeros(t, 12);
}

static void srat_memory(struct tables *t, uint32_t domain, uint64_t base,
			uint64_t size, uint32_t flags)
{
	tables_put(t, 1, 1);
	tables_put(t, 40, 1);
	tables_put(t, domain, 4);
	tables_zeros(t, 2);
	tables_put(t, base, 8);
	tables_put(t, size, 8);
	tables_zeros(t, 4);
	tables_put(t, flags, 4);
	tables_zeros(t, 8);
}

static void srat_apic(struct tables *t, uint32_t domain, uint32_t flags)
{
	tables_put(t, 0, 1);
	tables_put(t, 16, 1);
	tables_put(t, domain & 0xff, 1);
	tables_put(t, 7, 1);
	tables_put(t, flags, 4);
	tables_put(t, 0, 1);
	tables_put(t, domain >> 8, 3);
	tables_put(t, 0, 4);
}

/* Types 2 and 7 are alike up to what is read of them. */
static void srat_x2apic(struct tables *t, unsigned type, uint32_t domain,
			uint32_t flags)
{
	tables_put(t, type, 1);
	tables_put(t, 24, 1);
	tables_zeros(t, 2);
	tables_put(t, domain, 4);
	tables_put(t, 99, 4);
	tables_put(t, flags, 4);
	tables_zeros(t, 8);
}

static void srat_gicc(struct tables *t, uint32_t domain, uint32_t flags)
{
	tables_put(t, 3, 1);
	tables_put(t, 18, 1);
	tables_put(t, domain, 4);
	tables_put(t, 99, 4);
	tables_put(t, flags, 4);
	tables_zeros(t, 4);
}

static void srat_initiator(struct tables *t, uint32_t domain, uint32_t flags)
{
	tables_put(t, 5, 1);
	tables_put(t, 32, 1);
	tables_zeros(t, 2);
	tables_put(t, domain, 4);
	tables_zeros(t, 16);
	tables_put(t, flags, 4);
	tables_zeros(t, 4);
}

static void finish_from_affinities(struct mu_machine *machine)
{
	assert_int_equal(mu_machine_ram_from_affinities(machine, NULL), MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
}

static void srat(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	begin_srat(&t, 3);
	srat_apic(&t, 0, 1);
	srat_apic(&t, 0, 0); /* not enabled */
	srat_apic(&t, 1, 1);
	srat_x2apic(&t, 2, 2, 1);
	srat_x2apic(&t, 7, 3, 1);
	srat_gicc(&t, 4, 1);
	tables_put(&t, 0x0c04, 2); /* an ITS */
	tables_zeros(&t, 10);
	srat_initiator(&t, 6, 1);
	srat_initiator(&t, 7, 0);
	tables_put(&t, 0x04c8, 2); /* a type that nobody knows */
	tables_zeros(&t, 2);
	srat_memory(&t, 1, 0x100000000, 0x100000000, 1);
	srat_memory(&t, 0, 0, 0x80000000, 1);
	srat_memory(&t, 5, 0x80000000, 0x1000, 0); /* not enabled */
	srat_memory(&t, 2, 0x200000000, 0x1000, 3);
	srat_memory(&t, 2, 0x300000000, 0x1000, 5);
	tables_end(&t);
	machine = tables_read(&t);
	assert_int_equal(machine->nr_affinities, 4);
	assert_int_equal(machine->affinities[2].flags, MU_RANGE_HOTPLUG);
	assert_int_equal(machine->affinities[3].flags, MU_RANGE_NONVOLATILE);
	finish_from_affinities(machine);
	assert_ranges(machine, "0-7fffffff usable 0\n"
			       "100000000-1ffffffff usable 1\n");
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(machine->nodes[i].nr_cpus, 1);
	assert_false(machine->nodes[5].present);
	assert_true(machine->nodes[6].present);
	assert_int_equal(machine->nr_nodes, 7);
	free(machine);
}

/* In revision 1 three of a domain's four bytes are not defined. */
static void narrow_domains(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	begin_srat(&t, 1);
	srat_apic(&t, 0xffffff03, 1);
	srat_memory(&t, 0xabcdef03, 0, 0x1000, 1);
	tables_end(&t);
	machine = tables_read(&t);
	finish_from_affinities(machine);
	assert_ranges(machine, "0-fff usable 3\n");
	assert_int_equal(machine->nodes[3].nr_cpus, 1);
	free(machine);

	t.bytes[8] = 2;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_RANGE, 48,
			  "node 2147483647 is not one of 0 to 15");
}

static void slit(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	tables_begin(&t, "SLIT", 1);
	tables_put(&t, 2, 8);
	tables_put(&t, 0x0a15100a, 4);
	tables_end(&t);
	begin_srat(&t, 3);
	srat_memory(&t, 0, 0, 0x1000, 1);
	srat_memory(&t, 1, 0x1000, 0x1000, 1);
	tables_end(&t);
	machine = tables_read(&t);
	finish_from_affinities(machine);
	assert_int_equal(machine->distances[1], 16);
	assert_int_equal(machine->distances[16], 21);
	free(machine);

	t.bytes[44] = 11;
	t.begun = 0;
	t.len = 48;
	tables_end(&t);
	tables_expect_bad(
		&t, MU_ERR_CORRUPT, 44,
		"the distance from node 0 to node 0 cannot be 11: it is 10 "
		"to itself, 10 to 255 to others");
	t.bytes[36] = 3;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 0,
			  "SLIT: distances of 3 domains do not fit in 4 bytes");
	t.bytes[43] = 0x80;
	tables_end(&t);
	tables_expect_bad(
		&t, MU_ERR_CORRUPT, 0,
		"SLIT: distances of 9223372036854775811 domains do not fit "
		"in 4 bytes");
}

/* CPUs of the MADT count when the SRAT has none, whichever comes first. */
static void madt(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	tables_begin(&t, "APIC", 4);
	tables_zeros(&t, 8);
	tables_put(&t, 0x0800, 2);
	tables_zeros(&t, 2);
	tables_put(&t, 1, 4);
	tables_put(&t, 0x0800, 2);
	tables_zeros(&t, 2);
	tables_put(&t, 0, 4); /* not enabled */
	tables_put(&t, 0x1009, 2);
	tables_zeros(&t, 6);
	tables_put(&t, 1, 4);
	tables_zeros(&t, 4);
	tables_put(&t, 0x0c01, 2); /* an I/O APIC */
	tables_put(&t, UINT64_MAX, 8);
	tables_zeros(&t, 2);
	tables_end(&t);
	machine = tables_read(&t);
	assert_int_equal(mu_machine_cpus(machine), 2);
	assert_int_equal(machine->arch, MU_ARCH_X86_64);
	free(machine);

	begin_srat(&t, 3);
	srat_memory(&t, 4, 0, 0x1000, 1);
	tables_end(&t);
	machine = tables_read(&t);
	assert_int_equal(machine->nodes[4].nr_cpus, 2);
	free(machine);

	begin_srat(&t, 3);
	srat_apic(&t, 4, 1);
	tables_end(&t);
	machine = tables_read(&t);
	assert_int_equal(mu_machine_cpus(machine), 1);
	free(machine);
}

/* One interrupt controller for each architecture. */
static void architectures(void **state)
{
	static const struct {
		unsigned type, len, flags;
		enum mu_arch arch;
	} cases[] = {
		{0, 8, 4, MU_ARCH_X86_64},    {7, 16, 8, MU_ARCH_IA64},
		{9, 16, 8, MU_ARCH_X86_64},   {11, 80, 12, MU_ARCH_ARM64},
		{24, 36, 4, MU_ARCH_RISCV},   {17, 15, 11, MU_ARCH_LOONGARCH},
		{12, 16, 4, MU_ARCH_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned cpus = cases[i].arch != MU_ARCH_UNKNOWN;
		struct tables t = {.len = 0};
		struct mu_machine *machine;

		tables_begin(&t, "APIC", 6);
		tables_zeros(&t, 8);
		tables_put(&t, cases[i].type, 1);
		tables_put(&t, cases[i].len, 1);
		tables_zeros(&t, cases[i].flags - 2);
		tables_put(&t, 1, 4);
		tables_zeros(&t, cases[i].len - cases[i].flags - 4);
		tables_end(&t);
		machine = tables_read(&t);
		assert_int_equal(machine->arch, cases[i].arch);
		assert_int_equal(mu_machine_cpus(machine), cpus);
		free(machine);
	}
}

static void nfit_range(struct tables *t, uint64_t guid, uint16_t flags)
{
	tables_put(t, 0, 2);
	tables_put(t, 56, 2);
	tables_put(t, 1, 2);
	tables_put(t, flags, 2);
	tables_zeros(t, 4);
	tables_put(t, 3, 4);
	tables_put(t, guid, 8);
	tables_put(t, 0xdb8cb718330d43ac, 8);
	tables_put(t, 0x100000, 8);
	tables_put(t, 0x1000, 8);
	tables_put(t, 0x8008, 8);
}

static void nfit(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	tables_begin(&t, "NFIT", 1);
	tables_zeros(&t, 4);
	nfit_range(&t, 0x4074b4f366f0d379, 2);
	nfit_range(&t, 0x44e3fdda7305944f, 2);
	tables_end(&t);
	machine = tables_read(&t);
	assert_int_equal(
		mu_machine_add(machine, 0, 0x1000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "0-fff usable 3\n"
			       "100000-100fff persistent 3 flags 8\n");
	free(machine);
}

static void cedt(void **state)
{
	struct tables t = {.len = 0};
	struct mu_machine *machine;

	(void)state;
	tables_begin(&t, "CEDT", 1);
	for (uint64_t base = 0; base < 0x3000; base += 0x1000) {
		tables_put(&t, 1, 2);
		tables_put(&t, 36, 2);
		tables_zeros(&t, 4);
		tables_put(&t, base, 8);
		tables_put(&t, 0x1000, 8);
		tables_zeros(&t, 12);
	}
	tables_end(&t);
	begin_srat(&t, 3);
	srat_memory(&t, 2, 0x1000, 0x1000, 1);
	tables_end(&t);
	machine = tables_read(&t);
	/* The first window gets the next node, then the third one. */
	assert_int_equal(machine->nr_affinities, 3);
	assert_int_equal(machine->affinities[1].base, 0);
	assert_int_equal(machine->affinities[1].nid, 3);
	assert_int_equal(machine->affinities[1].flags, MU_RANGE_HOTPLUG);
	assert_int_equal(machine->affinities[2].base, 0x2000);
	assert_int_equal(machine->affinities[2].nid, 4);
	free(machine);
}

static void too_many_windows(void **state)
{
	struct tables t = {.len = 0};

	(void)state;
	tables_begin(&t, "CEDT", 1);
	for (unsigned i = 0; i < 1025; i++) {
		tables_put(&t, 1, 2);
		tables_put(&t, 36, 2);
		tables_zeros(&t, 12);
		tables_put(&t, 0x100, 8); /* bytes at 0: one node for all */
		tables_zeros(&t, 12);
	}
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_RANGE, 36 + 1024 * 36,
			  "CEDT: more than 1024 windows");
}

static void bad_tables(void **state)
{
	struct tables t = {.len = 0};

	(void)state;
	tables_expect_bad(&t, MU_ERR_NOT_FOUND, 0,
			  "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT");
	t.len = 35;
	tables_expect_bad(&t, MU_ERR_CORRUPT, 0,
			  "35 bytes are less than the header of an ACPI table");
	t.len = 0;
	tables_begin(&t, "DSDT", 1);
	tables_end(&t);
	t.bytes[9]++; /* nobody looks at this one */
	tables_expect_bad(&t, MU_ERR_NOT_FOUND, 0,
			  "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT");
	tables_begin(&t, "SRAT", 1);
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36,
			  "SRAT: 36 bytes are less than its fixed part of 48");
	tables_zeros(&t, 12);
	tables_end(&t);
	t.bytes[36 + 9]++;
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36,
			  "SRAT: its bytes add up to 0x01, not to 0");
	t.bytes[36 + 4]++;
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36,
			  "SRAT: says it has 49 bytes, 48 are there");
	t.bytes[36 + 4] = 35;
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36,
			  "SRAT: says it has 35 bytes, 48 are there");
	tables_put(&t, 0, 1);
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36 + 48,
			  "SRAT: a structure of 0 bytes, 1 before the end");
	tables_put(&t, 1, 1);
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36 + 48,
			  "SRAT: a structure of 1 bytes, 2 before the end");
	t.bytes[36 + 49] = 3;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36 + 48,
			  "SRAT: a structure of 3 bytes, 2 before the end");
	t.bytes[36 + 49] = 2;
	tables_end(&t);
	tables_expect_bad(&t, MU_ERR_CORRUPT, 36 + 48,
			  "SRAT: a structure of type 0 has 2 bytes, not 16");
	t.len -= 2;
	srat_memory(&t, 0, UINT64_MAX, 2, 1);
	tables_end(&t);
	tables_expect_bad(
		&t, MU_ERR_RANGE, 36 + 48,
		"0x2 bytes at 0xffffffffffffffff pass the end of 64 bits");
}

/* Any single byte that changes is noticed, or does not matter. */
static void one_wrong_byte(void **state)
{
	struct tables t = {.len = 0};

	(void)state;
	begin_srat(&t, 3);
	srat_memory(&t, 1, 0x1000, 0x1000, 1);
	srat_apic(&t, 1, 1);
	tables_end(&t);
	for (size_t i = 0; i < t.len; i++) {
		struct tables bad = t;
		struct mu_machine *machine = machine_new(64, 16);

		bad.bytes[i] ^= 0x10;
		assert_int_equal(
			mu_machine_read_acpi(machine, bad.bytes, bad.len, NULL),
			i < 4 ? MU_ERR_NOT_FOUND : MU_ERR_CORRUPT);
		free(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(srat),
		cmocka_unit_test(narrow_domains),
		cmocka_unit_test(slit),
		cmocka_unit_test(madt),
		cmocka_unit_test(architectures),
		cmocka_unit_test(nfit),
		cmocka_unit_test(cedt),
		cmocka_unit_test(too_many_windows),
		cmocka_unit_test(bad_tables),
		cmocka_unit_test(one_wrong_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
