// SPDX-License-Identifier: MIT
/*
 * string: words where both sides are aligned, the rest byte by byte. The file
 * is compiled so that the compiler does not replace a loop by a call of the
 * very function that contains it (-fno-tree-loop-distribute-patterns,
 * -fno-builtin).
 */
#include <stdint.h>
#include "kernel/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	char *dst = to;
	const char *src = from;

	if (!(((uintptr_t)dst | (uintptr_t)src) % sizeof(uint64_t)))
		for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t)) {
			*(uint64_t *)(void *)dst =
				*(const uint64_t *)(const void *)src;
			dst += sizeof(uint64_t);
			src += sizeof(uint64_t);
		}
	while (size--)
		*dst++ = *src++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	char *dst = to;
	const char *src = from;

	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	while (size--)
		dst[size] = src[size];
	return to;
}

void *memset(void *at, int byte, size_t size)
{
	uint8_t *dst = at;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);

	if (!((uintptr_t)dst % sizeof(word)))
		for (; size >= sizeof(word); size -= sizeof(word)) {
			*(uint64_t *)(void *)dst = word;
			dst += sizeof(word);
		}
	while (size--)
		*dst++ = (uint8_t)byte;
	return at;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a, *right = b;

	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

size_t strlen(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_contains(const char *text, const char *part)
{
	size_t len = strlen(part), all = strlen(text);

	for (size_t i = 0; i + len <= all; i++)
		if (!memcmp(text + i, part, len))
			return true;
	return false;
}
