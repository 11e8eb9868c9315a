/* SPDX-License-Identifier: MIT */
/*
 * layout: the upper half of the address space. For C, the assembler and the
 * linker.
 *
 *   ffff8000 00000000   64 TiB   the direct map: RAM, and persistent memory
 *   ffffe000 00000000  256 GiB   the memmap of 64 TiB
 *   fffff000 00000000            stacks, each with a hole below it
 *   fffff800 00000000            registers of devices, uncached
 *   ffffffff 80000000    2 GiB   the image, linked here, loaded at 1 MiB
 *
 * The lower half is empty: a null pointer is a page fault. (While CPUs start,
 * one page below 1 MiB is identity-mapped.)
 */
#ifndef KERNEL_LAYOUT_H
#define KERNEL_LAYOUT_H

#ifdef __ASSEMBLER__
#define ADDRESS(x) x
#else
#include <stdint.h>
#define ADDRESS(x) UINT64_C(x)
#endif

#ifndef DIRECT_MAP /* tests/fuzz has it where programs can have memory */
#define DIRECT_MAP ADDRESS(0xffff800000000000)
#endif
#define DIRECT_BYTES ADDRESS(0x0000400000000000)
#define MEMMAP	     ADDRESS(0xffffe00000000000)
#define STACKS	     ADDRESS(0xfffff00000000000)
#define DEVICES	     ADDRESS(0xfffff80000000000)
#define IMAGE	     ADDRESS(0xffffffff80000000)
#define IMAGE_PHYS   ADDRESS(0x100000)

/* The stack of a CPU, and the one for its double faults. */
#define STACK_BYTES	  0x4000
#define FAULT_STACK_BYTES 0x2000
#define PAGE		  0x1000

/*
 * The slot of a CPU at STACKS, by its id; the rest of it is not present:
 *
 *   0x1000 - 0x5000  its stack        0x8000 - 0xa000  that for double faults
 */
#define STACK_SLOT     0x10000
#define STACK_AT       0x1000
#define FAULT_STACK_AT 0x8000

/* Who started us: see entry.S. */
#define LOADER_PVH	  1
#define LOADER_MULTIBOOT2 2

/* Selectors of the GDT: see cpu.c. */
#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10
#define TSS_SELECTOR  0x18

#endif
