// SPDX-License-Identifier: MIT
/*
 * Words by the string instructions, the rest byte by byte. The file is compiled
 * so that the compiler does not replace a loop by a call of the very function
 * that contains it (-fno-tree-loop-distribute-patterns, -fno-builtin).
 */
#include <stdint.h>
#include "kernel/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *start = to;
	size_t words = size / 8, bytes = size % 8;

	__asm__ volatile("rep movsq"
			 : "+D"(to), "+S"(from), "+c"(words)
			 :
			 : "memory");
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(bytes)
			 :
			 : "memory");
	return start;
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
	void *start = at;
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);
	size_t words = size / 8, bytes = size % 8;

	__asm__ volatile("rep stosq"
			 : "+D"(at), "+c"(words)
			 : "a"(word)
			 : "memory");
	__asm__ volatile("rep stosb"
			 : "+D"(at), "+c"(bytes)
			 : "a"(word)
			 : "memory");
	return start;
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
