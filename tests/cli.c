// SPDX-License-Identifier: MIT
#include "tests/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char *cli_read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 1 << 16, len = 0;
	char *text = malloc(room);

	if (!file || !text)
		fail_msg("%s: cannot be read", path);
	for (size_t got; (got = fread(text + len, 1, room - len - 1, file));) {
		len += got;
		if (room - len < 2) {
			char *more = realloc(text, room *= 2);

			assert_non_null(more);
			text = more;
		}
	}
	fclose(file);
	text[len] = '\0';
	return text;
}

/* "build/debug-gcc/tests/test_x" is beside "build/debug-gcc/memup". */
static void find_program(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 16);
	size_t end;

	assert_true(len > 0);
	path[len] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		assert_non_null(slash);
		*slash = '\0';
	}
	end = strlen(path);
	snprintf(path + end, size - end, "/memup");
}

static void temporary(char path[32])
{
	int fd;

	snprintf(path, 32, "/tmp/memup-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

struct cli cli_run(const char *input, const char *arguments)
{
	char program[4096], in[32], out[32], err[32], command[8192];
	struct cli cli;
	int status;

	find_program(program, sizeof(program));
	temporary(in);
	temporary(out);
	temporary(err);
	if (input) {
		FILE *file = fopen(in, "w");

		assert_non_null(file);
		fputs(input, file);
		fclose(file);
	}
	snprintf(command, sizeof(command), "'%s' %s <%s >%s 2>%s", program,
		 arguments, in, out, err);
	status = system(command);
	cli.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	cli.out = cli_read_file(out);
	cli.err = cli_read_file(err);
	unlink(in);
	unlink(out);
	unlink(err);
	return cli;
}

void cli_free(struct cli *cli)
{
	free(cli->out);
	free(cli->err);
}

void cli_refused(const char *input, const char *arguments, const char *why)
{
	struct cli cli = cli_run(input, arguments);

	if (cli.code != 2 || *cli.out || !strstr(cli.err, why))
		fail_msg("memup %s: exit code %d, not \"%s\": %s%s", arguments,
			 cli.code, why, cli.err, cli.out);
	cli_free(&cli);
}
