/* SPDX-License-Identifier: MIT */
/*
 * pagetable: ranges of addresses in and out of page tables.
 *
 * Tables of x86-64, arm64 and RISC-V differ in the bits of their entries (see
 * arch.h), not in their shape: each fills a page of 8-byte entries. A *leaf* is
 * an entry that maps memory: a page at level 0, 2 MiB (with pages of 4 KiB) at
 * level 1, 1 GiB at level 2 where the CPU can. A range is mapped with the
 * largest leaves that its alignment allows, so that a direct map costs one
 * entry per gigabyte.
 *
 * Concurrency: one caller at a time for tables that two ranges may share;
 * other CPUs may use the addresses meanwhile, the entries are written whole.
 * Mapping what was not mapped needs no flush of other CPUs: TLBs of x86-64 and
 * arm64 never keep entries that are not present (SDM vol. 3, 4.10.2.3; Arm ARM,
 * D8.14); those of RISC-V may, and the kernel tries again when one did.
 */
#ifndef MEMUP_BARE_PAGETABLE_H
#define MEMUP_BARE_PAGETABLE_H

#include "memup/base.h"
#include "ports/bare/page_size.h"

#define BARE_PTE_PRESENT 0x1u
#define BARE_PAGE	 ((uint64_t)BARE_PAGE_BYTES)
#define BARE_TABLE_BITS	 (BARE_PAGE_SHIFT - 3) /* of an address, by a table */
/* The root's, 0 being that of pages. */
#define BARE_ROOT_LEVEL (BARE_ROOT_BITS / BARE_TABLE_BITS)
#define BARE_ROOT_BITS	(BARE_VA_BITS - BARE_PAGE_SHIFT - 1)

struct bare_tables {
	_Atomic uint64_t *root;
	uintptr_t direct;  /* where physical address 0 is mapped */
	unsigned max_leaf; /* the highest level where leaves may be */
	/* A zeroed page in the direct map, or 0 when there is none. */
	mu_phys_t (*new_table)(void *arg);
	void *arg;
};

/*
 * Map @size bytes at @virt to @phys, all multiples of a page, as @flags say.
 * What is mapped already stays as it is. MU_ERR_NOMEM when new_table() has
 * none; then the range is mapped only in part.
 */
enum mu_status bare_map(const struct bare_tables *tables, uintptr_t virt,
			mu_phys_t phys, uint64_t size,
			uint64_t flags) MU_MUST_CHECK;

/*
 * Remove access to @size bytes at @virt, on this CPU at once; on others when
 * they flush. Leaves keep their address. The range begins and ends
 * at leaf borders.
 */
void bare_unmap(const struct bare_tables *tables, uintptr_t virt,
		uint64_t size);

/* The entry that maps @virt, and how many bytes it maps in *@size; 0 when there
 * is none. Any context. */
uint64_t bare_lookup(const struct bare_tables *tables, uintptr_t virt,
		     uint64_t *size);

#endif
