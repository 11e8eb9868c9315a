/* SPDX-License-Identifier: MIT */
/*
 * log: the lines of a boot log that say something about memory or CPUs.
 *
 * log.c picks the boot and the sources that count, log_line.c tells what a line
 * is, log_map.c and log_cpus.c read it, log_pages.c finds the page size.
 */
#ifndef MU_MACHINE_LOG_H
#define MU_MACHINE_LOG_H

#include "machine/text.h"

enum mu_log_kind {
	MU_LOG_OTHER,
	MU_LOG_BANNER,	    /* the kernel's version: a boot begins */
	MU_LOG_HEADER,	    /* the title of the firmware's map */
	MU_LOG_MAP,	    /* an entry of a memory map */
	MU_LOG_CHANGE,	    /* "e820: update", "e820: remove" */
	MU_LOG_RESERVED,    /* the device tree keeps this memory */
	MU_LOG_SRAT_MEM,    /* which node memory belongs to */
	MU_LOG_EMPTY_NODE,  /* a node without memory */
	MU_LOG_SRAT_CPU,    /* one CPU and its node */
	MU_LOG_NODE_LIST,   /* all CPUs of one node */
	MU_LOG_NODE_CPUS,   /* CPUs that came up on one node */
	MU_LOG_ALLOWED,	    /* how many CPUs there may be */
	MU_LOG_BROUGHT_UP,  /* how many CPUs there are */
	MU_LOG_PERCPU,	    /* how many pages so many bytes are */
	MU_LOG_HASH,	    /* the same, of a hash table */
	MU_LOG_TOTAL_PAGES, /* how many pages a node has */
	MU_LOG_LAST_PFN,    /* the end of RAM: the map is done */
	MU_LOG_CMDLINE	    /* the kernel's parameters */
};

/*
 * Where a map may come from, worst to best: what the kernel found out later it
 * also used; the firmware's word comes with types that early ranges lack.
 */
enum mu_log_map {
	MU_LOG_MAP_SRAT,     /* memory that is there at boot, holes and all */
	MU_LOG_MAP_EFI,	     /* "efi: mem00: ..." */
	MU_LOG_MAP_EARLY,    /* "node 0: [mem ...]" */
	MU_LOG_MAP_MEMBLOCK, /* "memory[0x0] [...]", of memblock=debug */
	MU_LOG_MAP_FIRMWARE, /* "BIOS-e820: ", in a guest "Xen: " */
	MU_LOG_MAP_EXTENDED, /* "reserve setup_data: " */
	MU_LOG_MAP_USER,     /* "user: " */
	MU_LOG_MAP_MODIFIED, /* "modified: " */
	MU_LOG_NR_MAPS
};

/*
 * What @line is; for MU_LOG_MAP also of which map. Moves @line past the words
 * that tell.
 */
enum mu_log_kind mu_log_classify(struct mu_text *line, enum mu_log_map *map);

/*
 * The next line, as mu_text_line(); an entry of an EFI map that a mail program
 * broke in two is one line again.
 */
bool mu_log_next_line(struct mu_text *rest, struct mu_text *line);

/*
 * Add to @machine what the rest of a line of that kind says, after
 * mu_log_classify(). Lines about CPUs that are cut short or garbled count for
 * nothing; lines about memory are errors.
 */
enum mu_status mu_log_add_entry(struct mu_machine *machine, enum mu_log_map map,
				struct mu_text line,
				struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_early_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_srat_mem(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
/* @late: the kernel has its memory; what it reserves now it keeps. */
enum mu_status mu_log_change(struct mu_machine *machine, struct mu_text line,
			     bool late, struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_reserve(struct mu_machine *machine, struct mu_text line,
			      struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_empty_node(struct mu_machine *machine,
				     struct mu_text line,
				     struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_srat_cpu(struct mu_machine *machine,
				   struct mu_text line,
				   struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_node_list(struct mu_machine *machine,
				    struct mu_text line,
				    struct mu_error *error) MU_MUST_CHECK;
enum mu_status mu_log_add_node_cpus(struct mu_machine *machine,
				    struct mu_text line,
				    struct mu_error *error) MU_MUST_CHECK;

/* The number of CPUs that a line of MU_LOG_ALLOWED or _BROUGHT_UP names. */
unsigned mu_log_cpu_count(struct mu_text line);

/* A node number; what is too large for any machine is left to the core. */
bool mu_log_node(struct mu_text *line, int *nid);

/*
 * The page size as a power of two, or 0 when the line does not tell or it is
 * none that memup knows.
 */
unsigned mu_log_percpu_shift(struct mu_text line);
unsigned mu_log_hash_shift(struct mu_text line);
/* The same, of memory of @bytes that is @pages long, a few more or less. */
unsigned mu_log_total_shift(mu_phys_t bytes, uint64_t pages);
/* The pages of a line of MU_LOG_TOTAL_PAGES; the bytes of an early range. */
uint64_t mu_log_total_pages(struct mu_text line);
mu_phys_t mu_log_early_bytes(struct mu_text line);

#endif
