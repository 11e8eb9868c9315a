/* SPDX-License-Identifier: MIT */
/* holes: where a file has no memory behind it, so that undo can restore it. */
#ifndef MEMUP_CLI_HOLES_H
#define MEMUP_CLI_HOLES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct holes {
	int fd;
	uint64_t page; /* bytes; a partial hole is none */
	bool reads;    /* hugetlbfs, where all is data: look for zeros */
	bool empty;    /* and a file without a page */
	/* For each page: was it a hole? Written by the thread that notes it,
	 * read by the one that restores it. */
	uint8_t *was;
	/* [from, until) was data; under lock. */
	pthread_mutex_t lock;
	uint64_t from, until;
};

/* For the first @bytes of the file @fd. False: no memory, was is NULL. */
bool holes_init(struct holes *holes, int fd, uint64_t bytes);
void holes_destroy(struct holes *holes);

/*
 * Note which pages of [@start, @end), multiples of the page or the file's end,
 * are holes. In hugetlbfs a page of zeros counts as one: it reads the same when
 * it is gone. By several threads at once, each for its own pages, and before it
 * writes there.
 */
void holes_note(struct holes *holes, uint64_t start, uint64_t end);

/* What was a hole is one again; what was data stays. */
void holes_restore(struct holes *holes, uint64_t start, uint64_t end);

/* Make all of it a hole. False: errno says why. */
bool holes_punch(int fd, uint64_t start, uint64_t end);

#endif
