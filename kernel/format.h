/* SPDX-License-Identifier: MIT */
/* format: text into a buffer, as much of printf as a kernel needs. */
#ifndef KERNEL_FORMAT_H
#define KERNEL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include "memup/base.h"

/*
 * %s %c %d %u %x %%, with h, l, ll, z; a width, in digits or *, after - to
 * align left or 0 to pad with zeros; a precision for %s. Writes at most @size
 * bytes including the terminator and returns the number of characters in @buf.
 * Any context.
 */
size_t format(char *buf, size_t size, const char *fmt, ...) MU_PRINTF(3, 4);
size_t vformat(char *buf, size_t size, const char *fmt, va_list args);

/* A size for people, such as "1.5 GiB" or "640 KiB". */
struct size_text {
	char text[24];
};
struct size_text size_text(uint64_t bytes);

#endif
