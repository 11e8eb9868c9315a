// SPDX-License-Identifier: MIT
#include "memup/machine_acpi.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(mu_machine_read_dsl, data, size);
	return 0;
}
