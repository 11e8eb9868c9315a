/* SPDX-License-Identifier: MIT */
/* root: a folder of its own for a test, with files as below / of a host. */
#ifndef TESTS_ROOT_H
#define TESTS_ROOT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#define root_test(test) \
	cmocka_unit_test_setup_teardown(test, root_make, root_remove)

/* The folder's path, while a root_test() runs. */
extern char root[64];

int root_make(void **state);
int root_remove(void **state);

/* @name ("proc/iomem", "/proc/iomem") below the root; good until 32 more are
 * asked for. */
const char *root_path(const char *name);

/* Write a file there, with the directories on the way. Returns its path. */
const char *root_put(const char *name, const char *text);
const char *root_put_bytes(const char *name, const void *bytes, size_t len);

#endif
