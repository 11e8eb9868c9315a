/* SPDX-License-Identifier: MIT */
/*
 * pmem: device memory for a world, and what has to be as it was when it has
 * gone.
 */
#ifndef TESTS_PMEM_H
#define TESTS_PMEM_H

#include "tests/world.h"

#define PMEM_RANGES 8

/* A pagemap of generic memory with room for ranges, and what its functions
 * were called for. */
struct pmem {
	struct mu_pagemap map;
	struct mu_device_range ranges[PMEM_RANGES];
	_Atomic unsigned freed; /* calls of page_free, and its last pfn */
	_Atomic mu_pfn_t last_freed;
	unsigned failures; /* calls of memory_failure, and its last range */
	mu_pfn_t failed_pfn;
	uint64_t failed_pages;
};

/*
 * A world of @text that may have memory up to @end and 64 more ranges. Page
 * sizes other than 4 KiB can have devices in holes below the end of RAM alone.
 */
void pmem_world(struct world *world, const char *text, mu_phys_t end,
		unsigned page_shift);

/* An empty one, all functions in place. */
void pmem_init(struct pmem *pmem, const char *name);
void pmem_add(struct pmem *pmem, mu_phys_t base, mu_phys_t size, int nid);

/* Both with one range. */
void pmem_one(struct pmem *pmem, const char *name, mu_phys_t base,
	      mu_phys_t size);

/* Register and remove; the test fails if that fails. */
void pmem_register(struct world *world, struct pmem *pmem);
void pmem_remove(struct world *world, struct pmem *pmem);

/* The descriptor of @pfn through the table, put again. */
struct mu_page *pmem_page(struct world *world, mu_pfn_t pfn);

/* All that registering and removing must leave as it was. */
struct pmem_mark {
	struct mu_census census;
	uint64_t backed, written;
	unsigned lines;
	mu_pfn_t start, end;
};

/* Note it, for devices in [@base, @base + @size); then compare. The caller
 * says by how much more RAM is backed meanwhile. */
void pmem_mark(struct world *world, struct pmem_mark *mark, mu_phys_t base,
	       mu_phys_t size);
void pmem_check_mark(struct world *world, const struct pmem_mark *mark);

#endif
