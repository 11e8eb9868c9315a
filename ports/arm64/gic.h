/* SPDX-License-Identifier: MIT */
/*
 * gic: the interrupt controller, of architecture version 2 (up to 8 CPUs, whose
 * interface is memory; Arm IHI 0048) or 3 (system registers and a
 * redistributor for each CPU; Arm IHI 0069).
 *
 * The distributor is one for all CPUs; interrupts 0 to 15 come from other CPUs,
 * 16 to 31 from devices of a CPU's own, its timers among them.
 */
#ifndef MEMUP_ARM64_GIC_H
#define MEMUP_ARM64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_KICK    0u	  /* arch_kick() */
#define GIC_TIMER   27u	  /* the virtual timer: Arm BSA, PPI assignments */
#define GIC_NOTHING 1020u /* and above: there is none after all */
#define GIC_REGIONS 4

struct gic {
	unsigned version; /* 2 or 3; 0: there is none */
	volatile uint32_t *distributor;
	volatile uint32_t *cpu; /* version 2 */
	/* Version 3: redistributors, one after the other. */
	unsigned nr_regions;
	volatile uint32_t *regions[GIC_REGIONS];
	uint64_t region_bytes[GIC_REGIONS];
};

struct mu_bare_cpu;

/* Once, by the boot CPU; the addresses are known and mapped uncached. */
void gic_init(const struct gic *gic);

/* This CPU, which is @cpu, with interrupts off, from now on takes GIC_KICK and
 * GIC_TIMER. False when it has no redistributor. */
bool gic_enter(const struct gic *gic, struct mu_bare_cpu *cpu);

/* The interrupt that has come, and the end of it. */
uint32_t gic_take(const struct gic *gic);
void gic_end(const struct gic *gic, uint32_t interrupt);

#endif
