/* SPDX-License-Identifier: MIT */
/*
 * pagetable: ranges of addresses in and out of four-level page tables.
 *
 * A *leaf* is an entry that maps memory: 4 KiB at level 0, 2 MiB at level 1, 1
 * GiB at level 2 where the CPU can. A range is mapped with the largest leaves
 * that its alignment allows, so that a direct map costs one entry per gigabyte.
 * (SDM vol. 3, 4.5 "4-level paging", tables 4-15 to 4-20.)
 *
 * Concurrency: one caller at a time for tables that two ranges may share;
 * other CPUs may use the addresses meanwhile, the entries are written whole.
 * Mapping what was not mapped needs no flush: a TLB never caches entries that
 * are not present (4.10.2.3).
 */
#ifndef MEMUP_X86_64_PAGETABLE_H
#define MEMUP_X86_64_PAGETABLE_H

#include "memup/base.h"

#define X86_PTE_PRESENT 0x1u
#define X86_PTE_WRITE	0x2u
/* PWT and PCD: UC whatever the MTRRs say, with the PAT of after reset. */
#define X86_PTE_UNCACHED 0x18u
#define X86_PTE_ACCESSED 0x20u
#define X86_PTE_DIRTY	 0x40u
#define X86_PTE_LEAF	 0x80u /* at levels 1 and 2 */
#define X86_PTE_GLOBAL	 0x100u
#define X86_PTE_NX	 ((uint64_t)1 << 63)
#define X86_PTE_ADDRESS	 UINT64_C(0x000ffffffffff000)

/*
 * Access rights; nothing is ever both writable and executable. The accessed and
 * dirty bits are not used, so they are set in advance and the processor need
 * not update the entry (4.8).
 */
#define X86_MAP_CODE   (X86_PTE_PRESENT | X86_PTE_GLOBAL | X86_PTE_ACCESSED)
#define X86_MAP_CONST  (X86_MAP_CODE | X86_PTE_NX)
#define X86_MAP_DATA   (X86_MAP_CONST | X86_PTE_WRITE | X86_PTE_DIRTY)
#define X86_MAP_DEVICE (X86_MAP_DATA | (uint64_t)X86_PTE_UNCACHED)

#define X86_PAGE ((uint64_t)4096)

struct x86_tables {
	_Atomic uint64_t *root; /* the PML4, 512 entries */
	uintptr_t direct;	/* where physical address 0 is mapped */
	bool gigabytes;		/* the CPU has leaves of 1 GiB */
	/* A zeroed page in the direct map, or 0 when there is none. */
	mu_phys_t (*new_table)(void *arg);
	void *arg;
};

/*
 * Map @size bytes at @virt to @phys, all multiples of 4 KiB, as @flags say.
 * What is mapped already stays as it is. MU_ERR_NOMEM when new_table() has
 * none; then the range is mapped only in part.
 */
enum mu_status x86_map(const struct x86_tables *tables, uintptr_t virt,
		       mu_phys_t phys, uint64_t size,
		       uint64_t flags) MU_MUST_CHECK;

/*
 * Remove access to @size bytes at @virt, on this CPU at once; on others when
 * they load CR3 or flush. Leaves keep their address. The range begins and ends
 * at leaf borders.
 */
void x86_unmap(const struct x86_tables *tables, uintptr_t virt, uint64_t size);

/* The entry that maps @virt, and how many bytes it maps in *@size; 0 when there
 * is none. Any context. */
uint64_t x86_lookup(const struct x86_tables *tables, uintptr_t virt,
		    uint64_t *size);

#endif
