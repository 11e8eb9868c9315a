/* SPDX-License-Identifier: MIT */
/*
 * machine_acpi: the ACPI tables that describe nodes, CPUs and memory.
 *
 * Section numbers refer to the ACPI specification 6.5, that of CEDT to the
 * Compute Express Link specification 3.0.
 *
 *   SRAT  5.2.16   affinities of memory, the node of each enabled CPU, nodes
 *                  of generic initiators
 *   SLIT  5.2.17   distances
 *   APIC  5.2.12   (MADT) enabled CPUs, spread evenly; only when no source has
 *                  named a CPU before. Their kind tells the architecture; where
 *                  there is no MADT, that of the SRAT's CPUs does
 *   NFIT  5.2.25   persistent memory and its node
 *   CEDT  9.17.1   a node of its own, hotplug, for each CXL window whose start
 *                  no affinity covers, as Linux gives it
 *   HMAT  5.2.29   latencies and bandwidths of memory (not of the caches in
 *                  front of it) for mu_machine_perf(), in its units
 *
 * A proximity domain is the node of the same number, as all tables have it, and
 * mu_acpi_cpus(). Linux has its own numbers: mu_machine_number_nodes() makes
 * them of these.
 *
 * None of them says which memory is usable: add a map as well, or take it from
 * the affinities with mu_machine_ram_from_affinities().
 */
#ifndef MEMUP_MACHINE_ACPI_H
#define MEMUP_MACHINE_ACPI_H

#include "memup/machine_read.h"

/*
 * Read one or more tables in firmware's format, one after the other, in any
 * order; tables of other kinds are skipped. @table needs no alignment. Early
 * boot.
 *
 * MU_ERR_CORRUPT for a wrong checksum, a structure that does not fit, an
 * impossible distance; MU_ERR_RANGE for a node past the machine's limit or a
 * range past MU_PHYS_MAX; MU_ERR_NOT_FOUND when there is none of the tables
 * above. @error names the table and the offset from the start of @table.
 */
enum mu_status mu_machine_read_acpi(struct mu_machine *machine,
				    const void *table, size_t len,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * The same tables as acpidump prints them: a line "SRAT @ 0x...", then lines of
 * an offset and 16 bytes in hexadecimal. @error names the line, and the offset
 * in the table. A table is decoded in the machine's own memory: MU_ERR_FULL
 * when it has more than 24 bytes for each of max_ranges.
 */
enum mu_status mu_machine_read_acpidump(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error) MU_MUST_CHECK;

/* A CPU of x86, as hardware and firmware know it. */
struct mu_acpi_cpu {
	uint32_t apic_id;
	int32_t nid; /* from an SRAT; MU_NO_NODE from a MADT */
};

/*
 * Call @visit for each enabled CPU of the MADT or SRAT at @table: for kernels
 * that have to start them. Sections 5.2.12.2 and 5.2.12.12, 5.2.16.1 and
 * 5.2.16.3. Early boot. MU_ERR_CORRUPT as above, before or after some calls;
 * MU_ERR_NOT_FOUND for another table.
 */
enum mu_status mu_acpi_cpus(const void *table, size_t len,
			    void (*visit)(void *arg,
					  const struct mu_acpi_cpu *cpu),
			    void *arg, struct mu_error *error) MU_MUST_CHECK;

/*
 * The same as iasl's disassembler prints them (.dsl): a line for each field,
 * perhaps followed by a dump of the bytes, which then counts instead. Fields
 * alone are source code (also that of `iasl -T`): length and checksum are
 * computed, as iasl does, and not read. @error as above.
 */
enum mu_status mu_machine_read_dsl(struct mu_machine *machine, const char *text,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_MACHINE_ACPI_H */
