/* SPDX-License-Identifier: MIT */
/*
 * kernel: a kernel that does nothing but bring memory up with memup, and test
 * it.
 *
 * All its state in one place. Written by the boot CPU while it is alone;
 * constant when other CPUs run, unless marked otherwise.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "kernel/boot_info.h"
#include "kernel/layout.h"
#include "kernel/options.h"
#include "memup/memup.h"
#include "ports/bare/bare.h"

/* A CPU that firmware names. */
struct cpu_entry {
	uint64_t hw_id; /* of its APIC, MPIDR, or hart */
	int32_t nid;	/* MU_NO_NODE: unknown */
};

/* Moments, in ticks of the counter. */
struct stamps {
	uint64_t described;   /* the machine is known */
	uint64_t memblock;    /* memory can be allocated from memblock */
	uint64_t mapped;      /* our own page tables */
	uint64_t usable;      /* all memory is the allocator's */
	uint64_t first_alloc; /* the first page was allocated */
	uint64_t cpus;	      /* all CPUs are up */
	uint64_t finish_from, finish_to; /* the deferred phase */
};

struct kernel {
	struct mu_bare bare;
	mu_phys_t image_phys; /* where the image is: of address IMAGE */
	struct mu_machine machine;
	struct mu_mm mm;
	struct boot_info *info;
	struct options options;
	struct bare_tables tables; /* of all addresses */
	struct stamps stamps;

	struct cpu_entry *cpus; /* the boot CPU first */
	unsigned nr_cpus;
	unsigned cpus_lost; /* for which there was no room */

	/* What the allocator had when it started, and pages that were
	 * initialised by then. */
	uint64_t usable_bytes;
	uint64_t start_pages;
	uint64_t finish_pages; /* initialised by the deferred phase */
	uint64_t page_tables;  /* pages of them, without those of the memmap */
	uint64_t held_pages;   /* of the allocator, that the kernel keeps */
	/* Whole pages that are needed until all CPUs are up, or size 0. */
	struct {
		mu_phys_t base, size;
	} kept;
	unsigned nr_tables; /* of ACPI, or 1 for a device tree; for people */
};

extern struct kernel kernel;

/* Bytes of struct mu_machine's tables: see describe.c. */
#define MAX_MACHINE_RANGES 2048
#define MAX_MACHINE_NODES  256

/*
 * The steps of a boot, in order, one file each. Fatal errors end the kernel
 * with a message.
 */
void describe_machine(void); /* describe.c: firmware's tables, cmdline */
void start_memory(void);     /* memory.c: memblock, page tables, allocator */
void start_cpus(void);	     /* smp.c */
void finish_memory(void);    /* memory.c: policy deferred */

/* timeline.c: reports about the boot. */
void tell_machine(void);
void tell_memory(void);
void tell_cpus(void);
void tell_growth(const char *who);
void tell_end(void);

/* ns since entry of a stamp. */
static inline uint64_t stamp_ns(uint64_t ticks)
{
	return bare_clock_ns(&kernel.bare.clock,
			     ticks - kernel.bare.clock.start);
}

/* Where in memory a part of the image is. */
static inline mu_phys_t phys_of(const void *at)
{
	return (uintptr_t)at - IMAGE + kernel.image_phys;
}

/* describe.c: a CPU that firmware names; the boot CPU first, others once. */
void cpu_found(uint64_t hw_id);
void cpu_is_on(uint64_t hw_id, int nid);

static inline void *direct(mu_phys_t phys)
{
	return (void *)(kernel.bare.config.direct + phys);
}

#endif
