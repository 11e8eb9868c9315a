// SPDX-License-Identifier: MIT
/* acpi: which tables are read, in which order, and their headers and sums. */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/acpi.h"
#include "machine/text.h"

typedef enum mu_status reader(struct mu_machine *machine, const uint8_t *table,
			      size_t len, struct mu_error *error);

static const struct {
	char signature[5];
	enum mu_acpi_pass pass;
	reader *read;
} tables[] = {
	{"SRAT", MU_ACPI_FIRST, mu_acpi_read_srat},
	{"SLIT", MU_ACPI_FIRST, mu_acpi_read_slit},
	{"NFIT", MU_ACPI_FIRST, mu_acpi_read_nfit},
	{"HMAT", MU_ACPI_FIRST, mu_acpi_read_hmat},
	{"APIC", MU_ACPI_LAST, mu_acpi_read_madt},
	{"CEDT", MU_ACPI_LAST, mu_acpi_read_cedt},
};

/* Index in tables[], or their number. */
static unsigned find_table(const uint8_t *signature)
{
	unsigned i = 0;

	while (i < MU_ARRAY_SIZE(tables) &&
	       memcmp(tables[i].signature, signature, 4) != 0)
		i++;
	return i;
}

bool mu_acpi_known(const uint8_t *signature)
{
	return find_table(signature) < MU_ARRAY_SIZE(tables);
}

/* The four letters of a table, for messages. */
static const char *name_of(struct mu_quote *out, const uint8_t *table)
{
	return mu_text_quote(out, mu_text((const char *)table, 4));
}

/* The table's own length, once it is known to make sense. */
static enum mu_status check_header(const uint8_t *table, size_t len,
				   size_t *own_len, struct mu_error *error)
{
	struct mu_quote quote;
	uint32_t claimed;

	*own_len = 0;
	if (len < MU_ACPI_HEADER)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%zu bytes are less than the header of an ACPI "
			       "table",
			       len);
	claimed = mu_le32(table + 4);
	if (claimed < MU_ACPI_HEADER || claimed > len)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%s: says it has %u bytes, %zu are there",
			       name_of(&quote, table), claimed, len);
	*own_len = claimed;
	return MU_OK;
}

static enum mu_status check_sum(const uint8_t *table, size_t len,
				struct mu_error *error)
{
	struct mu_quote quote;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	if (sum)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%s: its bytes add up to 0x%02x, not to 0",
			       name_of(&quote, table), sum);
	return MU_OK;
}

enum mu_status mu_acpi_check_table(const uint8_t *table, size_t len,
				   size_t *own_len, struct mu_error *error)
{
	enum mu_status status = check_header(table, len, own_len, error);

	return status ? status : check_sum(table, *own_len, error);
}

enum mu_status mu_acpi_read_table(struct mu_machine *machine,
				  const uint8_t *table, size_t len,
				  enum mu_acpi_pass pass,
				  struct mu_error *error)
{
	size_t own_len;
	enum mu_status status = check_header(table, len, &own_len, error);
	unsigned index;

	if (status)
		return status;
	index = find_table(table);
	if (index == MU_ARRAY_SIZE(tables) || tables[index].pass != pass)
		return MU_OK;
	status = check_sum(table, own_len, error);
	return status ? status
		      : tables[index].read(machine, table, own_len, error);
}

static enum mu_status read_pass(struct mu_machine *machine,
				const uint8_t *tables_at, size_t len,
				enum mu_acpi_pass pass, bool *known,
				struct mu_error *error)
{
	size_t own_len;

	for (size_t at = 0; at < len; at += own_len) {
		const uint8_t *table = tables_at + at;
		enum mu_status status =
			check_header(table, len - at, &own_len, error);

		if (status)
			return mu_acpi_at_offset(error, status, at);
		*known |= mu_acpi_known(table);
		status = mu_acpi_read_table(machine, table, own_len, pass,
					    error);
		if (status)
			return mu_acpi_at_offset(
				error, status,
				at + (error ? error->offset : 0));
	}
	return MU_OK;
}

enum mu_status mu_machine_read_acpi(struct mu_machine *machine,
				    const void *table, size_t len,
				    struct mu_error *error)
{
	enum mu_status status = MU_OK;
	bool known = false;

	for (unsigned pass = 0; !status && pass < MU_ACPI_NR_PASSES; pass++)
		status = read_pass(machine, table, len, (enum mu_acpi_pass)pass,
				   &known, error);
	if (!status && !known)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "no SRAT, SLIT, APIC, NFIT, CEDT or HMAT");
	return status;
}
