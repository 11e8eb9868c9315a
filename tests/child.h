/* SPDX-License-Identifier: MIT */
/* child: commands and programs as processes that can be interrupted. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cli/command.h"

#define CHILD_KILLED 128

/* Start @command with @args, NULL at the end, the first one its name. What it
 * prints goes to the file @out. */
pid_t child_start(const struct command *command, const char *const *args,
		  const char *out);

/* The same for the program @path of the build that this test belongs to. */
pid_t child_exec(const char *path, const char *const *args, const char *out);

/* Is it still running? When it is not, child_end() is still to be called. */
bool child_runs(pid_t child);

/* Wait for its end: its exit code, or CHILD_KILLED and the signal. */
int child_end(pid_t child);

/*
 * Has it allocated, or read, that many bytes? Also false when it is over. For
 * tests that need it to be in the middle of something.
 */
bool child_holds(pid_t child, uint64_t bytes);
bool child_has_read(pid_t child, uint64_t bytes);

/* The file @out as text, up to @room bytes. */
void child_printed(const char *out, char *text, size_t room);

#endif
