/* SPDX-License-Identifier: MIT */
/*
 * table_text: ACPI tables that a text spells out, assembled in the machine's
 * workspace and read from there. The text is read once for each pass.
 */
#ifndef MU_MACHINE_TABLE_TEXT_H
#define MU_MACHINE_TABLE_TEXT_H

#include "machine/acpi.h"
#include "machine/text.h"

struct mu_table_text {
	struct mu_machine *machine;
	struct mu_error *error;
	enum mu_acpi_pass pass;
	struct mu_text
		title; /* of the table under way; line 0: there is none */
	uint8_t *table;
	size_t room, len;
	bool known;   /* there was one that memup reads */
	bool raw;     /* its bytes are there, and not only its fields */
	bool goes_on; /* the line after this one has more bytes of its field */
};

/*
 * Call @line for each line of @text, in every pass, then @end. MU_ERR_NOT_FOUND
 * when no table was known by then.
 */
enum mu_status mu_table_text_read(
	struct mu_machine *machine, struct mu_text text,
	enum mu_status (*line)(struct mu_table_text *text, struct mu_text line),
	enum mu_status (*end)(struct mu_table_text *text),
	struct mu_error *error) MU_MUST_CHECK;

/* A table begins at the line @title. */
void mu_table_text_begin(struct mu_table_text *text, struct mu_text title);

/* It is complete: read it, if there is one. */
enum mu_status mu_table_text_end(struct mu_table_text *text) MU_MUST_CHECK;

/* Append one byte, of @line. */
enum mu_status mu_table_text_push(struct mu_table_text *text,
				  const struct mu_text *line,
				  uint8_t byte) MU_MUST_CHECK;

/*
 * "  0010: 41 50 ... 54  APIC.....": up to 16 bytes, one blank between them,
 * more before what they are as text. *@is_row: it was one.
 */
enum mu_status mu_table_text_row(struct mu_table_text *text,
				 struct mu_text line,
				 bool *is_row) MU_MUST_CHECK;

/* Two hexadecimal digits and no third. */
bool mu_table_text_byte(struct mu_text *text, uint64_t *byte);

#endif
