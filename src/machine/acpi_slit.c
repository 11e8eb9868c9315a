// SPDX-License-Identifier: MIT
/* SLIT: distances of nodes. */
#include "base/fmt.h"
#include "machine/acpi.h"

/* The core says which distance is impossible; here the table is wrong. */
static enum mu_status bad_distance(struct mu_error *error, size_t offset)
{
	if (error) {
		error->status = MU_ERR_CORRUPT;
		error->offset = offset;
	}
	return MU_ERR_CORRUPT;
}

/*
 * Firmware may fill in more domains than there are; those past the machine's
 * limit are ignored.
 */
enum mu_status mu_acpi_read_slit(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	const size_t fixed = MU_ACPI_HEADER + 8;
	enum mu_status status = MU_OK;
	uint64_t nr;

	if (len < fixed)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "SLIT: %zu bytes are less than its fixed part "
			       "of %zu",
			       len, fixed);
	nr = mu_le64(table + MU_ACPI_HEADER);
	if (nr > UINT32_MAX || nr * nr > len - fixed)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "SLIT: distances of %llu domains do not fit in "
			       "%zu bytes",
			       (unsigned long long)nr, len - fixed);
	for (size_t i = 0; !status && i < nr && i < machine->max_nodes; i++) {
		for (size_t j = 0; !status && j < nr && j < machine->max_nodes;
		     j++) {
			size_t at = fixed + i * (size_t)nr + j;

			status = mu_machine_set_distance(
				machine, (int)i, (int)j, table[at], error);
			if (status)
				return bad_distance(error, at);
		}
	}
	return status;
}
