// SPDX-License-Identifier: MIT
/*
 * compiler_calls: what GCC expects of its own library where the base
 * instruction set has no instruction: counts of zeroes (without Zbb), and a
 * compare and exchange of one byte (LR and SC take words).
 */
#include <stdbool.h>
#include <stdint.h>

int count_leading(uint64_t value) __asm__("__clzdi2");
int count_trailing(uint64_t value) __asm__("__ctzdi2");
bool exchange_byte(volatile void *at, void *expected, uint8_t desired,
		   bool weak, int success,
		   int failure) __asm__("__atomic_compare_exchange_1");

/* @value is not 0. */
int count_leading(uint64_t value)
{
	int count = 0;

	for (unsigned step = 32; step; step /= 2)
		if (!(value >> (64 - step))) {
			count += (int)step;
			value <<= step;
		}
	return count;
}

int count_trailing(uint64_t value)
{
	int count = 0;

	for (unsigned step = 32; step; step /= 2)
		if (!(value & ((UINT64_C(1) << step) - 1))) {
			count += (int)step;
			value >>= step;
		}
	return count;
}

/* By the word around it, whose other bytes may change meanwhile. Sequentially
 * consistent, whatever was asked for. */
bool exchange_byte(volatile void *at, void *expected, uint8_t desired,
		   bool weak, int success, int failure)
{
	volatile uint32_t *word =
		(volatile uint32_t *)((uintptr_t)at & ~(uintptr_t)3);
	unsigned shift = ((uintptr_t)at & 3) * 8;
	uint32_t seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	uint8_t *wanted = expected;

	(void)weak;
	(void)success;
	(void)failure;
	for (;;) {
		uint32_t next = (seen & ~(UINT32_C(0xff) << shift)) |
				(uint32_t)desired << shift;

		if ((uint8_t)(seen >> shift) != *wanted) {
			*wanted = (uint8_t)(seen >> shift);
			return false;
		}
		if (__atomic_compare_exchange_n(word, &seen, next, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
}
