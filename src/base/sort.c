// SPDX-License-Identifier: MIT
/*
 * Sorting of numbers in place, and what is left without repetitions.
 */
#include "base/sort.h"

static void sift_down(uint64_t *heap, size_t at, size_t count)
{
	uint64_t value = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= value)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = value;
}

void mu_sort_u64(uint64_t *values, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(values, i, count);
	while (count > 1) {
		uint64_t largest = values[0];

		values[0] = values[--count];
		values[count] = largest;
		sift_down(values, 0, count);
	}
}

size_t mu_unique_u64(uint64_t *values, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!kept || values[kept - 1] != values[i])
			values[kept++] = values[i];
	return kept;
}
