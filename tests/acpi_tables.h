/* SPDX-License-Identifier: MIT */
/* acpi_tables: ACPI tables made for a test, byte by byte. */
#ifndef TESTS_ACPI_TABLES_H
#define TESTS_ACPI_TABLES_H

#include "memup/machine.h"

/* A buffer of tables, filled in from the front. */
struct tables {
	uint8_t bytes[40000];
	size_t len, begun; /* where the last table begins */
};

/* Append @value in @size bytes, the lowest first; @count bytes of 0. */
void tables_put(struct tables *t, uint64_t value, unsigned size);
void tables_zeros(struct tables *t, unsigned count);

/* A header; then, after the rest of the table, its length and checksum. */
void tables_begin(struct tables *t, const char *signature, unsigned revision);
void tables_end(struct tables *t);

/* Read them, which must go well, into a new machine; free() it. */
struct mu_machine *tables_read(const struct tables *t);

/* Read them, which must fail that way. */
void tables_expect_bad(const struct tables *t, enum mu_status status,
		       size_t offset, const char *text);

#endif
