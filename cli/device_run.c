// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/device_run.h"

static mu_phys_t to_gib(mu_phys_t bytes)
{
	return (bytes + MU_GIB - 1) & ~(MU_GIB - 1);
}

mu_phys_t device_base(const struct mu_machine *machine,
		      const struct device_ask *ask, unsigned nr)
{
	return to_gib(mu_machine_top(machine)) + nr * to_gib(ask->size);
}

uint64_t device_memmap_bytes(const struct mu_machine *machine,
			     const struct device_ask *ask)
{
	uint64_t bytes = (ask->size >> machine->page_shift >> ask->order) *
			 sizeof(struct mu_page);
	uint64_t section = MU_SECTION_PAGES * sizeof(struct mu_page);

	return ask->nr * ((bytes + section - 1) & ~(section - 1));
}

/* A device, and the thread that registers it. */
struct device {
	struct mu_pagemap map;
	struct mu_device_range range;
	char name[16];
	struct bringup *boot;
	pthread_barrier_t *begin;
	unsigned cpu, threads;
	pthread_t thread;
	uint64_t began, ended;
	enum mu_status status;
	struct mu_error error;
};

static void *probe(void *arg)
{
	struct device *device = arg;
	const struct mu_port *port = &device->boot->port;

	mu_hosted_set_cpu(device->boot->hosted, device->cpu);
	pthread_barrier_wait(device->begin);
	device->began = port->clock(port->arg);
	device->status =
		mu_pagemap_register(&device->boot->mm.devices, &device->map,
				    device->threads, &device->error);
	device->ended = port->clock(port->arg);
	return NULL;
}

/* A CPU of node @nid, or any. */
static unsigned cpu_of(const struct bringup *boot, int nid)
{
	const struct mu_port *port = &boot->port;
	unsigned nr = port->cpu_count(port->arg);

	for (unsigned cpu = 0; cpu < nr; cpu++)
		if (port->cpu_node(port->arg, cpu) == nid)
			return cpu;
	return 0;
}

static void set_up(struct device *device, unsigned n, struct bringup *boot,
		   const struct device_ask *ask, bool lazy)
{
	const struct mu_machine *machine = boot->mm.machine;
	unsigned share = ask->threads / ask->nr;

	memset((void *)device, 0, sizeof(*device));
	snprintf(device->name, sizeof(device->name), "pmem%u", n);
	device->boot = boot;
	device->range.base = device_base(machine, ask, n);
	device->range.size = ask->size;
	device->range.nid = (int)(n % machine->nr_nodes);
	device->cpu = cpu_of(boot, device->range.nid);
	device->threads = share ? share : 1;
	device->map.name = device->name;
	device->map.type = MU_DEVICE_GENERIC;
	device->map.order = ask->order;
	device->map.lazy = lazy;
	device->map.altmap.on = ask->altmap;
	device->map.ranges = &device->range;
	device->map.nr_ranges = 1;
}

static uint64_t longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* All at once. After a failure those that could be registered stay so. */
static enum mu_status register_all(struct device_run *run,
				   struct device *devices, unsigned nr,
				   struct mu_error *error)
{
	enum mu_status status = MU_OK;
	uint64_t first = UINT64_MAX, last = 0;
	pthread_barrier_t begin;
	unsigned started = 0;

	pthread_barrier_init(&begin, NULL, nr);
	while (started < nr) {
		struct device *device = &devices[started];

		device->begin = &begin;
		/* The last one is this thread: the others wait for all. */
		if (started + 1 == nr)
			probe(device);
		else if (pthread_create(&device->thread, NULL, probe, device))
			break;
		started++;
	}
	if (started < nr) {
		/* The threads that wait for it cannot be stopped. */
		fprintf(stderr, "memup device: %u of %u threads\n", started,
			nr);
		exit(2);
	}
	for (unsigned i = 0; i < nr; i++) {
		struct device *device = &devices[i];

		if (i + 1 < nr)
			pthread_join(device->thread, NULL);
		if (device->status != MU_OK) {
			status = device->status;
			*error = device->error;
		}
		run->lock_ns = longer(run->lock_ns, device->map.lock_ns);
		run->register_ns =
			longer(run->register_ns, device->ended - device->began);
		first = device->began < first ? device->began : first;
		last = longer(last, device->ended);
	}
	pthread_barrier_destroy(&begin);
	run->all_ns = last - first;
	return status;
}

/* A page in the middle of each. */
static enum mu_status touch_all(struct device_run *run, struct device *devices,
				unsigned nr)
{
	const struct mu_port *port = &devices->boot->port;

	for (unsigned i = 0; i < nr; i++) {
		struct device *device = &devices[i];
		mu_pfn_t pfn = (device->range.start + device->range.end) / 2;
		uint64_t before = port->clock(port->arg);
		struct mu_pagemap *map =
			mu_pagemap_get(&device->boot->mm.devices, pfn);
		enum mu_status status = MU_ERR_NOT_FOUND;
		struct mu_page *page;

		if (map) {
			status = mu_device_page(map, pfn, &page);
			mu_pagemap_put(map);
		}
		if (status != MU_OK)
			return status;
		run->touch_ns =
			longer(run->touch_ns, port->clock(port->arg) - before);
	}
	return MU_OK;
}

static void add_stats(struct mu_pagemap_stats *sum, const struct device *device)
{
	struct mu_pagemap_stats stats = mu_pagemap_stats(&device->map);

	sum->pages += stats.pages;
	sum->reserved += stats.reserved;
	sum->descriptors += stats.descriptors;
	sum->written += stats.written;
	sum->backed += stats.backed;
	sum->hosted += stats.hosted;
}

static enum mu_status remove_all(struct device_run *run, struct device *devices,
				 unsigned nr, struct mu_error *error)
{
	const struct mu_port *port = &devices->boot->port;
	uint64_t before = port->clock(port->arg);
	enum mu_status status = MU_OK;

	for (unsigned i = 0; i < nr; i++) {
		if (devices[i].status != MU_OK)
			continue;
		status = mu_pagemap_remove(&devices[i].map, error);
		if (status != MU_OK)
			break;
		run->remove_lock_ns =
			longer(run->remove_lock_ns, devices[i].map.lock_ns);
	}
	run->remove_ns = port->clock(port->arg) - before;
	return status;
}

static bool is_valid(struct device_run *run, struct bringup *boot,
		     uint64_t device_pages)
{
	struct mu_census census;

	if (mu_validate(&boot->mm, &census, &run->why) != MU_OK)
		return false;
	if (census.device == device_pages)
		return true;
	snprintf(run->why.text, sizeof(run->why.text),
		 "%llu pages are devices', and should be %llu",
		 (unsigned long long)census.device,
		 (unsigned long long)device_pages);
	return false;
}

static enum mu_status play(struct device_run *run, struct bringup *boot,
			   struct device *devices, unsigned nr,
			   struct mu_error *error)
{
	struct load load;
	enum mu_status status, removed;

	load_start(&load, boot);
	status = register_all(run, devices, nr, error);
	if (status == MU_OK)
		status = touch_all(run, devices, nr);
	load_stop(&load, &run->saw);
	if (status == MU_OK) {
		for (unsigned i = 0; i < nr; i++)
			add_stats(&run->stats, &devices[i]);
		run->valid = is_valid(run, boot, run->stats.pages);
	}
	load_start(&load, boot);
	removed = remove_all(run, devices, nr, error);
	load_stop(&load, &run->saw);
	run->valid = run->valid && is_valid(run, boot, 0);
	return status == MU_OK ? removed : status;
}

enum mu_status device_run(struct device_run *run,
			  const struct mu_machine *machine,
			  const struct device_ask *ask, bool lazy,
			  struct mu_error *error)
{
	const struct mu_limits limits = {
		.end = device_base(machine, ask, ask->nr),
		.late = ask->nr * ask->size,
		.ranges = ask->nr,
	};
	struct device *devices = calloc(ask->nr, sizeof(*devices));
	struct bringup *boot = malloc(sizeof(*boot));
	struct mu_config config = mu_config_default();
	enum mu_status status = MU_ERR_NOMEM;

	memset(run, 0, sizeof(*run));
	run->lazy = lazy;
	if (!boot || !devices)
		goto out;
	config.measure = true;
	status = bringup_prepare_late(boot, machine,
				      lazy ? MU_BACK_SECTION : MU_BACK_HUGE,
				      ask->threads, "devices", &limits, error);
	if (status != MU_OK)
		goto out;
	status = bringup_open(boot, &config, error);
	if (status == MU_OK) {
		bringup_be_silent(boot);
		for (unsigned i = 0; i < ask->nr; i++)
			set_up(&devices[i], i, boot, ask, lazy);
		for (unsigned i = 0; i < ask->nr && !lazy && !ask->altmap; i++)
			bringup_populate(boot,
					 device_base(machine, ask, i) >>
						 machine->page_shift,
					 ask->size >> machine->page_shift >>
						 ask->order);
		status = play(run, boot, devices, ask->nr, error);
	}
	bringup_end(boot);
out:
	free(devices);
	free(boot);
	return status;
}
