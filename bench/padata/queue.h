/* SPDX-License-Identifier: MIT */
/*
 * queue: what one would write without a library: a ring of items under a mutex,
 * workers that take them, results that are handed on in the order of
 * submission by whoever completes the first one that is missing.
 */
#ifndef BENCH_PADATA_QUEUE_H
#define BENCH_PADATA_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define QUEUE_ROOM 64u

struct queue {
	pthread_mutex_t lock; /* all below */
	pthread_cond_t work, room;
	void *items[QUEUE_ROOM];
	bool done[QUEUE_ROOM];
	uint64_t submitted, taken, handed_on;
	bool handing; /* somebody hands on */
	bool stop;
	void (*parallel)(void *item);
	void (*serial)(void *item);
	pthread_t *threads;
	unsigned nr_threads;
};

void queue_start(struct queue *queue, unsigned threads,
		 void (*parallel)(void *item), void (*serial)(void *item));
/* Waits while QUEUE_ROOM items are under way. */
void queue_submit(struct queue *queue, void *item);
/* When all is handed on. */
void queue_stop(struct queue *queue);

#endif
