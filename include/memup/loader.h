/* SPDX-License-Identifier: MIT */
/*
 * loader: maps in the form that loaders of x86 hand over.
 *
 * Nothing is copied or allocated, nothing needs alignment. Early boot, no
 * locks.
 */
#ifndef MEMUP_LOADER_H
#define MEMUP_LOADER_H

#include "memup/machine.h"

/*
 * Add @nr entries of an e820 map at @map, each of @entry_size bytes: base and
 * size of 64 bits, type of 32 (ACPI 6.5, table 15.9), little-endian. They are
 * 20 bytes apart in Linux's boot_params, 24 in PVH's start info and as many as
 * it says in Multiboot2's.
 *
 * MU_ERR_INVALID when @entry_size is not 20 to 4096, MU_ERR_RANGE for an entry
 * that wraps or passes MU_PHYS_MAX, MU_ERR_FULL; @error names the entry. On
 * failure nothing is changed. O(nr).
 */
enum mu_status mu_machine_read_e820(struct mu_machine *machine, const void *map,
				    size_t nr, size_t entry_size,
				    struct mu_error *error) MU_MUST_CHECK;

/* Bytes of Linux's struct boot_params. */
#define MU_BOOT_PARAMS_BYTES ((size_t)4096)

/* At most so many setup_data are followed: they may go round in a circle. */
#define MU_SETUP_DATA_MOST 64u

/*
 * Add the map of Linux's boot_params, of which @len bytes are at @params
 * (Linux, Documentation/arch/x86/boot.rst and zero-page.rst; as loaders, VMMs
 * and /sys/kernel/boot_params/data have it): its e820 table, and those of the
 * setup_data of type SETUP_E820_EXT that follow each other from it.
 *
 * @at_phys gives @size bytes of the physical memory at @phys, or NULL when it
 * cannot; without it setup_data are not followed.
 *
 * MU_ERR_CORRUPT when it has fewer bytes or not its marks, when it says that it
 * has more entries than the table holds, when a setup_data is out of reach or
 * has a length that is no multiple of an entry, and when there are more than
 * MU_SETUP_DATA_MOST of them; else as mu_machine_read_e820(). On failure
 * nothing is changed.
 */
enum mu_status mu_machine_read_boot_params(
	struct mu_machine *machine, const void *params, size_t len,
	const void *(*at_phys)(void *arg, mu_phys_t phys, size_t size),
	void *arg, struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_LOADER_H */
