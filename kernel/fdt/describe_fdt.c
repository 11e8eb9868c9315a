// SPDX-License-Identifier: MIT
/*
 * describe_fdt: the device tree, which memup reads (memup/fdt.h).
 */
#include "kernel/fdt/device_tree.h"
#include "kernel/fdt/first_map.h"
#include "kernel/kernel.h"
#include "kernel/layout.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define MAX_TREE (16 * MU_MIB)

struct mu_fdt device_tree;

static struct mu_error open_error;
static bool is_open;

mu_phys_t platform_first_end(void)
{
	return first_end;
}

static void add_module(struct boot_info *info, uint64_t base, uint64_t size)
{
	info->modules[info->nr_modules++] =
		(struct boot_module){.base = base, .size = size};
}

static void read_chosen(struct boot_info *info)
{
	uint32_t chosen = mu_fdt_find(&device_tree, "/chosen"), len = 0;
	const uint8_t *text =
		chosen ? mu_fdt_prop(&device_tree, chosen, "bootargs", &len)
		       : NULL;
	uint64_t base, size;

	for (;
	     text && info->cmdline_len < len &&
	     info->cmdline_len < MAX_KERNEL_CMDLINE && text[info->cmdline_len];
	     info->cmdline_len++)
		info->cmdline[info->cmdline_len] =
			(char)text[info->cmdline_len];
	info->cmdline_cut = text && info->cmdline_len == MAX_KERNEL_CMDLINE &&
			    info->cmdline_len < len && text[info->cmdline_len];
	if (mu_fdt_initrd(&device_tree, &base, &size))
		add_module(info, base, size);
}

void boot_info_read(struct boot_info *info, unsigned loader, uint64_t at)
{
	const void *tree = (const void *)(DIRECT_MAP + at);
	size_t size = 0;

	(void)loader;
	memset(info, 0, offsetof(struct boot_info, ranges));
	info->loader = "FDT";
	/* first_map() has mapped it if it is one. */
	if (at && at < first_end)
		size = mu_fdt_size(tree);
	if (!size || size > MAX_TREE) {
		open_error.status = MU_ERR_NOT_FOUND;
		return;
	}
	info->tree = at;
	info->tree_size = size;
	is_open = mu_fdt_open(&device_tree, tree, size, &open_error) == MU_OK;
	if (is_open)
		read_chosen(info);
}

const char *platform_find_firmware(void)
{
	if (!kernel.info->tree_size)
		return "the loader gave no device tree";
	if (!is_open) {
		log_err("fdt: %s", open_error.text);
		return "the device tree cannot be read";
	}
	kernel.nr_tables = 1;
	return NULL;
}

bool platform_describe(void)
{
	static bool distrusted;
	struct mu_error error = {0};

	if (distrusted)
		return true;
	if (mu_machine_read_fdt(&kernel.machine,
				(const void *)(DIRECT_MAP + kernel.info->tree),
				kernel.info->tree_size, &error) == MU_OK)
		return true;
	log_err("fdt: %s", error.text);
	distrusted = true;
	return false;
}

void platform_complain(bool no_affinities)
{
	(void)no_affinities;
}

/* The tree is kept until CPUs are up: what shares its pages stays, too. */
void platform_reserve(struct mu_memblock *memblock)
{
	mu_phys_t base = kernel.info->tree & ~(mu_phys_t)(PAGE - 1);
	mu_phys_t end =
		(kernel.info->tree + kernel.info->tree_size + PAGE - 1) &
		~(mu_phys_t)(PAGE - 1);

	if (mu_memblock_reserve(memblock, base, end - base, MU_MEMBLOCK_NONE) !=
	    MU_OK) {
		log_err("fdt: the tree cannot be reserved");
		kernel_exit(EXIT_INPUT);
	}
	if (mu_memblock_is_region_memory(memblock, base, end - base)) {
		kernel.kept.base = base;
		kernel.kept.size = end - base;
	}
}

/* ---- CPUs ---- */

static void add_cpu(void *arg, const struct mu_fdt_cpu *cpu)
{
	(void)arg;
	cpu_found(cpu->id);
	cpu_is_on(cpu->id, cpu->nid);
}

void platform_find_cpus(void)
{
	struct mu_error error = {0};

	cpu_found(device_tree_own_cpu());
	if (mu_fdt_cpus(&device_tree, add_cpu, NULL, &error) != MU_OK)
		log_err("fdt: %s; one CPU", error.text);
}
