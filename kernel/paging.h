/* SPDX-License-Identifier: MIT */
/*
 * paging: the kernel's address space (layout.h), in which nothing is both
 * writable and executable: the image's parts have their own rights, and the
 * direct map maps its code and constants read-only.
 */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include "memup/base.h"

/*
 * Build it from memory of kernel.mm.memblock below 4 GiB, and switch to it. The
 * direct map has all RAM of the memblock, and persistent memory. Boot CPU, on
 * the first page tables.
 */
enum mu_status paging_init(void) MU_MUST_CHECK;

/* From now on page tables come from the allocator. */
void paging_use_allocator(void);

/*
 * Page tables to start a CPU: the kernel's, plus the page at @phys, which holds
 * code, at the same address. *@root is the physical address of the root, below
 * 4 GiB. To be freed when CPUs have started.
 */
enum mu_status paging_make_start(mu_phys_t phys, mu_phys_t *root) MU_MUST_CHECK;
void paging_free_start(void);

/* Keep them for ever; returns how many pages that is. */
unsigned paging_keep_start(void);

/* Put CPU @id's stacks into its slot at STACKS: 24 KiB at @phys, the stack
 * first. */
enum mu_status paging_map_stacks(unsigned id, mu_phys_t phys) MU_MUST_CHECK;

#endif
