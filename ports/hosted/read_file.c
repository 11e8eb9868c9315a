// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memup/fdt.h"
#include "memup/machine_read.h"
#include "ports/hosted/read_file.h"

enum mu_status mu_hosted_fail(struct mu_error *error, enum mu_status status,
			      const char *fmt, ...)
{
	va_list args;

	if (!error)
		return status;
	*error = (struct mu_error){.status = status};
	va_start(args, fmt);
	(void)vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return status;
}

static enum mu_status system_failed(struct mu_error *error, const char *path)
{
	int reason = errno;
	bool missing = reason == ENOENT || reason == ENOTDIR;

	return mu_hosted_fail(error,
			      missing ? MU_ERR_NOT_FOUND : MU_ERR_INVALID,
			      "%s: %s", path, strerror(reason));
}

static enum mu_status read_all(int fd, const char *path, char **text,
			       size_t *len, struct mu_error *error)
{
	size_t room = 16384, used = 0;
	char *buf = malloc(room);

	while (buf) {
		ssize_t got = read(fd, buf + used, room - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(buf);
			return system_failed(error, path);
		}
		used += (size_t)got;
		if (used > MU_MACHINE_TEXT_MAX) {
			free(buf);
			return mu_hosted_fail(error, MU_ERR_RANGE,
					      "%s: more than %zu bytes", path,
					      MU_MACHINE_TEXT_MAX);
		}
		if (!got) {
			buf[used] = '\0';
			*text = buf;
			*len = used;
			return MU_OK;
		}
		if (used == room - 1) {
			char *more = realloc(buf, room *= 2);

			if (!more)
				free(buf);
			buf = more;
		}
	}
	return mu_hosted_fail(error, MU_ERR_NOMEM, "%s: no memory to read it",
			      path);
}

enum mu_status mu_read_file(const char *path, char **text, size_t *len,
			    struct mu_error *error)
{
	enum mu_status status;
	int fd;

	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", text, len,
				error);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return system_failed(error, path);
	status = read_all(fd, path, text, len, error);
	close(fd);
	return status;
}

enum mu_status mu_clean_file(char **text, size_t *len)
{
	char *clean = malloc(2 * *len + 1), *small;
	size_t used;

	if (!clean)
		return MU_ERR_NOMEM;
	if (mu_is_fdt(*text, *len) ||
	    mu_machine_kind(*text, *len) == MU_KIND_ACPI) {
		free(clean);
		return MU_OK;
	}
	used = mu_text_clean(*text, *len, clean);
	clean[used] = '\0';
	small = realloc(clean, used + 1);
	free(*text);
	*text = small ? small : clean;
	*len = used;
	return MU_OK;
}
