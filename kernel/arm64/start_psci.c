// SPDX-License-Identifier: MIT
/* start: other CPUs, and the end, by PSCI (Arm DEN 0022). */
#include "kernel/arm64/semihosting.h"
#include "kernel/fdt/device_tree.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"

#define SYSTEM_OFF 0x84000008u
#define CPU_ON	   0xc4000003u
#define AFFINITIES UINT64_C(0xff00ffffff)

extern const char cpu_entry[];
extern uint64_t kernel_root;

static enum { NONE, BY_SMC, BY_HVC } conduit;

static int64_t psci(uint32_t what, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = what;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	if (conduit == BY_SMC)
		__asm__ volatile("smc #0"
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
				 :
				 : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
				   "x10", "x11", "x12", "x13", "x14", "x15",
				   "x16", "x17");
	else
		__asm__ volatile("hvc #0"
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
				 :
				 : "memory", "x4", "x5", "x6", "x7", "x8", "x9",
				   "x10", "x11", "x12", "x13", "x14", "x15",
				   "x16", "x17");
	return (int64_t)x0;
}

uint64_t device_tree_own_cpu(void)
{
	return ARM64_READ("mpidr_el1") & AFFINITIES;
}

bool platform_can_start(uint64_t hw_id)
{
	(void)hw_id;
	return conduit != NONE;
}

static void find_conduit(void)
{
	static const char *const names[] = {"arm,psci-1.0", "arm,psci-0.2"};
	uint32_t node = 0;

	for (unsigned i = 0; !node && i < 2; i++)
		node = mu_fdt_compatible(&device_tree, 0, names[i]);
	if (node && mu_fdt_says(&device_tree, node, "method", "smc"))
		conduit = BY_SMC;
	else if (node && mu_fdt_says(&device_tree, node, "method", "hvc"))
		conduit = BY_HVC;
	else
		log_warn("smp: the device tree has no PSCI; other CPUs stay "
			 "off");
}

bool platform_prepare_start(void)
{
	/* What is read before the MMU is on must be in memory. */
	__asm__ volatile("dc cvac, %0; dsb sy"
			 :
			 : "r"(&kernel_root)
			 : "memory");
	return true;
}

void platform_start(const struct start_slot *slots, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int64_t status = psci(CPU_ON, slots[i].hw_id,
				      phys_of(cpu_entry), (uintptr_t)&slots[i]);

		if (status)
			log_err("smp: PSCI answers %ld for the CPU with id %lu",
				status, slots[i].hw_id);
	}
}

void platform_give_up(const struct start_slot *slot)
{
	(void)slot;
}

void platform_end_start(bool all)
{
	(void)all;
}

_Noreturn void platform_end(int status)
{
	const uint64_t block[2] = {SEMIHOSTING_STOPPED, (uint64_t)status};

	semihosting(SEMIHOSTING_EXIT, block);
	/* Still here: nobody listens. */
	if (conduit != NONE)
		psci(SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

void platform_find_start(void)
{
	find_conduit();
}
