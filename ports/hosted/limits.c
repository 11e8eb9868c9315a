// SPDX-License-Identifier: MIT
/*
 * What the host gives this process.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include "ports/hosted/cgroup.h"
#include "ports/hosted/internal.h"

/* The number after @name in a "Name:  1234 kB" file, in bytes. */
static bool read_kib(const char *file, const char *name, uint64_t *bytes)
{
	FILE *in = fopen(file, "re");
	char line[256];
	bool found = false;

	if (!in)
		return false;
	while (!found && fgets(line, sizeof(line), in)) {
		uint64_t kib;

		if (strncmp(line, name, strlen(name)) != 0 ||
		    sscanf(line + strlen(name), ": %" SCNu64, &kib) != 1)
			continue;
		*bytes = kib << 10;
		found = true;
	}
	fclose(in);
	return found;
}

/* A cgroup file with one number; "max" is no number. */
static bool read_number(const char *file, uint64_t *value)
{
	FILE *in = fopen(file, "re");
	bool found;

	if (!in)
		return false;
	found = fscanf(in, "%" SCNu64, value) == 1;
	fclose(in);
	return found;
}

uint64_t mu_hosted_available(void)
{
	uint64_t available = UINT64_MAX, max, used;

	if (!read_kib("/proc/meminfo", "MemAvailable", &available))
		available = UINT64_MAX;
	/* A container sees its own cgroup as the root. */
	if (read_number("/sys/fs/cgroup/memory.max", &max) &&
	    read_number("/sys/fs/cgroup/memory.current", &used)) {
		uint64_t left = max > used ? max - used : 0;

		if (left < available)
			available = left;
	}
	return available;
}

uint64_t mu_hosted_resident(void)
{
	uint64_t bytes = 0;

	return read_kib("/proc/self/status", "VmRSS", &bytes) ? bytes : 0;
}

uint64_t mu_hosted_resident_max(void)
{
	uint64_t bytes = 0;

	return read_kib("/proc/self/status", "VmHWM", &bytes) ? bytes : 0;
}

unsigned mu_hosted_cpus(void)
{
	unsigned quota = mu_cgroup_cpus(""), allowed;
	/* cpu_set_t ends at 1024. */
	cpu_set_t sets[MU_MAX_CPUS / CPU_SETSIZE];

	CPU_ZERO_S(sizeof(sets), sets);
	if (sched_getaffinity(0, sizeof(sets), sets))
		return 1;
	allowed = (unsigned)CPU_COUNT_S(sizeof(sets), sets);
	return quota < allowed ? quota : allowed;
}

bool mu_hosted_set_priority(enum mu_hosted_priority priority)
{
	const struct sched_param none = {0};

	/* 0 is the calling thread in both, whatever POSIX says. */
	if (priority == MU_PRIORITY_IDLE)
		return !sched_setscheduler(0, SCHED_IDLE, &none);
	if (priority == MU_PRIORITY_NICE)
		return !setpriority(PRIO_PROCESS, 0, 19);
	return true;
}
