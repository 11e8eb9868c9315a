// SPDX-License-Identifier: MIT
/* Any bytes: what is made of them fits, is ASCII, and a reader takes it. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *out = malloc(2 * size + 1);
	size_t used;

	if (!out)
		return 0;
	used = mu_text_clean((const char *)data, size, out);
	fuzz_check(used <= 2 * size);
	for (size_t i = 0; i < used; i++)
		fuzz_check(out[i] == '\n' ||
			   (out[i] >= ' ' && (uint8_t)out[i] < 0x80));
	fuzz_reader(mu_machine_read_any, (const uint8_t *)out, used);
	free(out);
	return 0;
}
