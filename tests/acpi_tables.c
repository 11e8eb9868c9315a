// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/acpi_tables.h"
#include "tests/machine_util.h"

void tables_put(struct tables *t, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		t->bytes[t->len++] = (uint8_t)(value >> (8 * i));
}

void tables_zeros(struct tables *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		tables_put(t, 0, 1);
}

void tables_begin(struct tables *t, const char *signature, unsigned revision)
{
	t->begun = t->len;
	for (unsigned i = 0; i < 4; i++)
		tables_put(t, (uint8_t)signature[i], 1);
	tables_zeros(t, 4);
	tables_put(t, revision, 1);
	tables_zeros(t, 27);
}

/* The length, and the byte that makes the sum 0. */
void tables_end(struct tables *t)
{
	uint8_t *table = t->bytes + t->begun, sum = 0;
	size_t len = t->len - t->begun;

	for (unsigned i = 0; i < 4; i++)
		table[4 + i] = (uint8_t)(len >> (8 * i));
	table[9] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)(0x100 - sum);
}

struct mu_machine *tables_read(const struct tables *t)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;
	/* At an odd address: tables need no alignment. */
	uint8_t *copy = malloc(t->len + 1);

	assert_non_null(copy);
	memcpy(copy + 1, t->bytes, t->len);
	if (mu_machine_read_acpi(machine, copy + 1, t->len, &error))
		fail_msg("%s", error.text);
	free(copy);
	return machine;
}

void tables_expect_bad(const struct tables *t, enum mu_status status,
		       size_t offset, const char *text)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;
	uint8_t *copy = malloc(t->len ? t->len : 1);

	assert_non_null(copy);
	memcpy(copy, t->bytes, t->len);
	assert_int_equal(mu_machine_read_acpi(machine, copy, t->len, &error),
			 status);
	assert_string_equal(error.text, text);
	assert_int_equal(error.status, status);
	assert_int_equal(error.offset, offset);
	assert_int_equal(mu_machine_read_acpi(machine, copy, t->len, NULL),
			 status);
	free(copy);
	free(machine);
}
