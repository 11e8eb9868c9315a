// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include "bench/padata/queue.h"
#include "bench/stats.h"

/* Under the lock: hand on what is next, one at a time. */
static void hand_on(struct queue *queue)
{
	queue->handing = true;
	while (queue->done[queue->handed_on % QUEUE_ROOM]) {
		void *item = queue->items[queue->handed_on % QUEUE_ROOM];

		pthread_mutex_unlock(&queue->lock);
		queue->serial(item);
		pthread_mutex_lock(&queue->lock);
		queue->done[queue->handed_on++ % QUEUE_ROOM] = false;
		pthread_cond_signal(&queue->room);
	}
	queue->handing = false;
}

static void *worker(void *arg)
{
	struct queue *queue = arg;

	pthread_mutex_lock(&queue->lock);
	for (;;) {
		uint64_t number;

		while (queue->taken == queue->submitted && !queue->stop)
			pthread_cond_wait(&queue->work, &queue->lock);
		if (queue->taken == queue->submitted)
			break;
		number = queue->taken++;
		pthread_mutex_unlock(&queue->lock);
		queue->parallel(queue->items[number % QUEUE_ROOM]);
		pthread_mutex_lock(&queue->lock);
		queue->done[number % QUEUE_ROOM] = true;
		if (!queue->handing)
			hand_on(queue);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

void queue_start(struct queue *queue, unsigned threads,
		 void (*parallel)(void *item), void (*serial)(void *item))
{
	memset(queue, 0, sizeof(*queue));
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->work, NULL);
	pthread_cond_init(&queue->room, NULL);
	queue->parallel = parallel;
	queue->serial = serial;
	queue->threads = calloc(threads, sizeof(*queue->threads));
	for (; queue->threads && queue->nr_threads < threads;
	     queue->nr_threads++)
		if (pthread_create(&queue->threads[queue->nr_threads], NULL,
				   worker, queue))
			break;
	if (queue->nr_threads < threads)
		die("%u of %u threads could be started", queue->nr_threads,
		    threads);
}

void queue_submit(struct queue *queue, void *item)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->submitted - queue->handed_on == QUEUE_ROOM)
		pthread_cond_wait(&queue->room, &queue->lock);
	queue->items[queue->submitted++ % QUEUE_ROOM] = item;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_signal(&queue->work);
}

void queue_stop(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->stop = true;
	pthread_cond_broadcast(&queue->work);
	pthread_mutex_unlock(&queue->lock);
	for (unsigned i = 0; i < queue->nr_threads; i++)
		pthread_join(queue->threads[i], NULL);
	free(queue->threads);
	pthread_cond_destroy(&queue->room);
	pthread_cond_destroy(&queue->work);
	pthread_mutex_destroy(&queue->lock);
}
