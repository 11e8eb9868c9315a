/* SPDX-License-Identifier: MIT */
/*
 * options: the kernel's command line.
 *
 *   policy=eager|deferred|lazy   who initialises descriptors (lazy)
 *   threads=N                    CPUs that finish a deferred boot (all)
 *   batch=N                      blocks that eager and deferred take at once
 *   trace_buf_size=SIZE          trace buffers of so much for each CPU
 *   pmem                         persistent memory becomes device pages
 *   test=NAME                    only tests whose names contain NAME; none
 *   bench=NAME                   fill, claim, alloc; all
 *   quiet                        only warnings and results
 *
 * and those that memup reads: mem= memmap= numa= kernelcore= movablecore=
 * movable_node crashkernel= reserve_mem= hugepages= hugepagesz=
 * default_hugepagesz=. What makes no sense is reported and ignored.
 */
#ifndef KERNEL_OPTIONS_H
#define KERNEL_OPTIONS_H

#include "memup/boot_cmdline.h"

struct options {
	enum mu_policy policy;
	unsigned threads; /* 0: all */
	unsigned batch;	  /* 0: one */
	uint64_t trace_bytes;
	bool pmem;
	bool quiet;
	char test[32];	/* "": all */
	char bench[32]; /* "": none */
	struct mu_huge_pools huge;
};

/* Read @len bytes at @text, terminated. */
void options_read(struct options *options, const char *text, size_t len);

/* The word at or after *@at, as much of it as fits into @size bytes at @word,
 * terminated; moves *@at past it. False at the end, and at "--". */
#define MAX_WORD 128
bool options_next(const char *text, size_t len, size_t *at, char *word,
		  size_t size);

#endif
