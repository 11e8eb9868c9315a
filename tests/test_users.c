// SPDX-License-Identifier: MIT
/* memup prefault and checksum as processes: done, refused, interrupted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/crc.h"
#include "cli/pool.h"
#include "tests/child.h"

#define MIB (1ll << 20)

static char file[64], out[64];

static int make_names(void **state)
{
	const char *dir = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	int fd;

	(void)state;
	snprintf(file, sizeof(file), "%s/memup-test.XXXXXX", dir);
	snprintf(out, sizeof(out), "/tmp/memup-test.XXXXXX");
	fd = mkstemp(file);
	if (fd < 0)
		return -1;
	close(fd);
	fd = mkstemp(out);
	if (fd < 0)
		return -1;
	return close(fd);
}

static int remove_names(void **state)
{
	(void)state;
	unlink(file);
	return unlink(out);
}

static int run(const struct command *command, const char *const *args)
{
	return child_end(child_start(command, args, out));
}

#define prefault(...)          \
	run(&command_prefault, \
	    (const char *const[]){"prefault", __VA_ARGS__, NULL})
#define checksum(...)          \
	run(&command_checksum, \
	    (const char *const[]){"checksum", __VA_ARGS__, NULL})

static struct stat look(void)
{
	struct stat status;

	assert_int_equal(stat(file, &status), 0);
	return status;
}

/* 2 MiB of data, then 30 MiB of hole, but for a page here and there. */
static void write_data(void)
{
	char *data = malloc((size_t)(2 * MIB));
	int fd = open(file, O_RDWR | O_TRUNC);

	assert_non_null(data);
	for (size_t i = 0; i < (size_t)(2 * MIB); i++)
		data[i] = (char)(i * 7 + 1);
	assert_int_equal(write(fd, data, (size_t)(2 * MIB)), 2 * MIB);
	for (off_t at = 5 * MIB; at < 32 * MIB; at += 3 * MIB)
		assert_int_equal(pwrite(fd, data, 4096, at), 4096);
	assert_int_equal(ftruncate(fd, 32 * MIB), 0);
	assert_int_equal(fsync(fd), 0);
	close(fd);
	free(data);
}

static void assert_data(void)
{
	char *data = calloc(1, (size_t)(4 * MIB));
	int fd = open(file, O_RDONLY);

	assert_int_equal(read(fd, data, (size_t)(4 * MIB)), 4 * MIB);
	for (size_t i = 0; i < (size_t)(2 * MIB); i++)
		if (data[i] != (char)(i * 7 + 1))
			fail_msg("byte %zu was changed", i);
	for (size_t i = (size_t)(2 * MIB); i < (size_t)(4 * MIB); i++)
		if (data[i])
			fail_msg("byte %zu is not zero", i);
	close(fd);
	free(data);
}

static void prefault_file(void **state)
{
	(void)state;
	write_data();
	assert_true(look().st_blocks * 512 < 4 * MIB);
	assert_int_equal(prefault(file, "--threads", "3"), EXIT_DONE);
	assert_true(look().st_blocks * 512 >= 32 * MIB);
	assert_data();
	assert_int_equal(prefault(file, "--size", "40M"), EXIT_DONE);
	assert_int_equal(look().st_size, 40 * MIB);
	/* No file is made shorter. */
	assert_int_equal(prefault(file, "--size", "1M"), EXIT_DONE);
	assert_int_equal(look().st_size, 40 * MIB);
	assert_data();
	assert_int_equal(prefault(file, "--free"), EXIT_DONE);
	assert_int_equal(look().st_size, 40 * MIB);
	assert_true(look().st_blocks * 512 < MIB);
}

static void prefault_new_file(void **state)
{
	(void)state;
	assert_int_equal(unlink(file), 0);
	assert_int_equal(prefault(file), EXIT_USAGE);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(prefault(file, "--size", "7M", "--background"),
			 EXIT_DONE);
	assert_int_equal(look().st_size, 7 * MIB);
	assert_true(look().st_blocks * 512 >= 7 * MIB);
}

static void prefault_size(void **state)
{
	char text[256] = "";
	FILE *in;

	(void)state;
	assert_int_equal(prefault("16M", "--json", "--threads", "2"),
			 EXIT_DONE);
	in = fopen(out, "r");
	assert_non_null(fgets(text, sizeof(text), in));
	fclose(in);
	assert_ptr_equal(strstr(text, "{\"what\":\"16M\",\"bytes\":16777216,"
				      "\"prefault\":{\"threads\":2,"),
			 text);
}

static void refused(void **state)
{
	(void)state;
	assert_int_equal(prefault("4096T"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--free"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--size", "1M"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "17M"), EXIT_USAGE);
	assert_int_equal(prefault("/"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--threads", "0"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--threads", "-1"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--cpus", "4095"), EXIT_USAGE);
	assert_int_equal(prefault("16M", "--cpus", "0-"), EXIT_USAGE);
	assert_int_equal(checksum("/"), EXIT_USAGE);
	assert_int_equal(checksum("/nowhere"), EXIT_USAGE);
	assert_int_equal(checksum(file, file), EXIT_USAGE);
}

/* Whenever Ctrl-C comes: all is done or nothing is. */
static void prefault_interrupted(void **state)
{
	static const char *const args[] = {"prefault",	file, "--size", "96M",
					   "--threads", "3",  NULL};
	struct stat before;

	(void)state;
	write_data();
	for (unsigned i = 0; i < 25; i++) {
		pid_t child;
		int code;

		/* What an earlier round may have put there. */
		if (look().st_size != 32 * MIB)
			write_data();
		before = look();
		child = child_start(&command_prefault, args, out);
		usleep(i * 1000);
		kill(child, SIGINT);
		code = child_end(child);
		/* Before it was ready for it, nothing was begun. */
		assert_true(code == EXIT_DONE || code == EXIT_NO ||
			    code == CHILD_KILLED + SIGINT);
		if (code == EXIT_DONE) {
			assert_int_equal(look().st_size, 96 * MIB);
		} else {
			assert_int_equal(look().st_size, before.st_size);
			assert_int_equal(look().st_blocks, before.st_blocks);
		}
		assert_data();
	}
}

struct ledger {
	_Atomic unsigned done[4096];
	_Atomic unsigned calls;
	unsigned until; /* the call that Ctrl-C comes in */
};

/* From then on no chunk ends before Ctrl-C has been noticed. */
static enum mu_status mark(uint64_t at, uint64_t end, void *arg)
{
	struct ledger *ledger = arg;
	unsigned call = atomic_fetch_add(&ledger->calls, 1);

	/* To the process: helpers block it. */
	if (call == ledger->until)
		kill(getpid(), SIGINT);
	while (call >= ledger->until && !pool_interrupted())
		usleep(100);
	for (; at < end; at++)
		ledger->done[at]++;
	return MU_OK;
}

static void unmark(uint64_t at, uint64_t end, void *arg)
{
	struct ledger *ledger = arg;

	for (; at < end; at++)
		ledger->done[at]--;
}

static struct ledger ledger;
static const struct mu_padata_mt_job marks = {
	.thread_fn = mark,
	.undo_fn = unmark,
	.fn_arg = &ledger,
	.size = 4096,
};

static void assert_marks(unsigned number)
{
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(ledger.done[i], number);
	memset(&ledger, 0, sizeof(ledger));
	ledger.until = UINT_MAX;
}

/* Ctrl-C in the middle of a job, from inside of it. */
static void job_interrupted(void **state)
{
	struct pool_options options = {.threads = 3};
	struct mu_padata_progress report;
	struct pool pool;

	(void)state;
	assert_true(pool_open(&pool, &options, "test"));
	assert_marks(0);
	ledger.until = 20;
	pool_catch();
	assert_int_equal(pool_run(&pool, "test", &marks, &report),
			 MU_ERR_CANCELLED);
	assert_true(pool_interrupted());
	assert_in_range(report.done, 20, 4095);
	assert_marks(0);
	/* One that begins after it does nothing. */
	assert_int_equal(pool_run(&pool, "test", &marks, &report),
			 MU_ERR_CANCELLED);
	assert_int_equal(report.done, 0);
	assert_int_equal(ledger.calls, 0);
	assert_marks(0);
	/* And it is forgotten. */
	pool_catch();
	assert_int_equal(pool_run(&pool, "test", &marks, NULL), MU_OK);
	assert_marks(1);
	pool_uncatch();
	pool_close(&pool);
}

/* The caller is held up before it takes a chunk: helpers do it all. */
static struct pool held_up;
static const struct mu_port *free_port;

static unsigned run_on_and_wait(void *arg, const struct mu_cpumask *cpus,
				unsigned count, void (*fn)(void *),
				void *fn_arg)
{
	unsigned got = free_port->run_on(arg, cpus, count, fn, fn_arg);

	while (got && !mu_padata_mt_stopped(held_up.mt))
		usleep(100);
	return got;
}

static void job_interrupted_without_caller(void **state)
{
	struct pool_options options = {.threads = 3};
	struct mu_port port;

	(void)state;
	assert_true(pool_open(&held_up, &options, "test"));
	free_port = held_up.port;
	port = *free_port;
	port.run_on = run_on_and_wait;
	held_up.port = &port;
	assert_marks(0);
	ledger.until = 20;
	pool_catch();
	assert_int_equal(pool_run(&held_up, "test", &marks, NULL),
			 MU_ERR_CANCELLED);
	assert_marks(0);
	/* Without Ctrl-C they come to the end. */
	pool_catch();
	assert_int_equal(pool_run(&held_up, "test", &marks, NULL), MU_OK);
	assert_marks(1);
	pool_uncatch();
	pool_close(&held_up);
}

/* Bit by bit, as POSIX writes it. */
static uint32_t slow_crc(const uint8_t *data, size_t bytes, uint32_t crc)
{
	for (; bytes--; data++)
		for (int bit = 7; bit >= 0; bit--) {
			uint32_t top = crc >> 31 ^ (*data >> bit & 1u);

			crc = crc << 1 ^ (top ? 0x04c11db7u : 0);
		}
	return crc;
}

static void crc_against_bits(void **state)
{
	static struct crc_tables tables;
	uint8_t data[300];
	uint64_t seed = 12345;

	(void)state;
	crc_init(&tables);
	for (unsigned i = 0; i < sizeof(data); i++) {
		seed = seed * 6364136223846793005u + 1;
		data[i] = (uint8_t)(seed >> 56);
	}
	for (size_t len = 0; len <= sizeof(data); len++) {
		uint32_t all = slow_crc(data, len, 0);

		assert_int_equal(crc_of(&tables, data, len), all);
		for (size_t cut = 0; cut <= len; cut += 7)
			assert_int_equal(
				crc_join(crc_of(&tables, data, cut),
					 crc_of(&tables, data + cut, len - cut),
					 crc_shift(len - cut)),
				all);
	}
	/* POSIX: cksum of "123456789" and of nothing. */
	assert_int_equal(crc_end(&tables, crc_of(&tables, "123456789", 9), 9),
			 930766865);
	assert_int_equal(crc_end(&tables, 0, 0), 4294967295);
}

/* A file of more blocks than are under way at once.
 */
static void checksum_file(void **state)
{
	static struct crc_tables tables;
	size_t bytes = 9 * MIB + 12345;
	uint8_t *data = malloc(bytes);
	char text[128], expected[128];
	int fd = open(file, O_RDWR | O_TRUNC);
	FILE *in;

	(void)state;
	crc_init(&tables);
	assert_non_null(data);
	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(i * i >> 7);
	assert_int_equal(write(fd, data, bytes), bytes);
	close(fd);
	snprintf(expected, sizeof(expected), "%u %zu %s\n",
		 crc_end(&tables, crc_of(&tables, data, bytes), bytes), bytes,
		 file);
	free(data);
	for (unsigned i = 1; i <= 4; i++) {
		char threads[16];

		snprintf(threads, sizeof(threads), "%u", i);
		assert_int_equal(checksum(file, "--threads", threads),
				 EXIT_DONE);
		in = fopen(out, "r");
		assert_non_null(fgets(text, sizeof(text), in));
		fclose(in);
		assert_string_equal(text, expected);
	}
}

/* Ctrl-C while it reads: it says nothing, and ends by itself. */
static void checksum_interrupted(void **state)
{
	static const char *const args[] = {"checksum", file, "--threads", "2",
					   NULL};
	char text[16];
	pid_t child;
	int code;

	(void)state;
	/* Longer than anybody would wait for, and nothing but a hole. */
	assert_int_equal(truncate(file, 1ll << 50), 0);
	child = child_start(&command_checksum, args, out);
	while (!child_has_read(child, 100 * MIB))
		usleep(1000);
	kill(child, SIGINT);
	code = child_end(child);
	assert_int_equal(code, EXIT_NO);
	child_printed(out, text, sizeof(text));
	assert_string_equal(text, "");
}

/* The same while it waits for input that does not come. */
static void checksum_input_interrupted(void **state)
{
	static const char *const args[] = {"checksum", "-", NULL};
	int ends[2], left, input = dup(STDIN_FILENO);
	char data[4096] = {1}, text[16];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	child = child_start(&command_checksum, args, out);
	dup2(input, STDIN_FILENO);
	close(input);
	assert_int_equal(write(ends[1], data, sizeof(data)), sizeof(data));
	/* Until it has taken what there is. */
	do {
		usleep(1000);
		assert_int_equal(ioctl(ends[0], FIONREAD, &left), 0);
	} while (left);
	kill(child, SIGINT);
	assert_int_equal(child_end(child), EXIT_NO);
	close(ends[0]);
	close(ends[1]);
	child_printed(out, text, sizeof(text));
	assert_string_equal(text, "");
}

static void cpu_lists(void **state)
{
	static const char *const bad[] = {"",	"a",	 "1,",	",1",
					  "1-", "3-1",	 "-1",	"4096",
					  "1 ", "1-2-3", "0x1", "1,,2"};
	struct mu_cpumask mask;

	(void)state;
	assert_true(pool_parse_cpus("0-3,8,70-71", &mask));
	assert_int_equal(mu_cpumask_weight(&mask), 7);
	assert_true(mu_cpumask_test(&mask, 71));
	assert_false(mu_cpumask_test(&mask, 4));
	assert_true(pool_parse_cpus("4095", &mask));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pool_parse_cpus(bad[i], &mask))
			fail_msg("'%s' was taken", bad[i]);
}

#define file_test(name) \
	cmocka_unit_test_setup_teardown(name, make_names, remove_names)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(prefault_file),
		file_test(prefault_new_file),
		file_test(prefault_size),
		file_test(refused),
		file_test(prefault_interrupted),
		file_test(checksum_file),
		file_test(checksum_interrupted),
		file_test(checksum_input_interrupted),
		cmocka_unit_test(crc_against_bits),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(job_interrupted),
		cmocka_unit_test(job_interrupted_without_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
