// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include "ports/hosted/topology.h"

#ifdef MEMUP_HWLOC
#include <hwloc.h>

static void place_one(hwloc_topology_t host, struct mu_host_cpu *cpus,
		      unsigned i)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(host, cpus[i].number);
	hwloc_obj_t core, node = NULL;

	if (!pu)
		return;
	core = hwloc_get_ancestor_obj_by_type(host, HWLOC_OBJ_CORE, pu);
	/* Counted among those we may use. */
	for (unsigned j = 0; core && j < i; j++)
		if (hwloc_bitmap_isset(core->cpuset, cpus[j].number))
			cpus[i].thread++;
	/* The first of several that are local to it (HBM follows). */
	do {
		node = hwloc_get_next_obj_by_type(host, HWLOC_OBJ_NUMANODE,
						  node);
	} while (node && !hwloc_bitmap_isset(node->cpuset, cpus[i].number));
	if (node)
		cpus[i].node = (int)node->os_index;
}

/* Which thread of its core, and which node, each of @cpus is. */
static void place(struct mu_host_cpu *cpus, unsigned nr)
{
	/* Slow, and of no use here. */
	static const char *const without[] = {"x86", "pci", "gl", "opencl"};
	hwloc_topology_t host;

	if (hwloc_topology_init(&host))
		return;
	for (unsigned i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		hwloc_topology_set_components(
			host, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
			without[i]);
	hwloc_topology_set_cache_types_filter(host,
					      HWLOC_TYPE_FILTER_KEEP_NONE);
	if (!hwloc_topology_load(host))
		for (unsigned i = 0; i < nr; i++)
			place_one(host, cpus, i);
	hwloc_topology_destroy(host);
}

const char *mu_host_topology(void)
{
	return "hwloc";
}

#else

/* /sys/devices/system/cpu/cpuN has a link nodeM. */
static int node_of(unsigned cpu)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int node = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int found;

		if (sscanf(entry->d_name, "node%d", &found) == 1 && found >= 0)
			node = found;
	}
	if (dir)
		closedir(dir);
	return node;
}

static void place(struct mu_host_cpu *cpus, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		cpus[i].node = node_of(cpus[i].number);
}

const char *mu_host_topology(void)
{
	return "affinity";
}

#endif

static int before(const void *a, const void *b)
{
	const struct mu_host_cpu *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

void mu_host_place(struct mu_host_cpu *cpus, unsigned nr)
{
	if (nr > 1)
		place(cpus, nr);
	for (unsigned i = 0; i < nr; i++)
		for (unsigned j = 0; j < i; j++)
			cpus[i].turn += cpus[j].node == cpus[i].node &&
					cpus[j].thread == cpus[i].thread;
	qsort(cpus, nr, sizeof(*cpus), before);
}

unsigned mu_host_cpus(struct mu_host_cpu *cpus, const struct mu_cpumask *mask,
		      bool placed)
{
	/* cpu_set_t ends at 1024. */
	cpu_set_t sets[MU_MAX_CPUS / CPU_SETSIZE];
	unsigned nr = 0;

	CPU_ZERO_S(sizeof(sets), sets);
	if (sched_getaffinity(0, sizeof(sets), sets))
		CPU_SET_S(0, sizeof(sets), sets);
	for (unsigned i = 0; i < MU_MAX_CPUS; i++)
		if (CPU_ISSET_S(i, sizeof(sets), sets) &&
		    (!mask || mu_cpumask_test(mask, i)))
			cpus[nr++] = (struct mu_host_cpu){.number = i};
	if (placed)
		mu_host_place(cpus, nr);
	return nr;
}
