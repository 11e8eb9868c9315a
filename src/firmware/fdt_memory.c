// SPDX-License-Identifier: MIT
/*
 * fdt_memory: what a device tree says of memory, nodes and CPUs, added to a
 * machine; see mu_machine_read_fdt().
 *
 * The tree is read twice by the same code: first nothing is done but to check
 * every value against the machine's limits, then all is added. What can still
 * fail then is that the ranges do not fit; these come first, and are put back.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "base/string.h"
#include "firmware/fdt.h"
#include "machine/checks.h"

struct reader {
	const struct mu_fdt *fdt;
	struct mu_machine *machine;
	struct mu_error *error;
	bool apply;
	unsigned nr_banks;	/* of one property, visited so far */
	unsigned nr_affinities; /* to be added */
	unsigned nr_cpus;	/* of the CPU or the tree visited */
};

/* What to do with one base and size of a property of @node. */
typedef enum mu_status bank_visitor(struct reader *reader, uint32_t node,
				    mu_phys_t base, mu_phys_t size);

static bool has(const struct reader *reader, uint32_t node, const char *name)
{
	return mu_fdt_prop(reader->fdt, node, name, NULL) != NULL;
}

/*
 * Call @visit for each base and size in property @name of @node, whose numbers
 * of cells @parent defines. Without that property there are none.
 */
static enum mu_status each_bank(struct reader *reader, uint32_t parent,
				uint32_t node, const char *name,
				bank_visitor *visit)
{
	const struct mu_fdt *fdt = reader->fdt;
	struct mu_fdt_cells cells;
	enum mu_status status;
	uint32_t len, one;
	const uint8_t *at = mu_fdt_prop(fdt, node, name, &len), *end;

	if (!at)
		return MU_OK;
	status =
		mu_fdt_cells(fdt, parent, node, name, 1, &cells, reader->error);
	if (status)
		return status;
	one = (cells.address + cells.size) * 4;
	if (len % one)
		return mu_fdt_ragged(fdt, node, name, len, one, reader->error);
	reader->nr_banks = 0;
	for (end = at + len; !status && at < end; reader->nr_banks++) {
		mu_phys_t base = mu_fdt_take(&at, cells.address);
		mu_phys_t size = mu_fdt_take(&at, cells.size);

		status = mu_machine_check_range(reader->machine, base, size,
						reader->error);
		if (!status)
			status = visit(reader, node, base, size);
	}
	return mu_fdt_at(fdt, node, status, reader->error);
}

static enum mu_status add_ram(struct reader *reader, uint32_t node,
			      mu_phys_t base, mu_phys_t size)
{
	unsigned flags =
		has(reader, node, "hotpluggable") ? MU_RANGE_HOTPLUG : 0;

	if (!reader->apply)
		return MU_OK;
	return mu_machine_add(reader->machine, base, size, MU_RANGE_RAM, flags,
			      reader->error);
}

static bool read_nid(const struct reader *reader, uint32_t node, int *nid)
{
	uint32_t value;

	if (!mu_fdt_cell(reader->fdt, node, "numa-node-id", &value))
		return false;
	*nid = mu_fdt_nid(value);
	return true;
}

static enum mu_status add_affinity(struct reader *reader, uint32_t node,
				   mu_phys_t base, mu_phys_t size)
{
	struct mu_machine *machine = reader->machine;
	int nid = 0;

	if (!read_nid(reader, node, &nid))
		return MU_OK;
	if (reader->apply)
		return mu_machine_add_affinity(machine, base, size, nid, 0,
					       reader->error);
	reader->nr_affinities += size != 0;
	if (reader->nr_affinities >
	    machine->max_affinities - machine->nr_affinities)
		return mu_fail(reader->error, MU_ERR_FULL, 0,
			       "more than %u node affinities",
			       machine->max_affinities);
	return mu_machine_check_node(machine, nid, reader->error);
}

/* Nodes of memory are those of this type right below the root. */
static enum mu_status each_memory(struct reader *reader, bool usable,
				  bank_visitor *visit)
{
	const struct mu_fdt *fdt = reader->fdt;
	uint32_t node = mu_fdt_child(fdt, fdt->root);
	enum mu_status status = MU_OK;

	for (; !status && node; node = mu_fdt_sibling(fdt, node)) {
		static const char alias[] = "linux,usable-memory";
		const char *name =
			usable && has(reader, node, alias) ? alias : "reg";

		if (mu_fdt_says(fdt, node, "device_type", "memory") &&
		    mu_fdt_available(fdt, node))
			status =
				each_bank(reader, fdt->root, node, name, visit);
	}
	return status;
}

/* Only the first range is kept, and then the others are added: as in Linux. */
static enum mu_status cap_memory(struct reader *reader, uint32_t node,
				 mu_phys_t base, mu_phys_t size)
{
	struct mu_machine *machine = reader->machine;
	enum mu_status status;

	(void)node;
	if (!reader->apply || !size)
		return MU_OK;
	if (reader->nr_banks)
		return mu_machine_add(machine, base, size, MU_RANGE_RAM, 0,
				      reader->error);
	status = mu_machine_update(machine, 0, base, MU_RANGE_RAM,
				   MU_RANGE_NONE, reader->error);
	if (status)
		return status;
	return mu_machine_update(machine, base + size,
				 MU_PHYS_MAX - (base + size), MU_RANGE_RAM,
				 MU_RANGE_NONE, reader->error);
}

static enum mu_status flag(struct reader *reader, mu_phys_t base,
			   mu_phys_t size, unsigned flags)
{
	if (!reader->apply)
		return MU_OK;
	return mu_machine_set_flags(reader->machine, base, size, flags,
				    reader->error);
}

static enum mu_status keep(struct reader *reader, uint32_t node, mu_phys_t base,
			   mu_phys_t size)
{
	(void)node;
	return flag(reader, base, size, MU_RANGE_KEPT);
}

static enum mu_status hide(struct reader *reader, uint32_t node, mu_phys_t base,
			   mu_phys_t size)
{
	(void)node;
	return flag(reader, base, size, MU_RANGE_NOMAP);
}

static enum mu_status read_reserve_map(struct reader *reader)
{
	enum mu_status status = MU_OK;
	uint64_t base, size;

	for (unsigned i = 0;
	     !status && mu_fdt_reserved(reader->fdt, i, &base, &size); i++) {
		status = mu_machine_check_range(reader->machine, base, size,
						reader->error);
		if (!status)
			status = flag(reader, base, size, MU_RANGE_KEPT);
	}
	return status;
}

static enum mu_status read_reserved(struct reader *reader)
{
	const struct mu_fdt *fdt = reader->fdt;
	uint32_t parent = mu_fdt_find(fdt, "/reserved-memory");
	uint32_t node = parent ? mu_fdt_child(fdt, parent) : 0;
	enum mu_status status = MU_OK;

	for (; !status && node; node = mu_fdt_sibling(fdt, node)) {
		bool nomap = has(reader, node, "no-map");

		if (!mu_fdt_available(fdt, node) ||
		    (has(reader, node, "reusable") && !nomap))
			continue;
		status = each_bank(reader, parent, node, "reg",
				   nomap ? hide : keep);
	}
	return status ? status : read_reserve_map(reader);
}

static enum mu_status read_ranges(struct reader *reader)
{
	uint32_t chosen = mu_fdt_find(reader->fdt, "/chosen");
	enum mu_status status = each_memory(reader, true, add_ram);

	if (!status && chosen)
		status = each_bank(reader, reader->fdt->root, chosen,
				   "linux,usable-memory-range", cap_memory);
	return status ? status : read_reserved(reader);
}

/* ---- CPUs, distances ---- */

static void count_thread(void *arg, const struct mu_fdt_cpu *cpu)
{
	struct reader *reader = arg;
	int nid = cpu->nid == MU_NO_NODE ? 0 : cpu->nid;
	enum mu_arch arch;

	reader->nr_cpus++;
	if (!reader->apply)
		return;
	arch = mu_fdt_arch(reader->fdt, cpu->node);
	if (arch)
		reader->machine->arch = arch;
	/* Checked before: it cannot fail. */
	(void)!mu_machine_add_cpus(reader->machine, nid, 1, NULL);
}

static enum mu_status check_cpu_nodes(struct reader *reader)
{
	const struct mu_fdt *fdt = reader->fdt;
	uint32_t cpus = mu_fdt_find(fdt, "/cpus");
	uint32_t node = cpus ? mu_fdt_child(fdt, cpus) : 0;
	enum mu_status status = MU_OK;
	int nid;

	for (; !status && node; node = mu_fdt_sibling(fdt, node))
		if (mu_fdt_is_cpu(fdt, node) && read_nid(reader, node, &nid))
			status = mu_fdt_at(
				fdt, node,
				mu_machine_check_node(reader->machine, nid,
						      reader->error),
				reader->error);
	return status;
}

static enum mu_status read_cpus(struct reader *reader)
{
	enum mu_status status;

	reader->nr_cpus = 0;
	status = mu_fdt_cpus(reader->fdt, count_thread, reader, reader->error);
	if (status == MU_ERR_NOT_FOUND)
		return MU_OK;
	if (!status && !reader->apply)
		status = check_cpu_nodes(reader);
	if (!status && !reader->apply)
		status = mu_machine_check_cpus(reader->machine, reader->nr_cpus,
					       reader->error);
	return status;
}

static enum mu_status set_distance(struct reader *reader, int from, int to,
				   unsigned distance)
{
	if (!reader->apply)
		return mu_machine_check_distance(reader->machine, from, to,
						 distance, reader->error);
	return mu_machine_set_distance(reader->machine, from, to, distance,
				       reader->error);
}

/* Triples: from, to, distance. The way back is as long unless specified. */
static enum mu_status read_distances(struct reader *reader)
{
	static const char name[] = "distance-matrix";
	const struct mu_fdt *fdt = reader->fdt;
	uint32_t node = mu_fdt_compatible(fdt, 0, "numa-distance-map-v1"), len;
	const uint8_t *at = node ? mu_fdt_prop(fdt, node, name, &len) : NULL;
	enum mu_status status = MU_OK;

	if (!at)
		return MU_OK;
	if (len % 12)
		return mu_fdt_ragged(fdt, node, name, len, 12, reader->error);
	for (const uint8_t *end = at + len; !status && at < end; at += 12) {
		int from = mu_fdt_nid(mu_be32(at));
		int to = mu_fdt_nid(mu_be32(at + 4));
		unsigned distance = mu_be32(at + 8);

		status = set_distance(reader, from, to, distance);
		if (!status && to > from)
			status = set_distance(reader, to, from, distance);
	}
	return mu_fdt_at(fdt, node, status, reader->error);
}

static void read_bootargs(struct reader *reader)
{
	uint32_t chosen = mu_fdt_find(reader->fdt, "/chosen"), len, used = 0;
	const char *args =
		chosen ? (const char *)mu_fdt_prop(reader->fdt, chosen,
						   "bootargs", &len)
		       : NULL;

	while (args && used < len && args[used])
		used++;
	if (args)
		mu_machine_set_cmdline(reader->machine, args, used);
}

bool mu_fdt_initrd(const struct mu_fdt *fdt, uint64_t *base, uint64_t *size)
{
	uint32_t chosen = mu_fdt_find(fdt, "/chosen");
	uint64_t start, end;

	if (!chosen ||
	    !mu_fdt_number(fdt, chosen, "linux,initrd-start", &start) ||
	    !mu_fdt_number(fdt, chosen, "linux,initrd-end", &end) ||
	    start >= end)
		return false;
	*base = start;
	*size = end - start;
	return true;
}

/* ---- All of it ---- */

static enum mu_status check_tree(struct reader *reader)
{
	enum mu_status status = read_ranges(reader);

	if (!status)
		status = each_memory(reader, false, add_affinity);
	if (!status)
		status = read_cpus(reader);
	return status ? status : read_distances(reader);
}

static enum mu_status apply_tree(struct reader *reader)
{
	struct mu_machine *machine = reader->machine;
	unsigned nr_ranges = machine->nr_ranges;
	enum mu_status status;

	reader->apply = true;
	memcpy(machine->scratch_ranges, machine->ranges,
	       nr_ranges * sizeof(*machine->ranges));
	status = read_ranges(reader);
	if (status) {
		memcpy(machine->ranges, machine->scratch_ranges,
		       nr_ranges * sizeof(*machine->ranges));
		machine->nr_ranges = nr_ranges;
		return status;
	}
	status = each_memory(reader, false, add_affinity);
	if (!status)
		status = read_cpus(reader);
	if (!status)
		status = read_distances(reader);
	read_bootargs(reader);
	return status;
}

enum mu_status mu_machine_read_fdt(struct mu_machine *machine, const void *tree,
				   size_t len, struct mu_error *error)
{
	struct mu_fdt fdt;
	struct reader reader = {
		.fdt = &fdt, .machine = machine, .error = error};
	/* A finished machine takes nothing. */
	enum mu_status status = mu_machine_check_range(machine, 0, 0, error);

	if (!status)
		status = mu_fdt_open(&fdt, tree, len, error);
	if (!status)
		status = check_tree(&reader);
	return status ? status : apply_tree(&reader);
}
