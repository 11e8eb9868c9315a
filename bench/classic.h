/* SPDX-License-Identifier: MIT */
/*
 * classic: a model of how Linux 6.1 initialises page descriptors.
 *
 * A model, not Linux: written from what Linux must do for a free page, with its
 * descriptor's size and number of passes. It leaves out what would only make it
 * slower (page extensions, debug options, memory cgroups, cond_resched) and is
 * compiled with the vector stores that a kernel may not use.
 *
 *   first pass   zero 64 bytes; flags with zone and node; refcount 1; map count
 *                -1; a list head that points to itself; field by field
 *   second pass  clear the reserved bit, refcount 0; then the block of 2^10
 *                pages goes into a free list under the zone's lock
 */
#ifndef BENCH_CLASSIC_H
#define BENCH_CLASSIC_H

#include <stdatomic.h>
#include <stdint.h>

struct classic_list {
	struct classic_list *next, *prev;
};

struct classic_page {
	uint64_t flags;
	struct classic_list lru;
	void *mapping;
	uint64_t index;
	uint64_t private_data;
	int32_t mapcount;
	_Atomic int32_t refcount;
	void *memcg;
};
_Static_assert(sizeof(struct classic_page) == 64, "as struct page");

#define CLASSIC_BLOCK	1024u  /* pages of the largest buddy order */
#define CLASSIC_SECTION 32768u /* pages: what Linux grows a zone by */

struct classic {
	struct classic_page *pages;
	_Atomic uint32_t lock;
	struct classic_list free; /* of blocks */
	uint64_t nr_free;
};

void classic_reset(struct classic *classic, struct classic_page *pages);

/* Whole blocks, both passes over one block before the next: what the deferred
 * threads and on-demand growth do. */
void classic_by_block(struct classic *classic, uint64_t start, uint64_t end);

/* The first pass over everything, then the second: what a kernel without
 * deferred initialisation does. */
void classic_by_pass(struct classic *classic, uint64_t start, uint64_t end);

/*
 * The two passes over device memory that Linux made until 4.20, the first one
 * under the hotplug lock: as above, reserved; then the pointer to the pagemap,
 * and an empty word for the owner. Its other costs (a reference on the pagemap
 * for each page) are left out.
 */
void classic_device(struct classic_page *pages, uint64_t nr, void *pgmap);

#endif
