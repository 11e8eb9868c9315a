/* SPDX-License-Identifier: MIT */
/*
 * crc: the checksum of POSIX cksum, in parts that can be put together.
 *
 * It is a polynomial's remainder: that of two consecutive parts is the first
 * part's, shifted by the length of the second, plus the second part's.
 */
#ifndef MEMUP_CLI_CRC_H
#define MEMUP_CLI_CRC_H

#include <stddef.h>
#include <stdint.h>

struct crc_tables {
	uint32_t at[8][256];
};

void crc_init(struct crc_tables *tables);

/* The remainder of @bytes at @data, by itself. */
uint32_t crc_of(const struct crc_tables *tables, const void *data,
		size_t bytes);

/* The factor by which a remainder is shifted by @bytes. */
uint32_t crc_shift(uint64_t bytes);

/* That of two parts; @shift is crc_shift() of the second one's length. */
uint32_t crc_join(uint32_t first, uint32_t second, uint32_t shift);

/* What cksum prints for @bytes bytes with the remainder @crc. */
uint32_t crc_end(const struct crc_tables *tables, uint32_t crc, uint64_t bytes);

#endif
