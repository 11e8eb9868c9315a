/* SPDX-License-Identifier: MIT */
/*
 * lock: a spinlock that is taken with interrupts off.
 *
 * Test-and-test-and-set, not a ticket: where the platform may preempt a CPU (a
 * hosted port, a guest) a queue could hand the lock to a CPU that is not
 * running.
 */
#ifndef MU_BASE_LOCK_H
#define MU_BASE_LOCK_H

#include "base/bits.h"
#include "base/port.h"

static inline uintptr_t mu_lock_irqsave(const struct mu_port *port,
					struct mu_lock *lock)
{
	uintptr_t flags = mu_irq_save(port);

	/* acquire: pairs with the release in mu_unlock_irqrestore(). */
	for (unsigned spins = 0; MU_UNLIKELY(atomic_exchange_explicit(
		     &lock->held, 1, memory_order_acquire));) {
		/* relaxed: only a hint that trying again is worth it. */
		while (atomic_load_explicit(&lock->held, memory_order_relaxed))
			mu_pause(port, spins++);
	}
	return flags;
}

static inline void mu_unlock_irqrestore(const struct mu_port *port,
					struct mu_lock *lock, uintptr_t flags)
{
	/* release: all that was done under the lock is seen by the next. */
	atomic_store_explicit(&lock->held, 0, memory_order_release);
	mu_irq_restore(port, flags);
}

/* Take @lock if it is free; interrupts are off, or no handler takes it. */
static inline bool mu_try_lock(struct mu_lock *lock)
{
	/* acquire: as above. */
	return !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire);
}

/* The same with interrupts as they are: for locks that no handler takes. */
static inline void mu_lock(const struct mu_port *port, struct mu_lock *lock)
{
	/* acquire, relaxed: as above. */
	for (unsigned spins = 0; MU_UNLIKELY(atomic_exchange_explicit(
		     &lock->held, 1, memory_order_acquire));)
		while (atomic_load_explicit(&lock->held, memory_order_relaxed))
			mu_pause(port, spins++);
}

static inline void mu_unlock(struct mu_lock *lock)
{
	/* release: as above. */
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
