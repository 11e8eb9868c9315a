/* SPDX-License-Identifier: MIT */
/*
 * string: the four functions that memup and compilers call, and what text
 * needs. There is no libc under this kernel.
 */
#ifndef KERNEL_STRING_H
#define KERNEL_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
bool text_equal(const char *a, const char *b);
/* Does @text contain @part? */
bool text_contains(const char *text, const char *part);

#endif
