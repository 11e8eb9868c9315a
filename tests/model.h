/* SPDX-License-Identifier: MIT */
/*
 * model: what every page of a machine must be, worked out page by page from its
 * ranges and the limits of its zones, and compared with what memup made of
 * them.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "tests/world.h"

struct model_page {
	int16_t nid; /* -1: no memory here */
	uint8_t type;
	bool free; /* the allocator's */
	bool taken;
};

struct model {
	struct world *world;
	struct model_page *pages;
	mu_pfn_t end;
	uint64_t memory, free;
};

/*
 * The model of @world, which was started. @movable_start has the first pfn of
 * MOVABLE of each node; NULL: there is none. Reserved memory is what memblock
 * says is reserved, and page 0.
 */
void model_init(struct model *model, struct world *world,
		const mu_pfn_t *movable_start);
void model_destroy(struct model *model);

/*
 * Nothing is allocated: do the census and the state of every page agree? The
 * time is that of a state times pages.
 */
void model_check(const struct model *model);

/*
 * Allocate pages of @order until there are none: each must be free, of one
 * zone, handed out once, and there must be as many as fit. Then free them.
 * Nothing may be allocated before.
 */
void model_drain(struct model *model, unsigned order);

/*
 * Everything is online and free: the lists must be those of pages that were
 * merged as far as can be.
 */
void model_check_lists(const struct model *model);

/* All of the above, for a world that nothing was allocated from yet. */
void model_check_all(struct model *model);

#endif
