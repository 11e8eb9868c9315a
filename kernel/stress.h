/* SPDX-License-Identifier: MIT */
/*
 * stress: one CPU allocates and frees pages of all orders at random, from its
 * task and from its timer's interrupt, marks its pages, and checks the marks
 * when it frees them.
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

/* State of one CPU. The handler's part is accessed only with interrupts off. */
struct stress {
	uint64_t random, irq_random;
	uint64_t budget, held; /* pages */
	struct stress_page slots[STRESS_SLOTS];
	struct stress_page irq_slots[STRESS_IRQ_SLOTS];
	uint64_t allocations[MU_NR_ORDERS];
	uint64_t irq_allocations;
	_Atomic uint64_t interrupts; /* read by others, relaxed */
	uint64_t refused;	     /* refusals that are allowed */
	/* What must not happen: a refusal while memory was pristine, or of a
	 * single page; a mark that is gone; a free that fails. */
	const char *wrong;
	mu_pfn_t wrong_pfn;
};

/* One for CPU @id, that may hold @budget pages. */
void stress_init(struct stress *stress, unsigned id, uint64_t budget);

/* Interrupt this CPU at random from now on, and work in the handler. */
void stress_timer_on(struct stress *stress);
void stress_timer_off(struct stress *stress);

/* Do @steps steps, each an allocation or a free. */
void stress_steps(struct stress *stress, unsigned steps);

/* Free everything but the handler's pages: stress_timer_off() frees those. */
void stress_end(struct stress *stress);

#endif
