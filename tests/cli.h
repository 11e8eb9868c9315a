/* SPDX-License-Identifier: MIT */
/* cli: running the program memup of the build that a test belongs to. */
#ifndef TESTS_CLI_H
#define TESTS_CLI_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

struct cli {
	int code;  /* -1: it did not exit by itself */
	char *out; /* what it printed, terminated; cli_free() */
	char *err;
};

/*
 * Run memup with @arguments, which a shell takes apart; @input, or NULL, is its
 * standard input.
 */
struct cli cli_run(const char *input, const char *arguments);
void cli_free(struct cli *cli);

/* Run it, and fail unless it exits with 2 and says @why on standard error, and
 * nothing on standard output. */
void cli_refused(const char *input, const char *arguments, const char *why);

/* A file in memory, terminated, for free(); fails if there is none. */
char *cli_read_file(const char *path);

#endif
