/* SPDX-License-Identifier: MIT */
/*
 * page_ext: what a client keeps for each page beside its descriptor.
 *
 * A descriptor has 16 bytes, one word of which is the client's. A client that
 * needs more (owner tracking, an idle bit, a cgroup) registers a *page
 * extension*: a number of bytes per page, in an array of its own, indexed by
 * pfn and backed like the memmap.
 *
 *     pages[pfn]             16 bytes    who has it, how large, how many users
 *     base + pfn * size      size bytes  the client's
 *
 * An extension is initialised with its descriptor and not before: where memory
 * is pristine neither exists. So it follows the policy, is written by the CPU
 * that claimed the block, together with the block, and costs nothing where
 * memory is not used. The extension of a page that was given with one
 * descriptor for all of it (mu_alloc_huge()) exists for its first page alone,
 * until the page is split or freed.
 *
 * What can fail comes before the claim: map() puts memory behind a block's
 * extensions, as the port's memmap_map does behind descriptors, and when it
 * fails the block stays pristine. init() cannot fail.
 *
 * Linux keeps such data in struct page_ext, which is available only when all
 * descriptors are initialised; to have it earlier one turns deferral off
 * ("early_page_ext", Documentation/admin-guide/kernel-parameters).
 *
 * Cost: size bytes per initialised page; one branch per block where there is no
 * extension.
 */
#ifndef MEMUP_PAGE_EXT_H
#define MEMUP_PAGE_EXT_H

#include "memup/base.h"

/* Filled in by the client, in its own memory, which it must not change or free
 * while the machine lives. */
struct mu_page_ext {
	size_t size; /* bytes per page, not 0 */
	void *base;  /* where that of pfn 0 would lie; aligned to 8 */
	/* Bytes of addresses from base on, at least mu_mm_page_ext_span(). */
	uint64_t span;
	void *arg; /* the hooks' first argument */

	/*
	 * Put memory behind the extensions of [@start, @end), whole blocks of
	 * one section. MU_ERR_NOMEM when there is none: then the block is not
	 * claimed, and the hook may be called again for what it has mapped
	 * already. Called with interrupts off, under the memmap's lock; must
	 * not call back into memup. NULL: all is backed.
	 */
	enum mu_status (*map)(void *arg, mu_pfn_t start, mu_pfn_t end);

	/* Take it away again: these pages have gone. NULL: nothing. */
	void (*unmap)(void *arg, mu_pfn_t start, mu_pfn_t end);

	/*
	 * Initialise the extensions of [@start, @end), pages of one block, once
	 * for each page, before anybody can find their descriptors. Interrupts
	 * are off; must not call back into memup. NULL: the bytes are zeroed.
	 */
	void (*init)(void *arg, mu_pfn_t start, mu_pfn_t end);

	struct mu_page_ext *next; /* memup's */
};

/* The extension of @pfn; no check. The pointer may be followed when the
 * descriptor of @pfn was written (mu_memmap_online()). Any context. */
static inline void *mu_page_ext(const struct mu_page_ext *ext, mu_pfn_t pfn)
{
	return (char *)ext->base + pfn * ext->size;
}

#endif /* MEMUP_PAGE_EXT_H */
