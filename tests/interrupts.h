/* SPDX-License-Identifier: MIT */
/*
 * interrupts: signals to threads that are in the library, whose handler
 * allocates and frees.
 *
 * A thread turns them off with a flag; a signal that comes meanwhile is handled
 * when they are turned on again. The handler may come between any two
 * instructions of the library where that has interrupts on. (ThreadSanitizer
 * delivers signals only where the program calls the C library.)
 */
#ifndef TESTS_INTERRUPTS_H
#define TESTS_INTERRUPTS_H

#include "tests/world.h"

#define VICTIMS 2

/* Signals handled since interrupts_catch(), and of those the ones that
 * interrupts off held up; allocations of handlers that were refused. */
struct interrupts_total {
	uint64_t handled, late, refused;
};
extern struct interrupts_total interrupts_total;

/* Once in each test. */
void interrupts_catch(void);

/* Say how many there were. */
void interrupts_tell(void);

/*
 * @work in VICTIMS threads, of a machine that world_init() has begun and that
 * is started here, while a third one interrupts them. Handlers allocate @order
 * (MU_NR_ORDERS: all by turns) with MU_ALLOC_RESERVES, hold it until the next
 * time, and free it; @refusals: they may be told that there is none.
 * Validated and destroyed in the end.
 */
void interrupts_run(struct world *world, unsigned order, bool refusals,
		    bool (*work)(struct world *world, unsigned victim));

#endif
