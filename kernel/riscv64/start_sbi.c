// SPDX-License-Identifier: MIT
/* start: other harts by SBI's HSM; the console, the timer and the end, too. */
#include "kernel/fdt/device_tree.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "ports/riscv64/sbi.h"

#define HART_START 0 /* of SBI_HSM */
#define SATP_MODE  ((uint64_t)(BARE_VA_BITS == 39 ? 8 : 9) << 60)
#define SIE_BITS   0x22u /* of sie: software and timer */

/* QEMU's and SiFive's device that ends a simulation. */
#define FINISH_WITH 0x3333u

extern const char cpu_entry[];
extern uint64_t boot_hart;

uint64_t kernel_root; /* for entry.S */

static bool has_hsm;
static volatile uint32_t *finisher;

/* ---- The console, and the end ---- */

void platform_console_init(void)
{
}

void platform_console_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sbi_call(SBI_PUTCHAR, 0, (uint8_t)text[i], 0, 0);
}

_Noreturn void platform_end(int status)
{
	if (finisher)
		*finisher = (uint32_t)status << 16 | FINISH_WITH;
	sbi_call(SBI_RESET, 0, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

/* ---- Memory ---- */

/* The finisher alone; without it there is no status. */
enum mu_status platform_map_devices(void)
{
	uint32_t node = mu_fdt_compatible(&device_tree, 0, "sifive,test0");
	uint64_t phys, size;
	enum mu_status status;

	if (!node ||
	    mu_fdt_reg(&device_tree, node, "reg", 0, &phys, &size, NULL) !=
		    MU_OK ||
	    phys % PAGE || !size)
		return MU_OK;
	status = bare_map(&kernel.tables, DEVICES, phys, PAGE, ARCH_MAP_DEVICE);
	if (status == MU_OK)
		finisher = (volatile uint32_t *)DEVICES;
	return status;
}

void platform_set_tables(mu_phys_t root)
{
	kernel_root = root;
	__asm__ volatile("sfence.vma" : : : "memory");
	RISCV_WRITE("satp", root >> 12 | SATP_MODE);
	__asm__ volatile("sfence.vma" : : : "memory");
}

/* 56 bits, of which the layout has fewer. */
mu_phys_t platform_address_end(void)
{
	return DIRECT_BYTES;
}

/* ---- Interrupts, time ---- */

void platform_start_interrupts(void)
{
	platform_enter_interrupts();
}

void platform_enter_interrupts(void)
{
	platform_set_timer(0);
	RISCV_WRITE("sie", SIE_BITS);
}

const char *platform_controller(void)
{
	return "SBI";
}

void platform_set_timer(uint64_t ns)
{
	uint64_t at = UINT64_MAX;

	if (ns)
		at = arch_ticks() + bare_clock_ticks(&kernel.bare.clock, ns);
	sbi_call(SBI_TIME, 0, at, 0, 0);
}

void platform_calibrate(void)
{
	uint32_t cpus = mu_fdt_find(&device_tree, "/cpus"), hz = 0;

	if (cpus &&
	    mu_fdt_cell(&device_tree, cpus, "timebase-frequency", &hz) && hz)
		bare_clock_set(&kernel.bare.clock, hz, "the device tree");
	else
		bare_clock_set(&kernel.bare.clock, 10000000,
			       "a guess: the device tree has no "
			       "timebase-frequency");
}

/* ---- Other harts ---- */

uint64_t device_tree_own_cpu(void)
{
	return boot_hart;
}

void platform_find_start(void)
{
	has_hsm = sbi_has(SBI_HSM) && sbi_has(SBI_IPI);
	if (!has_hsm)
		log_warn("smp: SBI has no HSM; other CPUs stay off");
}

bool platform_can_start(uint64_t hw_id)
{
	(void)hw_id;
	return has_hsm;
}

bool platform_prepare_start(void)
{
	return true;
}

void platform_start(const struct start_slot *slots, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		int64_t error =
			sbi_call(SBI_HSM, HART_START, slots[i].hw_id,
				 phys_of(cpu_entry), (uintptr_t)&slots[i]);

		if (error)
			log_err("smp: SBI answers %ld for the CPU with id %lu",
				error, slots[i].hw_id);
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
