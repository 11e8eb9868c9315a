// SPDX-License-Identifier: MIT
/*
 * memup prefault on hugetlbfs. It takes 16 huge pages: of the host's pool, or
 * beyond it where this process may raise the limit for that (which is put
 * back).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/child.h"

#define PAGES	   16
#define OVERCOMMIT "/proc/sys/vm/nr_overcommit_hugepages"

static int file = -1, lock = -1;
static char name[64], out[64];
static long long page; /* bytes */
static unsigned long overcommit;

static unsigned long read_number(const char *path, const char *key)
{
	unsigned long value = 0;
	FILE *in = fopen(path, "r");
	char line[128];

	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, key, strlen(key)))
			value = strtoul(line + strlen(key), NULL, 10);
	if (in)
		fclose(in);
	return value;
}

static bool write_overcommit(unsigned long value)
{
	FILE *to = fopen(OVERCOMMIT, "w");
	bool written;

	if (!to)
		return false;
	written = fprintf(to, "%lu\n", value) > 0;
	return !fclose(to) && written;
}

/* A file on hugetlbfs, which need not be mounted for that. */
static int make_file(void **state)
{
	(void)state;
	/* Others may run this too, and what they put back must be right. */
	lock = open("/tmp/memup-test-hugetlb", O_RDWR | O_CREAT | O_CLOEXEC,
		    0600);
	if (lock >= 0 && flock(lock, LOCK_EX))
		return -1;
	page = (long long)read_number("/proc/meminfo", "Hugepagesize:") << 10;
	overcommit = read_number(OVERCOMMIT, "");
	snprintf(out, sizeof(out), "/tmp/memup-test.XXXXXX");
	if (close(mkstemp(out)))
		return -1;
	if (read_number("/proc/meminfo", "HugePages_Free:") < PAGES)
		write_overcommit(overcommit + PAGES);
	file = memfd_create("memup-test", MFD_HUGETLB);
	snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)getpid(), file);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	if (file >= 0)
		close(file);
	if (read_number(OVERCOMMIT, "") != overcommit)
		write_overcommit(overcommit);
	if (lock >= 0)
		close(lock);
	return unlink(out);
}

/* In pages. */
static long long held(void)
{
	struct stat status;

	assert_int_equal(fstat(file, &status), 0);
	return status.st_blocks * 512 / page;
}

static void need_pages(void)
{
	const char *why = NULL;
	void *map;

	if (file < 0 || ftruncate(file, PAGES * page)) {
		print_message("skipped: no hugetlbfs: memfd_create failed\n");
		skip();
	}
	/* Reserved, as a later mmap() would have them. */
	map = mmap(NULL, (size_t)(PAGES * page), PROT_READ, MAP_SHARED, file,
		   0);
	if (map == MAP_FAILED)
		why = "the host has no 16 huge pages to spare, and lets us "
		      "have none";
	else
		munmap(map, (size_t)(PAGES * page));
	if (why) {
		print_message("skipped: %s\n", why);
		skip();
	}
}

static int prefault(const char *option)
{
	const char *const args[] = {"prefault", "--threads", "2",
				    name,	option,	     NULL};

	return child_end(child_start(&command_prefault, args, out));
}

static void fills_and_frees(void **state)
{
	(void)state;
	need_pages();
	assert_int_equal(held(), 0);
	assert_int_equal(prefault(NULL), EXIT_DONE);
	assert_int_equal(held(), PAGES);
	/* There already. */
	assert_int_equal(prefault(NULL), EXIT_DONE);
	assert_int_equal(held(), PAGES);
	assert_int_equal(prefault("--free"), EXIT_DONE);
	assert_int_equal(held(), 0);
}

static void anonymous(void **state)
{
	char size[32];
	const char *const args[] = {"prefault", size, "--huge", NULL};

	(void)state;
	need_pages();
	/* What is reserved for the file. */
	assert_int_equal(ftruncate(file, 0), 0);
	snprintf(size, sizeof(size), "%lldK", PAGES / 2 * page >> 10);
	assert_int_equal(child_end(child_start(&command_prefault, args, out)),
			 EXIT_DONE);
}

/* Page 3 and half of page 5 are there before; whenever Ctrl-C comes all is
 * done, or these are there and no other. */
static void interrupted(void **state)
{
	const char *const args[] = {"prefault", "--threads", "2", name, NULL};
	unsigned undone = 0;
	char *map;

	(void)state;
	need_pages();
	map = mmap(NULL, (size_t)(PAGES * page), PROT_READ | PROT_WRITE,
		   MAP_SHARED, file, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	/* It may be done before the signal comes. */
	for (unsigned i = 0; i < 300 && undone < 3; i++) {
		pid_t child;
		int code;

		for (unsigned p = 0; p < PAGES; p++)
			madvise(map + p * page, (size_t)page, MADV_REMOVE);
		memset(map + 3 * page, 'x', (size_t)page);
		memset(map + 5 * page + page / 2, 'y', (size_t)page / 2);
		assert_int_equal(held(), 2);
		child = child_start(&command_prefault, args, out);
		/* At once, and in the middle. */
		while (i && child_runs(child) && held() == 2)
			;
		kill(child, SIGINT);
		code = child_end(child);
		if (code == EXIT_DONE) {
			assert_int_equal(held(), PAGES);
		} else if (code == EXIT_NO) {
			assert_int_equal(held(), 2);
			undone++;
		} else {
			assert_int_equal(code, CHILD_KILLED + SIGINT);
			assert_int_equal(held(), 2);
		}
		for (long long b = 0; b < page; b += 512) {
			assert_int_equal(map[3 * page + b], 'x');
			assert_int_equal(map[5 * page + b],
					 b < page / 2 ? 0 : 'y');
		}
	}
	munmap(map, (size_t)(PAGES * page));
	assert_true(undone);
}

#define page_test(test) \
	cmocka_unit_test_setup_teardown(test, make_file, remove_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		page_test(fills_and_frees),
		page_test(anonymous),
		page_test(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
