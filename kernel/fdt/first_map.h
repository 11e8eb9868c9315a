/* SPDX-License-Identifier: MIT */
/*
 * first_map: the page tables that the kernel begins with, for the architectures
 * where loaders put the image anywhere and hand over a device tree.
 */
#ifndef KERNEL_FDT_FIRST_MAP_H
#define KERNEL_FDT_FIRST_MAP_H

#include "memup/base.h"

/* Physical addresses of their roots: for the upper half and for this code at
 * its own address; the same where one root has both. */
extern uint64_t first_root, first_low;

/* The direct map that they have ends there. */
extern mu_phys_t first_end;

/* The console's registers, 0 where it has none; mapped at DEVICES. */
extern mu_phys_t first_console;

/*
 * entry.S calls it before the MMU is on, so it runs at the addresses where it
 * was loaded. Maps the image, the device tree at the physical address @tree if
 * there is one, all memory that the tree names below 4 GiB past the image, and
 * the console.
 */
void first_map(uint64_t tree);

#endif
