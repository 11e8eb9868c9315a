// SPDX-License-Identifier: MIT
#include "machine/perf.h"

#include "base/sort.h"

#define KEY(word) ((word) >> 32)

static bool larger_is_better(uint64_t word)
{
	unsigned what = KEY(word) & 3;

	return what == MU_PERF_READ_BANDWIDTH ||
	       what == MU_PERF_WRITE_BANDWIDTH;
}

void mu_perf_finish(struct mu_machine *machine)
{
	uint64_t *words = machine->perf;
	unsigned kept = 0;

	mu_sort_u64(words, machine->nr_perf);
	for (unsigned i = 0; i < machine->nr_perf; i++) {
		if (!kept || KEY(words[kept - 1]) != KEY(words[i]))
			words[kept++] = words[i];
		else if (larger_is_better(words[i]))
			words[kept - 1] = words[i];
	}
	machine->nr_perf = kept;
}

uint32_t mu_machine_perf(const struct mu_machine *machine, int from, int to,
			 enum mu_perf what)
{
	unsigned low = 0, high = machine->nr_perf;
	uint64_t word;

	if (from < 0 || from >= MU_MAX_NODES || to < 0 || to >= MU_MAX_NODES)
		return 0;
	word = mu_perf_word((unsigned)from, (unsigned)to, what, 0);
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (machine->perf[middle] < word)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == machine->nr_perf || KEY(machine->perf[low]) != KEY(word))
		return 0;
	return (uint32_t)machine->perf[low];
}
