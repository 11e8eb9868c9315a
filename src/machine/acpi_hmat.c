// SPDX-License-Identifier: MIT
/*
 * acpi_hmat: heterogeneous memory attributes. A matrix has one value for each
 * pair of an initiator and a target of its two lists, in multiples of a base
 * unit: picoseconds and MB/s since revision 2 (ACPI 6.3), a tenth of a
 * nanosecond and of a MB/s in revision 1.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/acpi.h"
#include "machine/hmat.h"

#define MATRIX	     1u
#define MATRIX_FIXED 32u

enum mu_status mu_hmat_set(struct mu_machine *machine, int from, int to,
			   unsigned types, uint32_t value,
			   struct mu_error *error)
{
	enum mu_status status = MU_OK;

	for (unsigned what = 0; !status && what < MU_NR_PERF; what++)
		if (types & 1u << what)
			status = mu_machine_set_perf(machine, from, to,
						     (enum mu_perf)what, value,
						     error);
	return status;
}

struct hmat {
	struct mu_machine *machine;
	unsigned revision;
};

/* ns or MB/s; 0 where there is no value, or one of more than 32 bits. */
static uint32_t value_of(const struct hmat *hmat, unsigned type, uint16_t entry,
			 uint64_t unit)
{
	bool latency = type < 3;
	uint64_t value, divisor = 1;

	if (entry == UINT16_MAX || unit > UINT64_MAX / UINT16_MAX)
		return 0;
	value = entry * unit;
	if (hmat->revision < 2)
		divisor = 10;
	else if (latency)
		divisor = 1000;
	if (hmat->revision < 2 && value < divisor)
		return 0;
	value = value / divisor + (value % divisor != 0);
	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static enum mu_status read_matrix(const struct hmat *hmat, const uint8_t *at,
				  size_t len, struct mu_error *error)
{
	unsigned type = at[9], types = mu_hmat_types(type);
	uint64_t nr_from = mu_le32(at + 12), nr_to = mu_le32(at + 16);
	uint64_t unit = mu_le64(at + 24), room = len - MATRIX_FIXED;
	const uint8_t *from = at + MATRIX_FIXED, *to = from + 4 * nr_from;
	const uint8_t *entry = to + 4 * nr_to;
	enum mu_status status = MU_OK;

	/* Neither product overflows 64 bits: the factors are below 2^32. */
	if (nr_from > room || nr_to > room || 4 * (nr_from + nr_to) > room ||
	    nr_from * nr_to > (room - 4 * (nr_from + nr_to)) / 2)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "HMAT: values of %llu initiators and %llu "
			       "targets do not fit in %zu bytes",
			       (unsigned long long)nr_from,
			       (unsigned long long)nr_to, len);
	if (at[8] & MU_HMAT_HIERARCHY)
		return MU_OK;
	for (uint64_t i = 0; !status && i < nr_from; i++) {
		int nid = mu_acpi_node(mu_le32(from + 4 * i));

		for (uint64_t j = 0; !status && j < nr_to; j++, entry += 2)
			status = mu_hmat_set(
				hmat->machine, nid,
				mu_acpi_node(mu_le32(to + 4 * j)), types,
				value_of(hmat, type, mu_le16(entry), unit),
				error);
	}
	return status;
}

static enum mu_status visit(void *arg, const struct mu_acpi_entry *entry,
			    struct mu_error *error)
{
	if (entry->type != MATRIX)
		return MU_OK;
	return read_matrix(arg, entry->at, entry->len, error);
}

enum mu_status mu_acpi_read_hmat(struct mu_machine *machine,
				 const uint8_t *table, size_t len,
				 struct mu_error *error)
{
	static const uint8_t least[] = {40, MATRIX_FIXED, 32};
	static const struct mu_acpi_shape shape = {
		.name = "HMAT",
		.fixed = MU_ACPI_HEADER + 4,
		.type_size = 2,
		.len_at = 4,
		.len_size = 4,
		.least = least,
		.nr_least = MU_ARRAY_SIZE(least),
	};
	struct hmat hmat = {machine, table[8]};

	return mu_acpi_walk(&shape, table, len, visit, &hmat, error);
}
