// SPDX-License-Identifier: MIT
#include <limits.h>
#include <string.h>
#include "base/assert.h"
#include "base/port.h"
#include "padata/helpers.h"

struct nodes {
	uint64_t bits[MU_MAX_NODES / 64];
};

/* Add the node of @cpu; was it there already? */
static bool seen(struct nodes *nodes, const struct mu_port *port, unsigned cpu)
{
	unsigned node = (unsigned)mu_cpu_node(port, cpu) % MU_MAX_NODES;
	uint64_t bit = (uint64_t)1 << (node % 64);
	bool was = nodes->bits[node / 64] & bit;

	nodes->bits[node / 64] |= bit;
	return was;
}

/*
 * Move @count CPUs from @from to @to: in each turn one of every node that has
 * any left, in the first turn none of the caller's node, where it works itself.
 * @from has that many.
 */
static void spread(struct mu_cpumask *to, struct mu_cpumask *from,
		   const struct mu_port *port, unsigned count)
{
	struct nodes nodes = {{0}};

	seen(&nodes, port, mu_cpu_id(port));
	for (unsigned cpu = 0; count; cpu++) {
		cpu = mu_cpumask_next(from, cpu);
		if (cpu == MU_MAX_CPUS) {
			/* The next turn; the loop goes on with CPU 0. */
			nodes = (struct nodes){{0}};
			cpu = UINT_MAX;
			continue;
		}
		if (seen(&nodes, port, cpu))
			continue;
		mu_cpumask_clear(from, cpu);
		mu_cpumask_set(to, cpu);
		count--;
	}
}

unsigned mu_helpers_init(struct mu_padata_mt *mt,
			 const struct mu_cpumask *allowed)
{
	unsigned count = MU_MIN(mu_cpu_count(mt->port), MU_MAX_CPUS);
	unsigned here = mu_cpu_id(mt->port);

	memset(&mt->cpus, 0, sizeof(mt->cpus));
	mt->nr_cpus = 0;
	for (unsigned cpu = 0; cpu < count; cpu++) {
		if (cpu == here || (allowed && !mu_cpumask_test(allowed, cpu)))
			continue;
		mu_cpumask_set(&mt->cpus, cpu);
		mt->nr_cpus++;
	}
	return mt->nr_cpus;
}

unsigned mu_helpers_add(struct mu_padata_mt *mt, unsigned count,
			void (*fn)(void *))
{
	unsigned got;

	count = MU_MIN(count, mt->nr_cpus);
	if (!count)
		return 0;
	/* Counted first: a call may come and go before run_on returns.
	 * relaxed: run_on publishes it to those it counts. */
	atomic_fetch_add_explicit(&mt->working, count, memory_order_relaxed);
	atomic_fetch_add_explicit(&mt->helpers, count, memory_order_relaxed);
	mt->nr_cpus -= count;
	if (!mt->nr_cpus) {
		/* All of them, on any node. */
		got = mu_run_on(mt->port, &mt->cpus, count, fn, mt);
	} else {
		struct mu_cpumask cpus = {{0}};

		spread(&cpus, &mt->cpus, mt->port, count);
		got = mu_run_on(mt->port, &cpus, count, fn, mt);
		/* Some of these are busy: anywhere else, then. */
		if (got < count)
			got += mu_run_on(mt->port, &mt->cpus, count - got, fn,
					 mt);
	}
	mu_assert(mt->port, got <= count);
	mu_helpers_leave(mt->port, &mt->working, count - got);
	mu_helpers_leave(mt->port, &mt->helpers, count - got);
	return got;
}

void mu_helpers_cancel(struct mu_padata_mt *mt, void (*fn)(void *))
{
	unsigned count;

	/* relaxed: only this thread makes it more than 0. */
	if (!atomic_load_explicit(&mt->helpers, memory_order_relaxed))
		return;
	count = mu_run_cancel(mt->port, fn, mt);
	mu_helpers_leave(mt->port, &mt->working, count);
	mu_helpers_leave(mt->port, &mt->helpers, count);
}

void mu_helpers_leave(const struct mu_port *port, _Atomic uint32_t *counter,
		      unsigned count)
{
	/* release: pairs with the acquire in mu_helpers_wait(); the decrements
	 * of others keep the release sequence alive. */
	if (count && atomic_fetch_sub_explicit(counter, count,
					       memory_order_release) == count)
		mu_wake(port, counter);
}

void mu_helpers_wait(const struct mu_port *port, _Atomic uint32_t *counter)
{
	uint32_t left;

	/* acquire: see mu_helpers_leave(). */
	while ((left = atomic_load_explicit(counter, memory_order_acquire)))
		mu_wait(port, counter, left);
}
