/* SPDX-License-Identifier: MIT */
/* clean: the two halves of mu_text_clean(). */
#ifndef MU_MACHINE_CLEAN_H
#define MU_MACHINE_CLEAN_H

#include "machine/text.h"

/*
 * Write to @out, which has room for @len bytes and may end where @text does,
 * the bytes of @text as ASCII: encodings, terminals and HTML undone. Returns
 * how many there are, at most @len.
 */
size_t mu_clean_bytes(const char *text, size_t len, char *out);

/* The same of the lines of @text: marks of quotes go, what was wrapped is one
 * line. At most 2 * @len bytes; @text may be at the end of that room. */
size_t mu_clean_lines(const char *text, size_t len, char *out);

#endif
