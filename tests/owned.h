/* SPDX-License-Identifier: MIT */
/* owned: who of several threads has which page; a byte a page says. */
#ifndef TESTS_OWNED_H
#define TESTS_OWNED_H

#include "tests/world.h"

/* 2^@order pages at @pfn are somebody's from now on. False: one was already. */
static inline bool owned_take(_Atomic uint8_t *owned, mu_pfn_t pfn,
			      unsigned order)
{
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++)
		if (atomic_exchange(&owned[pfn + i], 1))
			return false;
	return true;
}

/* They are nobody's, and are freed. False: they could not be. */
static inline bool owned_free(struct world *world, _Atomic uint8_t *owned,
			      mu_pfn_t pfn, unsigned order)
{
	for (mu_pfn_t i = 0; i < (mu_pfn_t)1 << order; i++)
		atomic_store(&owned[pfn + i], 0);
	return mu_free_pages(&world->mm.buddy, pfn, order) == MU_OK;
}

#endif
