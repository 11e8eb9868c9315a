// SPDX-License-Identifier: MIT
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/paging.h"
#include "kernel/string.h"
#include "ports/x86_64/asm.h"

extern char image_start[], text_end[], rodata_end[], image_end[];
extern char boot_stack_hole[];

#define FOUR_GIB (4 * MU_GIB)

static mu_phys_t phys_of(const char *at)
{
	return (uintptr_t)at - IMAGE;
}

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
	if (end > kernel.x86.mapped_end)
		kernel.x86.mapped_end = end;
	return x86_map(&kernel.tables, DIRECT_MAP + base, base, end - base,
		       flags);
}

/* RAM is data, except for the image's code and constants. */
static enum mu_status map_ram(mu_phys_t base, mu_phys_t end)
{
	mu_phys_t from = phys_of(image_start), to = phys_of(rodata_end);
	enum mu_status status;

	if (end <= from || base >= to)
		return map_direct(base, end, X86_MAP_DATA);
	status = map_direct(base, from, X86_MAP_DATA);
	if (status == MU_OK)
		status = map_direct(from, to, X86_MAP_CONST);
	if (status == MU_OK)
		status = map_direct(to, end, X86_MAP_DATA);
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
					    X86_MAP_DATA);
	return status;
}

/* ---- The image ---- */

static enum mu_status map_part(const char *from, const char *to, uint64_t flags)
{
	return x86_map(&kernel.tables, (uintptr_t)from, phys_of(from),
		       (uint64_t)(to - from), flags);
}

static enum mu_status map_image(void)
{
	enum mu_status status = map_part(image_start, text_end, X86_MAP_CODE);

	if (status == MU_OK)
		status = map_part(text_end, rodata_end, X86_MAP_CONST);
	if (status == MU_OK)
		status = map_part(rodata_end, boot_stack_hole, X86_MAP_DATA);
	if (status == MU_OK)
		status = map_part(boot_stack_hole + PAGE, image_end,
				  X86_MAP_DATA);
	return status;
}

static enum mu_status map_devices(void)
{
	if (x86_apic_has_x2())
		return MU_OK;
	return x86_map(&kernel.tables, DEVICES, X86_APIC_PHYS, PAGE,
		       X86_MAP_DEVICE);
}

enum mu_status paging_init(void)
{
	struct x86_cpuid leaf = x86_cpuid(0x80000001, 0);
	enum mu_status status;
	mu_phys_t root;

	kernel.tables = (struct x86_tables){
		.direct = DIRECT_MAP,
		.gigabytes = leaf.edx >> 26 & 1,
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
		status = map_devices();
	if (status == MU_OK)
		x86_write_cr3(root);
	return status;
}

/* ---- What CPUs need ---- */

static mu_phys_t start_tables[4];
static unsigned nr_start_tables;

/* CR3 has only 32 bits when a starting CPU loads it first. */
static mu_phys_t table_for_start(void *arg)
{
	mu_pfn_t pfn;

	(void)arg;
	if (nr_start_tables == sizeof(start_tables) / sizeof(start_tables[0]) ||
	    mu_alloc_pages(&kernel.mm.buddy, MU_NO_NODE, 0, MU_ALLOC_DMA32,
			   &pfn) != MU_OK)
		return 0;
	memset(direct(pfn * PAGE), 0, PAGE);
	start_tables[nr_start_tables++] = pfn * PAGE;
	return pfn * PAGE;
}

enum mu_status paging_make_start(mu_phys_t phys, mu_phys_t *root)
{
	struct x86_tables tables = kernel.tables;

	*root = table_for_start(NULL);
	if (!*root)
		return MU_ERR_NOMEM;
	memcpy(direct(*root), (const void *)kernel.tables.root, PAGE);
	tables.root = direct(*root);
	tables.new_table = table_for_start;
	return x86_map(&tables, phys, phys, PAGE, X86_PTE_PRESENT);
}

void paging_free_start(void)
{
	while (nr_start_tables)
		if (mu_free_pages(&kernel.mm.buddy,
				  start_tables[--nr_start_tables] / PAGE,
				  0) != MU_OK)
			__builtin_trap();
}

unsigned paging_keep_start(void)
{
	return nr_start_tables;
}

enum mu_status paging_map_stacks(unsigned id, mu_phys_t phys)
{
	uintptr_t slot = STACKS + (uintptr_t)id * STACK_SLOT;
	enum mu_status status = x86_map(&kernel.tables, slot + STACK_AT, phys,
					STACK_BYTES, X86_MAP_DATA);

	if (status == MU_OK)
		status = x86_map(&kernel.tables, slot + FAULT_STACK_AT,
				 phys + STACK_BYTES, FAULT_STACK_BYTES,
				 X86_MAP_DATA);
	return status;
}
