/* SPDX-License-Identifier: MIT */
/* reserved: descriptors of memory that is not the allocator's. */
#ifndef MU_BOOT_RESERVED_H
#define MU_BOOT_RESERVED_H

#include "memup/boot.h"

/*
 * Write the descriptors of [@start, @end), of one block, of @zone and in no
 * extent, where they are not written yet: reserved. Those of reserved-noinit
 * memory only if @noinit. Under late_lock.
 */
enum mu_status mu_reserved_init(struct mu_mm *mm, const struct mu_zone *zone,
				mu_pfn_t start, mu_pfn_t end,
				bool noinit) MU_MUST_CHECK;

/* Memory of one region. */
struct mu_memory {
	mu_pfn_t start, end;
	int nid;
	unsigned flags;
};

/* The first memory in [@start, @end); false if there is none. Takes the hotplug
 * lock. */
bool mu_memory_next(struct mu_mm *mm, mu_pfn_t start, mu_pfn_t end,
		    struct mu_memory *memory);

/* The same for all memory. Early boot. */
enum mu_status mu_reserved_init_all(struct mu_mm *mm) MU_MUST_CHECK;

/* Call @fn for every part of [@start, @end) that lies in one block. */
void mu_each_block(mu_pfn_t start, mu_pfn_t end,
		   void (*fn)(void *arg, mu_pfn_t start, mu_pfn_t end),
		   void *arg);

#endif
