/* SPDX-License-Identifier: MIT */
/*
 * gate: a claim that takes its time. Hooks for world.port: a thread that has
 * gate_stop_here() called stops in the middle of the next block that it
 * writes, until the gate is open; waiting long enough opens it.
 *
 *     gate_reset();
 *     world.port.memmap_fill = gate_fill;
 *     world.port.pause = gate_pause;
 *
 * or gate_up(), which does all that.
 */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include <pthread.h>

#include "tests/world.h"

struct gate {
	_Atomic bool inside; /* a thread has stopped */
	_Atomic bool open;
	_Atomic unsigned pauses; /* turns that others have waited */
};
extern struct gate gate;

void gate_reset(void);

/* The calling thread stops in its next gate_fill(). */
void gate_stop_here(void);

/* Return when a thread has stopped. */
void gate_wait(void);

void gate_fill(void *arg, uint64_t *dst, uint64_t word, size_t count);
void gate_pause(void *arg, unsigned spins);

/* Start @world, lazy, of @machine with one zone and these hooks. */
void gate_up(struct world *world, const char *machine);

/* Have a thread run @fn(@world), and return when it has stopped. */
void gate_begin(struct world *world, void *(*fn)(void *world),
		pthread_t *thread);

/* Open the gate; what the thread returned. */
void *gate_end(pthread_t thread);

#endif
