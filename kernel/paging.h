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
 * Build it from memory of kernel.mm.memblock that the first page tables map,
 * and switch to it. The direct map has all RAM of the memblock, and persistent
 * memory. Boot CPU, on the first page tables.
 */
enum mu_status paging_init(void) MU_MUST_CHECK;

/* From now on page tables come from the allocator. */
void paging_use_allocator(void);

/* Put CPU @id's stacks into its slot at STACKS: STACK_BYTES and
 * FAULT_STACK_BYTES at @phys, the stack first. */
enum mu_status paging_map_stacks(unsigned id, mu_phys_t phys) MU_MUST_CHECK;

#endif
