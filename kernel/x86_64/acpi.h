/* SPDX-License-Identifier: MIT */
/*
 * acpi: from the root pointer to the tables. memup reads their contents
 * (memup/machine_acpi.h).
 */
#ifndef KERNEL_ACPI_H
#define KERNEL_ACPI_H

#include "kernel/boot_info.h"

#define MAX_TABLES 64

struct acpi_table {
	char name[5];
	const uint8_t *at;
	uint32_t len;
	uint64_t phys;
};

struct acpi {
	unsigned nr;
	struct acpi_table tables[MAX_TABLES];
	uint16_t pm_timer; /* I/O port, or 0; from the FADT */
};

/*
 * Find the tables that @info's root pointer leads to; logs what is wrong with
 * them, and goes on with what there is. Tables must be below 4 GiB, which must
 * be mapped.
 */
void acpi_find(struct acpi *acpi, const struct boot_info *info);

#endif
