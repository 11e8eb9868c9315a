/* SPDX-License-Identifier: MIT */
/*
 * boot_info: the loader's information, in one form for all loaders, and copied,
 * since the original lies in memory that will be handed out.
 */
#ifndef KERNEL_BOOT_INFO_H
#define KERNEL_BOOT_INFO_H

#include "memup/machine.h"

#define MAX_BOOT_RANGES	   1024
#define MAX_BOOT_MODULES   8
#define MAX_KERNEL_CMDLINE MU_MACHINE_CMDLINE_MAX

/* A range of the firmware's map. Types are those of e820 (ACPI 6.5, table
 * 15.9). */
struct boot_range {
	uint64_t base, size;
	uint32_t type;
};

/* Memory that the loader filled for us: an initial RAM disk, say. */
struct boot_module {
	uint64_t base, size;
};

struct boot_info {
	const char *loader;
	char cmdline[MAX_KERNEL_CMDLINE + 1]; /* terminated */
	size_t cmdline_len;
	bool cmdline_cut; /* it was longer */
	unsigned nr_ranges;
	unsigned ranges_lost; /* for which there was no room */
	unsigned nr_modules;
	struct boot_module modules[MAX_BOOT_MODULES];
	/* The device tree, or size 0. */
	uint64_t tree;
	size_t tree_size;
	/* ACPI's root pointer: all of it, or none (rsdp_len 0). */
	uint8_t rsdp[36];
	size_t rsdp_len;
	/* Last, since it is large and not zeroed. */
	struct boot_range ranges[MAX_BOOT_RANGES];
};

/*
 * Read what @loader (LOADER_*) left at the physical address @at; on x86-64, if
 * it does not mention ACPI, the BIOS's memory is searched. Missing information
 * is missing in @info; nothing fails.
 */
void boot_info_read(struct boot_info *info, unsigned loader, uint64_t at);

#endif
