// SPDX-License-Identifier: MIT
/* The programs in examples/ do what they say, and honour Ctrl-C. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/child.h"

#if defined(__SANITIZE_THREAD__)
#define IS_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_TSAN
#endif
#endif

#define MIB ((uint64_t)1 << 20)

static char file[64], out[64];

static int make_names(void **state)
{
	(void)state;
	snprintf(file, sizeof(file), "/tmp/memup-test.XXXXXX");
	snprintf(out, sizeof(out), "/tmp/memup-test.XXXXXX");
	if (close(mkstemp(file)) || close(mkstemp(out)))
		return -1;
	return 0;
}

static int remove_names(void **state)
{
	(void)state;
	return unlink(file) || unlink(out);
}

static int run(const char *name, const char *arg, char *text, size_t room)
{
	const char *const args[] = {name, arg, NULL};
	char path[64];
	int code;

	snprintf(path, sizeof(path), "examples/%s", name);
	code = child_end(child_exec(path, args, out));
	child_printed(out, text, room);
	return code;
}

static void alone(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(run("alone", "100000", text, sizeof(text)), 0);
	assert_string_equal(text, "9592 primes below 100000\n");
	assert_int_equal(run("alone", "0", text, sizeof(text)), 0);
	assert_string_equal(text, "0 primes below 0\n");
}

/* Of any size. */
static void first_page(void **state)
{
	static const char *const sizes[] = {"1", "4", "1024", "65536"};
	char text[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(
			run("first_page", sizes[i], text, sizeof(text)), 0);
		assert_non_null(strstr(text, "order  0  0x"));
		assert_non_null(strstr(text, "order 10  0x"));
		assert_non_null(strstr(text, " 256 reserved, "));
	}
	assert_int_equal(run("first_page", "0", text, sizeof(text)), 2);
	assert_int_equal(run("first_page", "65537", text, sizeof(text)), 2);
}

static double resident(const char *text)
{
	const char *line = strrchr(text, '\n');

	/* The last line: "123 MiB resident\n". */
	assert_non_null(line);
	while (line > text && line[-1] != '\n')
		line--;
	return strtod(line, NULL);
}

static void prefault(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(run("prefault", "128", text, sizeof(text)), 0);
	assert_true(resident(text) >= 128);
	assert_int_equal(run("prefault", "0", text, sizeof(text)), 2);
}

static void teardown(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(run("teardown", "64", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "fill: done, 64 of 64 MiB"));
	assert_non_null(strstr(text, "teardown: done, 64 of 64 MiB"));
	assert_int_equal(run("teardown", "x", text, sizeof(text)), 2);
}

/* More blocks than are under way at once, and a part of one. */
static void checksum(void **state)
{
	size_t bytes = (size_t)(20 * MIB) + 12345;
	unsigned char *data = malloc(bytes);
	char text[64], expected[64];
	uint32_t a = 1, b = 0;
	int fd = open(file, O_RDWR | O_TRUNC);

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < bytes; i++) {
		data[i] = (unsigned char)(i * i >> 9);
		a = (a + data[i]) % 65521;
		b = (b + a) % 65521;
	}
	assert_int_equal(write(fd, data, bytes), bytes);
	close(fd);
	free(data);
	snprintf(expected, sizeof(expected), "%08x\n", b << 16 | a);
	assert_int_equal(run("checksum", file, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
	assert_int_equal(run("checksum", "/nowhere", text, sizeof(text)), 2);
}

/* Ctrl-C in the middle: nothing is left of what was done. */
static void prefault_interrupted(void **state)
{
	static const char *const args[] = {"prefault", "4096", NULL};
	char text[256];
	int code = 0;

	(void)state;
	/* It may be done before the signal comes. */
	for (unsigned i = 0; i < 20 && code == 0; i++) {
		pid_t child = child_exec("examples/prefault", args, out);

		while (!child_holds(child, 100 * MIB))
			usleep(100);
		kill(child, SIGINT);
		code = child_end(child);
		child_printed(out, text, sizeof(text));
	}
	assert_int_equal(code, 1);
	assert_non_null(strstr(text, "all given back"));
#ifndef IS_TSAN
	/* (Its shadow of the memory stays.) */
	assert_true(resident(text) < 80);
#endif
}

static void checksum_interrupted(void **state)
{
	const char *const args[] = {"checksum", file, NULL};
	char text[64];
	pid_t child;

	(void)state;
	assert_int_equal(truncate(file, (off_t)1 << 42), 0);
	child = child_exec("examples/checksum", args, out);
	while (!child_has_read(child, 100 * MIB))
		usleep(1000);
	kill(child, SIGINT);
	assert_int_equal(child_end(child), 1);
	child_printed(out, text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(first_page),
		cmocka_unit_test(prefault),
		cmocka_unit_test(teardown),
		cmocka_unit_test(checksum),
		cmocka_unit_test(prefault_interrupted),
		cmocka_unit_test(checksum_interrupted),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
