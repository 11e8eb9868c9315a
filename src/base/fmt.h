/* SPDX-License-Identifier: MIT */
/*
 * fmt: a printf small enough to be freestanding.
 *
 * Conversions: %s %c %d %u %x %llu %llx %lld %zu, %p is absent; a width, with
 * 0 for zero padding, and '-' for left; %%. Two more, as extensions of %s so
 * that the compiler's format check still holds, are functions: mu_fmt_size()
 * writes a size as a person would ("640K", "63.9G").
 */
#ifndef MU_BASE_FMT_H
#define MU_BASE_FMT_H

#include <stdarg.h>
#include "memup/base.h"
#include "memup/port.h"

/*
 * Write at most @size bytes with the terminator to @buf; returns the length
 * without it that the whole text has or would have had. @size may be 0.
 */
size_t mu_snprintf(char *buf, size_t size, const char *fmt, ...)
	MU_PRINTF(3, 4);
size_t mu_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);

/* A buffer for mu_fmt_size(). */
struct mu_size_text {
	char text[24];
};

/*
 * @bytes in the largest binary unit that leaves at least 1, with one decimal
 * unless it is whole: "4K", "127.9G". Returns @out->text.
 */
const char *mu_fmt_size(struct mu_size_text *out, mu_phys_t bytes);

/*
 * Fill @error (may be NULL) and return @status, so that a caller can write
 * `return mu_fail(error, MU_ERR_RANGE, line, "size %llu ...", ...)`.
 */
enum mu_status mu_fail(struct mu_error *error, enum mu_status status,
		       uint32_t line, const char *fmt, ...) MU_PRINTF(4, 5);

/* One line to the port's log hook, if it has one. Up to 239 characters. */
void mu_log(const struct mu_port *port, enum mu_log_level level,
	    const char *fmt, ...) MU_PRINTF(3, 4);

#endif
