// SPDX-License-Identifier: MIT
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/root.h"

char root[64];

int root_make(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/memup-test.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

int root_remove(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *path_of(const char *name)
{
	static char paths[32][256];
	static unsigned next;
	char *path = paths[next++ % 32];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", root,
		       name + (*name == '/'));
	return path;
}

const char *root_path(const char *name)
{
	return path_of(name);
}

const char *root_put_bytes(const char *name, const void *bytes, size_t len)
{
	char *path = path_of(name);
	FILE *file;

	for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(path, 0755);
		*at = '/';
	}
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

const char *root_put(const char *name, const char *text)
{
	return root_put_bytes(name, text, strlen(text));
}
