// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpi.h"
#include "machine/acpidump.h"

struct dump {
	struct mu_machine *machine;
	struct mu_error *error;
	enum mu_acpi_pass pass;
	struct mu_text title; /* of the table being decoded; line 0: none */
	uint8_t *table;	      /* in the machine's workspace */
	size_t room, len;
	bool known; /* there was one to read */
};

/* "SRAT @ 0x0000000000000000" */
bool mu_acpidump_title(struct mu_text line)
{
	uint64_t address;

	if (line.end - line.at < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		char c = *line.at++;

		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return mu_text_skip(&line, " @ ") &&
	       !mu_text_number(&line, 16, &address);
}

static enum mu_status end_table(struct dump *dump)
{
	enum mu_status status;

	if (!dump->title.line)
		return MU_OK;
	dump->known = true;
	status = mu_acpi_read_table(dump->machine, dump->table, dump->len,
				    dump->pass, dump->error);
	status = mu_text_failed(dump->error, status, &dump->title);
	dump->title.line = 0;
	return status;
}

static enum mu_status push_byte(struct dump *dump, const struct mu_text *line,
				uint8_t byte)
{
	if (dump->len == dump->room)
		return mu_text_failed(dump->error,
				      mu_fail(dump->error, MU_ERR_FULL, 0,
					      "a table of more than %zu bytes",
					      dump->room),
				      line);
	dump->table[dump->len++] = byte;
	return MU_OK;
}

/* Two digits and no third. */
static bool read_byte(struct mu_text *text, uint64_t *byte)
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

/*
 * "  0010: 41 50 ... 54  APIC.....": up to 16 bytes, one blank between them,
 * more before what they are as text. Any other line ends the table.
 */
static enum mu_status read_row(struct dump *dump, struct mu_text line)
{
	enum mu_status status = MU_OK;
	struct mu_text rest = line;
	uint64_t offset, byte;

	mu_text_blanks(&rest);
	if (mu_text_number(&rest, 16, &offset) || !mu_text_skip(&rest, ":"))
		return end_table(dump);
	if (offset != dump->len)
		return mu_text_failed(
			dump->error,
			mu_fail(dump->error, MU_ERR_SYNTAX, 0,
				"bytes from 0x%llx on, expected from 0x%zx on",
				(unsigned long long)offset, dump->len),
			&line);
	mu_text_blanks(&rest);
	for (unsigned i = 0; !status && i < 16 && read_byte(&rest, &byte);
	     i++) {
		status = push_byte(dump, &line, (uint8_t)byte);
		if (!mu_text_skip(&rest, " "))
			(void)mu_text_skip(&rest, "\t");
	}
	return status;
}

static enum mu_status read_pass(struct dump *dump, struct mu_text text)
{
	enum mu_status status = MU_OK;
	struct mu_text line;

	while (!status && mu_text_line(&text, &line)) {
		if (!mu_acpidump_title(line)) {
			if (dump->title.line)
				status = read_row(dump, line);
			continue;
		}
		status = end_table(dump);
		dump->len = 0;
		if (mu_acpi_known((const uint8_t *)line.at))
			dump->title = line;
	}
	return status ? status : end_table(dump);
}

enum mu_status mu_machine_read_acpidump(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error)
{
	struct dump dump = {
		.machine = machine,
		.error = error,
		.table = (void *)machine->scratch_ranges,
		.room = machine->max_ranges * sizeof(struct mu_range),
	};
	enum mu_status status = MU_OK;

	for (unsigned pass = 0; !status && pass < MU_ACPI_NR_PASSES; pass++) {
		dump.pass = (enum mu_acpi_pass)pass;
		status = read_pass(&dump, mu_text(text, len));
	}
	if (!status && !dump.known)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT");
	return status;
}
