// SPDX-License-Identifier: MIT
/*
 * first_map: see first_map.h. All addresses of the image are relative to the
 * instruction here, so they are physical; the tables' too (direct is 0). What
 * does not fit or makes no sense is not mapped: describe_fdt.c complains.
 */
#include "kernel/fdt/first_map.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "memup/fdt.h"
#include "ports/bare/arch.h"

#define NR_TABLES (BARE_PAGE_SHIFT == 12 ? 64 : 24)
#define WINDOW	  (4 * MU_GIB)
#define MAX_TREE  (16 * MU_MIB)

extern char image_start[], text_end[], image_end[];

uint64_t first_root, first_low;
mu_phys_t first_end, first_console;

static uint8_t pool[NR_TABLES][PAGE]
	__attribute__((section(".bss.noinit"), aligned(PAGE)));
static unsigned nr_used;

static mu_phys_t new_table(void *arg)
{
	uint64_t *words;

	(void)arg;
	if (nr_used == NR_TABLES)
		return 0;
	words = (uint64_t *)(void *)pool[nr_used++];
	for (unsigned i = 0; i < PAGE / sizeof(*words); i++)
		words[i] = 0;
	return (uintptr_t)words;
}

static uint64_t page_down(uint64_t at)
{
	return at & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_up(uint64_t at)
{
	return page_down(at + PAGE - 1);
}

/* Whole pages of memory in the direct map. */
static void map_direct(const struct bare_tables *tables, uint64_t base,
		       uint64_t end)
{
	if (base < end &&
	    bare_map(tables, DIRECT_MAP + base, base, end - base,
		     ARCH_MAP_DATA) == MU_OK &&
	    end > first_end)
		first_end = end;
}

static void map_bank(const struct bare_tables *tables, uint64_t base,
		     uint64_t size)
{
	uint64_t last = (uintptr_t)image_start + WINDOW, end = base + size;

	if (end < base || end > last)
		end = last;
	map_direct(tables, page_up(base), page_down(end));
}

static void map_banks(const struct bare_tables *tables,
		      const struct mu_fdt *fdt)
{
	uint64_t base, size;

	for (uint32_t node = fdt->root; node; node = mu_fdt_next(fdt, node)) {
		if (!mu_fdt_says(fdt, node, "device_type", "memory") ||
		    !mu_fdt_available(fdt, node))
			continue;
		for (unsigned i = 0; mu_fdt_reg(fdt, node, "reg", i, &base,
						&size, NULL) == MU_OK;
		     i++)
			map_bank(tables, base, size);
	}
}

/* /chosen's stdout-path, or what is compatible with @word. */
static void find_console(const struct mu_fdt *fdt)
{
	uint32_t chosen = mu_fdt_find(fdt, "/chosen"), len = 0, node = 0;
	const uint8_t *path =
		chosen ? mu_fdt_prop(fdt, chosen, "stdout-path", &len) : NULL;
	uint64_t at, size;

	if (path && len && !path[len - 1])
		node = mu_fdt_find(fdt, (const char *)path);
	if (!node)
		node = mu_fdt_compatible(fdt, 0, "arm,pl011");
	if (node && mu_fdt_reg(fdt, node, "reg", 0, &at, &size, NULL) == MU_OK)
		first_console = at;
}

static void map_tree(const struct bare_tables *tables, uint64_t tree)
{
	struct mu_fdt fdt;
	size_t size;

	if (!tree)
		return;
	size = mu_fdt_size((const void *)tree);
	if (!size || size > MAX_TREE)
		return;
	map_direct(tables, page_down(tree), page_up(tree + size));
	if (mu_fdt_open(&fdt, (const void *)tree, size, NULL) != MU_OK)
		return;
	map_banks(tables, &fdt);
	find_console(&fdt);
}

void first_map(uint64_t tree)
{
	uint64_t start = (uintptr_t)image_start;
	uint64_t code = (uint64_t)(text_end - image_start);
	uint64_t size = (uint64_t)(image_end - image_start);
	struct bare_tables tables = {
		.max_leaf = ARCH_MAX_LEAF,
		.new_table = new_table,
	};
	struct bare_tables low;

	kernel.image_phys = start;
	first_console = FIRST_CONSOLE;
	first_root = new_table(NULL);
	tables.root = (_Atomic uint64_t *)first_root;
	low = tables;
#ifdef FIRST_LOW_ROOT
	first_low = new_table(NULL);
	low.root = (_Atomic uint64_t *)first_low;
#endif
	map_tree(&tables, tree);
	map_direct(&tables, start, start + size);
	if (bare_map(&low, start, start, code, ARCH_MAP_CODE) != MU_OK ||
	    bare_map(&tables, IMAGE, start, code, ARCH_MAP_CODE) != MU_OK ||
	    bare_map(&tables, IMAGE + code, start + code, size - code,
		     ARCH_MAP_DATA) != MU_OK)
		__builtin_trap();
	if (first_console)
		(void)!bare_map(&tables, DEVICES, page_down(first_console),
				PAGE, ARCH_MAP_DEVICE);
}
