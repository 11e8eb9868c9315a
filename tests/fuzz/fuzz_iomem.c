// SPDX-License-Identifier: MIT
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(mu_machine_read_iomem, data, size);
	return 0;
}
