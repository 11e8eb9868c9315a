// SPDX-License-Identifier: MIT
/* address_space: CR3, and the local APIC's registers. */
#include "kernel/kernel.h"
#include "kernel/platform.h"

/* entry.S */
mu_phys_t platform_first_end(void)
{
	return 4 * MU_GIB;
}

enum mu_status platform_map_devices(void)
{
	if (x86_apic_has_x2())
		return MU_OK;
	return bare_map(&kernel.tables, DEVICES, X86_APIC_PHYS, PAGE,
			ARCH_MAP_DEVICE);
}

void platform_set_tables(mu_phys_t root)
{
	x86_write_cr3(root);
}
