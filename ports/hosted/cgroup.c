// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ports/hosted/cgroup.h"

/* A decimal number and the blanks after it. */
static bool number(const char **at, unsigned long long *value)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*value = strtoull(*at, &end, 10);
	if (errno)
		return false;
	*at = end + strspn(end, " \n");
	return *end == '\0' || *at != end;
}

bool mu_cgroup_parse_cpu_max(const char *text, unsigned *cpus)
{
	unsigned long long quota = 0, period, whole;
	bool none = !strncmp(text, "max ", 4);

	if (none)
		text += 4;
	else if (!number(&text, &quota) || !quota)
		return false;
	if (!number(&text, &period) || !period || *text)
		return false;
	whole = quota / period + (quota % period != 0);
	*cpus = none || whole > UINT_MAX ? UINT_MAX : (unsigned)whole;
	return true;
}

static bool first_line(const char *path, char *line, int room)
{
	FILE *in = fopen(path, "re");
	bool read = in && fgets(line, room, in);

	if (in)
		fclose(in);
	return read;
}

/* This process's group: the line "0::/PATH" of /proc/self/cgroup. */
static bool own_group(const char *root, char *group, size_t room)
{
	char path[PATH_MAX], line[PATH_MAX];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "0::/", 4) &&
			snprintf(group, room, "%s", line + 3) < (int)room;
	}
	if (in)
		fclose(in);
	return found;
}

unsigned mu_cgroup_cpus(const char *root)
{
	char group[PATH_MAX / 2], path[PATH_MAX], line[128];
	unsigned least = UINT_MAX, cpus;

	if (!own_group(root, group, sizeof(group)))
		return least;
	/* Upwards: /a/b, /a, and the root, which has the file where it is the
	 * group of a container. */
	for (;;) {
		char *slash = strrchr(group, '/');

		if (snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s/cpu.max",
			     root, slash == group && !group[1] ? "" : group) <
			    (int)sizeof(path) &&
		    first_line(path, line, sizeof(line)) &&
		    mu_cgroup_parse_cpu_max(line, &cpus) && cpus < least)
			least = cpus;
		if (!slash)
			return least;
		*slash = '\0';
	}
}
