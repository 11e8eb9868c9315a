// SPDX-License-Identifier: MIT
/* Device trees, by libfdt: see mu_machine_read_fdt(). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ports/hosted/fdt_check.h"
#include "ports/hosted/machine.h"
#include "ports/hosted/read_file.h"

bool mu_machine_is_fdt(const char *text, size_t len)
{
	return len >= 4 && memcmp(text, "\xd0\x0d\xfe\xed", 4) == 0;
}

#ifndef MU_HAVE_LIBFDT

enum mu_status mu_machine_read_fdt(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	(void)machine;
	(void)text;
	(void)len;
	return mu_hosted_fail(error, MU_ERR_UNSUPPORTED,
			      "a device tree, and this program was built "
			      "without libfdt: install the package libfdt-dev "
			      "and build it again");
}

#else

#include <libfdt.h>

struct tree {
	const void *fdt;
	struct mu_machine *machine;
	struct mu_error *error;
	unsigned nr_banks; /* of one property, visited so far */
};

/* What to do with one base and size of a property of @node. */
typedef enum mu_status bank_visitor(struct tree *tree, int node, mu_phys_t base,
				    mu_phys_t size);

/* Put the path of @node in front of the error's text. */
static enum mu_status at_node(const struct tree *tree, int node,
			      enum mu_status status)
{
	struct mu_error old;
	char path[96];

	if (!status || !tree->error)
		return status;
	old = *tree->error;
	if (fdt_get_path(tree->fdt, node, path, sizeof(path)))
		strcpy(path, "a node");
	return mu_hosted_fail(tree->error, status, "%s: %s", path, old.text);
}

static const void *property(const struct tree *tree, int node, const char *name,
			    unsigned *len)
{
	int bytes = 0;
	const void *value = fdt_getprop(tree->fdt, node, name, &bytes);

	*len = value ? (unsigned)bytes : 0;
	return value;
}

static bool has(const struct tree *tree, int node, const char *name)
{
	return fdt_getprop(tree->fdt, node, name, NULL) != NULL;
}

/* Is property @name a string @word, or a list of strings that has it? */
static bool says(const struct tree *tree, int node, const char *name,
		 const char *word)
{
	unsigned len;
	const char *value = property(tree, node, name, &len);

	return value && fdt_stringlist_contains(value, (int)len, word);
}

static bool is_available(const struct tree *tree, int node)
{
	return !has(tree, node, "status") ||
	       says(tree, node, "status", "okay") ||
	       says(tree, node, "status", "ok");
}

/* A property of one cell; false when there is none. */
static bool read_cell(const struct tree *tree, int node, const char *name,
		      uint32_t *value)
{
	unsigned len;
	const void *at = property(tree, node, name, &len);

	if (len != sizeof(fdt32_t))
		return false;
	*value = fdt32_ld(at);
	return true;
}

static uint64_t take(const char **at, int cells)
{
	uint64_t value = 0;

	for (int i = 0; i < cells; i++, *at += sizeof(fdt32_t))
		value = value << 32 | fdt32_ld((const void *)*at);
	return value;
}

/*
 * Call @visit for each base and size in property @name of @node, whose numbers
 * of cells @parent defines. Without that property there are none.
 */
static enum mu_status each_bank(struct tree *tree, int parent, int node,
				const char *name, bank_visitor *visit)
{
	int address = fdt_address_cells(tree->fdt, parent);
	int size = fdt_size_cells(tree->fdt, parent);
	enum mu_status status = MU_OK;
	unsigned len, one;
	const char *at = property(tree, node, name, &len);

	if (!at)
		return MU_OK;
	if (address < 1 || address > 2 || size < 1 || size > 2)
		return at_node(tree, node,
			       mu_hosted_fail(tree->error, MU_ERR_UNSUPPORTED,
					      "%s: #address-cells and "
					      "#size-cells around it are not "
					      "1 or 2",
					      name));
	one = (unsigned)(address + size) * (unsigned)sizeof(fdt32_t);
	if (len % one)
		return at_node(tree, node,
			       mu_hosted_fail(tree->error, MU_ERR_CORRUPT,
					      "%s: %u bytes are no multiple of "
					      "%u",
					      name, len, one));
	tree->nr_banks = 0;
	for (const char *end = at + len; !status && at < end;
	     tree->nr_banks++) {
		mu_phys_t base = take(&at, address);

		status = visit(tree, node, base, take(&at, size));
	}
	return at_node(tree, node, status);
}

static enum mu_status add_ram(struct tree *tree, int node, mu_phys_t base,
			      mu_phys_t size)
{
	unsigned flags = has(tree, node, "hotpluggable") ? MU_RANGE_HOTPLUG : 0;

	return mu_machine_add(tree->machine, base, size, MU_RANGE_RAM, flags,
			      tree->error);
}

/* What is past INT_MAX is past every machine's limit, and reported there. */
static bool read_nid(const struct tree *tree, int node, int *nid)
{
	uint32_t value;

	if (!read_cell(tree, node, "numa-node-id", &value))
		return false;
	*nid = value > INT_MAX ? INT_MAX : (int)value;
	return true;
}

static enum mu_status add_affinity(struct tree *tree, int node, mu_phys_t base,
				   mu_phys_t size)
{
	int nid = 0;

	if (!read_nid(tree, node, &nid))
		return MU_OK;
	return mu_machine_add_affinity(tree->machine, base, size, nid, 0,
				       tree->error);
}

static enum mu_status read_memory(struct tree *tree)
{
	enum mu_status status = MU_OK;
	int node;

	fdt_for_each_subnode(node, tree->fdt, 0)
	{
		const char *name = has(tree, node, "linux,usable-memory")
					   ? "linux,usable-memory"
					   : "reg";

		if (!says(tree, node, "device_type", "memory") ||
		    !is_available(tree, node))
			continue;
		status = each_bank(tree, 0, node, name, add_ram);
		if (!status)
			status = each_bank(tree, 0, node, "reg", add_affinity);
		if (status)
			break;
	}
	return status;
}

/* Only the first range is kept, and then the others are added: as in Linux. */
static enum mu_status cap_memory(struct tree *tree, int node, mu_phys_t base,
				 mu_phys_t size)
{
	enum mu_status status;

	(void)node;
	if (tree->nr_banks)
		return mu_machine_add(tree->machine, base, size, MU_RANGE_RAM,
				      0, tree->error);
	if (!size)
		return MU_OK;
	/* Only memory that there is; this also checks the range. */
	status = mu_machine_update(tree->machine, base, size, MU_RANGE_RAM,
				   MU_RANGE_RAM, tree->error);
	if (!status)
		status = mu_machine_update(tree->machine, 0, base, MU_RANGE_RAM,
					   MU_RANGE_NONE, tree->error);
	if (!status)
		status = mu_machine_update(
			tree->machine, base + size, MU_PHYS_MAX - (base + size),
			MU_RANGE_RAM, MU_RANGE_NONE, tree->error);
	return status;
}

static enum mu_status keep(struct tree *tree, int node, mu_phys_t base,
			   mu_phys_t size)
{
	(void)node;
	return mu_machine_set_flags(tree->machine, base, size, MU_RANGE_KEPT,
				    tree->error);
}

static enum mu_status hide(struct tree *tree, int node, mu_phys_t base,
			   mu_phys_t size)
{
	(void)node;
	return mu_machine_set_flags(tree->machine, base, size, MU_RANGE_NOMAP,
				    tree->error);
}

static enum mu_status read_reserved(struct tree *tree)
{
	int parent = fdt_path_offset(tree->fdt, "/reserved-memory");
	int nr_entries = fdt_num_mem_rsv(tree->fdt);
	enum mu_status status = MU_OK;
	int node;

	if (parent >= 0)
		fdt_for_each_subnode(node, tree->fdt, parent)
		{
			bool nomap = has(tree, node, "no-map");

			if (!is_available(tree, node) ||
			    (has(tree, node, "reusable") && !nomap))
				continue;
			status = each_bank(tree, parent, node, "reg",
					   nomap ? hide : keep);
			if (status)
				return status;
		}
	for (int i = 0; !status && i < nr_entries; i++) {
		uint64_t base, size;

		if (fdt_get_mem_rsv(tree->fdt, i, &base, &size))
			break;
		status = keep(tree, 0, base, size);
	}
	return status;
}

/* Threads of a core: its interrupt servers, else the entries of its "reg". */
static unsigned count_threads(const struct tree *tree, int cpus, int cpu)
{
	int cells = fdt_address_cells(tree->fdt, cpus);
	unsigned len, one = sizeof(fdt32_t), threads;

	if (!property(tree, cpu, "ibm,ppc-interrupt-server#s", &len)) {
		(void)property(tree, cpu, "reg", &len);
		one *= cells > 0 ? (unsigned)cells : 1;
	}
	threads = len / one;
	return threads ? threads : 1;
}

/* Architectures by the first strings of a CPU's "compatible". */
static const struct {
	const char *begins;
	enum mu_arch arch;
} compatibles[] = {
	{"arm,armv8", MU_ARCH_ARM64},	    {"arm,neoverse", MU_ARCH_ARM64},
	{"arm,cortex-x", MU_ARCH_ARM64},    {"apple,", MU_ARCH_ARM64},
	{"qcom,kryo", MU_ARCH_ARM64},	    {"cavium,thunder", MU_ARCH_ARM64},
	{"nvidia,denver", MU_ARCH_ARM64},   {"nvidia,carmel", MU_ARCH_ARM64},
	{"arm,arm", MU_ARCH_ARM},	    {"riscv", MU_ARCH_RISCV},
	{"loongson,la", MU_ARCH_LOONGARCH}, {"mips,", MU_ARCH_MIPS},
	{"brcm,bmips", MU_ARCH_MIPS},	    {"ingenic,xburst", MU_ARCH_MIPS},
	{"PowerPC,", MU_ARCH_PPC},
};

static enum mu_arch arch_of(const char *compatible)
{
	static const char cortex[] = "arm,cortex-a";

	/* Those of 64 bits have the numbers from 34 on. */
	if (!strncmp(compatible, cortex, sizeof(cortex) - 1))
		return strtoul(compatible + sizeof(cortex) - 1, NULL, 10) < 34
			       ? MU_ARCH_ARM
			       : MU_ARCH_ARM64;
	for (size_t i = 0; i < sizeof(compatibles) / sizeof(compatibles[0]);
	     i++)
		if (!strncmp(compatible, compatibles[i].begins,
			     strlen(compatibles[i].begins)))
			return compatibles[i].arch;
	return MU_ARCH_UNKNOWN;
}

static void read_arch(struct tree *tree, int cpu)
{
	int nr = fdt_stringlist_count(tree->fdt, cpu, "compatible");
	const char *name = fdt_get_name(tree->fdt, cpu, NULL);
	enum mu_arch arch = MU_ARCH_UNKNOWN;

	for (int i = 0; !arch && i < nr; i++)
		arch = arch_of(fdt_stringlist_get(tree->fdt, cpu, "compatible",
						  i, NULL));
	if (!arch && has(tree, cpu, "riscv,isa"))
		arch = MU_ARCH_RISCV;
	/* Open Firmware has it in the name. */
	if (!arch && name)
		arch = arch_of(name);
	if (arch == MU_ARCH_PPC && has(tree, cpu, "64-bit"))
		arch = MU_ARCH_PPC64;
	if (has(tree, cpu, "ibm,ppc-interrupt-server#s"))
		arch = MU_ARCH_PPC64;
	if (arch)
		tree->machine->arch = arch;
}

static enum mu_status read_cpus(struct tree *tree)
{
	int cpus = fdt_path_offset(tree->fdt, "/cpus");
	enum mu_status status = MU_OK;
	int cpu, nid;

	if (cpus < 0)
		return MU_OK;
	fdt_for_each_subnode(cpu, tree->fdt, cpus)
	{
		/* A CPU that waits for its enable-method is only asleep. */
		bool asleep = says(tree, cpu, "status", "disabled") &&
			      has(tree, cpu, "enable-method");

		if (!says(tree, cpu, "device_type", "cpu") ||
		    !(asleep || is_available(tree, cpu)))
			continue;
		read_arch(tree, cpu);
		if (!read_nid(tree, cpu, &nid))
			nid = 0;
		status = at_node(
			tree, cpu,
			mu_machine_add_cpus(tree->machine, nid,
					    count_threads(tree, cpus, cpu),
					    tree->error));
		if (status)
			break;
	}
	return status;
}

/* Triples: from, to, distance. The way back is as long unless specified. */
static enum mu_status read_distances(struct tree *tree)
{
	int node = fdt_node_offset_by_compatible(tree->fdt, -1,
						 "numa-distance-map-v1");
	const unsigned one = 3 * sizeof(fdt32_t);
	enum mu_status status = MU_OK;
	const char *at;
	unsigned len;

	if (node < 0)
		return MU_OK;
	at = property(tree, node, "distance-matrix", &len);
	if (!at)
		return MU_OK;
	if (len % one)
		return at_node(tree, node,
			       mu_hosted_fail(tree->error, MU_ERR_CORRUPT,
					      "distance-matrix: %u bytes are "
					      "no multiple of %u",
					      len, one));
	for (const char *end = at + len; !status && at < end;) {
		uint64_t from = take(&at, 1), to = take(&at, 1);
		unsigned distance = (unsigned)take(&at, 1);
		int a = from > INT_MAX ? INT_MAX : (int)from;
		int b = to > INT_MAX ? INT_MAX : (int)to;

		status = mu_machine_set_distance(tree->machine, a, b, distance,
						 tree->error);
		if (!status && b > a)
			status = mu_machine_set_distance(tree->machine, b, a,
							 distance, tree->error);
	}
	return at_node(tree, node, status);
}

static enum mu_status read_tree(struct tree *tree)
{
	int chosen = fdt_path_offset(tree->fdt, "/chosen");
	enum mu_status status = read_memory(tree);
	const char *args;
	unsigned len;

	args = chosen >= 0 ? property(tree, chosen, "bootargs", &len) : NULL;
	if (args)
		mu_machine_set_cmdline(tree->machine, args, strnlen(args, len));
	if (!status && chosen >= 0)
		status = each_bank(tree, 0, chosen, "linux,usable-memory-range",
				   cap_memory);
	if (!status)
		status = read_reserved(tree);
	if (!status)
		status = read_cpus(tree);
	if (!status)
		status = read_distances(tree);
	/* Last: it needs the CPUs' architecture, and may remove nodes. */
	if (!status)
		mu_machine_apply_own(tree->machine);
	return status;
}

enum mu_status mu_machine_read_fdt(struct mu_machine *machine, const char *text,
				   size_t len, struct mu_error *error)
{
	struct tree tree = {.machine = machine, .error = error};
	enum mu_status status;
	char *copy;

	if (machine->finished)
		return mu_hosted_fail(error, MU_ERR_INVALID,
				      "the machine is finished");
	/* libfdt wants it aligned to 8. */
	copy = malloc(len ? len : 1);
	if (!copy)
		return mu_hosted_fail(error, MU_ERR_NOMEM,
				      "no memory for a device tree of %zu "
				      "bytes",
				      len);
	memcpy(copy, text, len);
	status = mu_fdt_check(copy, len, error);
	tree.fdt = copy;
	if (!status)
		status = read_tree(&tree);
	free(copy);
	return status;
}

#endif
