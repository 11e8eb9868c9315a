// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/fmt.h"

static void status_names(void **state)
{
	(void)state;
	for (int i = 0; i < MU_NR_STATUS; i++) {
		const char *name = mu_status_str((enum mu_status)i);

		assert_non_null(name);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				name, mu_status_str((enum mu_status)j));
	}
	assert_string_equal(mu_status_str((enum mu_status)12345),
			    "unknown status");
}

static void format_like_libc(void **state)
{
	char ours[128], libc[128];

	(void)state;
#define SAME(...)                                                            \
	do {                                                                 \
		size_t len = mu_snprintf(ours, sizeof(ours), __VA_ARGS__);   \
		assert_int_equal(len,                                        \
				 snprintf(libc, sizeof(libc), __VA_ARGS__)); \
		assert_string_equal(ours, libc);                             \
	} while (0)
	SAME("plain");
	SAME("%s|%5s|%-5s|%c|%%", "abcdefg", "ab", "ab", 'x');
	SAME("%d %d %d", 0, -1, INT_MIN);
	SAME("%5d|%-5d|%05d", -42, -42, -42);
	SAME("%u %x %08x", 4294967295u, 0xdeadbeefu, 0x1234u);
	SAME("%llu %llx %016llx", ULLONG_MAX, ULLONG_MAX, 0x123456789abcull);
	SAME("%lld %lld", LLONG_MIN, LLONG_MAX);
	SAME("%zu", (size_t)-1);
#undef SAME
	/* What does not fit is cut, terminated, and its length told. */
	assert_int_equal(mu_snprintf(ours, 4, "abcdef"), 6);
	assert_string_equal(ours, "abc");
	assert_int_equal(mu_snprintf(NULL, 0, "abcdef"), 6);
}

static void errors(void **state)
{
	struct mu_error error;

	(void)state;
	assert_int_equal(mu_fail(NULL, MU_ERR_FULL, 3, "x"), MU_ERR_FULL);
	assert_int_equal(mu_fail(&error, MU_ERR_RANGE, 3, "size %u", 7u),
			 MU_ERR_RANGE);
	assert_int_equal(error.status, MU_ERR_RANGE);
	assert_int_equal(error.line, 3);
	assert_string_equal(error.text, "size 7");
}

static void masks(void **state)
{
	static struct mu_cpumask mask;

	(void)state;
	memset(&mask, 0, sizeof(mask));
	assert_int_equal(mu_cpumask_next(&mask, 0), MU_MAX_CPUS);
	mu_cpumask_set(&mask, 3);
	mu_cpumask_set(&mask, 64);
	mu_cpumask_set(&mask, MU_MAX_CPUS - 1);
	assert_int_equal(mu_cpumask_weight(&mask), 3);
	assert_int_equal(mu_cpumask_next(&mask, 0), 3);
	assert_int_equal(mu_cpumask_next(&mask, 4), 64);
	assert_int_equal(mu_cpumask_next(&mask, 65), MU_MAX_CPUS - 1);
	assert_int_equal(mu_cpumask_next(&mask, MU_MAX_CPUS), MU_MAX_CPUS);
	mu_cpumask_clear(&mask, 64);
	assert_false(mu_cpumask_test(&mask, 64));
}

static void alignment(void **state)
{
	(void)state;
	assert_int_equal(mu_align_up(4097, 4096), 8192);
	assert_int_equal(mu_align_down(4097, 4096), 4096);
	assert_true(mu_wraps(UINT64_MAX, 2));
	assert_false(mu_wraps(UINT64_MAX, 1));
	assert_false(mu_wraps(0, 0));
	assert_int_equal(mu_log2(4095), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_names),
		cmocka_unit_test(format_like_libc),
		cmocka_unit_test(errors),
		cmocka_unit_test(masks),
		cmocka_unit_test(alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
