/* SPDX-License-Identifier: MIT */
/* hmat: what ACPI's table (src/machine/acpi_hmat.c) and logs of it share. */
#ifndef MU_MACHINE_HMAT_H
#define MU_MACHINE_HMAT_H

#include "memup/machine.h"

/* Of a matrix's flags: 0 is memory, others are caches in front of it. */
#define MU_HMAT_HIERARCHY 0xfu

/*
 * The values of enum mu_perf, a bit each, that a matrix of data type @type is
 * about: ACPI's types are access, read and write latency, then the same of
 * bandwidth. 0: none.
 */
static inline unsigned mu_hmat_types(unsigned type)
{
	static const uint8_t types[] = {
		1u << MU_PERF_READ_LATENCY | 1u << MU_PERF_WRITE_LATENCY,
		1u << MU_PERF_READ_LATENCY,
		1u << MU_PERF_WRITE_LATENCY,
		1u << MU_PERF_READ_BANDWIDTH | 1u << MU_PERF_WRITE_BANDWIDTH,
		1u << MU_PERF_READ_BANDWIDTH,
		1u << MU_PERF_WRITE_BANDWIDTH,
	};

	return type < sizeof(types) ? types[type] : 0;
}

/* Set all of @types to @value. */
enum mu_status mu_hmat_set(struct mu_machine *machine, int from, int to,
			   unsigned types, uint32_t value,
			   struct mu_error *error) MU_MUST_CHECK;

#endif
