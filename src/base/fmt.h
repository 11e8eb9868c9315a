/* SPDX-License-Identifier: MIT */
/*
 * fmt: a printf small enough to be freestanding.
 *
 * Conversions: %s %c %d %u %x and %%; l, ll or z before d, u and x; a width,
 * with 0 before it to pad with zeros, - to align left. At any other conversion
 * the text ends.
 */
#ifndef MU_BASE_FMT_H
#define MU_BASE_FMT_H

#include <stdarg.h>
#include "memup/base.h"
#include "memup/port.h"

/*
 * Write at most @size bytes, including the terminator, to @buf; returns the
 * length, without the terminator, that the whole text would have. @size may
 * be 0.
 */
size_t mu_snprintf(char *buf, size_t size, const char *fmt, ...)
	MU_PRINTF(3, 4);
size_t mu_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);

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
