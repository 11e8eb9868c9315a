/* SPDX-License-Identifier: MIT */
/* internal: the state of a hosted port. Not for clients. */
#ifndef MEMUP_HOSTED_INTERNAL_H
#define MEMUP_HOSTED_INTERNAL_H

#include <pthread.h>
#include <sched.h>
#include "ports/hosted/hosted.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MU_HOSTED_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(MU_HOSTED_ASAN)
#define MU_HOSTED_ASAN
#endif

/* One call of run_on(): waiting for a worker, or running on it. */
struct mu_hosted_call {
	void (*fn)(void *);
	void *arg;
	unsigned cpu;
};

/*
 * The worker threads. All fields under lock. A call is accepted only when a
 * worker is free for it, so every accepted call starts.
 */
struct mu_hosted_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t *threads;
	unsigned nr_threads;
	unsigned nr_idle; /* workers without a call, less queued calls */
	struct mu_hosted_call *queue; /* nr_threads of them */
	unsigned nr_queued;
	bool stop;
};

struct mu_hosted {
	struct mu_port port;
	const struct mu_machine *machine;
	struct mu_hosted_config config;

	unsigned nr_cpus;
	int *cpu_node;	   /* node of each CPU */
	pthread_key_t cpu; /* of this thread, plus one; NULL is CPU 0 */
	cpu_set_t allowed; /* CPUs of the host that we may use */
	bool may_idle;	   /* a thread may go idle, and come back */

	struct mu_page *memmap; /* reservation, descriptor of pfn 0 */
	size_t memmap_bytes;
	size_t host_page;
#ifdef MU_HOSTED_ASAN
	_Atomic uint8_t *marked; /* sections that were backed, see memory.c */
#endif

	/* Windows to physical memory, one for each range of RAM. */
	pthread_mutex_t ram_lock;
	char *ram; /* NULL until somebody asks, MAP_FAILED: cannot be had */
	mu_phys_t ram_bytes;

	struct mu_hosted_pool pool;
};

/* memory.c */
enum mu_status mu_hosted_memory_init(struct mu_hosted *hosted,
				     struct mu_error *error);
void mu_hosted_memory_destroy(struct mu_hosted *hosted);

/* threads.c */
enum mu_status mu_hosted_threads_init(struct mu_hosted *hosted,
				      struct mu_error *error);
void mu_hosted_threads_destroy(struct mu_hosted *hosted);

#endif
