// SPDX-License-Identifier: MIT
#include "tests/fuzz/fuzz_table.h"

/*
 * Checksums would stop the fuzzer at the door: give every table in a copy the
 * one that is right. Lengths stay as they are, wrong ones too.
 */
static void repair(uint8_t *data, size_t size)
{
	for (size_t at = 0, len; size - at >= FUZZ_HEADER; at += len) {
		len = data[at + 4] | (size_t)data[at + 5] << 8 |
		      (size_t)data[at + 6] << 16 | (size_t)data[at + 7] << 24;
		if (len < FUZZ_HEADER || len > size - at)
			return;
		fuzz_sum(data + at, len, 9);
	}
}

static void count(void *arg, const struct mu_acpi_cpu *cpu)
{
	unsigned *cpus = arg;

	fuzz_check(cpu->nid >= MU_NO_NODE);
	*cpus += 1;
}

/* No more CPUs than the smallest structures that could be in there. */
static void read_cpus(const uint8_t *data, size_t size)
{
	unsigned cpus = 0;

	if (mu_acpi_cpus(data, size, count, &cpus, NULL))
		cpus = 0;
	fuzz_check(cpus <= size / 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	fuzz_check(copy != NULL);
	memcpy(copy, data, size);
	fuzz_reader(fuzz_read_table, data, size);
	repair(copy, size);
	fuzz_reader(fuzz_read_table, copy, size);
	read_cpus(copy, size);
	free(copy);
	return 0;
}
