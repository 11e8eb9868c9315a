/* SPDX-License-Identifier: MIT */
/* bringup: one machine, brought up for real under one policy, measured. */
#ifndef MEMUP_CLI_BRINGUP_H
#define MEMUP_CLI_BRINGUP_H

#include "memup/memup.h"
#include "ports/hosted/hosted.h"

/* The clock starts when the port is up, before memblock gets its first range.
 */
struct run {
	enum mu_policy policy;
	unsigned threads;
	uint64_t first_alloc_ns; /* the first page is in a client's hands */
	uint64_t usable_ns;	 /* every page can be allocated */
	bool is_online;
	uint64_t online_ns; /* the last descriptor is written, if it ever is */
	uint64_t pages;	    /* the allocator's */
	uint64_t descriptors_written;
	uint64_t memmap_bytes; /* backed with memory */
	uint64_t claims;
	uint64_t claim_ns_max;
	bool valid;
	struct mu_error why; /* when it is not */
};

/* A machine with its port and its tables. */
struct bringup {
	struct mu_hosted *hosted;
	struct mu_mm mm;
	void *tables;
	uint64_t began; /* the port's clock */
	struct progress *progress;
	uint64_t to_write; /* descriptors, for the progress */
};

/*
 * Bring @machine up in @bringup as far as mu_mm_start(), with @threads for a
 * later finish. On failure nothing is left.
 */
enum mu_status bringup_start(struct bringup *bringup,
			     const struct mu_machine *machine,
			     const struct mu_config *config, unsigned threads,
			     struct mu_error *error) MU_MUST_CHECK;
void bringup_end(struct bringup *bringup);

/* All of it: start, allocate, finish if the policy does, validate. */
enum mu_status bringup_run(struct run *run, const struct mu_machine *machine,
			   enum mu_policy policy, unsigned threads,
			   struct mu_error *error) MU_MUST_CHECK;

/* Bytes of memmap that a policy which writes all of it needs. */
uint64_t bringup_memmap_bytes(const struct mu_machine *machine);

#endif
