/* SPDX-License-Identifier: MIT */
/*
 * apic: the local APIC, a CPU's own interrupt controller: its id, interrupts to
 * other CPUs, the timer. (SDM vol. 3, chapter "Advanced Programmable Interrupt
 * Controller".)
 *
 * Its registers are a page of memory (xAPIC: ids of 8 bits) or, if the CPU
 * supports it and so always on machines with more than 255 CPUs, MSRs (x2APIC:
 * ids of 32 bits). Both have the same registers, the MSRs at the offsets / 16.
 */
#ifndef MEMUP_X86_64_APIC_H
#define MEMUP_X86_64_APIC_H

#include <stdbool.h>
#include <stdint.h>

/* Where the registers of the xAPIC are unless somebody moved them. */
#define X86_APIC_PHYS UINT64_C(0xfee00000)

struct x86_apic {
	bool x2;
	volatile uint32_t *mmio; /* xAPIC: its registers */
	uint64_t timer_hz;	 /* of the timer after its divider; 0: not
				    known yet */
};

/* Does this CPU have one that can be used without memory for registers? */
bool x86_apic_has_x2(void);

/* Which kind it is; @mmio is X86_APIC_PHYS mapped uncached, unless it is an
 * x2APIC. Once, by the boot CPU. */
void x86_apic_init(struct x86_apic *apic, volatile uint32_t *mmio);

/* Let this CPU's APIC take interrupts. Each CPU, with interrupts off. */
void x86_apic_enable(const struct x86_apic *apic, uint8_t spurious_vector);

/* The id of this CPU's APIC. */
uint32_t x86_hw_id(const struct x86_apic *apic);

/* Called when the handler of an interrupt that came through it is done. */
void x86_apic_eoi(const struct x86_apic *apic);

/* Interrupt the CPU with @id. Any context. */
void x86_apic_send(const struct x86_apic *apic, uint32_t id, uint8_t vector);

/* What starts a CPU (SDM vol. 3, "Multiple-Processor Initialization"): INIT,
 * then SIPI: it begins at address @page * 4096, in real mode. */
void x86_apic_send_init(const struct x86_apic *apic, uint32_t id);
void x86_apic_send_startup(const struct x86_apic *apic, uint32_t id,
			   uint8_t page);

/* A non-maskable interrupt for all other CPUs. */
void x86_apic_send_nmi_to_others(const struct x86_apic *apic);

/* Find out how fast the timer is, with the time-stamp counter at @tsc_hz; takes
 * 2 ms. Once, by the boot CPU. */
void x86_apic_timer_calibrate(struct x86_apic *apic, uint64_t tsc_hz);

/* Interrupt this CPU with @vector in @ns; 0: cancel. Each CPU. */
void x86_apic_timer(const struct x86_apic *apic, uint8_t vector, uint64_t ns);

#endif
