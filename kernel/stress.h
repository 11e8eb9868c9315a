/* SPDX-License-Identifier: MIT */
/*
 * stress: one CPU allocates and frees pages of all orders at random, from its
 * task and from its timer's interrupt, marks what it has, and looks whether the
 * marks are still there when it gives it back.
 */
#ifndef KERNEL_STRESS_H
#define KERNEL_STRESS_H

#include "kernel/kernel.h"

#define STRESS_SLOTS	 48
#define STRESS_IRQ_SLOTS 8

struct stress_page {
	mu_pfn_t pfn;
	unsigned order;
	bool taken;
};

/* What one CPU has. The handler's part is touched with interrupts off alone. */
struct stress {
	uint64_t random, irq_random;
	uint64_t budget, held; /* pages */
	struct stress_page slots[STRESS_SLOTS];
	struct stress_page irq_slots[STRESS_IRQ_SLOTS];
	uint64_t allocations[MU_NR_ORDERS];
	uint64_t irq_allocations;
	_Atomic uint64_t interrupts; /* read by others, relaxed */
	uint64_t refused;	     /* that could have been refused rightly */
	/* What must not be: refused while memory was pristine, or a single
	 * page; a mark that is gone; a free that fails. */
	const char *wrong;
	mu_pfn_t wrong_pfn;
};

/* One for CPU @id, that may hold @budget pages. */
void stress_init(struct stress *stress, unsigned id, uint64_t budget);

/* Interrupt this CPU at random from now on, and work in the handler. */
void stress_timer_on(struct stress *stress);
void stress_timer_off(struct stress *stress);

/* So many steps, each an allocation or a free. */
void stress_steps(struct stress *stress, unsigned steps);

/* Give all of it back, but what the handler has: stress_timer_off() does. */
void stress_end(struct stress *stress);

#endif
