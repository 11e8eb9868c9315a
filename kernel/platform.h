/* SPDX-License-Identifier: MIT */
/*
 * platform: what the kernel of each architecture defines in its own folder,
 * with what the port to it does not have (ports/bare/arch.h).
 */
#ifndef KERNEL_PLATFORM_H
#define KERNEL_PLATFORM_H

#include "kernel/cpu.h"
#include "kernel/exit.h"

/* ---- The console, and the end ---- */

/* Output alone, as it is, one caller at a time. Without a console nothing is
 * written, which is not an error. */
void platform_console_init(void);
void platform_console_write(const char *text, size_t len);

/* End with @status, or halt where nothing takes one. Interrupts are off. */
_Noreturn void platform_end(int status);

/* ---- Traps, interrupts, time ---- */

/* Have the CPU that runs this, which is @cpu, take traps on its stacks. Its
 * interrupts stay off. */
void platform_take_traps(struct kernel_cpu *cpu);

/* Once, by the boot CPU, when page tables are the kernel's: the interrupt
 * controller. Then by each CPU its own part of it. */
void platform_start_interrupts(void);
void platform_enter_interrupts(void);

/* An interrupt for this CPU in @ns, whose handler calls cpu_tick(); 0: none. */
void platform_set_timer(uint64_t ns);

/* Find out how fast the counter is. */
void platform_calibrate(void);

/* What reaches CPUs, for people: "x2APICs", "GICv3". */
const char *platform_controller(void);

/* ---- Memory ---- */

/* Where the direct map of the first page tables, with which kernel_main()
 * begins, ends. */
mu_phys_t platform_first_end(void);

/* Map the registers of devices that are used from now on, at DEVICES, in
 * kernel.tables, which this CPU does not use yet. */
enum mu_status platform_map_devices(void) MU_MUST_CHECK;

/* This CPU uses the page tables at @root, the kernel's, and no others. */
void platform_set_tables(mu_phys_t root);

/* Take from memblock what CPUs have to start from, and remember in kernel.kept
 * what the boot needs no more when they have. */
void platform_reserve(struct mu_memblock *memblock);

/* ---- What firmware says ---- */

/* Find it; a complaint, or NULL. */
const char *platform_find_firmware(void);

/* Add it to kernel.machine; false: begin again, what was bad is passed over. */
bool platform_describe(void);

/* Say what of it was strange, when the machine is finished. */
void platform_complain(bool no_affinities);

/* The first address that this CPU does not have. */
mu_phys_t platform_address_end(void);

/* cpu_found() for each CPU; the boot CPU first. */
void platform_find_cpus(void);

/* ---- Other CPUs ---- */

/* A CPU that is to be started. */
struct start_slot {
	uint64_t hw_id;
	uintptr_t stack_end;
	struct kernel_cpu *cpu;
};

/* How CPUs are started, from firmware's tables. */
void platform_find_start(void);

/* Can a CPU with this id be reached at all? Says why not. */
bool platform_can_start(uint64_t hw_id);

/* What all need, after their stacks; false when there is no memory. */
bool platform_prepare_start(void);

/* Start those of @slots; each ends in smp_main() on its stack. */
void platform_start(const struct start_slot *slots, unsigned nr);

/* One does not answer: it is never to come up. */
void platform_give_up(const struct start_slot *slot);

/* All have started, or some never did. */
void platform_end_start(bool all);

_Noreturn void smp_main(struct kernel_cpu *cpu);

/* Has CPU @slot of platform_start() answered? */
bool smp_is_alive(unsigned slot);

/* ---- main.c, from the first instructions ---- */

/* Bring memory up; @loader is LOADER_*, @info what it left. On the boot CPU's
 * stack, interrupts off, in the addresses of layout.h. */
_Noreturn void kernel_main(unsigned loader, uint64_t info);

#endif
