// SPDX-License-Identifier: MIT
#include "tests/fuzz/fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_table("CEDT", data, size);
	return 0;
}
