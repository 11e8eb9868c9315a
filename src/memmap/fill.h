/* SPDX-License-Identifier: MIT */
/*
 * fill: one 64-bit word into a run of descriptors, at the speed of memory.
 */
#ifndef MU_MEMMAP_FILL_H
#define MU_MEMMAP_FILL_H

#include "memup/port.h"

/*
 * Store @word @count times at @dst, through the port's memmap_fill if it has
 * one. @dst is aligned to 64 bytes, @count a multiple of 8. Others see the
 * stores after mu_fill_end(), which serves any number of fills.
 */
void mu_fill(const struct mu_port *port, uint64_t *dst, uint64_t word,
	     size_t count);
void mu_fill_end(void);

/*
 * Store two words alternately, @count in all, an even number; @dst as above.
 * Always in mu_fill()'s default way, because the hook takes only one word.
 */
void mu_fill_pair(uint64_t *dst, uint64_t even, uint64_t odd, size_t count);

/* Store one line of 64 bytes whose words differ, in mu_fill()'s default way. */
void mu_fill_line(uint64_t *dst, const uint64_t *line);

#endif
