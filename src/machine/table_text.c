// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/table_text.h"

enum mu_status mu_table_text_read(
	struct mu_machine *machine, struct mu_text text,
	enum mu_status (*line)(struct mu_table_text *text, struct mu_text line),
	enum mu_status (*end)(struct mu_table_text *text),
	struct mu_error *error)
{
	struct mu_table_text tables = {
		.machine = machine,
		.error = error,
		.table = (void *)machine->scratch_ranges,
		.room = machine->max_ranges * sizeof(struct mu_range),
	};
	enum mu_status status = MU_OK;

	for (unsigned pass = 0; !status && pass < MU_ACPI_NR_PASSES; pass++) {
		struct mu_text rest = text, next;

		tables.pass = (enum mu_acpi_pass)pass;
		while (!status && mu_text_line(&rest, &next))
			status = line(&tables, next);
		if (!status)
			status = end(&tables);
	}
	if (!status && !tables.known)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT");
	return status;
}

void mu_table_text_begin(struct mu_table_text *text, struct mu_text title)
{
	text->title = title;
	text->len = 0;
	text->raw = text->goes_on = false;
}

enum mu_status mu_table_text_end(struct mu_table_text *text)
{
	enum mu_status status;

	if (!text->title.line)
		return MU_OK;
	text->known |= text->len >= 4 && mu_acpi_known(text->table);
	status = mu_acpi_read_table(text->machine, text->table, text->len,
				    text->pass, text->error);
	status = mu_text_failed(text->error, status, &text->title);
	text->title.line = 0;
	return status;
}

enum mu_status mu_table_text_push(struct mu_table_text *text,
				  const struct mu_text *line, uint8_t byte)
{
	if (text->len == text->room)
		return mu_text_failed(text->error,
				      mu_fail(text->error, MU_ERR_FULL, 0,
					      "a table of more than %zu bytes",
					      text->room),
				      line);
	text->table[text->len++] = byte;
	return MU_OK;
}

bool mu_table_text_byte(struct mu_text *text, uint64_t *byte)
{
	struct mu_text two = *text;

	if (text->end - text->at < 2)
		return false;
	two.end = two.at + 2;
	if (mu_text_number(&two, 16, byte) || !mu_text_empty(&two))
		return false;
	text->at += 2;
	return !mu_text_is_digit(text, 16);
}

enum mu_status mu_table_text_row(struct mu_table_text *text,
				 struct mu_text line, bool *is_row)
{
	enum mu_status status = MU_OK;
	struct mu_text rest = line;
	uint64_t offset, byte;

	mu_text_blanks(&rest);
	*is_row =
		!mu_text_number(&rest, 16, &offset) && mu_text_skip(&rest, ":");
	if (!*is_row)
		return MU_OK;
	if (offset != text->len)
		return mu_text_failed(
			text->error,
			mu_fail(text->error, MU_ERR_SYNTAX, 0,
				"bytes from 0x%llx on, expected from 0x%zx on",
				(unsigned long long)offset, text->len),
			&line);
	mu_text_blanks(&rest);
	for (unsigned i = 0;
	     !status && i < 16 && mu_table_text_byte(&rest, &byte); i++) {
		status = mu_table_text_push(text, &line, (uint8_t)byte);
		if (!mu_text_skip(&rest, " "))
			(void)mu_text_skip(&rest, "\t");
	}
	return status;
}
