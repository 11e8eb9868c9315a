// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/port.h"

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
	/* Not constants: the compiler would tell. */
	static const char *odd[] = {"ab%qcd", "ab%"};
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
	SAME("%ld %ld %lu", LONG_MIN, LONG_MAX, ULONG_MAX);
	/* Zeros, and no width that they could fill. */
	SAME("%0d %0u %01d", -42, 42u, -1);
#undef SAME
	/* What it does not know ends the text, and no argument is read. */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(mu_snprintf(ours, sizeof(ours), odd[i], 1, 2),
				 2);
		assert_string_equal(ours, "ab");
	}
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

/* A port without a hook does what port.h says is done without it. */
static void *set_word(void *word)
{
	atomic_store((_Atomic uint32_t *)word, 1);
	return NULL;
}

static void nothing(void *arg)
{
	(void)arg;
	fail();
}

static void no_hooks(void **state)
{
	static const struct mu_port bare;
	struct mu_cpumask cpus = {{1}};
	_Atomic uint32_t word = 0;
	pthread_t thread;

	(void)state;
	mu_log(&bare, MU_LOG_ERR, "%d is told to nobody", 1);
	mu_pause(&bare, 7);
	mu_irq_restore(&bare, mu_irq_save(&bare));
	mu_watchdog(&bare);
	mu_go_idle(&bare);
	assert_int_equal(mu_cpu_count(&bare), 1);
	assert_int_equal(mu_cpu_id(&bare), 0);
	assert_int_equal(mu_cpu_node(&bare, 3), 0);
	assert_int_equal(mu_clock(&bare), 0);
	assert_int_equal(mu_run_on(&bare, &cpus, 1, nothing, NULL), 0);
	assert_int_equal(mu_run_later(&bare, true, &cpus, 1, nothing, NULL), 0);
	assert_int_equal(mu_run_cancel(&bare, nothing, NULL), 0);
	assert_false(mu_run_waits(&bare, true));
	/* It waits all the same. */
	assert_int_equal(pthread_create(&thread, NULL, set_word, (void *)&word),
			 0);
	mu_wait(&bare, &word, 0);
	assert_int_equal(word, 1);
	mu_wake(&bare, &word);
	pthread_join(thread, NULL);
}

/* None of no calls: the hook is not asked. */
static unsigned asked(void *arg, const struct mu_cpumask *cpus, unsigned count,
		      void (*fn)(void *), void *fn_arg)
{
	(void)arg, (void)cpus, (void)fn, (void)fn_arg;
	return count;
}

static unsigned asked_later(void *arg, bool idle, const struct mu_cpumask *cpus,
			    unsigned count, void (*fn)(void *), void *fn_arg)
{
	(void)idle;
	return asked(arg, cpus, count, fn, fn_arg);
}

static void no_calls(void **state)
{
	static const struct mu_port port = {.run_on = asked,
					    .run_later = asked_later};
	struct mu_cpumask cpus = {{1}};

	(void)state;
	assert_int_equal(mu_run_on(&port, &cpus, 0, nothing, NULL), 0);
	assert_int_equal(mu_run_on(&port, &cpus, 2, nothing, NULL), 2);
	assert_int_equal(mu_run_later(&port, false, &cpus, 0, nothing, NULL),
			 0);
	assert_int_equal(mu_run_later(&port, false, &cpus, 2, nothing, NULL),
			 2);
}

/* A broken invariant never goes on: not without a port, without its hook, or
 * with one that returns. */
static unsigned panics;

static void note_panic(void *arg, const char *line)
{
	(void)arg;
	panics++;
	if (!strstr(line, "test_base.c:") || !strstr(line, ": panics == 1"))
		_exit(1);
}

static void panic(void **state)
{
	static const struct mu_port bare, noting = {.panic = note_panic};
	const struct mu_port *const ports[] = {NULL, &bare, &noting};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (!child) {
			signal(SIGILL, SIG_DFL);
			signal(SIGTRAP, SIG_DFL);
			mu_verify(ports[i], panics == 0);
			mu_verify(ports[i], panics == 1);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_true(WTERMSIG(status) == SIGILL ||
			    WTERMSIG(status) == SIGTRAP);
	}
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
	assert_false(mu_is_pow2(0));
	assert_true(mu_is_pow2(1));
	assert_true(mu_is_pow2((uint64_t)1 << 63));
	assert_false(mu_is_pow2(((uint64_t)1 << 63) + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_names),
		cmocka_unit_test(format_like_libc),
		cmocka_unit_test(errors),
		cmocka_unit_test(no_hooks),
		cmocka_unit_test(no_calls),
		cmocka_unit_test(panic),
		cmocka_unit_test(masks),
		cmocka_unit_test(alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
