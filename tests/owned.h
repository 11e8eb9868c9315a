/* SPDX-License-Identifier: MIT */
/* owned: which of several threads has which page: one byte per page. */
#ifndef TESTS_OWNED_H
#define TESTS_OWNED_H

#include "tests/world.h"

/* Mark 2^@order pages at @pfn as owned. False: one was owned already. */
static inline bool owned_take(_Atomic uint8_t *owned, mu_pfn_t pfn,
			      unsigned order)
{
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++)
		if (atomic_exchange(&owned[pfn + i], 1))
			return false;
	return true;
}

/* Unmark and free them. False: they could not be freed. */
static inline bool owned_free(struct world *world, _Atomic uint8_t *owned,
			      mu_pfn_t pfn, unsigned order)
{
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++)
		atomic_store(&owned[pfn + i], 0);
	return mu_free_pages(&world->mm.buddy, pfn, order) == MU_OK;
}

#endif
