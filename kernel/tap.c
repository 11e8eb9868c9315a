// SPDX-License-Identifier: MIT
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "kernel/tap.h"

/* Tests that need pristine memory come before those that use it up. */
static const struct test *const tests[] = {
	&test_null_page,
	&test_write_xor_execute,
	&test_stack_hole,
	&test_pristine_unmapped,
	&test_flush,
	&test_nodes,
	&test_zones,
	&test_gigantic_page,
	&test_huge_pages,
	&test_run,
	&test_early_consumers,
	&test_allocate_while_growing,
	&test_allocate_everywhere,
	&test_device_pages,
	&test_device_altmap,
	&test_free_reserved,
	&test_everything_back,
};

bool tests_run(const char *part)
{
	unsigned nr = 0, failed = 0;

	log_plain("TAP version 13");
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		const struct test *test = tests[i];
		enum result result;

		if (!text_contains(test->name, part))
			continue;
		result = test->run();
		failed += result == TEST_FAILED;
		log_plain("%sok %u - %s%s", result == TEST_FAILED ? "not " : "",
			  ++nr, test->name,
			  result == TEST_SKIPPED ? " # SKIP" : "");
	}
	log_plain("1..%u", nr);
	if (!nr)
		log_err("command line: no test has '%s' in its name", part);
	return nr && !failed;
}
