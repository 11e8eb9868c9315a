// SPDX-License-Identifier: MIT
/*
 * A kernel that calls what a simple one calls, and with WITH_... more of the
 * library: tools/measure-size links it and never runs it.
 */
#include "memup/device.h"
#include "memup/hotplug.h"
#include "memup/memup.h"

/* What has an address and takes part in no sum: measure-size gives it one. */
extern struct mu_port port;
extern struct mu_machine machine;
extern struct mu_mm mm;
extern struct mu_error error;
extern struct mu_page memmap[];
extern void *buffer;
extern size_t size;
extern mu_phys_t base;
extern const char *text;
extern mu_pfn_t pfn;
extern enum mu_status sink;
extern struct mu_pagemap pagemap;
extern struct mu_padata_mt_job job;

/* Where measure-size has the link begin. */
void start(void);

void start(void)
{
	struct mu_config config;

	size = mu_machine_size(128, 8);
	sink = mu_machine_init(&machine, buffer, size, 128, 8, &error);
	sink = mu_machine_add(&machine, base, size, MU_RANGE_RAM, 0, &error);
#ifdef WITH_ACPI
	sink = mu_machine_read_acpi(&machine, text, size, &error);
#endif
#ifdef WITH_CMDLINE
	sink = mu_machine_apply_cmdline(&machine, text, size, &error);
#endif
	sink = mu_machine_finish(&machine, &error);
	config = mu_config_for(&machine);
#ifdef WITH_CMDLINE
	sink = mu_config_apply_cmdline(&config, &machine, text, size, &error);
#endif
	mu_mm_init(&mm, &port);
	sink = mu_mm_add_machine(&mm, &machine, &error);
	sink = mu_memblock_reserve(&mm.memblock, base, size, 0);
	base = mu_mm_memmap_span(&mm);
	size = mu_mm_size(&mm);
	sink = mu_mm_start(&mm, &config, memmap, buffer, size, &error);
	sink = mu_alloc_pages(&mm.buddy, 0, 0, 0, &pfn);
	sink = mu_free_pages(&mm.buddy, pfn, 0);
#ifdef WITH_RESERVED
	sink = mu_free_reserved(&mm, base, size);
#endif
#ifdef WITH_HOTPLUG
	sink = mu_hotplug_add(&mm.hotplug, base, size, 0, MU_ONLINE_KERNEL, 0,
			      &error);
	sink = mu_hotplug_offline(&mm.hotplug, base, size, 0, &error);
	sink = mu_hotplug_remove(&mm.hotplug, base, size, &error);
#endif
#ifdef WITH_DEVICES
	sink = mu_pagemap_register(&mm.devices, &pagemap, 0, &error);
	sink = mu_pagemap_remove(&pagemap, &error);
#endif
#ifdef WITH_PADATA
	sink = mu_padata_do_multithreaded(&port, &job);
#endif
}
