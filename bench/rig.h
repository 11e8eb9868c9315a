/* SPDX-License-Identifier: MIT */
/*
 * rig: a machine that can be brought up again and again.
 *
 * The first start makes the memmap's memory; rig_start() on a touched rig makes
 * a new struct mu_mm over the same memory, through a port that backs nothing
 * more, so that only memup is measured and not the host.
 */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include "memup/boot.h"
#include "ports/hosted/hosted.h"

struct rig {
	struct mu_machine *machine;
	struct mu_hosted *hosted;
	struct mu_port port;
	struct mu_mm mm;
	void *tables;
	unsigned cache_pages; /* mu_config.cache_pages: from the next start */
};

/* A machine of a short description ("64G/2"), @helpers threads for run_on. */
void rig_create(struct rig *rig, const char *what, unsigned helpers,
		enum mu_hosted_backing backing);
/* One of 1 GiB and two CPUs, brought up under the lazy policy, with room for
 * what comes below the address @limit. */
void rig_create_room(struct rig *rig, unsigned helpers,
		     enum mu_hosted_backing backing, mu_phys_t limit);

void rig_destroy(struct rig *rig);

/* Bring it up, with its host's memory as it is. */
void rig_start(struct rig *rig, enum mu_policy policy);

/* Write all of the memmap once: from then on the host has it in memory. */
void rig_touch(struct rig *rig);

/* Pages that are pristine now. */
uint64_t rig_pristine(const struct rig *rig);

/* A page, or the end of the program. */
mu_pfn_t rig_alloc(struct rig *rig, unsigned order);

#endif
