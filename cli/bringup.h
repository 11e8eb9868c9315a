/* SPDX-License-Identifier: MIT */
/* bringup: one machine, brought up for real under one policy, measured. */
#ifndef MEMUP_CLI_BRINGUP_H
#define MEMUP_CLI_BRINGUP_H

#include "cli/early.h"
#include "cli/huge.h"
#include "cli/reserve.h"
#include "memup/memup.h"
#include "ports/hosted/hosted.h"

/* The clock starts when the port is up, before memblock gets its first range.
 */
struct run {
	enum mu_policy policy;
	unsigned threads;
	uint64_t first_alloc_ns; /* the first page is allocated */
	uint64_t usable_ns;	 /* every page can be allocated */
	bool is_online;
	uint64_t online_ns; /* the last descriptor is written, if it ever is */
	uint64_t pages;	    /* the allocator's */
	uint64_t descriptors_written;
	uint64_t memmap_bytes; /* backed with memory */
	uint64_t claims;
	uint64_t claim_ns_max;
	struct early_took early; /* if it was asked for */
	struct reserve reserve;
	struct huge_took huge; /* of reserve.pools */
	bool valid;
	struct mu_error why; /* when it is not */
};

/* A machine with its port and its tables. */
struct bringup {
	struct mu_hosted *hosted;
	struct mu_port port; /* a copy, to be changed before the start */
	struct mu_mm mm;
	void *tables;
	size_t tables_size;
	uint64_t began; /* the port's clock */
	struct progress *progress;
	uint64_t to_write; /* descriptors, for the progress */
};

/*
 * Put @machine into the memblock of @bringup, with @threads for a later finish;
 * @title is for the progress and must stay. The client reserves memory and
 * changes hooks afterwards. On failure nothing is left.
 */
enum mu_status bringup_prepare(struct bringup *bringup,
			       const struct mu_machine *machine,
			       enum mu_hosted_backing backing, unsigned threads,
			       const char *title,
			       struct mu_error *error) MU_MUST_CHECK;

/* The same for a machine to which memory or devices come later. */
enum mu_status bringup_prepare_late(struct bringup *bringup,
				    const struct mu_machine *machine,
				    enum mu_hosted_backing backing,
				    unsigned threads, const char *title,
				    const struct mu_limits *limits,
				    struct mu_error *error) MU_MUST_CHECK;

/* The tables and mu_mm_start(). On failure bringup_end() is still to come. */
enum mu_status bringup_open(struct bringup *bringup,
			    const struct mu_config *config,
			    struct mu_error *error) MU_MUST_CHECK;

/* The configuration that @machine's own kernel has, and @cmdline, or NULL, on
 * top. */
enum mu_status bringup_config(struct mu_config *config,
			      const struct mu_machine *machine,
			      const char *cmdline,
			      struct mu_error *error) MU_MUST_CHECK;

/*
 * Both, with the backing that suits the policy, and in between the reservations
 * of parameters: those of @cmdline, or NULL, and of the machine's own kernel.
 * @reserve receives what they were; NULL: reserve nothing. On failure nothing
 * is left.
 */
enum mu_status bringup_start(struct bringup *bringup,
			     const struct mu_machine *machine,
			     const struct mu_config *base, unsigned threads,
			     const char *cmdline, struct reserve *reserve,
			     struct mu_error *error) MU_MUST_CHECK;
void bringup_end(struct bringup *bringup);

/* Show no progress of descriptors of RAM: something else goes on. */
void bringup_be_silent(struct bringup *bringup);

/*
 * All of it: start as @base and @cmdline say, allocate, take huge pages and
 * what @ask says, finish if the policy does, validate.
 */
enum mu_status bringup_run(struct run *run, const struct mu_machine *machine,
			   const struct mu_config *base, const char *cmdline,
			   unsigned threads, const struct early_ask *ask,
			   struct mu_error *error) MU_MUST_CHECK;

/*
 * [*@start, *@end), the part of a region of memory that lies in @zone: if the
 * zones of a node are interleaved (kernelcore=mirror) that is less than what
 * their spans have in common. False when there is none.
 */
bool bringup_zone_part(const struct mu_mm *mm, const struct mu_zone *zone,
		       const struct mu_memblock_region *region,
		       mu_phys_t *start, mu_phys_t *end);

/* Populate the memory behind @nr descriptors from that of @first on, as far as
 * this host can, so that its page faults are not measured. Under
 * MU_BACK_HUGE. */
void bringup_populate(struct bringup *bringup, mu_pfn_t first, uint64_t nr);

/* Bytes of memmap that a policy which writes all of it needs; 0 if the machine
 * cannot be brought up, which will be reported then. */
uint64_t bringup_memmap_bytes(const struct mu_machine *machine);

#endif
