/* SPDX-License-Identifier: MIT */
/* ask: run a program and read one number from its output. */
#ifndef BENCH_ASK_H
#define BENCH_ASK_H

#include <stdbool.h>

/*
 * Run @argv (NULL at its end, looked up in PATH), take from its output and
 * error output the first line that contains @key and from that the number after
 * @key. False when the program cannot be run, fails, or prints no such line.
 */
bool ask(char *const *argv, const char *key, double *value);

/* The path of this program, to run it again. */
const char *ask_self(void);

#endif
