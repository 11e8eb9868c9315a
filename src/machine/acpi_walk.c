// SPDX-License-Identifier: MIT
/* acpi_walk: the structures that fill a table after its fixed part. */
#include "base/fmt.h"
#include "machine/acpi.h"

enum mu_status mu_acpi_walk(
	const struct mu_acpi_shape *shape, const uint8_t *table, size_t len,
	enum mu_status (*visit)(void *arg, const struct mu_acpi_entry *entry,
				struct mu_error *error),
	void *arg, struct mu_error *error)
{
	unsigned head = shape->len_at + shape->len_size;
	enum mu_status status = MU_OK;

	if (len < shape->fixed)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%s: %zu bytes are less than its fixed part of "
			       "%zu",
			       shape->name, len, shape->fixed);
	for (size_t at = shape->fixed, size; !status && at < len; at += size) {
		struct mu_acpi_entry entry = {.at = table + at};

		size = 0;
		if (len - at >= head) {
			const uint8_t *field = entry.at + shape->len_at;

			entry.type = shape->type_size == 1 ? *entry.at
							   : mu_le16(entry.at);
			size = shape->len_size == 1   ? *field
			       : shape->len_size == 2 ? mu_le16(field)
						      : mu_le32(field);
		}
		if (size < head || size > len - at)
			return mu_acpi_at_offset(
				error,
				mu_fail(error, MU_ERR_CORRUPT, 0,
					"%s: a structure of %zu bytes, %zu "
					"before the end",
					shape->name, size, len - at),
				at);
		if (entry.type < shape->nr_least &&
		    size < shape->least[entry.type])
			return mu_acpi_at_offset(
				error,
				mu_fail(error, MU_ERR_CORRUPT, 0,
					"%s: a structure of type %u "
					"has %zu bytes, not %u",
					shape->name, entry.type, size,
					shape->least[entry.type]),
				at);
		entry.len = size;
		status =
			mu_acpi_at_offset(error, visit(arg, &entry, error), at);
	}
	return status;
}
