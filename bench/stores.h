/* SPDX-License-Identifier: MIT */
/* stores: every way this CPU has to fill memory, for the limit. */
#ifndef BENCH_STORES_H
#define BENCH_STORES_H

#include <stddef.h>

struct store {
	const char *name;
	/* Fill @bytes at @dst, aligned to 64 and a multiple of 256; the stores
	 * are done (fenced) on return. */
	void (*fill)(void *dst, size_t bytes);
};

#define MAX_STORES 8

/* Those that this CPU can do; returns how many. */
unsigned stores_available(struct store stores[MAX_STORES]);

#endif
