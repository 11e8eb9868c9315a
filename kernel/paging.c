// SPDX-License-Identifier: MIT
/* paging: see paging.h. */
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/paging.h"
#include "kernel/platform.h"
#include "kernel/string.h"

extern char image_start[], text_end[], rodata_end[], image_end[];
extern char boot_stack_hole[];

/* ---- Where tables come from ---- */

static mu_phys_t table_from_memblock(void *arg)
{
	void *table;

	(void)arg;
	if (mu_memblock_alloc(&kernel.mm.memblock, PAGE, PAGE, &table) != MU_OK)
		return 0;
	kernel.page_tables++;
	return (uintptr_t)table - DIRECT_MAP;
}

static mu_phys_t table_from_allocator(void *arg)
{
	mu_pfn_t pfn;

	(void)arg;
	if (mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, 0, 0, &pfn) != MU_OK)
		return 0;
	memset(direct(pfn * PAGE), 0, PAGE);
	kernel.page_tables++;
	kernel.held_pages++;
	return pfn * PAGE;
}

void paging_use_allocator(void)
{
	kernel.tables.new_table = table_from_allocator;
}

/* ---- The direct map ---- */

static enum mu_status map_direct(mu_phys_t base, mu_phys_t end, uint64_t flags)
{
	base = (base + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	end &= ~(uint64_t)(PAGE - 1);
	if (base >= end)
		return MU_OK;
	if (end > kernel.bare.mapped_end)
		kernel.bare.mapped_end = end;
	return bare_map(&kernel.tables, DIRECT_MAP + base, base, end - base,
			flags);
}

/* RAM is data, except for the image's code and constants. */
static enum mu_status map_ram(mu_phys_t base, mu_phys_t end)
{
	mu_phys_t from = phys_of(image_start), to = phys_of(rodata_end);
	enum mu_status status;

	if (end <= from || base >= to)
		return map_direct(base, end, ARCH_MAP_DATA);
	status = map_direct(base, from, ARCH_MAP_DATA);
	if (status == MU_OK)
		status = map_direct(from, to, ARCH_MAP_CONST);
	if (status == MU_OK)
		status = map_direct(to, end, ARCH_MAP_DATA);
	return status;
}

static enum mu_status map_memory(void)
{
	const struct mu_machine *machine = &kernel.machine;
	enum mu_status status = MU_OK;
	mu_phys_t base, end;
	uint64_t i;

	mu_for_each_mem_range (&kernel.mm.memblock, i, &base, &end) {
		status = map_ram(base, end);
		if (status != MU_OK)
			return status;
	}
	for (unsigned n = 0; n < machine->nr_ranges && status == MU_OK; n++)
		if (machine->ranges[n].type == MU_RANGE_PMEM)
			status = map_direct(machine->ranges[n].base,
					    machine->ranges[n].base +
						    machine->ranges[n].size,
					    ARCH_MAP_DATA);
	return status;
}

/* ---- The image ---- */

static enum mu_status map_part(const char *from, const char *to, uint64_t flags)
{
	return bare_map(&kernel.tables, (uintptr_t)from, phys_of(from),
			(uint64_t)(to - from), flags);
}

static enum mu_status map_image(void)
{
	enum mu_status status = map_part(image_start, text_end, ARCH_MAP_CODE);

	if (status == MU_OK)
		status = map_part(text_end, rodata_end, ARCH_MAP_CONST);
	if (status == MU_OK)
		status = map_part(rodata_end, boot_stack_hole, ARCH_MAP_DATA);
	if (status == MU_OK)
		status = map_part(boot_stack_hole + STACK_BYTES, image_end,
				  ARCH_MAP_DATA);
	return status;
}

enum mu_status paging_init(void)
{
	enum mu_status status;
	mu_phys_t root;

	kernel.tables = (struct bare_tables){
		.direct = DIRECT_MAP,
		.max_leaf = ARCH_MAX_LEAF,
		.new_table = table_from_memblock,
	};
	root = table_from_memblock(NULL);
	if (!root)
		return MU_ERR_NOMEM;
	kernel.tables.root = direct(root);
	status = map_image();
	if (status == MU_OK)
		status = map_memory();
	if (status == MU_OK)
		status = platform_map_devices();
	if (status == MU_OK)
		platform_set_tables(root);
	return status;
}

/* ---- What CPUs need ---- */

enum mu_status paging_map_stacks(unsigned id, mu_phys_t phys)
{
	uintptr_t slot = STACKS + (uintptr_t)id * STACK_SLOT;
	enum mu_status status = bare_map(&kernel.tables, slot + STACK_AT, phys,
					 STACK_BYTES, ARCH_MAP_DATA);

	if (status == MU_OK)
		status = bare_map(&kernel.tables, slot + FAULT_STACK_AT,
				  phys + STACK_BYTES, FAULT_STACK_BYTES,
				  ARCH_MAP_DATA);
	return status;
}
