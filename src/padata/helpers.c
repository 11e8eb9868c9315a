// SPDX-License-Identifier: MIT
#include "base/assert.h"
#include "base/bits.h"
#include "base/port.h"
#include "base/string.h"
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
			cpu = UINT32_MAX;
			continue;
		}
		if (seen(&nodes, port, cpu))
			continue;
		mu_cpumask_clear(from, cpu);
		mu_cpumask_set(to, cpu);
		count--;
	}
}

void mu_padata_node_cpus(struct mu_cpumask *cpus, const struct mu_port *port,
			 int node)
{
	unsigned count = MU_MIN(mu_cpu_count(port), MU_MAX_CPUS);

	memset(cpus, 0, sizeof(*cpus));
	for (unsigned cpu = 0; cpu < count; cpu++)
		if (mu_cpu_node(port, cpu) == node)
			mu_cpumask_set(cpus, cpu);
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

/* Count more calls, or fewer if some were not promised after all. relaxed:
 * run_on and run_later publish the count to the calls, and nobody waits for a
 * call that never happens. */
static void count_calls(struct mu_padata_mt *mt, unsigned more, unsigned fewer)
{
	if (more != fewer)
		atomic_fetch_add_explicit(&mt->calls, (more - fewer) * MU_CALL,
					  memory_order_relaxed);
}

/* Some CPUs out of many, spread over the nodes. */
static unsigned add_spread(struct mu_padata_mt *mt, unsigned count,
			   void (*fn)(void *))
{
	struct mu_cpumask cpus = {{0}};
	unsigned got;

	spread(&cpus, &mt->cpus, mt->port, count);
	got = mu_run_on(mt->port, &cpus, count, fn, mt);
	if (got == count)
		return got;
	/* Some of these are busy: anywhere else, then. */
	got += mu_run_on(mt->port, &mt->cpus, count - got, fn, mt);
	for (size_t i = 0; i < MU_ARRAY_SIZE(cpus.bits); i++)
		cpus.bits[i] |= mt->cpus.bits[i];
	return got + mu_run_later(mt->port, mt->job.background, &cpus,
				  count - got, fn, mt);
}

static unsigned add_all(struct mu_padata_mt *mt, unsigned count,
			void (*fn)(void *))
{
	unsigned got = mu_run_on(mt->port, &mt->cpus, count, fn, mt);

	return got + mu_run_later(mt->port, mt->job.background, &mt->cpus,
				  count - got, fn, mt);
}

unsigned mu_helpers_add(struct mu_padata_mt *mt, unsigned count,
			void (*fn)(void *))
{
	unsigned got;

	count = MU_MIN(count, mt->nr_cpus);
	if (!count)
		return 0;
	/* Counted first: a call may come and go before run_on returns. */
	count_calls(mt, count, 0);
	mt->nr_cpus -= count;
	got = mt->nr_cpus ? add_spread(mt, count, fn) : add_all(mt, count, fn);
	mu_assert(mt->port, got <= count);
	count_calls(mt, 0, count - got);
	return got;
}

/* Have this helper called again, on this CPU, after the others. */
static bool come_back(struct mu_padata_mt *mt, void (*fn)(void *))
{
	struct mu_cpumask here = {{0}};

	mu_cpumask_set(&here, mu_cpu_id(mt->port));
	count_calls(mt, 1, 0);
	if (!mu_run_later(mt->port, mt->job.background, &here, 1, fn, mt)) {
		count_calls(mt, 0, 1);
		return false;
	}
	/* If the caller took calls back before this one, it had seen that no
	 * unit is left, and so do we. */
	if (mu_padata_mt_stopped(mt))
		mu_helpers_cancel(mt, fn);
	return true;
}

bool mu_helpers_make_way(struct mu_padata_mt *mt, uint64_t since,
			 void (*fn)(void *))
{
	const struct mu_port *port = mt->port;
	bool background = mt->job.background;

	if (!mu_run_waits(port, background))
		return false;
	/* Without a clock, make way after each chunk; so does a background
	 * helper for other jobs. */
	if (port->clock && mu_clock(port) - since < MU_HELPER_TURN &&
	    !(background && mu_run_waits(port, false)))
		return false;
	return come_back(mt, fn);
}

void mu_helpers_cancel(struct mu_padata_mt *mt, void (*fn)(void *))
{
	/* relaxed: the caller knows of the calls that it may take back. */
	if (atomic_load_explicit(&mt->calls, memory_order_relaxed))
		count_calls(mt, 0, mu_run_cancel(mt->port, fn, mt));
}

void mu_helpers_leave(const struct mu_port *port, _Atomic uint32_t *counter,
		      uint32_t amount, uint32_t part)
{
	/* release: pairs with the acquire in mu_helpers_wait(); what others
	 * add and subtract keeps the release sequence alive. */
	uint32_t before = atomic_fetch_sub_explicit(counter, amount,
						    memory_order_release);

	if (!((before - amount) & part))
		mu_wake(port, counter);
}

void mu_helpers_wait(const struct mu_port *port, _Atomic uint32_t *counter,
		     uint32_t part)
{
	uint32_t left;

	/* acquire: see mu_helpers_leave(). */
	while ((left = atomic_load_explicit(counter, memory_order_acquire)) &
	       part)
		mu_wait(port, counter, left);
}
