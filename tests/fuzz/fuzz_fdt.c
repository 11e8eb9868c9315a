// SPDX-License-Identifier: MIT
#include "ports/hosted/machine.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(mu_machine_read_fdt, data, size);
	return 0;
}
