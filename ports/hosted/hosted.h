/* SPDX-License-Identifier: MIT */
/*
 * hosted: memup's port to a user program on Linux.
 *
 * What it simulates and what it does not
 *   The machine's CPUs are identities that threads take on; its physical
 *   memory is a reservation of address space, one window for each range of RAM,
 *   that costs nothing until it is touched. The memmap is real: address space
 *   for the descriptors of every pfn, inaccessible (PROT_NONE) until a section
 *   is claimed, then real memory, page by page at the first store. There are no
 *   interrupts.
 *
 *       reserved      [ - - - - - - - - - - - - - - - - - ]  PROT_NONE
 *       memmap_map    [ - - -|section|- - - - - - - - - - ]  PROT_READ|WRITE
 *       first store          [#      ]                       resident
 *
 * The memmap is not part of the simulated machine: it lies in the host's
 * memory, so it takes nothing from the machine that is brought up; except that
 * a device which hosts its own descriptors has them in its (simulated) memory.
 */
#ifndef MEMUP_HOSTED_H
#define MEMUP_HOSTED_H

#include "memup/machine.h"
#include "memup/memmap.h"
#include "memup/port.h"

/* How much of the memmap is made accessible, beyond what is needed: */
enum mu_hosted_backing {
	/* Whole sections, in pages of the host at the first store. */
	MU_BACK_SECTION,
	/* Whole sections, in the host's huge pages: for policies that will
	 * write all of it. */
	MU_BACK_HUGE,
	/* Block by block: pristine descriptors are never accessible, if the
	 * host's pages are not larger than a block's 16 KiB of them. */
	MU_BACK_BLOCK,
};

/* The priority of worker threads. */
enum mu_hosted_priority {
	MU_PRIORITY_NORMAL,
	MU_PRIORITY_NICE, /* nice 19: a small share beside others */
	MU_PRIORITY_IDLE, /* SCHED_IDLE: time that nobody else wants */
};

struct mu_hosted_config {
	/* Worker threads for run_on(), created at once and kept; 0: none. No
	 * thread is created later. */
	unsigned threads;
	/* CPUs of the host for workers, among those that this process may use;
	 * NULL: all of these. Read only by mu_hosted_create(). */
	const struct mu_cpumask *host_cpus;
	enum mu_hosted_priority priority;
	enum mu_hosted_backing backing;
	/* The memmap reaches up to this address, or the end of the machine's
	 * memory where that is higher: see mu_mm_set_limits(). */
	mu_phys_t limit;
	/* Where log lines go; NULL: nowhere. */
	void (*log)(enum mu_log_level level, const char *line);
	/* The watchdog hook: called with @tick_arg from time to time by every
	 * thread that does long work; NULL: nothing. */
	void (*tick)(void *arg);
	void *tick_arg;
};

struct mu_hosted;

/*
 * A port for @machine (finished; must outlive the port). MU_ERR_NOMEM, with
 * the reason in @error, when the host refuses address space or threads;
 * MU_ERR_INVALID when none of config->host_cpus may be used.
 *
 * Workers are pinned, one for each core before the second threads of cores, and
 * to the host's node that stands for the simulated one (its number modulo how
 * many there are), so what they touch first becomes memory of that node.
 *
 * Calls of run_later() wait in one list for the first worker that is free.
 * Workers take no signals, except those that they cause themselves.
 *
 * Without a @machine there is no memory, only CPUs: one for each of the host's
 * that this process may use, first threads of cores first. For jobs
 * (memup/padata.h) that need no machine.
 */
enum mu_status mu_hosted_create(struct mu_hosted **hosted,
				const struct mu_machine *machine,
				const struct mu_hosted_config *config,
				struct mu_error *error) MU_MUST_CHECK;

/* Stop the threads and free all memory. NULL is allowed. */
void mu_hosted_destroy(struct mu_hosted *hosted);

/* The hooks. A test may copy and change them. */
const struct mu_port *mu_hosted_port(const struct mu_hosted *hosted);

/* The descriptor of pfn 0. */
struct mu_page *mu_hosted_memmap(const struct mu_hosted *hosted);

/* The calling thread is @cpu of the machine from now on (before that CPU 0). */
void mu_hosted_set_cpu(struct mu_hosted *hosted, unsigned cpu);

/*
 * Bind the calling thread to the host's CPU that stands for its CPU, so that it
 * does not get in the workers' way, or let it run wherever this process could
 * when the port was created. For programs that do nothing else while a job
 * runs.
 */
void mu_hosted_pin(struct mu_hosted *hosted, bool pinned);

/*
 * Map the @size bytes from @base on of a device's memory: the same bytes each
 * time, zero at first. Both are multiples of the host's page size. NULL when
 * the host has no memory; to be unmapped by munmap().
 */
void *mu_hosted_map_device(struct mu_hosted *hosted, mu_phys_t base,
			   size_t size);

/*
 * Bytes of memory that this process may still allocate: MemAvailable, or what a
 * memory cgroup leaves if that is less. UINT64_MAX when unknown.
 */
uint64_t mu_hosted_available(void);

/* Resident memory of this process now and at its peak, in bytes; 0 when
 * unknown. */
uint64_t mu_hosted_resident(void);
uint64_t mu_hosted_resident_max(void);

/*
 * Threads that this process can keep busy: CPUs that it may run on
 * (sched_getaffinity), or what cpu.max of its control group (version 2) leaves
 * if that is less, rounded up.
 */
unsigned mu_hosted_cpus(void);

/* Set the priority of the calling thread, and of threads that it creates later;
 * lowering needs no privilege. False if the host refuses. */
bool mu_hosted_set_priority(enum mu_hosted_priority priority);

#endif /* MEMUP_HOSTED_H */
