/* SPDX-License-Identifier: MIT */
/*
 * tap: the kernel's self-tests, reported in the Test Anything Protocol:
 * "ok 3 - name", "not ok 4 - name", with "# ..." above for what went wrong, and
 * "1..5" at the end.
 *
 * Each file test_*.c is a few tests of one thing. They run on the machine as it
 * is, in the order of tests[] (tap.c), after the boot: what a test finds, and
 * what it can do, depends on the policy and on the machine, and a test that is
 * impossible says why and is skipped. Tests free what they allocate.
 */
#ifndef KERNEL_TAP_H
#define KERNEL_TAP_H

#include "kernel/log.h"

enum result { TEST_OK, TEST_FAILED, TEST_SKIPPED };

struct test {
	const char *name;
	enum result (*run)(void);
};

/* A test fails here unless @cond. */
#define CHECK(cond)                                                          \
	do {                                                                 \
		if (!(cond)) {                                               \
			log_plain("# %s:%d: %s", __FILE__, __LINE__, #cond); \
			return TEST_FAILED;                                  \
		}                                                            \
	} while (0)

/* The same for a status. */
#define CHECK_OK(call)                                                   \
	do {                                                             \
		enum mu_status status_ = (call);                         \
		if (status_ != MU_OK) {                                  \
			log_plain("# %s:%d: %s: %s", __FILE__, __LINE__, \
				  #call, mu_status_str(status_));        \
			return TEST_FAILED;                              \
		}                                                        \
	} while (0)

#define SKIP(why)                       \
	do {                            \
		log_plain("# %s", why); \
		return TEST_SKIPPED;    \
	} while (0)

/* Run those whose name contains @part; true when there were some, and none
 * failed. */
bool tests_run(const char *part);

/* test_traps.c */
extern const struct test test_null_page, test_write_xor_execute,
	test_stack_hole, test_pristine_unmapped;
/* test_flush.c */
extern const struct test test_flush;
/* test_huge.c */
extern const struct test test_gigantic_page, test_huge_pages, test_run;
/* test_early.c */
extern const struct test test_early_consumers;
/* test_stress.c */
extern const struct test test_allocate_while_growing, test_allocate_everywhere;
/* test_memory.c */
extern const struct test test_zones, test_free_reserved, test_nodes,
	test_everything_back;
/* test_device.c */
extern const struct test test_device_pages, test_device_altmap;

#endif
