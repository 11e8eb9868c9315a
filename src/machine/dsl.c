// SPDX-License-Identifier: MIT
/*
 * dsl: what iasl makes of a table: a line for each field, with its bytes, as a
 * number or as text. The fields of a table follow each other without a gap, so
 * putting their values one after the other gives the table again. Most dumps
 * have the bytes themselves after the fields, which then count instead.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpidump.h"
#include "machine/table_text.h"

#define LENGTH_AT   4
#define CHECKSUM_AT 9

/* Go to the value of a field: after the first " : ". */
static bool find_value(struct mu_text *line)
{
	if (!mu_text_find(line, " : "))
		return false;
	mu_text_blanks(line);
	return true;
}

/* "[000h 0000   4]   Signature : "SRAT"    [System Resource ...]" */
bool mu_dsl_signature(struct mu_text line)
{
	return mu_text_find(&line, "Signature : \"");
}

static enum mu_status push_string(struct mu_table_text *text,
				  struct mu_text line, struct mu_text value)
{
	enum mu_status status = MU_OK;

	while (!status && !mu_text_empty(&value) && *value.at != '"')
		status = mu_table_text_push(text, &line, (uint8_t)*value.at++);
	return status;
}

/* "0A 14 14 \": bytes in their order. */
static enum mu_status push_bytes(struct mu_table_text *text,
				 struct mu_text line, struct mu_text value)
{
	enum mu_status status = MU_OK;
	uint64_t byte;

	while (!status && mu_table_text_byte(&value, &byte)) {
		status = mu_table_text_push(text, &line, (uint8_t)byte);
		mu_text_blanks(&value);
	}
	text->goes_on = mu_text_skip(&value, "\\");
	return status;
}

/* @digits of a number, the lowest byte first. */
static enum mu_status push_number(struct mu_table_text *text,
				  struct mu_text line, struct mu_text digits)
{
	enum mu_status status = MU_OK;

	while (!status && digits.end - digits.at >= 2) {
		struct mu_text byte = {digits.end - 2, digits.end, 0};
		uint64_t value = 0;

		if (!mu_text_number(&byte, 16, &value))
			status =
				mu_table_text_push(text, &line, (uint8_t)value);
		digits.end -= 2;
	}
	return status;
}

/* "66F0D379-B4F3-4074-AC43-0D3318B78CDB": three numbers, then eight bytes. */
static enum mu_status push_guid(struct mu_table_text *text, struct mu_text line,
				struct mu_text value)
{
	enum mu_status status = MU_OK;

	for (unsigned part = 0; !status && part < 5; part++) {
		struct mu_text digits = value;

		while (mu_text_is_digit(&value, 16))
			value.at++;
		digits.end = value.at;
		(void)mu_text_skip(&value, "-");
		if (part < 3) {
			status = push_number(text, line, digits);
			continue;
		}
		for (; !status && digits.end - digits.at >= 2; digits.at += 2) {
			struct mu_text two = {digits.at, digits.at + 2, 0};

			status = push_number(text, line, two);
		}
	}
	return status;
}

static enum mu_status push_value(struct mu_table_text *text,
				 struct mu_text line, struct mu_text value)
{
	struct mu_text digits = value;
	struct mu_text rest;

	if (mu_text_skip(&value, "\""))
		return push_string(text, line, value);
	while (mu_text_is_digit(&value, 16))
		value.at++;
	digits.end = value.at;
	rest = digits;
	rest.end = line.end;
	if (value.at - digits.at == 8 && mu_text_skip(&value, "-"))
		return push_guid(text, line, rest);
	if (digits.end - digits.at == 2)
		return push_bytes(text, line, rest);
	/* An odd number of digits is a part of the field before: a few bits. */
	if ((digits.end - digits.at) % 2)
		return MU_OK;
	return push_number(text, line, digits);
}

/*
 * A few bits of the previous field, whose value has them already: recognised by
 * an odd number of digits, with this exception.
 */
static bool is_bits(struct mu_text line)
{
	return mu_text_find(&line, "Cache Line Size : ");
}

/*
 * "[02Ch 0044  20]" is where the field lies. A template has "[0020]", how long
 * it is, and lines that somebody added have nothing.
 */
static enum mu_status read_field(struct mu_table_text *text,
				 struct mu_text line)
{
	struct mu_text value = line, place = line;
	uint64_t offset;

	if (!find_value(&value) || is_bits(line))
		return MU_OK;
	mu_text_blanks(&place);
	if (mu_text_skip(&place, "[") && !mu_text_number(&place, 16, &offset) &&
	    mu_text_skip(&place, "h ") && offset != text->len)
		return mu_text_failed(text->error,
				      mu_fail(text->error, MU_ERR_SYNTAX, 0,
					      "a field at 0x%llx, expected one "
					      "at 0x%zx",
					      (unsigned long long)offset,
					      text->len),
				      &line);
	return push_value(text, line, value);
}

/* Fields alone are source code: compute length and checksum. */
static void fill_in(struct mu_table_text *text)
{
	uint8_t *table = text->table, sum = 0;

	if (text->len < MU_ACPI_HEADER)
		return;
	for (unsigned i = 0; i < 4; i++)
		table[LENGTH_AT + i] = (uint8_t)(text->len >> (8 * i));
	table[CHECKSUM_AT] = 0;
	for (size_t i = 0; i < text->len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[CHECKSUM_AT] = (uint8_t)(0x100 - sum);
}

static enum mu_status end_table(struct mu_table_text *text)
{
	if (text->title.line && !text->raw)
		fill_in(text);
	return mu_table_text_end(text);
}

/* Is it one to read? Others may be larger than the workspace. */
static bool is_known(struct mu_text line)
{
	return mu_text_find(&line, ": \"") && line.end - line.at >= 4 &&
	       mu_acpi_known((const uint8_t *)line.at);
}

static enum mu_status read_line(struct mu_table_text *text, struct mu_text line)
{
	struct mu_text rest = line;
	enum mu_status status;
	bool is_row;

	if (mu_dsl_signature(line)) {
		status = end_table(text);
		if (status || !is_known(line))
			return status;
		mu_text_blanks(&line);
		mu_table_text_begin(text, line);
		return read_field(text, line);
	}
	if (!text->title.line)
		return MU_OK;
	if (mu_text_find(&rest, "Raw Table Data")) {
		mu_table_text_begin(text, text->title);
		text->raw = true;
		return MU_OK;
	}
	if (text->raw)
		return mu_table_text_row(text, line, &is_row);
	if (text->goes_on) {
		mu_text_blanks(&rest);
		return push_bytes(text, line, rest);
	}
	return read_field(text, line);
}

enum mu_status mu_machine_read_dsl(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	return mu_table_text_read(machine, mu_text(text, len), read_line,
				  end_table, error);
}
