/* SPDX-License-Identifier: MIT */
/*
 * layout: the upper half of the address space. For C, the assembler and the
 * linker.
 *
 *   addresses of 47 bits and more (x86-64, arm64, RISC-V with Sv48)
 *   ffff8000 00000000   64 TiB   the direct map: RAM, and persistent memory
 *   ffffe000 00000000  256 GiB   the memmap of 64 TiB
 *   fffff000 00000000            stacks, each with a hole below it
 *   fffff800 00000000            registers of devices, uncached
 *
 *   RISC-V with Sv39
 *   ffffffc0 00000000  128 GiB   the direct map
 *   ffffffe0 00000000  512 MiB   the memmap of 128 GiB
 *   ffffffe8 00000000            stacks
 *   ffffffec 00000000            registers of devices
 *
 *   ffffffff 80000000    2 GiB   the image, linked here; on x86-64 loaded at 1
 *                                MiB, elsewhere wherever the loader wants
 *
 * The lower half is empty: a null pointer is a page fault. (While CPUs start, a
 * page or two of the image are identity-mapped.)
 */
#ifndef KERNEL_LAYOUT_H
#define KERNEL_LAYOUT_H

#include "ports/bare/page_size.h"

#ifdef __ASSEMBLER__
#define ADDRESS(x) x
#else
#include <stdint.h>
#define ADDRESS(x) UINT64_C(x)
#endif

#if BARE_VA_BITS == 39
#define DIRECT_MAP   ADDRESS(0xffffffc000000000)
#define DIRECT_BYTES ADDRESS(0x0000002000000000)
#define MEMMAP	     ADDRESS(0xffffffe000000000)
#define STACKS	     ADDRESS(0xffffffe800000000)
#define DEVICES	     ADDRESS(0xffffffec00000000)
#else
#ifndef DIRECT_MAP /* tests/fuzz has it where programs can have memory */
#define DIRECT_MAP ADDRESS(0xffff800000000000)
#endif
#define DIRECT_BYTES ADDRESS(0x0000400000000000)
#define MEMMAP	     ADDRESS(0xffffe00000000000)
#define STACKS	     ADDRESS(0xfffff00000000000)
#define DEVICES	     ADDRESS(0xfffff80000000000)
#endif
#define IMAGE	   ADDRESS(0xffffffff80000000)
#define IMAGE_PHYS ADDRESS(0x100000) /* x86-64 */

/* Of tables, and of memup's pages. */
#define PAGE BARE_PAGE_BYTES

/* The stack of a CPU, and the one for faults that find none. */
#if BARE_PAGE_SHIFT > 14
#define STACK_BYTES	  PAGE
#define FAULT_STACK_BYTES PAGE
#elif BARE_PAGE_SHIFT > 13
#define STACK_BYTES	  0x4000
#define FAULT_STACK_BYTES PAGE
#else
#define STACK_BYTES	  0x4000
#define FAULT_STACK_BYTES 0x2000
#endif

/*
 * The slot of a CPU at STACKS, by its id; the rest of it is not present. With
 * stacks of 16 KiB:
 *
 *   0x4000 - 0x8000  its stack        0xc000 - 0xe000  that for faults
 *
 * So bit STACK_BYTES of an address is 1 on a stack and 0 in the hole below it:
 * vectors.S.
 */
#define STACK_SLOT     (ADDRESS(4) * STACK_BYTES)
#define STACK_AT       STACK_BYTES
#define FAULT_STACK_AT (ADDRESS(3) * STACK_BYTES)

/* Who started us: see entry.S. */
#define LOADER_PVH	  1
#define LOADER_MULTIBOOT2 2
#define LOADER_FDT	  3

/* Selectors of the GDT: see x86_64/segments.c. */
#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10
#define TSS_SELECTOR  0x18

#endif
