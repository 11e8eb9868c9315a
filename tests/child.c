// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/child.h"

static void redirect(const char *out)
{
	if (!freopen(out, "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(99);
}

/* Copied, since getopt() moves them. */
static int copy(char **argv, size_t room, const char *const *args)
{
	int argc = 0;

	for (; args[argc]; argc++) {
		assert_true((size_t)argc + 1 < room);
		argv[argc] = strdup(args[argc]);
	}
	argv[argc] = NULL;
	return argc;
}

pid_t child_start(const struct command *command, const char *const *args,
		  const char *out)
{
	char *argv[12];
	pid_t child = fork();
	int argc;

	assert_true(child >= 0);
	if (child)
		return child;
	argc = copy(argv, sizeof(argv) / sizeof(argv[0]), args);
	optind = 1;
	redirect(out);
	exit(command->run(argc, argv));
}

pid_t child_exec(const char *path, const char *const *args, const char *out)
{
	char name[1024], *argv[12];
	ssize_t length;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child)
		return child;
	/* .../tests/test_name to .../PATH */
	length = readlink("/proc/self/exe", name, sizeof(name) / 2);
	if (length < 0)
		_exit(98);
	name[length] = '\0';
	*strrchr(name, '/') = '\0';
	strncpy(strrchr(name, '/') + 1, path, sizeof(name) / 2);
	copy(argv, sizeof(argv) / sizeof(argv[0]), args);
	redirect(out);
	execv(name, argv);
	_exit(97);
}

bool child_runs(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	assert_int_equal(
		waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT),
		0);
	return !info.si_pid;
}

int child_end(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return CHILD_KILLED + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* The number after @name in /proc/CHILD/@file. */
static uint64_t number(pid_t child, const char *file, const char *name)
{
	char path[64], line[128];
	uint64_t value = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name), NULL, 10);
	if (in)
		fclose(in);
	return value;
}

bool child_holds(pid_t child, uint64_t bytes)
{
	return number(child, "status", "VmRSS:") >= bytes >> 10;
}

bool child_has_read(pid_t child, uint64_t bytes)
{
	return number(child, "io", "rchar:") >= bytes;
}

void child_printed(const char *out, char *text, size_t room)
{
	FILE *in = fopen(out, "r");

	assert_non_null(in);
	text[fread(text, 1, room - 1, in)] = '\0';
	fclose(in);
}
