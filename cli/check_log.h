/* SPDX-License-Identifier: MIT */
/*
 * check_log: what Linux itself printed about memory in a boot log.
 *
 * Only lines in which the kernel says what it made of the firmware's map are
 * read here; the firmware's own are for mu_machine_read_log(). Where a file
 * holds several boots it is the one that mu_machine_read_log() takes: the last
 * that has a map.
 */
#ifndef MEMUP_CLI_CHECK_LOG_H
#define MEMUP_CLI_CHECK_LOG_H

#include "memup/base.h"

/* [base, end) in bytes, or in page frames; of what, the array says. */
struct said_range {
	char name[24]; /* a zone's, or a type of memory */
	int nid;
	mu_phys_t base, end; /* equal: said to be empty */
};

/* A number of pages, of a node or of a zone of a node. */
struct said_pages {
	char zone[16]; /* "": the node */
	int nid;
	uint64_t pages;
};

#define SAID_MAX 4096 /* of each kind; more are not compared */

struct said {
	/* The text of the boot that counts. */
	const char *begin, *end;
	/* Where "user-defined physical RAM map:" stands, or NULL. */
	const char *user_map;
	/* "[Kernel ]command line: ", up to the end of its line; or NULL. */
	const char *cmdline;
	size_t cmdline_len;

	/* Before Linux 3.10 pages of zones do not include the memmap's, and the
	 * second number of "Memory:" is the end of memory. */
	bool is_old;
	bool frames;	   /* zones and early ranges are in page frames */
	bool has_title;	   /* of the firmware's map */
	bool has_map;	   /* any line that makes a boot count */
	bool has_early;	   /* "Early memory node ranges", "early_node_map" */
	bool has_srat;	   /* the firmware tells the nodes of memory */
	bool has_cpus;	   /* lines that tell each CPU's node */
	bool has_e820;	   /* a map with types */
	bool has_firmware; /* any map of the firmware's */

	struct said_range *zones, *movable, *early, *spans, *user;
	unsigned nr_zones, nr_movable, nr_early, nr_spans, nr_user;
	struct said_pages *total, *present, *unavailable;
	unsigned nr_total, nr_present, nr_unavailable;
	bool has_movable; /* the title of that list */

	/* 0: not said. */
	unsigned page_shift; /* of the kernel's pages */
	uint64_t map_base;   /* of the lowest entry of the firmware's map */
	uint64_t total_kib;
	uint64_t end_kib;
	uint64_t crash_bytes;	/* "for crashkernel" */
	uint64_t last_pfn;	/* of all memory, after the last change */
	unsigned cpus_present;	/* allowed, but for those to be added */
	unsigned cpus_possible; /* with those to be added */
	unsigned cpus_up;
	unsigned nodes_up; /* nodes with memory or CPUs */
	unsigned node_ids; /* the highest node that may be, plus one */
};

/*
 * Read @len bytes at @text, which ends in a zero and must stay while @said is
 * used. False when there was no memory for it.
 */
bool said_read(struct said *said, const char *text, size_t len);

/* Page frames of 2^@shift bytes become addresses. */
void said_to_bytes(struct said *said, unsigned shift);
void said_free(struct said *said);

#endif
