/* SPDX-License-Identifier: MIT */
/*
 * memup: every floor. To get pages and no more you need only these:
 *
 *   port.h           the hooks, which you fill in
 *   machine.h        mu_machine_init(), mu_machine_finish(); between them a
 *   machine_read.h   reader: mu_machine_read_log(), _iomem(), ...
 *   machine_acpi.h   mu_machine_read_acpi()
 *   boot.h           mu_mm_init() to mu_mm_start(), then mu_mm_finish(),
 *                    mu_free_reserved(), mu_validate()
 *   memblock.h       mu_memblock_reserve(), and memory before the start
 *   buddy.h          mu_alloc_pages(), mu_free_pages(), mu_split_pages(),
 *                    mu_page_get(), mu_page_put()
 *   memmap.h         mu_pfn_to_page(), mu_memmap_lookup(), mu_memmap_next()
 *
 * and, as you need them:
 *
 *   deferred.h       huge pages and long runs: mu_alloc_huge(), mu_alloc_run();
 *                    a thread that finishes: mu_background_start()
 *   contig.h         contiguous pages, any number, or chosen ones
 *   early.h          hash tables, per-CPU areas, trace buffers
 *   boot_cmdline.h   crashkernel=, reserve_mem=, hugepages=
 *   page_ext.h       bytes of your own for each page
 *   limits.h         how much may come later
 *   hotplug.h        RAM that comes and goes, pages that are lost
 *   device.h         descriptors of device memory
 *   padata.h         parallel jobs
 *
 * What the floors offer each other is declared under src/.
 */
#ifndef MEMUP_MEMUP_H
#define MEMUP_MEMUP_H

#include "memup/boot.h"
#include "memup/boot_cmdline.h"
#include "memup/contig.h"
#include "memup/early.h"
#include "memup/machine_acpi.h"
#include "memup/machine_read.h"
#include "memup/padata.h"

#endif /* MEMUP_MEMUP_H */
