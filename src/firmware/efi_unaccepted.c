// SPDX-License-Identifier: MIT
/*
 * efi_unaccepted: the bitmap of memory that nobody has accepted yet, which a
 * loader hands on to the kernel (TDX, SEV-SNP).
 */
#include "base/bits.h"
#include "base/bytes.h"
#include "base/fmt.h"
#include "base/string.h"
#include "machine/checks.h"
#include "memup/efi.h"

/* Offsets: version, unit size, base, bytes of the bitmap, bitmap. */
enum { AT_VERSION = 0, AT_UNIT = 4, AT_BASE = 8, AT_SIZE = 16, AT_BITMAP = 24 };

struct bitmap {
	const uint8_t *bits;
	uint64_t nr, base;
	uint32_t unit;
};

static enum mu_status open_table(const struct mu_machine *machine,
				 const uint8_t *at, size_t len,
				 struct bitmap *bitmap, struct mu_error *error)
{
	uint64_t bytes;

	if (len < AT_BITMAP)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%zu bytes are less than the head of a table of "
			       "unaccepted memory, %u",
			       len, (unsigned)AT_BITMAP);
	if (mu_le32(at + AT_VERSION) != 1)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "a table of unaccepted memory of version %u, "
			       "expected 1",
			       mu_le32(at + AT_VERSION));
	bitmap->unit = mu_le32(at + AT_UNIT);
	bitmap->base = mu_le64(at + AT_BASE);
	bytes = mu_le64(at + AT_SIZE);
	bitmap->bits = at + AT_BITMAP;
	if (bitmap->unit < 4096 || !mu_is_pow2(bitmap->unit))
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "unaccepted memory in units of %u bytes, "
			       "expected a power of two of at least 4096",
			       bitmap->unit);
	if (bytes > len - AT_BITMAP)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "a bitmap of unaccepted memory of %llu bytes, "
			       "%zu are there",
			       (unsigned long long)bytes, len - AT_BITMAP);
	bitmap->nr = bytes * 8;
	if (bitmap->nr > MU_PHYS_MAX / bitmap->unit)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "%llu units of %u bytes of unaccepted memory "
			       "pass the limit of %d address bits",
			       (unsigned long long)bitmap->nr, bitmap->unit,
			       MU_PHYS_BITS);
	return mu_machine_check_range(machine, bitmap->base,
				      bitmap->nr * bitmap->unit, error);
}

static bool bit(const struct bitmap *bitmap, uint64_t index)
{
	return bitmap->bits[index / 8] >> (index % 8) & 1;
}

static enum mu_status mark_outside(struct mu_machine *machine,
				   const struct mu_range *range, mu_phys_t base,
				   mu_phys_t end, struct mu_error *error)
{
	mu_phys_t range_end = range->base + range->size;
	enum mu_status status = MU_OK;

	if (range->base < base)
		status = mu_machine_set_flags(machine, range->base,
					      base - range->base,
					      MU_RANGE_UNACCEPTED, error);
	if (!status && range_end > end)
		status = mu_machine_set_flags(machine, end, range_end - end,
					      MU_RANGE_UNACCEPTED, error);
	return status;
}

/* The map's marks in the span go; what lies outside of it keeps them. */
static enum mu_status clear_span(struct mu_machine *machine,
				 const struct bitmap *bitmap,
				 struct mu_error *error)
{
	mu_phys_t base = bitmap->base, end = base + bitmap->nr * bitmap->unit;
	enum mu_status status = MU_OK;
	unsigned i = 0;

	while (!status && i < machine->nr_ranges) {
		struct mu_range *range = &machine->ranges[i++];
		struct mu_range old = *range;

		if (!(old.flags & MU_RANGE_UNACCEPTED) || old.base >= end ||
		    old.base + old.size <= base)
			continue;
		range->flags &= (uint16_t)~MU_RANGE_UNACCEPTED;
		if (old.base >= base && old.base + old.size <= end)
			continue;
		/* This moves ranges: look at all of them again. */
		status = mark_outside(machine, &old, base, end, error);
		i = 0;
	}
	return status;
}

static enum mu_status mark(struct mu_machine *machine,
			   const struct bitmap *bitmap, struct mu_error *error)
{
	enum mu_status status = MU_OK;
	uint64_t end;

	for (uint64_t i = 0; !status && i < bitmap->nr; i = end) {
		end = i + 1;
		if (!bit(bitmap, i))
			continue;
		while (end < bitmap->nr && bit(bitmap, end))
			end++;
		status = mu_machine_set_flags(
			machine, bitmap->base + i * bitmap->unit,
			(end - i) * bitmap->unit, MU_RANGE_UNACCEPTED, error);
	}
	return status;
}

enum mu_status mu_machine_read_unaccepted(struct mu_machine *machine,
					  const void *table, size_t len,
					  struct mu_error *error)
{
	struct bitmap bitmap = {.nr = 0};
	unsigned nr_ranges = machine->nr_ranges;
	enum mu_status status = mu_machine_check_range(machine, 0, 0, error);

	if (!status)
		status = open_table(machine, table, len, &bitmap, error);
	if (status)
		return status;
	memcpy(machine->scratch_ranges, machine->ranges,
	       nr_ranges * sizeof(*machine->ranges));
	status = clear_span(machine, &bitmap, error);
	if (!status)
		status = mark(machine, &bitmap, error);
	if (!status)
		return MU_OK;
	memcpy(machine->ranges, machine->scratch_ranges,
	       nr_ranges * sizeof(*machine->ranges));
	machine->nr_ranges = nr_ranges;
	return status;
}
