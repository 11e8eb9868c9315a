/* SPDX-License-Identifier: MIT */
/* holes: where a file has no memory behind it, so that undo can make it so. */
#ifndef MEMUP_CLI_HOLES_H
#define MEMUP_CLI_HOLES_H

#include <stdbool.h>
#include <stdint.h>

/* How to find out, which file systems differ in. */
enum holes {
	HOLES_SEEK, /* SEEK_DATA */
	HOLES_READ, /* hugetlbfs, where all is data: what reads as zero */
	HOLES_ALL,  /* hugetlbfs, a file without a page */
};

/* For the file @fd; HOLES_SEEK if it is not known what it is. */
enum holes holes_of(int fd);

/*
 * Is [@start, @start + @bytes) of @fd one hole? Past its end it is. By
 * HOLES_READ a page of zeros is one too: it reads the same when it is gone.
 */
bool holes_is_one(int fd, enum holes how, uint64_t start, uint64_t bytes);

#endif
