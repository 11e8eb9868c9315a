// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/machine_util.h"

struct table {
	uint8_t bytes[1024];
	size_t len;
};

static void put(struct table *t, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++, value >>= 8)
		t->bytes[t->len++] = (uint8_t)value;
}

/* A header, and @fixed bytes of zeroes behind it. */
static void begin(struct table *t, const char *name, unsigned revision,
		  unsigned fixed)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->bytes, name, 4);
	t->bytes[8] = (uint8_t)revision;
	t->len = 36 + fixed;
}

static void end(struct table *t)
{
	uint8_t sum = 0;

	t->bytes[9] = 0;
	for (unsigned i = 0; i < 4; i++)
		t->bytes[4 + i] = (uint8_t)(t->len >> (8 * i));
	for (size_t i = 0; i < t->len; i++)
		sum = (uint8_t)(sum + t->bytes[i]);
	t->bytes[9] = (uint8_t)(0x100 - sum);
}

static void madt_cpu(struct table *t, unsigned apic_id, uint32_t flags)
{
	put(t, 0x800, 2); /* type 0, 8 bytes */
	put(t, 7, 1);
	put(t, apic_id, 1);
	put(t, flags, 4);
}

static void madt_x2cpu(struct table *t, uint32_t apic_id, uint32_t flags)
{
	put(t, 0x1009, 2); /* type 9, 16 bytes */
	put(t, 0, 2);
	put(t, apic_id, 4);
	put(t, flags, 4);
	put(t, 7, 4);
}

static void srat_cpu(struct table *t, uint32_t domain, unsigned apic_id)
{
	put(t, 0x1000, 2); /* type 0, 16 bytes */
	put(t, domain & 0xff, 1);
	put(t, apic_id, 1);
	put(t, 1, 4);
	put(t, 0, 1);
	put(t, domain >> 8, 3);
	put(t, 0, 4);
}

static void srat_x2cpu(struct table *t, uint32_t domain, uint32_t apic_id,
		       uint32_t flags)
{
	put(t, 0x1802, 2); /* type 2, 24 bytes */
	put(t, 0, 2);
	put(t, domain, 4);
	put(t, apic_id, 4);
	put(t, flags, 4);
	put(t, 0, 8);
}

struct seen {
	struct mu_acpi_cpu cpus[8];
	unsigned nr;
};

static void note(void *arg, const struct mu_acpi_cpu *cpu)
{
	struct seen *seen = arg;

	assert_in_range(seen->nr, 0, 7);
	seen->cpus[seen->nr++] = *cpu;
}

static void expect(const struct table *t, const struct mu_acpi_cpu *cpus,
		   unsigned nr)
{
	struct seen seen = {.nr = 0};
	struct mu_error error;

	if (mu_acpi_cpus(t->bytes, t->len, note, &seen, &error))
		fail_msg("%s", error.text);
	assert_int_equal(seen.nr, nr);
	for (unsigned i = 0; i < nr; i++) {
		assert_int_equal(seen.cpus[i].apic_id, cpus[i].apic_id);
		assert_int_equal(seen.cpus[i].nid, cpus[i].nid);
	}
}

/* Enabled ones in their order; what is no CPU is passed over. */
static void madt(void **state)
{
	static const struct mu_acpi_cpu cpus[] = {
		{3, MU_NO_NODE}, {0, MU_NO_NODE}, {70000, MU_NO_NODE}};
	struct table t;

	(void)state;
	begin(&t, "APIC", 5, 8);
	madt_cpu(&t, 3, 1);
	madt_cpu(&t, 4, 2); /* not enabled, but could be */
	put(&t, 0xc01, 2);  /* an I/O APIC */
	put(&t, 0, 10);
	madt_cpu(&t, 0, 3);
	madt_x2cpu(&t, 70000, 1);
	madt_x2cpu(&t, 70001, 0);
	end(&t);
	expect(&t, cpus, 3);
}

static void srat(void **state)
{
	static const struct mu_acpi_cpu cpus[] = {{5, 0x10203}, {300, 9}};
	static const struct mu_acpi_cpu narrow[] = {{5, 3}};
	struct table t;

	(void)state;
	begin(&t, "SRAT", 3, 12);
	srat_cpu(&t, 0x10203, 5);
	srat_x2cpu(&t, 9, 300, 1);
	srat_x2cpu(&t, 9, 301, 0);
	end(&t);
	expect(&t, cpus, 2);
	/* In revision 1 the upper bytes mean nothing. */
	begin(&t, "SRAT", 1, 12);
	srat_cpu(&t, 0x10203, 5);
	end(&t);
	expect(&t, narrow, 1);
}

static void bad_tables(void **state)
{
	struct seen seen = {.nr = 0};
	struct mu_error error;
	struct table t;

	(void)state;
	begin(&t, "SLIT", 1, 8);
	end(&t);
	assert_int_equal(mu_acpi_cpus(t.bytes, t.len, note, &seen, &error),
			 MU_ERR_NOT_FOUND);
	assert_string_equal(error.text, "neither an APIC table nor an SRAT");
	begin(&t, "APIC", 5, 8);
	madt_cpu(&t, 3, 1);
	end(&t);
	for (size_t len = 0; len < t.len; len++)
		assert_int_equal(mu_acpi_cpus(t.bytes, len, note, &seen, NULL),
				 MU_ERR_CORRUPT);
	t.bytes[t.len - 1] ^= 1;
	assert_int_equal(mu_acpi_cpus(t.bytes, t.len, note, &seen, NULL),
			 MU_ERR_CORRUPT);
	assert_int_equal(seen.nr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(madt),
		cmocka_unit_test(srat),
		cmocka_unit_test(bad_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
