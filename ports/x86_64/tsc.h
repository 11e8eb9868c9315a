/* SPDX-License-Identifier: MIT */
/* tsc: how fast the time-stamp counter is. */
#ifndef MEMUP_X86_64_TSC_H
#define MEMUP_X86_64_TSC_H

#include "ports/bare/clock.h"

/*
 * Find out how fast the counter is: from CPUID (leaf 0x15, or a hypervisor's
 * 0x40000010), else by the ACPI power management timer at I/O port @pm_timer
 * (0: there is none), else by the PIT; takes 15 ms. If no reference runs 1 GHz
 * is assumed, and ->how says so. Once, by one CPU.
 */
void x86_clock_calibrate(struct bare_clock *clock, uint16_t pm_timer);

#endif
