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
	bool present; /* named by some source, or owner of a range */
	uint32_t nr_cpus;
};

/* What the parameter numa=fake= asks for. */
enum mu_fake {
	MU_FAKE_NONE,
	MU_FAKE_COUNT, /* so many nodes in all, of equal RAM */
	MU_FAKE_SIZE,  /* nodes of so many bytes of RAM */
	MU_FAKE_EACH,  /* so many nodes in each real one, of equal span */
};

struct mu_machine {
	char source[128];    /* for people: a file's name, "64T", "this host" */
	unsigned page_shift; /* 12, 14 or 16 */

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

	/* distances[from * max_nodes + to], 10 is "here", 0 is "not told".
	 * Complete (10 and 20 where not told) once finished. */
	uint8_t *distances;

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
 * MU_ERR_RANGE for a node past @max_nodes. The flags go to the ranges of that
 * node. Affinities may overlap: an address belongs to the smallest that covers
 * it (old kernels print the span of a node, other nodes inside), of equals to
 * the one with the lowest node.
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
 * MU_ERR_RANGE past @max_nodes, or past MU_MAX_CPUS in all.
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
 * The distance from node @from to node @to, 10 to 255, and 10 exactly from a
 * node to itself (ACPI 6.5, 5.2.17, SLIT); MU_ERR_RANGE otherwise. A node is
 * not present because somebody knows the way to it.
 */
enum mu_status mu_machine_set_distance(struct mu_machine *machine, int from,
				       int to, unsigned distance,
				       struct mu_error *error) MU_MUST_CHECK;

/*
 * Sort, resolve overlaps (the higher type wins), cut at node borders, give
 * every range its node (one that no affinity names goes to the node of the
 * nearest range below it, else to that of the lowest affinity, else to 0),
 * merge what is alike, complete the distances. MU_ERR_NOT_FOUND when there is
 * no RAM at all, MU_ERR_FULL when the pieces do not fit: then the machine is
 * as it was, but for the order of its ranges; but with numa=fake= it must be
 * initialised again. A machine that named no CPU has
 * one, on its first node with memory. Done twice it does nothing.
 *
 * Ranges keep the bytes that firmware gave; they need not begin or end at a
 * page.
 */
enum mu_status mu_machine_finish(struct mu_machine *machine,
				 struct mu_error *error) MU_MUST_CHECK;

/* Bytes of RAM; the first address past all RAM. Of a finished machine. */
mu_phys_t mu_machine_ram(const struct mu_machine *machine);
mu_phys_t mu_machine_top(const struct mu_machine *machine);
unsigned mu_machine_cpus(const struct mu_machine *machine);

/* A text of many lines that a reader takes is at most this long, in bytes. */
#define MU_MACHINE_TEXT_MAX ((size_t)256 << 20)

/*
 * Readers. Each takes the whole text (@len bytes, no terminator needed) and
 * adds what it finds; @error names the line and the value. On failure
 * @machine must be initialised again before it is used.
 */

/*
 * A short description, read by mu_machine_read_short():
 *
 *   machine := nodes [ "/" CPUS ] { "," hole }
 *   nodes   := SIZE | COUNT "x" SIZE | place { "+" place }
 *   place   := SIZE "@" ADDRESS [ ":" NODE ]
 *   hole    := "-" SIZE "@" ADDRESS
 *
 * SIZE and ADDRESS are numbers, decimal or 0x and hexadecimal, with an
 * optional K, M, G, T or P, and multiples of 4 KiB; "64T", "8x1T/448",
 * "4G@0:0+4G@8G:1/8", "64G,-1G@3G". COUNT nodes lie one after the other from
 * address 0; a place without NODE is of node 0; CPUS are spread evenly over
 * all nodes, the first ones get the rest. A hole takes memory away. Without
 * CPUS each node has one. MU_ERR_SYNTAX or MU_ERR_RANGE name the character,
 * from 1.
 */
enum mu_status mu_machine_read_short(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * A Linux boot log of any architecture, among anything else, with or without
 * time stamps and syslog prefixes, of 2.6 (ends are exclusive) and later
 * (inclusive). Of several boots in one file the last that has a map counts.
 *
 * Of several maps of one boot the one counts that the kernel went on with; the
 * first of these that is there:
 *
 *   "modified:"             e820 after the kernel changed it
 *   "user:"                 e820 after mem= and memmap=
 *   "reserve setup_data:"   e820 with what the loader handed over cut out
 *   "BIOS-e820:", "Xen:"    e820 of the firmware, or of the hypervisor
 *   " memory[0x0] [...]"    memblock=debug
 *   "node 0: [mem ...]"     early memory node ranges: all but x86
 *   "efi: mem00: ..."       efi=debug
 *   "SRAT: Node 0 ..."      what is not hotplug; holes in it are not seen
 *
 * "e820: update" and "e820: remove" after that map change it, up to the line
 * "last_pfn"; what later ones reserve is KEPT, what "OF: reserved mem" names
 * KEPT or NOMAP. Page 0 and 640 KiB to 1 MiB are taken from an e820 map that
 * has that line, as every kernel does that prints "[mem". Nodes come from SRAT
 * lines, without them from early ranges; then numa=fake= on the boot's command
 * line is followed, if memup can. CPUs are those of the SRAT; without them
 * those that the boot names for each node; without them the number that it
 * brought up or allowed, spread evenly. The page size comes from lines that
 * name one amount in pages and in bytes.
 *
 * Not read: maps in page frames (Alpha's memclusters, early_node_map of Linux
 * 3.4 and before), MIPS's "memory: SIZE @ ADDRESS", the hypervisor's own map in
 * a log of Xen. Pages of 8 KiB are taken for 4 KiB.
 *
 * MU_ERR_NOT_FOUND when it holds no memory map; MU_ERR_SYNTAX and MU_ERR_RANGE
 * for a line of a map that makes no sense, and for more than 4096 changes.
 */
enum mu_status mu_machine_read_log(struct mu_machine *machine, const char *text,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

/*
 * The text of /proc/zoneinfo. Set machine->page_shift first: it counts in
 * pages. Each zone is RAM from its first page on, as many pages as are present:
 * the amount is right, holes are taken to be at the end of their zone. Zones
 * also say which node an address belongs to. Counts no CPUs.
 * MU_ERR_NOT_FOUND when it has no zone with pages.
 */
enum mu_status mu_machine_read_zoneinfo(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error) MU_MUST_CHECK;

/* The same, only for the nodes: no range is added. */
enum mu_status
mu_machine_read_zoneinfo_nodes(struct mu_machine *machine, const char *text,
			       size_t len,
			       struct mu_error *error) MU_MUST_CHECK;

/*
 * The text of /proc/iomem: System RAM at any depth, and what firmware keeps at
 * the outermost. MU_ERR_NOT_FOUND when it has no System RAM, or when every
 * address in it is 0, which is what readers without privilege get to see.
 */
enum mu_status mu_machine_read_iomem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * What lsmem prints, as a table with a header or with --json: what is online is
 * RAM, in whole memory blocks; nodes if it has a column NODE. Other states are
 * no memory. MU_ERR_NOT_FOUND when nothing is online.
 */
enum mu_status mu_machine_read_lsmem(struct mu_machine *machine,
				     const char *text, size_t len,
				     struct mu_error *error) MU_MUST_CHECK;

/*
 * What numactl --hardware prints: sizes, CPUs and distances of nodes. It names
 * no address: the nodes lie one after the other from 0, as in "2x64G".
 * MU_ERR_NOT_FOUND when there is no "node 0 size:".
 */
enum mu_status mu_machine_read_numactl(struct mu_machine *machine,
				       const char *text, size_t len,
				       struct mu_error *error) MU_MUST_CHECK;

/* What a text is that somebody found. */
enum mu_machine_kind {
	MU_KIND_UNKNOWN,
	MU_KIND_LOG,
	MU_KIND_ZONEINFO,
	MU_KIND_IOMEM,
	MU_KIND_LSMEM,
	MU_KIND_NUMACTL,
	MU_KIND_ACPIDUMP, /* memup/machine_acpi.h */
	MU_KIND_ACPI,	  /* tables, the first one that memup reads */
};

/*
 * Tell it by the first line that only one of them can have, or by a table's
 * signature. A short description is never told. Any context.
 */
enum mu_machine_kind mu_machine_kind(const char *text, size_t len);

/*
 * Read a text of that kind, as the reader for it does; MU_ERR_NOT_FOUND for
 * MU_KIND_UNKNOWN.
 */
enum mu_status mu_machine_read_kind(struct mu_machine *machine,
				    enum mu_machine_kind kind, const char *text,
				    size_t len,
				    struct mu_error *error) MU_MUST_CHECK;

/*
 * A text of any kind, when it is all there is: what tells of no RAM gets it
 * from its affinities. MU_ERR_NOT_FOUND when it is none of them.
 */
enum mu_status mu_machine_read_any(struct mu_machine *machine, const char *text,
				   size_t len,
				   struct mu_error *error) MU_MUST_CHECK;

/* A kernel's command line is at most this long, in bytes: as Linux's longest.
 */
#define MU_MACHINE_CMDLINE_MAX ((size_t)4096)

/*
 * Do what parameters on the kernel's command line do to the ranges read so far
 * (Linux, Documentation/admin-guide/kernel-parameters.txt, x86), one after the
 * other; unknown ones are passed over:
 *
 *   mem=N, memmap=N     no RAM at N and above
 *   memmap=exactmap     forget all ranges
 *   memmap=N@S          RAM, N bytes at S
 *   memmap=N#S          ACPI data      memmap=N$S   reserved
 *   memmap=N!S          persistent     memmap=N%S-OLD+NEW  change a type
 *   numa=off            forget all nodes
 *   numa=fake=N         N nodes of equal RAM; numa=fake=NM, NG: nodes of N MiB
 *                       or GiB; numa=fake=NU: N nodes in each real one. Real
 *                       nodes are forgotten when the machine is finished; their
 *                       CPUs are spread; distances are 10 in one real node and
 *                       20 between two (Linux: numa_emulation.c).
 *
 * MU_ERR_UNSUPPORTED for distances after numa=fake=. Several descriptions may
 * follow one memmap=, with commas between them.
 * Numbers may be hexadecimal and have a K, M, G, T, P or E. OLD and NEW are
 * types of e820, 1 to 12; without OLD any type, without NEW the memory is gone.
 */
enum mu_status mu_machine_apply_cmdline(struct mu_machine *machine,
					const char *text, size_t len,
					struct mu_error *error) MU_MUST_CHECK;

#endif /* MEMUP_MACHINE_H */
