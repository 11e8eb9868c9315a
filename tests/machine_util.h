/* SPDX-License-Identifier: MIT */
/* machine_util: what the tests of the machine floor share. */
#ifndef TESTS_MACHINE_UTIL_H
#define TESTS_MACHINE_UTIL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memup/machine_read.h"

typedef enum mu_status mu_text_reader(struct mu_machine *machine,
				      const char *text, size_t len,
				      struct mu_error *error);

/* An empty machine; free() it. */
struct mu_machine *machine_new(unsigned max_ranges, unsigned max_nodes);

/*
 * Read @text, which must be good, into a new machine of 256 ranges and 64
 * nodes, and finish it; free() it. The text is given to the reader in a buffer
 * of exactly its length.
 */
struct mu_machine *machine_read(mu_text_reader *reader, const char *text);

/* Read @text, which must be bad; returns the status and fills @error. */
enum mu_status machine_misread(mu_text_reader *reader, const char *text,
			       struct mu_error *error);

/*
 * Fail unless the ranges of @machine are those of @expected, one a line:
 * "1000-1fff usable 0", in hexadecimal, with the node and, if there are any,
 * "flags N" after it.
 */
void assert_ranges(const struct mu_machine *machine, const char *expected);

/*
 * The seed of the random test that runs, 0 when it is through; its teardown,
 * machine_print_seed(), says which one failed.
 */
extern uint64_t machine_seed;
int machine_print_seed(void **state);

/* A random number, the same sequence for the same seed. */
uint64_t next_random(uint64_t *state);

#endif
