// SPDX-License-Identifier: MIT
#include "kernel/kernel.h"
#include "kernel/run.h"

static void call(void *arg)
{
	struct run *run = arg;

	run->fn(run->arg);
	/* release: whoever waits sees what was done. After that the run may be
	 * gone, and its word is only a name. */
	if (atomic_fetch_sub_explicit(&run->left, 1, memory_order_release) == 1)
		kernel.bare.port.wake(&kernel.bare, &run->left);
}

unsigned run_start(struct run *run, const struct mu_cpumask *cpus,
		   void (*fn)(void *arg), void *arg)
{
	const struct mu_port *port = &kernel.bare.port;
	unsigned self = mu_bare_this_cpu()->id, started = 0;

	run->fn = fn;
	run->arg = arg;
	/* Plus one, which is ours: the run is not over before all calls have
	 * begun. relaxed: run_on() publishes it. */
	atomic_store_explicit(&run->left, 1, memory_order_relaxed);
	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++) {
		struct mu_cpumask one = {{0}};

		if (i == self || !mu_cpumask_test(cpus, i) ||
		    !mu_bare_is_up(&kernel.bare, i))
			continue;
		mu_cpumask_set(&one, i);
		atomic_fetch_add_explicit(&run->left, 1, memory_order_relaxed);
		/* It may still be returning from the previous call. */
		while (!port->run_on(port->arg, &one, 1, call, run))
			port->pause(port->arg, 0);
		started++;
	}
	atomic_fetch_sub_explicit(&run->left, 1, memory_order_relaxed);
	return started;
}

void run_wait(struct run *run)
{
	uint32_t left;

	/* acquire: pairs with the release in call(). */
	while ((left = atomic_load_explicit(&run->left, memory_order_acquire)))
		kernel.bare.port.wait(&kernel.bare, &run->left, left);
}

unsigned run_everywhere(void (*fn)(void *arg), void *arg)
{
	struct mu_cpumask all = {{0}};
	struct run run;
	unsigned started;

	for (unsigned i = 0; i < kernel.bare.nr_cpus; i++)
		mu_cpumask_set(&all, i);
	started = run_start(&run, &all, fn, arg);
	fn(arg);
	run_wait(&run);
	return started + 1;
}
