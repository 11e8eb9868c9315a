/* SPDX-License-Identifier: MIT */
/* tables: where everything lies in the one buffer that the client provides. */
#ifndef MU_BOOT_TABLES_H
#define MU_BOOT_TABLES_H

#include "memup/boot.h"

/* One of them that is made by a floor below, which checks its size. */
struct mu_part {
	void *at;
	size_t size;
};

struct mu_tables {
	struct mu_node *nodes;
	_Atomic uint16_t *zonelists; /* one list after the other */
	struct mu_zone *zones;
	struct mu_pristine *pristine;
	struct mu_extent *extents;
	struct mu_part memmap;
	struct mu_part devices;
	struct mu_part caches;
	unsigned nr_cpus;   /* that may have page caches */
	unsigned nr_nodes;  /* that have memory or CPUs: ids are below this */
	unsigned nr_zones;  /* maximum number of zones */
	unsigned nr_spare;  /* extents of each zone, to be made while running */
	unsigned nr_ragged; /* maximum number of ragged blocks */
	unsigned nr_devices;	/* most ranges of devices */
	unsigned nr_extents;	/* most extents, with the zones' spare ones */
	struct mu_part regions; /* memblock's tables, if they move */
	unsigned more_regions;	/* that they have room for then */

	/* Only while starting: */
	mu_pfn_t *movable_start; /* per node */
	uint64_t *per_zone;	 /* scratch, nid * MU_NR_ZONES + type */
	uint64_t *ragged;	 /* pfns, two for each piece */
};

/*
 * Lay out the tables of @mm in @buf, which may be NULL, as if @more more ranges
 * were reserved; returns their bytes, 0 without memory.
 */
size_t mu_tables_lay_out(const struct mu_mm *mm, struct mu_tables *tables,
			 void *buf, unsigned more);

#endif
