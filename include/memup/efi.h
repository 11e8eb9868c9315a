/* SPDX-License-Identifier: MIT */
/*
 * efi: the UEFI memory map (UEFI 2.10, 7.2.3), as GetMemoryMap() returns it,
 * and Linux's table of memory that a guest has not accepted yet.
 *
 * Nothing is copied or allocated, nothing needs alignment. Early boot, no
 * locks.
 */
#ifndef MEMUP_EFI_H
#define MEMUP_EFI_H

#include "memup/machine.h"

/* A descriptor has at least so many bytes, and at most so many are believed;
 * firmware may make it larger than today's 40. */
#define MU_EFI_DESC_LEAST ((size_t)40)
#define MU_EFI_DESC_MOST  ((size_t)4096)

/*
 * Add the memory map of @len bytes at @map, whose descriptors have @desc_size
 * bytes and are of version @desc_version.
 *
 *   RAM                conventional memory, the loader's code and data
 *   RAM, KEPT and      code and data of boot services: firmware is known to use
 *   BOOT_SERVICES      them a little longer than it may
 *   RAM, UNACCEPTED    unaccepted memory (type 15)
 *   SOFT_RESERVED      each of these that is "special purpose" (EFI_MEMORY_SP)
 *   RESERVED           each of these that cannot be cached with write-back, and
 *                      runtime services, I/O, PAL code, other types
 *   ACPI, NVS, UNUSABLE, PMEM  as they are called
 *
 * EFI_MEMORY_MORE_RELIABLE makes it MIRROR, EFI_MEMORY_NV NONVOLATILE. Pages
 * are of 4 KiB, whatever the machine's are. The map must be the last one, after
 * ExitBootServices(): mind its key. The memory that holds the map is the
 * loader's, so RAM: read it before anything is allocated.
 *
 * MU_ERR_INVALID for a descriptor size out of its limits or another version
 * than 1; MU_ERR_CORRUPT for a length that is no multiple of it; MU_ERR_RANGE
 * for a range that is not aligned, wraps or passes MU_PHYS_MAX; MU_ERR_FULL;
 * MU_ERR_NOT_FOUND for a map without entries. @error names the entry and the
 * value. On failure nothing is changed. O(len).
 */
enum mu_status mu_machine_read_efi(struct mu_machine *machine, const void *map,
				   size_t len, size_t desc_size,
				   uint32_t desc_version,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Mark RAM that Linux's table of unaccepted memory lists (the configuration
 * table LINUX_EFI_UNACCEPTED_MEM_TABLE_GUID, version 1: version, size of a
 * unit, base, bytes of the bitmap, bitmap; a set bit is a unit that was not
 * accepted). To be read after the map. The others in that span, which the
 * loader accepted, lose the mark.
 *
 * MU_ERR_INVALID for another version, or a unit that is no power of two of at
 * least 4 KiB; MU_ERR_CORRUPT when the bitmap is longer than the table;
 * MU_ERR_RANGE for a span past MU_PHYS_MAX; MU_ERR_FULL. On failure nothing is
 * changed. O(bits + runs of bits * ranges).
 */
enum mu_status mu_machine_read_unaccepted(struct mu_machine *machine,
					  const void *table, size_t len,
					  struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_EFI_H */
