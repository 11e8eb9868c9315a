/* SPDX-License-Identifier: MIT */
/*
 * padata_port: a port of threads, one for each CPU but CPU 0, which is where
 * the test itself runs. It does on purpose what a real port may do rarely:
 * promise fewer calls than were asked for, none, or late ones, on CPUs that
 * leave before they begin.
 */
#ifndef TESTS_PADATA_PORT_H
#define TESTS_PADATA_PORT_H

#include <pthread.h>
#include "memup/padata.h"

enum padata_port_kind {
	/* Promise idle CPUs alone; nothing can be taken back. */
	PADATA_PORT_IDLE,
	/* Queue calls behind those that run; they can be taken back. */
	PADATA_PORT_QUEUE,
};

struct padata_port_config {
	unsigned cpus; /* with CPU 0 */
	enum padata_port_kind kind;
	unsigned most;	   /* calls promised at once; 0: no limit */
	unsigned nodes;	   /* CPU c is on node c % nodes; 0: 1 */
	unsigned delay_us; /* a call starts up to so late, at random */
	bool later;	   /* has run_later and run_waits */
	bool leaving;	   /* CPUs go off line and come back, at random */
};

struct padata_port_call {
	void (*fn)(void *);
	void *arg;
	bool idle;
	struct padata_port_call *next;
};

struct padata_port_cpu {
	struct padata_port *owner;
	pthread_t thread;
	unsigned id;
	bool busy, given, off;
	pthread_cond_t work;
	struct padata_port_call *calls; /* oldest first */
};

struct padata_port {
	struct mu_port port;
	struct padata_port_config config;
	pthread_mutex_t lock; /* all below */
	bool ending;
	unsigned turn;
	uint64_t seed; /* of leaving */
	struct padata_port_cpu *cpu;
	uint64_t promised, begun, cancelled, moved;
	_Atomic unsigned went_idle;
	/* wait() and wake() */
	pthread_mutex_t sleep_lock;
	pthread_cond_t sleep;
};

void padata_port_init(struct padata_port *pp,
		      const struct padata_port_config *config);

/* Ends the threads; fails the test if a promised call did not happen. */
void padata_port_destroy(struct padata_port *pp);

/* An instance for its CPUs, and a shell, from malloc(). */
struct mu_padata_instance *padata_instance(struct padata_port *pp,
					   unsigned limit);
struct mu_padata_shell *padata_shell(struct mu_padata_instance *instance);

/*
 * An assertion for threads that cmocka does not know: says what was wrong and
 * ends the program.
 */
#define padata_check(cond) padata_check_at(cond, #cond, __FILE__, __LINE__)
void padata_check_at(bool ok, const char *what, const char *file, int line);

/* A random number from @seed, which advances. */
uint64_t padata_random(uint64_t *seed);

#endif
