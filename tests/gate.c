// SPDX-License-Identifier: MIT
#include "tests/gate.h"

#include <sched.h>

struct gate gate;

static _Thread_local bool stops;

void gate_reset(void)
{
	atomic_store(&gate.inside, false);
	atomic_store(&gate.open, false);
	atomic_store(&gate.pauses, 0);
}

void gate_stop_here(void)
{
	stops = true;
}

void gate_wait(void)
{
	while (!atomic_load(&gate.inside))
		sched_yield();
}

void gate_fill(void *arg, uint64_t *dst, uint64_t word, size_t count)
{
	(void)arg;
	if (stops && word != MU_MEMMAP_POISON) {
		stops = false;
		atomic_store(&gate.inside, true);
		while (!atomic_load(&gate.open))
			sched_yield();
	}
	for (size_t i = 0; i < count; i++)
		dst[i] = word;
}

void gate_pause(void *arg, unsigned spins)
{
	(void)arg;
	(void)spins;
	if (atomic_fetch_add(&gate.pauses, 1) > 100)
		atomic_store(&gate.open, true);
	sched_yield();
}

void gate_up(struct world *world, const char *machine)
{
	gate_reset();
	world_init_machine(world, world_machine(machine, 12), MU_POLICY_LAZY,
			   MU_BACK_BLOCK);
	world_one_zone(world);
	world->port.memmap_fill = gate_fill;
	world->port.pause = gate_pause;
	world_start(world);
}

void gate_begin(struct world *world, void *(*fn)(void *world),
		pthread_t *thread)
{
	assert_int_equal(pthread_create(thread, NULL, fn, world), 0);
	gate_wait();
}

void *gate_end(pthread_t thread)
{
	void *result;

	atomic_store(&gate.open, true);
	pthread_join(thread, &result);
	return result;
}
