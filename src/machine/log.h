/* SPDX-License-Identifier: MIT */
/*
 * log: the lines of a boot log that say something about memory or CPUs.
 *
 * log.c picks the boot and the sources that count, log_line.c tells what a line
 * is; log_map.c, log_frames.c, log_cpus.c and log_zones.c read it, log_pages.c
 * finds the page size, log_arch.c the architecture.
 */
#ifndef MU_MACHINE_LOG_H
#define MU_MACHINE_LOG_H

#include "machine/text.h"

enum mu_log_kind {
	MU_LOG_OTHER,
	MU_LOG_BANNER,	       /* the kernel's version: a boot begins */
	MU_LOG_HEADER,	       /* the title of the firmware's map */
	MU_LOG_MODIFIED,       /* the title of one that the kernel changed */
	MU_LOG_MAP,	       /* an entry of a memory map */
	MU_LOG_CHANGE,	       /* "e820: update", "e820: remove" */
	MU_LOG_RESERVED,       /* the device tree keeps this memory */
	MU_LOG_RAMDISK,	       /* the loader put files there */
	MU_LOG_SRAT_MEM,       /* which node memory belongs to */
	MU_LOG_EMPTY_NODE,     /* a node without memory */
	MU_LOG_SRAT_CPU,       /* one CPU and its node */
	MU_LOG_NODE_LIST,      /* all CPUs of one node */
	MU_LOG_NODE_CPUS,      /* CPUs that came up on one node */
	MU_LOG_ALLOWED,	       /* how many CPUs there may be */
	MU_LOG_BROUGHT_UP,     /* how many CPUs there are */
	MU_LOG_PERCPU,	       /* how many pages so many bytes are */
	MU_LOG_HASH,	       /* the same, of a hash table */
	MU_LOG_TOTAL_PAGES,    /* how many pages a node has */
	MU_LOG_LAST_PFN,       /* the end of RAM: the map is done */
	MU_LOG_CMDLINE,	       /* the kernel's parameters */
	MU_LOG_KERNEL_CMDLINE, /* the same, all of them, later */
	MU_LOG_FAKE_NODE,      /* one that numa=fake= made */
	MU_LOG_UNACCEPTED,     /* where the table of unaccepted memory is */
	MU_LOG_EARLY,	       /* the title of a list of early ranges */
	MU_LOG_FRAMES,	       /* the same of old kernels, with their number */
	MU_LOG_MOVABLE,	       /* the title of what follows a list of zones */
	MU_LOG_INITMEM,	       /* what follows a list of early ranges */
	MU_LOG_ZONES,	       /* the title of a list of zones */
	MU_LOG_ZONE_DMA,       /* entries of that list */
	MU_LOG_ZONE_DMA32,
	MU_LOG_ZONE_NORMAL,
	MU_LOG_ZONE_HIGHMEM,
	MU_LOG_ONE_NODE,   /* the kernel made up a node, or has NUMA off */
	MU_LOG_XEN_SRAT,   /* MU_LOG_SRAT_MEM, said by the hypervisor */
	MU_LOG_HMAT_TYPE,  /* what the next lines are about */
	MU_LOG_HMAT_VALUE, /* a latency or bandwidth */
};

/*
 * Where a map may come from, worst to best: what the kernel found out later is
 * what it used; the firmware's map has types that early ranges lack.
 */
enum mu_log_map {
	MU_LOG_MAP_SRAT,     /* memory that is there at boot, holes and all */
	MU_LOG_MAP_EFI,	     /* "efi: mem00: ..." */
	MU_LOG_MAP_XEN,	     /* "(XEN)  [0000..., ...] (usable)": the host's */
	MU_LOG_MAP_MIPS,     /* " memory: SIZE @ ADDRESS (usable)" */
	MU_LOG_MAP_FRAMES,   /* "    0: 0x00000000 -> 0x0000009f" */
	MU_LOG_MAP_EARLY,    /* "node 0: [mem ...]" */
	MU_LOG_MAP_CLUSTER,  /* "memcluster 0, usage 1, start 0, end 1984" */
	MU_LOG_MAP_MEMBLOCK, /* "memory[0x0] [...]", of memblock=debug */
	MU_LOG_MAP_FIRMWARE, /* "BIOS-e820: ", in a guest "Xen: " */
	MU_LOG_MAP_EXTENDED, /* "reserve setup_data: " */
	MU_LOG_MAP_USER,     /* "user: " */
	MU_LOG_MAP_MODIFIED, /* "modified: " */
	MU_LOG_NR_MAPS
};

/*
 * Lines of a text, one after the other. Some lines of drivers look as if they
 * were in one of the kernel's lists: entries of a list count only below its
 * title, as many as it says, and before what the kernel prints after it.
 */
struct mu_log_lines {
	struct mu_text rest;
	enum {
		MU_LOG_IN_NONE,
		MU_LOG_IN_ZONES,
		MU_LOG_IN_EARLY,
		MU_LOG_IN_FRAMES
	} in;
	bool early_titled;    /* without a title, the list may be cut */
	uint64_t frames_left; /* entries to come */
};

/*
 * The next line: *@whole, what is left of it past the words that identify it in
 * *@line, and as mu_log_classify() its @kind and @map. False at the end.
 */
bool mu_log_next(struct mu_log_lines *lines, struct mu_text *whole,
		 struct mu_text *line, enum mu_log_kind *kind,
		 enum mu_log_map *map);

/* Is all before @at in @line what logs have before every line? */
bool mu_log_is_prefix(struct mu_text line, const char *at);

/*
 * What kind of line @line is; for MU_LOG_MAP also of which map. Moves @line
 * past the words that identify it.
 */
enum mu_log_kind mu_log_classify(struct mu_text *line, enum mu_log_map *map);

/*
 * The next line, as mu_text_line(); an entry of an EFI map that a mail program
 * broke in two is one line again.
 */
bool mu_log_next_line(struct mu_text *rest, struct mu_text *line);

/*
 * Add to @machine what the rest of a line of that kind says, after
 * mu_log_classify(). Lines about CPUs that are cut short or garbled are
 * ignored; such lines about memory are errors.
 */
enum mu_status mu_log_add_entry(struct mu_machine *machine, enum mu_log_map map,
				struct mu_text line,
				struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_early_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error) MU_MUST_CHECK;
/* MU_LOG_MAP_FRAMES, whose frames have 2^@shift bytes: RAM, nodes, or both. */
enum mu_status mu_log_add_frames(struct mu_machine *machine,
				 struct mu_text line, unsigned shift, bool ram,
				 bool nodes,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_cluster(struct mu_machine *machine,
				  struct mu_text line,
				  struct mu_error *error) MU_MUST_CHECK;
/* Is the whole line @line of MU_LOG_MAP_FRAMES? */
bool mu_log_is_frames(struct mu_text line);
enum mu_status mu_log_add_srat_mem(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
/* @late: the kernel has counted its memory; what it reserves now is kept. */
enum mu_status mu_log_change(struct mu_machine *machine, struct mu_text line,
			     bool late, struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_reserve(struct mu_machine *machine, struct mu_text line,
			      struct mu_error *error) MU_MUST_CHECK;
/* RAM that a map, or the line of MU_LOG_RAMDISK, uses for something else. */
enum mu_status mu_log_keep_entry(struct mu_machine *machine,
				 struct mu_text line,
				 struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_keep_ramdisk(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
/* RAM that the kernel adds for the table of unaccepted memory. */
enum mu_status mu_log_add_unaccepted(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_empty_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error) MU_MUST_CHECK;
/* @there: now, and not only possible. */
enum mu_status mu_log_add_srat_cpu(struct mu_machine *machine,
				   struct mu_text line, bool there,
				   struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_node_list(struct mu_machine *machine,
				    struct mu_text line,
				    struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_node_cpus(struct mu_machine *machine,
				    struct mu_text line,
				    struct mu_error *error) MU_MUST_CHECK;

/* What MU_LOG_HMAT_TYPE is about: a bit for each of enum mu_perf. */
unsigned mu_log_hmat_type(struct mu_text line);
enum mu_status mu_log_add_hmat(struct mu_machine *machine, struct mu_text line,
			       unsigned types,
			       struct mu_error *error) MU_MUST_CHECK;

/* What the log says about the zones of the kernel that wrote it. */
struct mu_log_zones {
	bool told;			      /* there is a list */
	bool has_dma, has_dma32, has_highmem; /* in it, be it empty */
	bool has_normal;		      /* and not empty */
	/* Where they end, 0 if empty; in page frames before Linux 3.5. */
	uint64_t dma, dma32;
	bool frames;
};

/* Read a line of @kind, MU_LOG_ZONES or one of MU_LOG_ZONE_*. */
void mu_log_zone(struct mu_log_zones *zones, enum mu_log_kind kind,
		 struct mu_text line);

/* Store them in @machine, whose arch is final; pages have 2^@shift bytes. */
void mu_log_set_zones(struct mu_machine *machine,
		      const struct mu_log_zones *zones, unsigned shift);

/*
 * The architecture that @line reveals, MU_ARCH_UNKNOWN for most lines. *@sure:
 * no later line knows better.
 */
enum mu_arch mu_log_arch(struct mu_text line, bool *sure);

/* The number of CPUs that a line of MU_LOG_ALLOWED or _BROUGHT_UP names: those
 * that are there. */
unsigned mu_log_cpu_count(struct mu_text line);

/* Read a node number; the core rejects what is too large for any machine. */
bool mu_log_node(struct mu_text *line, int *nid);

/*
 * The page size as a power of two, 12, 13, 14 or 16, or 0 when the line does
 * not say or it is none of these. struct mu_machine does not support 2^13
 * bytes.
 */
unsigned mu_log_percpu_shift(struct mu_text line);
unsigned mu_log_hash_shift(struct mu_text line);
/* The same, of memory of @bytes that is @pages long, a few more or less. */
unsigned mu_log_total_shift(mu_phys_t bytes, uint64_t pages);
/* The pages of a line of MU_LOG_TOTAL_PAGES; the bytes of an early range. */
uint64_t mu_log_total_pages(struct mu_text line);
mu_phys_t mu_log_early_bytes(struct mu_text line);

#endif
