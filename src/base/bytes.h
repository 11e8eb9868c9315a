/* SPDX-License-Identifier: MIT */
/* bytes: numbers in firmware's tables, of either byte order, at any alignment.
 */
#ifndef MU_BASE_BYTES_H
#define MU_BASE_BYTES_H

#include "memup/base.h"

static inline uint16_t mu_le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t mu_le32(const uint8_t *at)
{
	return mu_le16(at) | (uint32_t)mu_le16(at + 2) << 16;
}

static inline uint64_t mu_le64(const uint8_t *at)
{
	return mu_le32(at) | (uint64_t)mu_le32(at + 4) << 32;
}

static inline uint32_t mu_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t mu_be64(const uint8_t *at)
{
	return (uint64_t)mu_be32(at) << 32 | mu_be32(at + 4);
}

#endif
