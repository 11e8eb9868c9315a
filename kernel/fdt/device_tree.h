/* SPDX-License-Identifier: MIT */
/* device_tree: what the loader gave, for whoever looks for a device. Valid
 * until the tests begin, one of which frees its memory. */
#ifndef KERNEL_FDT_DEVICE_TREE_H
#define KERNEL_FDT_DEVICE_TREE_H

#include "memup/fdt.h"

extern struct mu_fdt device_tree;

/* The id of the CPU that runs this, as the tree has it. */
uint64_t device_tree_own_cpu(void);

#endif
