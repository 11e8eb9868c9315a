/* SPDX-License-Identifier: MIT */
/* read_file: a whole file in memory, also one without a size (/proc, a pipe).
 */
#ifndef MEMUP_PORTS_HOSTED_READ_FILE_H
#define MEMUP_PORTS_HOSTED_READ_FILE_H

#include "memup/base.h"

/*
 * Read the file at @path, "-" for standard input, into *@text, which the caller
 * frees; a zero follows its *@len bytes. MU_ERR_NOT_FOUND when there is no such
 * file, MU_ERR_RANGE when it has more than MU_MACHINE_TEXT_MAX bytes,
 * MU_ERR_NOMEM, or MU_ERR_INVALID for any other refusal of the system. @error
 * has the path and the system's reason.
 */
enum mu_status mu_read_file(const char *path, char **text, size_t *len,
			    struct mu_error *error) MU_MUST_CHECK;

/* Put in place of *@text, from mu_read_file(), what mu_text_clean() makes of
 * it, unless it is a table or a tree. MU_ERR_NOMEM: it is as before. */
enum mu_status mu_clean_file(char **text, size_t *len) MU_MUST_CHECK;

/* Fill @error, which may be NULL, and return @status, as printf() would. */
enum mu_status mu_hosted_fail(struct mu_error *error, enum mu_status status,
			      const char *fmt, ...) MU_PRINTF(3, 4);

#endif
