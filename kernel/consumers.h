/* SPDX-License-Identifier: MIT */
/*
 * consumers: memory that the command line makes the boot allocate before
 * anything else runs, as a kernel's subsystems do: trace buffers
 * (trace_buf_size=) and huge pages (hugepages=).
 */
#ifndef KERNEL_CONSUMERS_H
#define KERNEL_CONSUMERS_H

#include <stdbool.h>

/* Allocate it; logs what was allocated, and what was not. */
void consumers_take(void);

/* Give all of it back; false when the allocator does not take it. */
bool consumers_free(void);

#endif
