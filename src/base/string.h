/* SPDX-License-Identifier: MIT */
/*
 * string: the four functions that the client provides. <string.h> is not one of
 * C17's freestanding headers: a compiler for bare metal comes without it.
 */
#ifndef MU_BASE_STRING_H
#define MU_BASE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
