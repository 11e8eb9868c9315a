// SPDX-License-Identifier: MIT
/*
 * efi_map: the UEFI memory map. All of it is checked before any of it is added.
 */
#include "base/bits.h"
#include "base/bytes.h"
#include "base/fmt.h"
#include "machine/checks.h"
#include "memup/efi.h"

#define EFI_PAGE 4096u

/* Offsets in a descriptor, and its attributes (UEFI 2.10, 7.2.3). */
enum { AT_TYPE = 0, AT_BASE = 8, AT_PAGES = 24, AT_ATTRIBUTES = 32 };

#define EFI_WB ((uint64_t)0x8)
#define EFI_NV ((uint64_t)0x8000)
#define EFI_MR ((uint64_t)0x10000)
#define EFI_SP ((uint64_t)0x40000)

#define BOOT (MU_RANGE_KEPT | MU_RANGE_BOOT_SERVICES)

/* Indexed by EFI_MEMORY_TYPE; others are an OEM's or a loader's. */
static const struct {
	uint16_t type, flags;
} types[] = {
	[1] = {MU_RANGE_RAM, 0},    /* EfiLoaderCode */
	[2] = {MU_RANGE_RAM, 0},    /* EfiLoaderData */
	[3] = {MU_RANGE_RAM, BOOT}, /* EfiBootServicesCode */
	[4] = {MU_RANGE_RAM, BOOT}, /* EfiBootServicesData */
	[7] = {MU_RANGE_RAM, 0},    /* EfiConventionalMemory */
	[8] = {MU_RANGE_UNUSABLE, 0},
	[9] = {MU_RANGE_ACPI, 0},  /* EfiACPIReclaimMemory */
	[10] = {MU_RANGE_NVS, 0},  /* EfiACPIMemoryNVS */
	[14] = {MU_RANGE_PMEM, 0}, /* EfiPersistentMemory */
	[15] = {MU_RANGE_RAM, MU_RANGE_UNACCEPTED},
};

static struct mu_range range_of(const uint8_t *at)
{
	uint32_t type = mu_le32(at + AT_TYPE);
	uint64_t attributes = mu_le64(at + AT_ATTRIBUTES);
	struct mu_range range = {
		.base = mu_le64(at + AT_BASE),
		.size = mu_le64(at + AT_PAGES) * EFI_PAGE,
		.type = MU_RANGE_RESERVED,
	};

	if (type < MU_ARRAY_SIZE(types) && types[type].type) {
		range.type = types[type].type;
		range.flags = types[type].flags;
	}
	if (range.type == MU_RANGE_RAM && attributes & EFI_SP) {
		range.type = MU_RANGE_SOFT_RESERVED;
		range.flags = 0;
	} else if (range.type == MU_RANGE_RAM && !(attributes & EFI_WB) &&
		   !(range.flags & MU_RANGE_UNACCEPTED)) {
		range.type = MU_RANGE_RESERVED;
		range.flags = 0;
	}
	if (attributes & EFI_MR)
		range.flags |= MU_RANGE_MIRROR;
	if (attributes & EFI_NV)
		range.flags |= MU_RANGE_NONVOLATILE;
	return range;
}

static enum mu_status check_entry(const struct mu_machine *machine,
				  const uint8_t *at, unsigned index,
				  struct mu_error *error)
{
	uint64_t base = mu_le64(at + AT_BASE), pages = mu_le64(at + AT_PAGES);

	if (base % EFI_PAGE)
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "entry %u of the EFI memory map begins at "
			       "0x%llx, not at a page of 4 KiB",
			       index, (unsigned long long)base);
	if (pages > MU_PHYS_MAX / EFI_PAGE ||
	    mu_machine_check_range(machine, base, pages * EFI_PAGE, NULL))
		return mu_fail(error, MU_ERR_RANGE, 0,
			       "entry %u of the EFI memory map: 0x%llx pages "
			       "at 0x%llx pass the limit of %d address bits",
			       index, (unsigned long long)pages,
			       (unsigned long long)base, MU_PHYS_BITS);
	return MU_OK;
}

static enum mu_status check_shape(size_t len, size_t desc_size,
				  uint32_t desc_version, struct mu_error *error)
{
	if (desc_size < MU_EFI_DESC_LEAST || desc_size > MU_EFI_DESC_MOST)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "EFI memory descriptors of %zu bytes, expected "
			       "%zu to %zu",
			       desc_size, MU_EFI_DESC_LEAST, MU_EFI_DESC_MOST);
	if (desc_version != 1)
		return mu_fail(error, MU_ERR_INVALID, 0,
			       "EFI memory descriptors of version %u, expected "
			       "1",
			       desc_version);
	if (len % desc_size)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "an EFI memory map of %zu bytes is no multiple "
			       "of its descriptors' %zu",
			       len, desc_size);
	if (!len)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "the EFI memory map has no entries");
	return MU_OK;
}

enum mu_status mu_machine_read_efi(struct mu_machine *machine, const void *map,
				   size_t len, size_t desc_size,
				   uint32_t desc_version,
				   struct mu_error *error)
{
	enum mu_status status = mu_machine_check_range(machine, 0, 0, error);
	const uint8_t *at = map;
	size_t nr = 0;

	if (!status)
		status = check_shape(len, desc_size, desc_version, error);
	for (size_t i = 0; !status && i < len; i += desc_size) {
		status = check_entry(machine, at + i, (unsigned)(i / desc_size),
				     error);
		nr += mu_le64(at + i + AT_PAGES) != 0;
	}
	if (!status && nr > machine->max_ranges - machine->nr_ranges)
		status = mu_fail(error, MU_ERR_FULL, 0,
				 "%zu entries of the EFI memory map are more "
				 "than the machine's %u memory ranges",
				 nr, machine->max_ranges);
	for (size_t i = 0; !status && i < len; i += desc_size) {
		struct mu_range range = range_of(at + i);

		status = mu_machine_add(machine, range.base, range.size,
					(enum mu_range_type)range.type,
					range.flags, error);
	}
	return status;
}
