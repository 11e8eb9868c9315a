/* SPDX-License-Identifier: MIT */
/* device_run: devices come to a machine whose allocator is in use, and go. */
#ifndef MEMUP_CLI_DEVICE_RUN_H
#define MEMUP_CLI_DEVICE_RUN_H

#include "cli/bringup.h"
#include "cli/load.h"

#define DEVICE_MOST 64

struct device_ask {
	unsigned nr; /* devices, of @size bytes each */
	mu_phys_t size;
	unsigned order; /* of compound pages; 0 */
	bool altmap;
	unsigned threads; /* for all of them */
};

/* Times in ns; of several devices the longest, unless stated otherwise. */
struct device_run {
	bool lazy;
	uint64_t lock_ns;     /* under the hotplug lock, of one registration */
	uint64_t register_ns; /* of one call */
	uint64_t all_ns;      /* from the first call to the last return */
	uint64_t touch_ns;    /* a page in the middle, looked up once */
	uint64_t remove_ns;   /* of all, one after the other */
	uint64_t remove_lock_ns; /* under the hotplug lock, of one removal */
	/* Sums over the devices, after the touch. */
	struct mu_pagemap_stats stats;
	/* What threads that allocate and free saw meanwhile. */
	struct load_saw saw;
	bool valid; /* with the devices, and when they had gone */
	struct mu_error why;
};

/* Where the devices begin, and the end of the last; each at a GiB of its own.
 */
mu_phys_t device_base(const struct mu_machine *machine,
		      const struct device_ask *ask, unsigned nr);

/* Bytes of descriptors that all devices have, in whole sections. */
uint64_t device_memmap_bytes(const struct mu_machine *machine,
			     const struct device_ask *ask);

/*
 * All of it: bring @machine up, let threads allocate, register the devices at
 * the same time, one thread each, on the nodes in turn; look, and remove them.
 */
enum mu_status device_run(struct device_run *run,
			  const struct mu_machine *machine,
			  const struct device_ask *ask, bool lazy,
			  struct mu_error *error) MU_MUST_CHECK;

#endif
