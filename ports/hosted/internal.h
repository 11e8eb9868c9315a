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

/*
 * A worker thread: one word says what it does, and who may write the other
 * fields.
 *
 *    FREE <--> ASLEEP      the worker, alone
 *      \         /
 *       TAKEN              who wins it by compare-and-exchange fills in the
 *         |                call (or, in destroy, ends the thread: OVER)
 *       CALL               promised; a cancel may take it back: TAKEN, FREE
 *         |
 *      RUNNING             the worker; then FREE
 *
 * run_on() promises only calls for workers that are free, so they begin without
 * another having to return. Calls of run_later() that find none wait in a list
 * (later.c).
 */
enum {
	MU_WORKER_FREE,
	MU_WORKER_ASLEEP,
	MU_WORKER_TAKEN,
	MU_WORKER_CALL,
	MU_WORKER_RUNNING,
	MU_WORKER_OVER
};

struct mu_hosted_worker {
	/* A line of its own: it is spun on. */
	_Alignas(64) _Atomic uint32_t state;
	unsigned cpu; /* of the call; as fn and arg, by whoever has it TAKEN */
	void (*fn)(void *);
	void *arg;
	unsigned bound; /* the host's CPU; only the worker */
	struct mu_hosted *hosted;
	pthread_t thread;
};

struct mu_hosted {
	struct mu_port port;
	const struct mu_machine *machine;
	struct mu_hosted_config config;

	unsigned nr_cpus;
	int *cpu_node;	    /* node of each CPU */
	pthread_key_t cpu;  /* of this thread, plus one; NULL is CPU 0 */
	unsigned *host_cpu; /* which of the host's stands for each CPU */
	bool may_idle;	    /* a thread that goes idle can come back */
	_Atomic bool idled; /* some thread did; set once, any thread */
	cpu_set_t allowed[MU_MAX_CPUS / CPU_SETSIZE]; /* when it was created */

	struct mu_page *memmap; /* reservation, descriptor of pfn 0 */
	size_t memmap_bytes;
	size_t host_page;
#ifdef MU_HOSTED_ASAN
	_Atomic uint8_t *marked; /* sections that were backed, see memory.c */
#endif

	/* Windows to physical memory, one for each range of RAM. */
	pthread_mutex_t ram_lock;
	char *ram; /* NULL before first use, MAP_FAILED: refused */
	mu_phys_t ram_bytes;

	/* The memory of devices, a file descriptor plus one; 0: not used yet.
	 * Under ram_lock. */
	int device_fd;

	struct mu_hosted_worker *workers;
	unsigned nr_workers;
	/* Calls that wait for a worker, see later.c; under later_lock. */
	pthread_mutex_t later_lock;
	struct mu_hosted_later *later, *later_free, *later_room;
	/* How many, and how many that are not idle. Written under the lock. */
	_Atomic uint32_t waiting, waiting_first;

	uint64_t spin_ns; /* to spin before sleeping; never changes */
	/* Threads that sleep in wait_on(), or are about to; any thread. */
	_Atomic uint32_t sleepers;
};

/* memory.c */
enum mu_status mu_hosted_memory_init(struct mu_hosted *hosted,
				     struct mu_error *error);
void mu_hosted_memory_destroy(struct mu_hosted *hosted);
/* Descriptors of the section at @start are about to be backed. */
void mu_hosted_note_backed(struct mu_hosted *hosted, mu_pfn_t start);

/* device.c: device memory that hosts descriptors. */
void mu_hosted_device_init(struct mu_hosted *hosted);
void mu_hosted_device_destroy(struct mu_hosted *hosted);

/* cpus.c: which thread is which CPU, and where. */
enum mu_status mu_hosted_cpus_init(struct mu_hosted *hosted,
				   struct mu_error *error);
void mu_hosted_cpus_destroy(struct mu_hosted *hosted);
/* Bind the calling thread to the host's CPU @number. */
void mu_hosted_bind(unsigned number);

/* wait.c: pause, wait, wake; spinning where that may be shorter. */
void mu_hosted_wait_init(struct mu_hosted *hosted);
/* Spin until *@word is not @seen (true) or spin_ns are over (false). */
bool mu_hosted_spin(const struct mu_hosted *hosted,
		    const _Atomic uint32_t *word, uint32_t seen);
void mu_hosted_futex_wait(_Atomic uint32_t *word, uint32_t seen);
void mu_hosted_futex_wake(_Atomic uint32_t *word);

/* workers.c: run_on and run_cancel. */
enum mu_status mu_hosted_workers_init(struct mu_hosted *hosted,
				      struct mu_error *error);
void mu_hosted_workers_destroy(struct mu_hosted *hosted);
/*
 * Have @fn(@arg) called by up to @count workers that are free, each on a
 * different CPU of @cpus (NULL: all). Returns how many; their CPUs are added to
 * @given unless that is NULL.
 */
unsigned mu_hosted_give(struct mu_hosted *hosted, const struct mu_cpumask *cpus,
			unsigned count, void (*fn)(void *), void *arg,
			struct mu_cpumask *given);

/* later.c: run_later and run_waits. */
bool mu_hosted_later_init(struct mu_hosted *hosted);
/* A worker that has become free: is there a call for it? */
void mu_hosted_later_next(struct mu_hosted *hosted);
/* mu_hosted_give() what is left when calls that wait have had their choice. */
unsigned mu_hosted_give_behind(struct mu_hosted *hosted,
			       const struct mu_cpumask *cpus, unsigned count,
			       void (*fn)(void *), void *arg);
/* Take back the waiting calls of @fn(@fn_arg). Returns how many. */
unsigned mu_hosted_later_cancel(struct mu_hosted *hosted, void (*fn)(void *),
				void *fn_arg);
/* Return when no call waits any more. */
void mu_hosted_later_end(struct mu_hosted *hosted);
void mu_hosted_later_destroy(struct mu_hosted *hosted);

#endif
