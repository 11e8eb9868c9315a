/* SPDX-License-Identifier: MIT */
/*
 * sort: numbers in ascending order, in place, without recursion: heapsort
 * (Williams 1964), O(n log n) for every input, firmware's worst included.
 */
#ifndef MU_BASE_SORT_H
#define MU_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

void mu_sort_u64(uint64_t *values, size_t count);

/* Drop repeated values of a sorted array; returns how many are left. */
size_t mu_unique_u64(uint64_t *values, size_t count);

#endif
