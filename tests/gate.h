/* SPDX-License-Identifier: MIT */
/*
 * gate: a claim that takes its time. Hooks for world.port: a thread that has
 * gate_stop_here() called stops in the middle of the next block that it
 * writes, until the gate is open; waiting long enough opens it.
 *
 *     gate_reset();
 *     world.port.memmap_fill = gate_fill;
 *     world.port.pause = gate_pause;
 */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include "memup/port.h"

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

#endif
