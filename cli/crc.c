// SPDX-License-Identifier: MIT
#include "cli/crc.h"

/* Highest power first; x^32 itself is the bit that falls out. */
#define POLYNOMIAL 0x04c11db7u

static uint32_t times_x(uint32_t crc)
{
	return crc << 1 ^ (crc >> 31 ? POLYNOMIAL : 0);
}

static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (int bit = 31; bit >= 0; bit--)
		product = times_x(product) ^ (b >> bit & 1 ? a : 0);
	return product;
}

void crc_init(struct crc_tables *tables)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte << 24;

		for (int bit = 0; bit < 8; bit++)
			crc = times_x(crc);
		tables->at[0][byte] = crc;
	}
	/* The same byte with n zero bytes after it. */
	for (int n = 1; n < 8; n++)
		for (uint32_t byte = 0; byte < 256; byte++) {
			uint32_t crc = tables->at[n - 1][byte];

			tables->at[n][byte] =
				crc << 8 ^ tables->at[0][crc >> 24];
		}
}

static uint32_t add_byte(const struct crc_tables *tables, uint32_t crc,
			 uint8_t byte)
{
	return crc << 8 ^ tables->at[0][crc >> 24 ^ byte];
}

uint32_t crc_of(const struct crc_tables *tables, const void *data, size_t bytes)
{
	const uint8_t *at = data;
	uint32_t crc = 0;

	/* Eight bytes per turn, whose eight lookups are independent. */
	for (; bytes >= 8; bytes -= 8, at += 8)
		crc = tables->at[7][crc >> 24 ^ at[0]] ^
		      tables->at[6][(crc >> 16 & 0xff) ^ at[1]] ^
		      tables->at[5][(crc >> 8 & 0xff) ^ at[2]] ^
		      tables->at[4][(crc & 0xff) ^ at[3]] ^
		      tables->at[3][at[4]] ^ tables->at[2][at[5]] ^
		      tables->at[1][at[6]] ^ tables->at[0][at[7]];
	while (bytes--)
		crc = add_byte(tables, crc, *at++);
	return crc;
}

uint32_t crc_shift(uint64_t bytes)
{
	uint32_t power = 0x100, shift = 1; /* x^8, and 1 */

	for (; bytes; bytes >>= 1) {
		if (bytes & 1)
			shift = multiply(shift, power);
		power = multiply(power, power);
	}
	return shift;
}

uint32_t crc_join(uint32_t first, uint32_t second, uint32_t shift)
{
	return multiply(first, shift) ^ second;
}

uint32_t crc_end(const struct crc_tables *tables, uint32_t crc, uint64_t bytes)
{
	for (; bytes; bytes >>= 8)
		crc = add_byte(tables, crc, (uint8_t)bytes);
	return ~crc;
}
