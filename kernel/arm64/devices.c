// SPDX-License-Identifier: MIT
/*
 * devices: the registers that the kernel uses: a PL011 (Arm DDI 0183) and the
 * interrupt controller, which the device tree names; the generic timer.
 */
#include "kernel/fdt/device_tree.h"
#include "kernel/fdt/first_map.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"

#define UART_DATA 0x00
#define UART_FLAG 0x18
#define UART_FULL 0x20u

uint64_t kernel_root; /* for entry.S */

/* ---- The console ---- */

static volatile uint32_t *uart;

void platform_console_init(void)
{
	if (first_console)
		uart = (volatile uint32_t *)(DEVICES +
					     (first_console & (PAGE - 1)));
}

void platform_console_write(const char *text, size_t len)
{
	for (size_t i = 0; uart && i < len; i++) {
		while (uart[UART_FLAG / 4] & UART_FULL)
			arch_pause();
		uart[UART_DATA / 4] = (uint8_t)text[i];
	}
}

/* ---- Their addresses ---- */

static uintptr_t next_device;

/* Map whole pages around [@phys, @phys + @size). */
static enum mu_status map_device(mu_phys_t phys, uint64_t size,
				 volatile uint32_t **at)
{
	mu_phys_t base = phys & ~(mu_phys_t)(PAGE - 1);
	mu_phys_t end = (phys + size + PAGE - 1) & ~(mu_phys_t)(PAGE - 1);
	uintptr_t virt = next_device;

	next_device += end - base;
	*at = (volatile uint32_t *)(virt + (phys - base));
	return bare_map(&kernel.tables, virt, base, end - base,
			ARCH_MAP_DEVICE);
}

static enum mu_status map_reg(uint32_t node, unsigned index,
			      volatile uint32_t **at, uint64_t *size)
{
	struct mu_error error = {0};
	uint64_t phys;
	enum mu_status status = mu_fdt_reg(&device_tree, node, "reg", index,
					   &phys, size, &error);

	if (status == MU_OK)
		status = mu_fdt_translate(&device_tree, node, &phys, &error);
	if (status == MU_OK && (!*size || *size > 256 * MU_MIB))
		status = MU_ERR_RANGE;
	if (status != MU_OK) {
		log_err("gic: its registers: %s",
			error.text[0] ? error.text : mu_status_str(status));
		return status;
	}
	return map_device(phys, *size, at);
}

static enum mu_status map_gic_3(struct gic *gic, uint32_t node)
{
	uint32_t regions = 1;
	enum mu_status status = MU_OK;

	(void)mu_fdt_cell(&device_tree, node, "#redistributor-regions",
			  &regions);
	for (; status == MU_OK && gic->nr_regions < regions &&
	       gic->nr_regions < GIC_REGIONS;
	     gic->nr_regions++)
		status = map_reg(node, 1 + gic->nr_regions,
				 &gic->regions[gic->nr_regions],
				 &gic->region_bytes[gic->nr_regions]);
	return status;
}

static enum mu_status map_gic(void)
{
	struct gic *gic = &kernel.bare.arch.gic;
	uint32_t node = mu_fdt_compatible(&device_tree, 0, "arm,gic-v3");
	enum mu_status status;
	uint64_t size;

	gic->version = 3;
	if (!node) {
		gic->version = 2;
		node = mu_fdt_compatible(&device_tree, 0, "arm,cortex-a15-gic");
	}
	if (!node)
		node = mu_fdt_compatible(&device_tree, 0, "arm,gic-400");
	if (!node) {
		log_err("gic: the device tree has none: this machine cannot be "
			"brought up");
		kernel_exit(EXIT_INPUT);
	}
	status = map_reg(node, 0, &gic->distributor, &size);
	if (status == MU_OK)
		status = gic->version == 3 ? map_gic_3(gic, node)
					   : map_reg(node, 1, &gic->cpu, &size);
	return status;
}

enum mu_status platform_map_devices(void)
{
	enum mu_status status = MU_OK;

	next_device = DEVICES + PAGE;
	if (first_console)
		status = bare_map(&kernel.tables, DEVICES,
				  first_console & ~(mu_phys_t)(PAGE - 1), PAGE,
				  ARCH_MAP_DEVICE);
	return status == MU_OK ? map_gic() : status;
}

void platform_set_tables(mu_phys_t root)
{
	kernel_root = root;
	__asm__ volatile("dsb ishst" : : : "memory");
	ARM64_WRITE("ttbr1_el1", root);
	__asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" : : : "memory");
}

/* ID_AA64MMFR0_EL1.PARange. */
mu_phys_t platform_address_end(void)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};
	unsigned range = ARM64_READ("id_aa64mmfr0_el1") & 0xf;

	return UINT64_C(1) << (range < sizeof(bits) ? bits[range] : 48);
}

/* ---- Interrupts, time ---- */

void platform_start_interrupts(void)
{
	gic_init(&kernel.bare.arch.gic);
	platform_enter_interrupts();
}

void platform_enter_interrupts(void)
{
	if (!gic_enter(&kernel.bare.arch.gic, mu_bare_this_cpu())) {
		log_err("gic: CPU %u has no redistributor",
			mu_bare_this_cpu()->id);
		kernel_exit(EXIT_INPUT);
	}
	platform_set_timer(0);
}

const char *platform_controller(void)
{
	return kernel.bare.arch.gic.version == 3 ? "GICv3" : "GICv2";
}

void platform_set_timer(uint64_t ns)
{
	uint64_t ticks = bare_clock_ticks(&kernel.bare.clock, ns);

	ARM64_WRITE("cntv_tval_el0", ticks ? ticks : 1);
	ARM64_WRITE("cntv_ctl_el0", ns ? 1 : 0);
	__asm__ volatile("isb");
}

void platform_calibrate(void)
{
	uint64_t hz = ARM64_READ("cntfrq_el0") & UINT32_MAX;

	/* Firmware has to set it. */
	if (hz)
		bare_clock_set(&kernel.bare.clock, hz, "CNTFRQ_EL0");
	else
		bare_clock_set(&kernel.bare.clock, 1000000000,
			       "a guess: firmware has left CNTFRQ_EL0 0");
}
