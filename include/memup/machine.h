/* SPDX-License-Identifier: MIT */
/*
 * machine: firmware's descriptions in, one struct mu_machine out.
 *
 * Life cycle
 *   mu_machine_init() with memory from the caller, then any number of readers,
 *   each of which adds what its source says (ranges as firmware leaves them:
 *   unsorted, overlapping, of zero size), then mu_machine_finish(), which turns
 *   them into one sorted list of disjoint ranges with a type and a node each.
 *   Only a finished machine can be given to memblock.
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
 * The range type for the e820 type number @type (ACPI 6.5, table 15.9), which
 * the maps of Multiboot 2 and PVH also use; unknown numbers are reserved.
 * Linux's number for soft reserved memory, 0xefffffff, is known.
 */
enum mu_range_type mu_range_type_e820(uint64_t type);

/* Flags of a range; those of SRAT and of the EFI memory map. */
#define MU_RANGE_HOTPLUG     0x1u /* may be removed while running */
#define MU_RANGE_MIRROR	     0x2u /* mirrored: more reliable */
#define MU_RANGE_NOMAP	     0x4u /* memory that must not be mapped */
#define MU_RANGE_NONVOLATILE 0x8u
#define MU_RANGE_KEPT	     0x10u /* RAM that is taken: not handed out */
/* RAM that a guest (TDX, SEV-SNP) must accept before it touches it. */
#define MU_RANGE_UNACCEPTED 0x20u
/* With KEPT: firmware's boot services lie there. When nothing needs them any
 * more, mu_free_reserved() gives it back. */
#define MU_RANGE_BOOT_SERVICES 0x40u

struct mu_range {
	mu_phys_t base; /* bytes */
	mu_phys_t size; /* bytes, not 0 in a finished machine */
	uint16_t type;	/* enum mu_range_type */
	uint16_t flags; /* MU_RANGE_* */
	int32_t nid;	/* node, or MU_NO_NODE before mu_machine_finish() */
};

struct mu_machine_node {
	bool present;	  /* named by some source, or owner of a range */
	uint16_t name;	  /* for mu_machine_number_nodes(); 0: none */
	uint32_t nr_cpus; /* there */
	uint32_t nr_hotplug_cpus; /* more that may come, as far as told */
};

/* What the parameter numa=fake= asks for. */
enum mu_fake {
	MU_FAKE_NONE,
	MU_FAKE_COUNT, /* that many nodes in all, of equal RAM */
	MU_FAKE_SIZE,  /* nodes of that many bytes of RAM */
	MU_FAKE_EACH,  /* that many nodes in each real one, of equal span */
};

/* The processors' architecture, which determines where zones end. */
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

/* What is known of the way from an initiator (CPUs, devices) to memory. */
enum mu_perf {
	MU_PERF_READ_LATENCY,	 /* ns */
	MU_PERF_WRITE_LATENCY,	 /* ns */
	MU_PERF_READ_BANDWIDTH,	 /* MB/s */
	MU_PERF_WRITE_BANDWIDTH, /* MB/s */
	MU_NR_PERF
};

/* The longest command line of a kernel, in bytes; Linux's longest. */
#define MU_MACHINE_CMDLINE_MAX ((size_t)4096)

struct mu_machine {
	char source[128];    /* for people: a file's name, "64T", "this host" */
	unsigned page_shift; /* 12, 14 or 16 */
	enum mu_arch arch;   /* the last one that a source named */

	/* Where zones DMA and DMA32 of the machine's own kernel end, in bytes;
	 * 0: it has none. For mu_machine_zones(). */
	bool zones_told;
	mu_phys_t dma_limit, dma32_limit;

	/* Parameters that the machine's own kernel was booted with, terminated
	 * by a zero; "" when no source has them. They were not applied. */
	char *cmdline;
	size_t cmdline_len;

	/* What memory there is. Sorted and disjoint once finished. */
	struct mu_range *ranges;
	unsigned nr_ranges, max_ranges;

	/* Which node an address belongs to: from an SRAT and the like, in the
	 * order in which they were added. type is unused. */
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

	/* For mu_machine_perf(): one word per value, sorted once finished. */
	uint64_t *perf;
	unsigned nr_perf, max_perf;

	/* For mem= as an amount: mu_machine_finish() keeps this many bytes of
	 * RAM, from the lowest address on; 0: all. */
	mu_phys_t ram_limit;

	/* How mu_machine_finish() is to cut the machine into nodes. */
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
 * it keeps using. The page size is 4 KiB until a source or the caller says
 * otherwise. Both limits must be valid for mu_machine_size(). No function of
 * this floor locks: one caller at a time for each machine, in any context.
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
 * Memory of type @from in [@base, @base + @size) is of type @to from now on;
 * what is added later is not affected. MU_RANGE_NONE as @from means any type,
 * as @to it removes the memory. Works on the ranges added so far one by one,
 * overlapping or not: O(n). Errors as above; MU_ERR_FULL when cutting needs
 * more ranges than there are. Linux's e820__range_update() and
 * e820__range_remove() are the model.
 */
enum mu_status mu_machine_update(struct mu_machine *machine, mu_phys_t base,
				 mu_phys_t size, enum mu_range_type from,
				 enum mu_range_type to,
				 struct mu_error *error) MU_MUST_CHECK;

/*
 * Add @flags (MU_RANGE_*) to those of all RAM in [@base, @base + @size).
 * Otherwise as mu_machine_update().
 */
enum mu_status mu_machine_set_flags(struct mu_machine *machine, mu_phys_t base,
				    mu_phys_t size, unsigned flags,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * Say that [@base, @base + @size) belongs to node @nid. Errors as above, and
 * MU_ERR_RANGE for a node past the machine's max_nodes. @flags go to the ranges
 * of that node. Affinities may overlap: an address belongs to the smallest one
 * that covers it (old kernels print the span of a node, with other nodes
 * inside), among equals to the one with the lowest node.
 */
enum mu_status mu_machine_add_affinity(struct mu_machine *machine,
				       mu_phys_t base, mu_phys_t size, int nid,
				       unsigned flags,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Take as RAM all that affinities describe that are neither hotplug nor
 * non-volatile, for sources that have nothing else. Holes are not seen. Does
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
 * none is); the first nodes get the remainder. MU_ERR_RANGE past MU_MAX_CPUS.
 */
enum mu_status mu_machine_spread_cpus(struct mu_machine *machine,
				      unsigned count,
				      struct mu_error *error) MU_MUST_CHECK;

/*
 * Number the nodes from 0 on in the order in which an SRAT named them, as Linux
 * does; until then each has the number of its proximity domain. To be called
 * once, when all ACPI tables were read, and before reading sources that use the
 * kernel's own numbers. Does nothing if there was no SRAT, and on a finished
 * machine. O(max_nodes^2 + affinities).
 */
void mu_machine_number_nodes(struct mu_machine *machine);

/*
 * The distance from node @from to node @to, 10 to 255, and 10 exactly from a
 * node to itself (ACPI 6.5, 5.2.17, SLIT); MU_ERR_RANGE otherwise. A distance
 * does not make a node present.
 */
enum mu_status mu_machine_set_distance(struct mu_machine *machine, int from,
				       int to, unsigned distance,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Set @what to @value (0: unknown) for accesses from initiators of node @from
 * to memory of node @to: access class 0 of Linux's sysfs
 * (Documentation/admin-guide/mm/numaperf.rst). Of several values for the same
 * thing the best counts. This does not make either node present. MU_ERR_RANGE
 * for a node past the limit, MU_ERR_FULL, MU_ERR_INVALID for an unknown @what.
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
 * unchanged except for the order of its ranges, but with numa=fake= it must be
 * initialised again. A machine without any CPU gets one, on its first node with
 * memory. The second call does nothing.
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

/* CPUs of all nodes that may be there at some time, with those that are. */
unsigned mu_machine_possible_cpus(const struct mu_machine *machine);

/* The value from mu_machine_set_perf(), 0 if there is none; of a finished
 * machine. O(log n). */
uint32_t mu_machine_perf(const struct mu_machine *machine, int from, int to,
			 enum mu_perf what);

/*
 * Where zones DMA and DMA32 end, in bytes, 0 for none: as a source says, else
 * as Linux has them on the machine's architecture, on an unknown one as on
 * x86-64. On some architectures (arm64, MIPS, PowerPC) they really depend on
 * the platform, and this is only a common case.
 */
void mu_machine_zones(const struct mu_machine *machine, mu_phys_t *dma_limit,
		      mu_phys_t *dma32_limit);

/* Keep @len bytes at @text as the parameters of the machine's own kernel, cut
 * to what fits. */
void mu_machine_set_cmdline(struct mu_machine *machine, const char *text,
			    size_t len);

#endif /* MEMUP_MACHINE_H */
