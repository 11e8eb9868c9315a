// SPDX-License-Identifier: MIT
/*
 * This host's /proc and /sys, from files: the input has them as `tail -n +1`
 * prints several, "==> PATH <==" before each.
 */
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/hosted/cgroup.h"
#include "ports/hosted/machine.h"
#include "tests/fuzz/fuzz.h"

#define MOST_FILES 64

static char root[64];

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *ftw)
{
	(void)status;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static void remove_root(void)
{
	rmdir(root);
}

/* Below the root, and nowhere else; what cannot be a file is left out. */
static void put(const char *path, const char *text, size_t len)
{
	char full[256];
	FILE *file;

	if ((strncmp(path, "/proc/", 6) != 0 &&
	     strncmp(path, "/sys/", 5) != 0) ||
	    strstr(path, "/.") || strlen(path) > 120)
		return;
	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(full, 0755);
		*at = '/';
	}
	file = fopen(full, "w");
	if (!file)
		return;
	fwrite(text, 1, len, file);
	fclose(file);
}

static void put_all(char *text)
{
	char *next = strstr(text, "==> ");

	for (unsigned nr = 0; next && nr < MOST_FILES; nr++) {
		char *path = next + 4, *end = strstr(path, " <==\n");

		if (!end)
			return;
		*end = '\0';
		text = end + 5;
		next = strstr(text, "==> ");
		put(path, text, next ? (size_t)(next - text) : strlen(text));
	}
}

static enum mu_status read_host(struct mu_machine *machine, const char *text,
				size_t len, struct mu_error *error)
{
	(void)text;
	(void)len;
	return mu_host_machine(machine, root, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!root[0]) {
		(void)snprintf(root, sizeof(root), "%s/memup-fuzz.XXXXXX",
			       access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
		fuzz_check(mkdtemp(root) && !atexit(remove_root));
	}
	put_all(text);
	free(text);
	fuzz_reader(read_host, data, size);
	fuzz_check(mu_cgroup_cpus(root) > 0);
	fuzz_check(!nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS));
	return 0;
}
