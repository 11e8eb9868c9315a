/* SPDX-License-Identifier: MIT */
/*
 * machine: firmware's descriptions in, one struct mu_machine out.
 *
 * Life cycle
 *   mu_machine_init() with memory from the caller, then any number of readers,
 *   each of which adds what its source says (ranges as firmware leaves them:
 *   unsorted, overlapping, of zero size), then mu_machine_finish(), which makes
 *   of it one sorted list of disjoint ranges with a type and a node each. Only
 *   a finished machine goes on to memblock.
 *
 *       e820 lines, SRAT lines, ...     raw ranges + affinities
 *                 |  mu_machine_finish()
 *                 v
 *       ranges[] sorted, disjoint; every range one type and one node
 *
 * Cost: O(n log n) in the number of ranges, no allocation.
 */
#ifndef MEMUP_MACHINE_H
#define MEMUP_MACHINE_H

#include "memup/base.h"

/*
 * What a range is. The order matters: where two ranges of one source overlap,
 * the higher value wins, as in Linux's e820__update_table().
 */
enum mu_range_type {
	MU_RANGE_NONE,		/* no memory; only for mu_machine_update() */
	MU_RANGE_RAM = 1,	/* usable */
	MU_RANGE_RESERVED,	/* firmware's: not memory to the kernel */
	MU_RANGE_ACPI,		/* ACPI tables: usable when they were read */
	MU_RANGE_NVS,		/* ACPI non-volatile storage */
	MU_RANGE_UNUSABLE,	/* broken */
	MU_RANGE_SOFT_RESERVED, /* special purpose memory (HBM, CXL) */
	MU_RANGE_PMEM,		/* persistent: types 7 and 12 */
	MU_NR_RANGE_TYPES
};

/* "usable", "reserved", ...; never NULL. */
const char *mu_range_type_str(enum mu_range_type type);

/*
 * The type that e820 has the number @type for (ACPI 6.5, table 15.9), as do the
 * maps of Multiboot 2 and PVH; what is not known is reserved. Linux's number
 * for soft reserved memory, 0xefffffff, is known.
 */
enum mu_range_type mu_range_type_e820(uint64_t type);

/* Flags of a range; those of SRAT and of the EFI memory map. */
#define MU_RANGE_HOTPLUG     0x1u /* may be removed while running */
#define MU_RANGE_MIRROR	     0x2u /* mirrored: more reliable */
#define MU_RANGE_NOMAP	     0x4u /* memory that must not be mapped */
#define MU_RANGE_NONVOLATILE 0x8u
#define MU_RANGE_KEPT	     0x10u /* RAM that is taken: never handed out */

struct mu_range {
	mu_phys_t base; /* bytes */
	mu_phys_t size; /* bytes, not 0 in a finished machine */
	uint16_t type;	/* enum mu_range_type */
	uint16_t flags; /* MU_RANGE_* */
	int32_t nid;	/* node, or MU_NO_NODE before mu_machine_finish() */
};

struct mu_machine_node {
	bool present;  /* named by some source, or owner of a range */
	uint16_t name; /* for mu_machine_number_nodes(); 0: none */
	uint32_t nr_cpus;
};

/* What the parameter numa=fake= asks for. */
enum mu_fake {
	MU_FAKE_NONE,
	MU_FAKE_COUNT, /* so many nodes in all, of equal RAM */
	MU_FAKE_SIZE,  /* nodes of so many bytes of RAM */
	MU_FAKE_EACH,  /* so many nodes in each real one, of equal span */
};

/* What the processors are: zones end where the architecture says. */
enum mu_arch {
	MU_ARCH_UNKNOWN,
	MU_ARCH_X86_64,
	MU_ARCH_X86, /* 32 bits */
	MU_ARCH_ARM64,
	MU_ARCH_ARM,
	MU_ARCH_RISCV,
	MU_ARCH_PPC64,
	MU_ARCH_PPC,
	MU_ARCH_S390,
	MU_ARCH_IA64,
	MU_ARCH_MIPS,
	MU_ARCH_SPARC64,
	MU_ARCH_ALPHA,
	MU_ARCH_LOONGARCH,
	MU_NR_ARCHS
};

/* "x86-64", "arm64", ...; never NULL. */
const char *mu_arch_str(enum mu_arch arch);

/* What is told of the way from an initiator (CPUs, devices) to memory. */
enum mu_perf {
	MU_PERF_READ_LATENCY,	 /* ns */
	MU_PERF_WRITE_LATENCY,	 /* ns */
	MU_PERF_READ_BANDWIDTH,	 /* MB/s */
	MU_PERF_WRITE_BANDWIDTH, /* MB/s */
	MU_NR_PERF
};

/* A kernel's command line is at most this long, in bytes: as Linux's longest.
 */
#define MU_MACHINE_CMDLINE_MAX ((size_t)4096)

struct mu_machine {
	char source[128];    /* for people: a file's name, "64T", "this host" */
	unsigned page_shift; /* 12, 14 or 16 */
	enum mu_arch arch;   /* the last that a source told */

	/* Where zones DMA and DMA32 of the machine's own kernel end, in bytes;
	 * 0: it has none. For mu_machine_zones(). */
	bool zones_told;
	mu_phys_t dma_limit, dma32_limit;

	/* Parameters that the machine's own kernel was booted with, up to a
	 * zero; "" when no source told. Nothing was done with them. */
	char *cmdline;
	size_t cmdline_len;

	/* What memory there is. Sorted and disjoint once finished. */
	struct mu_range *ranges;
	unsigned nr_ranges, max_ranges;

	/* Which node an address belongs to: SRAT and its kin, as they came.
	 * type is unused. */
	struct mu_range *affinities;
	unsigned nr_affinities, max_affinities;

	/* Indexed by node id, which may be sparse; nr_nodes is the highest id
	 * in use plus one, at least 1 once finished. */
	struct mu_machine_node *nodes;
	unsigned nr_nodes, max_nodes;
	unsigned nr_named; /* for mu_machine_number_nodes() */

	/* distances[from * max_nodes + to], 10 is "here", 0 is "not told".
	 * Complete (10 and 20 where not told) once finished. */
	uint8_t *distances;

	/* For mu_machine_perf(): one word a value, sorted once finished. */
	uint64_t *perf;
	unsigned nr_perf, max_perf;

	/* mem= where it is an amount: mu_machine_finish() keeps so many bytes
	 * of RAM, from the lowest address on; 0: all. */
	mu_phys_t ram_limit;

	/* Nodes that mu_machine_finish() is to cut the machine into. */
	enum mu_fake fake;
	uint64_t fake_value;

	bool finished;

	/* Workspace of mu_machine_finish(), out of the caller's memory. */
	struct mu_range *scratch_ranges; /* max_ranges of them */
	uint32_t *scratch_heap;		 /* 2 * max_ranges of them */
};

/*
 * Bytes of memory that a machine of at most @max_ranges ranges (and as many
 * affinities) and @max_nodes nodes needs; 0 when @max_nodes is 0 or over
 * MU_MAX_NODES, or @max_ranges is 0 or over 2^20.
 */
size_t mu_machine_size(unsigned max_ranges, unsigned max_nodes);

/*
 * Make @machine empty, in @buf of mu_machine_size() bytes, aligned to 8, which
 * stays with it. The page size is 4 KiB until somebody says otherwise. Both
 * limits must be ones that mu_machine_size() takes. No function of this floor
 * locks: one caller at a time for each machine, in any context.
 */
void mu_machine_init(struct mu_machine *machine, void *buf, unsigned max_ranges,
		     unsigned max_nodes);

/*
 * Add one range, as firmware says it; order and overlap do not matter.
 * A @size of 0 adds nothing. MU_ERR_RANGE when it wraps or passes
 * MU_PHYS_MAX, MU_ERR_FULL, MU_ERR_INVALID for an unknown type and for a
 * machine that is finished (so for every function that adds to one).
 */
enum mu_status mu_machine_add(struct mu_machine *machine, mu_phys_t base,
			      mu_phys_t size, enum mu_range_type type,
			      unsigned flags,
			      struct mu_error *error) MU_MUST_CHECK;

/*
 * What is of type @from in [@base, @base + @size) is of type @to from now on;
 * what is added later is not touched. MU_RANGE_NONE as @from is any type, as
 * @to it takes the memory away. Works on the ranges added so far one by one,
 * overlapping or not: O(n). Errors as above; MU_ERR_FULL when cutting needs
 * more ranges than there are. Linux's e820__range_update() and
 * e820__range_remove() are the model.
 */
enum mu_status mu_machine_update(struct mu_machine *machine, mu_phys_t base,
				 mu_phys_t size, enum mu_range_type from,
				 enum mu_range_type to,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * What is RAM in [@base, @base + @size) has @flags (MU_RANGE_*) besides those
 * that it has. As mu_machine_update() otherwise.
 */
enum mu_status mu_machine_set_flags(struct mu_machine *machine, mu_phys_t base,
				    mu_phys_t size, unsigned flags,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * Say that [@base, @base + @size) belongs to node @nid. Errors as above, and
 * MU_ERR_RANGE for a node past the machine's max_nodes. @flags go to the ranges
 * of that node. Affinities may overlap: an address belongs to the smallest that
 * covers it (old kernels print the span of a node, other nodes inside), of
 * equals to the one with the lowest node.
 */
enum mu_status mu_machine_add_affinity(struct mu_machine *machine,
				       mu_phys_t base, mu_phys_t size, int nid,
				       unsigned flags,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Take for RAM what affinities describe that are neither hotplug nor
 * non-volatile: for sources that tell nothing else. Holes are not seen. Does
 * nothing when there is any RAM already. MU_ERR_FULL.
 */
enum mu_status
mu_machine_ram_from_affinities(struct mu_machine *machine,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * Add @count CPUs to node @nid; 0 only says that the node is there.
 * MU_ERR_RANGE past the machine's max_nodes, or past MU_MAX_CPUS in all.
 */
enum mu_status mu_machine_add_cpus(struct mu_machine *machine, int nid,
				   unsigned count,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Add @count CPUs, spread evenly over the nodes that are present (node 0 if
 * none is), the first ones get the rest. MU_ERR_RANGE past MU_MAX_CPUS.
 */
enum mu_status mu_machine_spread_cpus(struct mu_machine *machine,
				      unsigned count,
				      struct mu_error *error) MU_MUST_CHECK;

/*
 * Number the nodes from 0 on in the order in which an SRAT named them, as Linux
 * does: until then each has the number of its proximity domain. To be called
 * when all tables of ACPI were read, and before sources that know the kernel's
 * own numbers; once. Does nothing if there was no SRAT, and on a finished
 * machine. O(max_nodes^2 + affinities).
 */
void mu_machine_number_nodes(struct mu_machine *machine);

/*
 * The distance from node @from to node @to, 10 to 255, and 10 exactly from a
 * node to itself (ACPI 6.5, 5.2.17, SLIT); MU_ERR_RANGE otherwise. A node is
 * not present because somebody knows the way to it.
 */
enum mu_status mu_machine_set_distance(struct mu_machine *machine, int from,
				       int to, unsigned distance,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Memory of node @to is @value fast, 0 is not told, for what node @from has:
 * access 0 of Linux's sysfs (Documentation/admin-guide/mm/numaperf.rst). Where
 * several values are told of one thing the best counts. Neither node is present
 * because of it. MU_ERR_RANGE for a node past the limit, MU_ERR_FULL,
 * MU_ERR_INVALID for an unknown @what.
 */
enum mu_status mu_machine_set_perf(struct mu_machine *machine, int from, int to,
				   enum mu_perf what, uint32_t value,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * Sort, resolve overlaps (the higher type wins), cut at node borders, give
 * every range its node (one that no affinity names goes to the node of the
 * nearest range below it, else to that of the lowest affinity, else to 0),
 * merge what is alike, complete the distances. MU_ERR_NOT_FOUND when there is
 * no RAM at all, MU_ERR_FULL when the pieces do not fit: then the machine is
 * as it was, but for the order of its ranges; but with numa=fake= it must be
 * initialised again. A machine that named no CPU has one, on its first node
 * with memory. Done twice it does nothing.
 *
 * Ranges keep the bytes that firmware gave; they need not begin or end at a
 * page.
 */
enum mu_status mu_machine_finish(struct mu_machine *machine,
				 struct mu_error *error) MU_MUST_CHECK;

/* Of a finished machine: bytes of RAM; the first address past all RAM; CPUs of
 * all nodes. O(ranges), O(nodes). */
mu_phys_t mu_machine_ram(const struct mu_machine *machine);
mu_phys_t mu_machine_top(const struct mu_machine *machine);
unsigned mu_machine_cpus(const struct mu_machine *machine);

/* What mu_machine_set_perf() was told, 0 if nothing; of a finished machine.
 * O(log n). */
uint32_t mu_machine_perf(const struct mu_machine *machine, int from, int to,
			 enum mu_perf what);

/*
 * Where zones DMA and DMA32 end, in bytes, 0 for none: as a source told, else
 * as Linux has it on the machine's architecture, on an unknown one as on
 * x86-64. On some (arm64, MIPS, PowerPC) it is the platform's, in truth, and no
 * more than a common case here.
 */
void mu_machine_zones(const struct mu_machine *machine, mu_phys_t *dma_limit,
		      mu_phys_t *dma32_limit);

/* Take @len bytes at @text for the parameters of the machine's own kernel, cut
 * to what fits. */
void mu_machine_set_cmdline(struct mu_machine *machine, const char *text,
			    size_t len);

#endif /* MEMUP_MACHINE_H */
