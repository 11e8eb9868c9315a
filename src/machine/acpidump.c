// SPDX-License-Identifier: MIT
#include "base/bits.h"
#include "machine/acpidump.h"
#include "machine/table_text.h"

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

/* Any line that is not a row of bytes ends the table. */
static enum mu_status read_line(struct mu_table_text *text, struct mu_text line)
{
	enum mu_status status = MU_OK;
	bool is_row = false;

	if (mu_acpidump_title(line)) {
		status = mu_table_text_end(text);
		/* Others may be larger than the workspace. */
		if (mu_acpi_known((const uint8_t *)line.at))
			mu_table_text_begin(text, line);
		return status;
	}
	if (text->title.line)
		status = mu_table_text_row(text, line, &is_row);
	return status || is_row ? status : mu_table_text_end(text);
}

enum mu_status mu_machine_read_acpidump(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error)
{
	return mu_table_text_read(machine, mu_text(text, len), read_line,
				  mu_table_text_end, error);
}
