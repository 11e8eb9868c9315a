// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/fuzz/fuzz.h"

static enum mu_status read_tables(struct mu_machine *machine, const char *text,
				  size_t len, struct mu_error *error)
{
	return mu_machine_read_acpi(machine, text, len, error);
}

/*
 * Checksums would stop the fuzzer at the door: give every table in a copy the
 * one that is right. Lengths stay as they are, wrong ones too.
 */
static void repair(uint8_t *data, size_t size)
{
	for (size_t at = 0, len; size - at >= 36; at += len) {
		uint8_t sum = 0;

		len = data[at + 4] | (size_t)data[at + 5] << 8 |
		      (size_t)data[at + 6] << 16 | (size_t)data[at + 7] << 24;
		if (len < 36 || len > size - at)
			return;
		data[at + 9] = 0;
		for (size_t i = 0; i < len; i++)
			sum = (uint8_t)(sum + data[at + i]);
		data[at + 9] = (uint8_t)(0x100 - sum);
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
	fuzz_reader(read_tables, data, size);
	repair(copy, size);
	fuzz_reader(read_tables, copy, size);
	read_cpus(copy, size);
	free(copy);
	return 0;
}
