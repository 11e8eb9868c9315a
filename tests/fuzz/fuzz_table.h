/* SPDX-License-Identifier: MIT */
/*
 * fuzz_table: one ACPI table, whatever its bytes. Signature, length and sum
 * would stop the fuzzer at the door: they are made right in a copy. (fuzz_acpi
 * has those that are wrong, and several tables at once.)
 */
#ifndef TESTS_FUZZ_FUZZ_TABLE_H
#define TESTS_FUZZ_FUZZ_TABLE_H

#include "memup/machine_acpi.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_HEADER 36u

static inline enum mu_status fuzz_read_table(struct mu_machine *machine,
					     const char *text, size_t len,
					     struct mu_error *error)
{
	return mu_machine_read_acpi(machine, text, len, error);
}

/* The sum of @len bytes at @at becomes 0, by the one at @where. */
static inline void fuzz_sum(uint8_t *at, size_t len, size_t where)
{
	uint8_t sum = 0;

	at[where] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + at[i]);
	at[where] = (uint8_t)(0x100 - sum);
}

static inline void fuzz_table(const char *signature, const uint8_t *data,
			      size_t size)
{
	uint8_t *table;

	if (size < FUZZ_HEADER)
		return;
	table = malloc(size);
	fuzz_check(table != NULL);
	memcpy(table, data, size);
	memcpy(table, signature, 4);
	for (unsigned i = 0; i < 4; i++)
		table[4 + i] = (uint8_t)(size >> 8 * i);
	fuzz_sum(table, size, 9);
	fuzz_reader(fuzz_read_table, table, size);
	free(table);
}

#endif
