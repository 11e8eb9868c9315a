// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <sched.h>
#include "cli/load.h"

#define HELD 32

static void *allocate(void *arg)
{
	struct load_thread *self = arg;
	struct bringup *boot = self->load->boot;
	struct mu_buddy *buddy = &boot->mm.buddy;
	const struct mu_port *port = &boot->port;
	unsigned order = self->cpu, orders[HELD];
	mu_pfn_t pfns[HELD];

	mu_hosted_set_cpu(boot->hosted, self->cpu);
	/* relaxed: sooner or later will do. */
	while (!atomic_load_explicit(&self->load->stop, memory_order_relaxed)) {
		unsigned nr = 0;

		for (unsigned i = 0; i < HELD; i++) {
			uint64_t before = port->clock(port->arg), ns;
			enum mu_status status;

			/* A stride that visits all orders. */
			order = (order + 3) % (MU_BLOCK_ORDER + 1);
			status = mu_alloc_pages(buddy, MU_NO_NODE, order, 0,
						&pfns[nr]);
			ns = port->clock(port->arg) - before;
			if (ns > self->saw.longest_ns)
				self->saw.longest_ns = ns;
			orders[nr] = order;
			nr += status == MU_OK;
			self->saw.failures += status != MU_OK;
		}
		if (!self->saw.allocations && nr)
			atomic_fetch_add(&self->load->ready, 1);
		self->saw.allocations += nr;
		while (nr--)
			if (mu_free_pages(buddy, pfns[nr], orders[nr]) != MU_OK)
				self->saw.failures++;
	}
	return NULL;
}

void load_start(struct load *load, struct bringup *boot)
{
	unsigned cpus = boot->port.cpu_count(boot->port.arg), started = 0;
	unsigned most = mu_hosted_cpus() > LOAD_THREADS ? LOAD_THREADS : 1;

	load->boot = boot;
	atomic_store(&load->stop, false);
	atomic_store(&load->ready, 0);
	for (unsigned i = 0; i < LOAD_THREADS; i++) {
		struct load_thread *self = &load->threads[i];

		*self = (struct load_thread){.load = load,
					     .cpu = (cpus - 1 + i) % cpus};
		/* One fewer is one fewer: the numbers tell. */
		self->started = i < most && !pthread_create(&self->thread, NULL,
							    allocate, self);
		started += self->started;
	}
	while (atomic_load(&load->ready) < started)
		sched_yield();
}

void load_stop(struct load *load, struct load_saw *saw)
{
	atomic_store(&load->stop, true);
	for (unsigned i = 0; i < LOAD_THREADS; i++) {
		const struct load_thread *self = &load->threads[i];

		if (self->started)
			pthread_join(self->thread, NULL);
		saw->allocations += self->saw.allocations;
		saw->failures += self->saw.failures;
		if (self->saw.longest_ns > saw->longest_ns)
			saw->longest_ns = self->saw.longest_ns;
	}
}

void load_cells(struct table *table, const struct load_saw *saw)
{
	table_add(table, "%s", count_text(saw->allocations));
	table_add(table, "%s", count_text(saw->failures));
	table_add(table, "%s", time_text(saw->longest_ns));
}

void load_json(FILE *out, const struct load_saw *saw)
{
	fprintf(out,
		"\"allocations\":%" PRIu64 ",\"failures\":%" PRIu64
		",\"longest_ns\":%" PRIu64,
		saw->allocations, saw->failures, saw->longest_ns);
}
