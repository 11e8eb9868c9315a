// SPDX-License-Identifier: MIT
/*
 * Lines that describe memory: the maps, what the kernel changed in them later,
 * and the SRAT's ranges.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "machine/e820.h"
#include "machine/efi.h"
#include "machine/log.h"

/* Bytes before the bitmap of the table of unaccepted memory (UEFI). */
#define UNACCEPTED_HEAD 24u

/* "[mem 0x1000-0x1fff] usable" */
static enum mu_status add_e820(struct mu_machine *machine, struct mu_text line,
			       struct mu_error *error)
{
	struct mu_range entry;
	enum mu_status status = mu_e820_entry(&line, &entry, error);

	if (status)
		return status;
	return mu_machine_add(machine, entry.base, entry.size,
			      (enum mu_range_type)entry.type, entry.flags,
			      error);
}

/* "0: [mem 0x1000-0x1fff]": the range of a line of MU_LOG_MAP_EARLY. */
static enum mu_status read_early(struct mu_text *line, int *nid,
				 mu_phys_t *base, mu_phys_t *size,
				 struct mu_error *error)
{
	(void)mu_log_node(line, nid);
	(void)mu_text_skip(line, ": ");
	return mu_e820_range(line, base, size, error);
}

static enum mu_status add_early(struct mu_machine *machine, struct mu_text line,
				struct mu_error *error)
{
	mu_phys_t base, size;
	int nid = MU_NO_NODE;
	enum mu_status status = read_early(&line, &nid, &base, &size, error);

	if (status)
		return status;
	return mu_machine_add(machine, base, size, MU_RANGE_RAM, 0, error);
}

mu_phys_t mu_log_early_bytes(struct mu_text line)
{
	mu_phys_t base, size;
	int nid;

	return read_early(&line, &nid, &base, &size, NULL) ? 0 : size;
}

/* "0x0]  [0x1000-0x1fff], 0x1000 bytes on node 0 flags: 0x0" */
static enum mu_status add_memblock(struct mu_machine *machine,
				   struct mu_text line, struct mu_error *error)
{
	uint64_t first = 0, last = 0, flags = 0;
	enum mu_status status;
	int nid = MU_NO_NODE;
	struct mu_text rest;

	(void)mu_text_find(&line, "[");
	rest = line;
	if (mu_text_number(&line, 16, &first) || !mu_text_skip(&line, "-") ||
	    mu_text_number(&line, 16, &last) || last < first ||
	    last >= MU_PHYS_MAX) {
		struct mu_quote quote;

		return mu_fail(error, MU_ERR_SYNTAX, 0,
			       "no range below 2^%d at \"%s\"", MU_PHYS_BITS,
			       mu_text_quote(&quote, rest));
	}
	rest = line;
	/* The flags of memblock are ours, bit for bit. */
	if (mu_text_find(&rest, "flags: ") &&
	    !mu_text_number(&rest, 16, &flags))
		flags &= MU_RANGE_HOTPLUG | MU_RANGE_MIRROR | MU_RANGE_NOMAP;
	status = mu_machine_add(machine, first, last - first + 1, MU_RANGE_RAM,
				(unsigned)flags, error);
	if (!status && mu_text_find(&line, "on node ") &&
	    mu_log_node(&line, &nid))
		status = mu_machine_add_affinity(
			machine, first, last - first + 1, nid, 0, error);
	return status;
}

/*
 * "0000000000004000 @ 0000000000000000 (reserved)": size and base. What is
 * neither usable nor freed with the kernel's init code is not available.
 */
static enum mu_status add_mips(struct mu_machine *machine, struct mu_text line,
			       struct mu_error *error)
{
	enum mu_range_type type = MU_RANGE_RESERVED;
	uint64_t base = 0, size = 0;

	if (mu_text_number(&line, 16, &size) || !mu_text_skip(&line, " @ ") ||
	    mu_text_number(&line, 16, &base))
		return MU_OK;
	if (mu_text_find(&line, "(usable"))
		type = MU_RANGE_RAM;
	return mu_machine_add(machine, base, size, type, 0, error);
}

enum mu_status mu_log_add_entry(struct mu_machine *machine, enum mu_log_map map,
				struct mu_text line, struct mu_error *error)
{
	enum mu_status status;

	switch (map) {
	case MU_LOG_MAP_EARLY:
		status = add_early(machine, line, error);
		break;
	case MU_LOG_MAP_EFI:
		status = mu_efi_add_line(machine, line, error);
		break;
	case MU_LOG_MAP_MEMBLOCK:
		status = add_memblock(machine, line, error);
		break;
	case MU_LOG_MAP_MIPS:
		status = add_mips(machine, line, error);
		break;
	case MU_LOG_MAP_CLUSTER:
		status = mu_log_add_cluster(machine, line, error);
		break;
	default:
		status = add_e820(machine, line, error);
		break;
	}
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_add_early_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error)
{
	mu_phys_t base, size;
	int nid = MU_NO_NODE;
	enum mu_status status = read_early(&line, &nid, &base, &size, error);

	if (!status)
		status = mu_machine_add_affinity(machine, base, size, nid, 0,
						 error);
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_add_srat_mem(struct mu_machine *machine,
				   struct mu_text line, struct mu_error *error)
{
	enum mu_status status;
	unsigned flags = 0;
	struct mu_quote quote;
	mu_phys_t base, size;
	uint64_t pxm;
	int nid;

	if (!mu_log_node(&line, &nid) || !mu_text_skip(&line, " PXM ") ||
	    mu_text_number(&line, 10, &pxm)) {
		status = mu_fail(error, MU_ERR_SYNTAX, 0,
				 "no node and proximity domain in \"%s\"",
				 mu_text_quote(&quote, line));
		return mu_text_failed(error, status, &line);
	}
	mu_text_blanks(&line);
	status = mu_e820_range(&line, &base, &size, error);
	if (!status) {
		struct mu_text rest = line;

		if (mu_text_find(&rest, "hotplug"))
			flags |= MU_RANGE_HOTPLUG;
		rest = line;
		if (mu_text_find(&rest, "non-volatile"))
			flags |= MU_RANGE_NONVOLATILE;
		status = mu_machine_add_affinity(machine, base, size, nid,
						 flags, error);
	}
	return mu_text_failed(error, status, &line);
}

/*
 * The range of a change; "mem=" removes everything up to the end of 64 bits,
 * which is past MU_PHYS_MAX.
 */
static enum mu_status read_change(struct mu_text *line, mu_phys_t *base,
				  mu_phys_t *size, struct mu_error *error)
{
	struct mu_text try = *line;
	bool inside = mu_text_skip(&try, "[mem ");
	uint64_t first, last;

	mu_text_blanks(&try);
	if (!mu_text_number(&try, 16, &first)) {
		mu_text_blanks(&try);
		(void)mu_text_skip(&try, "-");
		mu_text_blanks(&try);
		if (!mu_text_number(&try, 16, &last) && last >= MU_PHYS_MAX &&
		    last >= first && (!inside || mu_text_skip(&try, "]"))) {
			*base = MU_MIN(first, MU_PHYS_MAX);
			*size = MU_PHYS_MAX - *base;
			*line = try;
			return MU_OK;
		}
	}
	return mu_e820_range(line, base, size, error);
}

/*
 * A range that is removed whatever its type, after the map: the kernel found
 * itself in a range that the map does not call RAM, and replaces it with RAM.
 */
static enum mu_status add_kernel(struct mu_machine *machine, mu_phys_t base,
				 mu_phys_t size, bool late,
				 struct mu_error *error)
{
	enum mu_status status = MU_OK;

	if (late)
		return MU_OK;
	status = mu_machine_update(machine, base, size, MU_RANGE_NONE,
				   MU_RANGE_NONE, error);
	if (status)
		return status;
	return mu_machine_add(machine, base, size, MU_RANGE_RAM, 0, error);
}

/* "[mem 0x0000-0x0fff] usable ==> reserved", or only the type that goes. */
enum mu_status mu_log_change(struct mu_machine *machine, struct mu_text line,
			     bool late, struct mu_error *error)
{
	enum mu_range_type from, to = MU_RANGE_NONE;
	mu_phys_t base, size;
	enum mu_status status = read_change(&line, &base, &size, error);

	if (status || !size)
		return mu_text_failed(error, status, &line);
	mu_text_blanks(&line);
	(void)mu_text_skip(&line, "(");
	if (mu_text_empty(&line))
		return mu_text_failed(
			error, add_kernel(machine, base, size, late, error),
			&line);
	from = mu_e820_type(&line);
	(void)mu_text_skip(&line, ")");
	if (mu_text_skip(&line, " ==> ")) {
		(void)mu_text_skip(&line, "(");
		to = mu_e820_type(&line);
		/* No kernel prints these: better no change than a hole. */
		if (from == MU_RANGE_NONE || to == MU_RANGE_NONE)
			return MU_OK;
	}
	if (late && (from != MU_RANGE_RAM || to != MU_RANGE_RESERVED))
		return MU_OK;
	status = late ? mu_machine_set_flags(machine, base, size, MU_RANGE_KEPT,
					     error)
		      : mu_machine_update(machine, base, size, from, to, error);
	return mu_text_failed(error, status, &line);
}

/*
 * "0x1000..0x1fff (4 KiB) nomap non-reusable name". The kernel uses reusable
 * memory for movable pages until its owner wants it; the rest is memory too,
 * but never handed out.
 */
enum mu_status mu_log_reserve(struct mu_machine *machine, struct mu_text line,
			      struct mu_error *error)
{
	uint64_t first, last;
	unsigned flags = MU_RANGE_KEPT;
	struct mu_text rest;
	enum mu_status status;

	if (mu_text_number(&line, 16, &first) || !mu_text_skip(&line, "..") ||
	    mu_text_number(&line, 16, &last) || last < first)
		return MU_OK;
	rest = line;
	if (mu_text_find(&rest, " reusable"))
		return MU_OK;
	rest = line;
	if (mu_text_find(&rest, " nomap "))
		flags = MU_RANGE_NOMAP;
	status = mu_machine_set_flags(machine, first, last - first + 1, flags,
				      error);
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_keep_entry(struct mu_machine *machine,
				 struct mu_text line, struct mu_error *error)
{
	struct mu_range entry;
	enum mu_status status = mu_e820_entry(&line, &entry, error);

	if (!status && entry.type != MU_RANGE_RAM)
		status = mu_machine_set_flags(machine, entry.base, entry.size,
					      MU_RANGE_KEPT, error);
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_keep_ramdisk(struct mu_machine *machine,
				   struct mu_text line, struct mu_error *error)
{
	mu_phys_t base, size;
	enum mu_status status = mu_e820_range(&line, &base, &size, error);

	if (!status)
		status = mu_machine_set_flags(machine, base, size,
					      MU_RANGE_KEPT, error);
	return mu_text_failed(error, status, &line);
}

enum mu_status mu_log_add_empty_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error)
{
	int nid;

	if (!mu_log_node(&line, &nid))
		return MU_OK;
	return mu_text_failed(
		error, mu_machine_add_cpus(machine, nid, 0, error), &line);
}

/*
 * The table has a head and one bit for each 2 MiB; the kernel takes its pages
 * as memory, whatever the firmware's map says, and keeps them.
 */
enum mu_status mu_log_add_unaccepted(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error)
{
	mu_phys_t top = 0, first, end,
		  page = (mu_phys_t)1 << machine->page_shift;
	enum mu_status status;
	uint64_t table;

	if (mu_text_number(&line, 16, &table) || !table ||
	    table >= MU_PHYS_MAX / 2)
		return MU_OK;
	for (unsigned i = 0; i < machine->nr_ranges; i++) {
		const struct mu_range *range = &machine->ranges[i];

		if (range->type == MU_RANGE_RAM)
			top = MU_MAX(top, range->base + range->size);
	}
	end = table + UNACCEPTED_HEAD + top / (8 * 2 * MU_MIB) + 1;
	first = table & ~(page - 1);
	end = (end + page - 1) & ~(page - 1);
	status = mu_machine_update(machine, first, end - first, MU_RANGE_NONE,
				   MU_RANGE_NONE, error);
	if (!status)
		status = mu_machine_add(machine, first, end - first,
					MU_RANGE_RAM, MU_RANGE_KEPT, error);
	return mu_text_failed(error, status, &line);
}
