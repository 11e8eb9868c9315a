// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/ask.h"

static bool spawn(char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	bool started;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	started = !posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return started;
}

static bool read_key(int in, const char *key, double *value)
{
	FILE *file = fdopen(in, "r");
	bool found = false;
	char line[512];

	if (!file) {
		close(in);
		return false;
	}
	/* To the end, so that the program can finish. */
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, key);
		char *end;

		if (!at || found)
			continue;
		at += strlen(key);
		*value = strtod(at, &end);
		found = end != at;
	}
	fclose(file);
	return found;
}

bool ask(char *const *argv, const char *key, double *value)
{
	int ends[2], status;
	bool started, found;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	started = spawn(argv, ends[1], &pid);
	close(ends[1]);
	found = read_key(ends[0], key, value);
	return started && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && !WEXITSTATUS(status) && found;
}

const char *ask_self(void)
{
	static char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[len < 0 ? 0 : len] = '\0';
	return path;
}
