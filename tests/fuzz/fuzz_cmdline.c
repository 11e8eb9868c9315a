// SPDX-License-Identifier: MIT
#include "tests/fuzz/fuzz.h"

static enum mu_status machine_and_cmdline(struct mu_machine *machine,
					  const char *text, size_t len,
					  struct mu_error *error)
{
	static const char nodes[] = "4x1G/8,-1M@1M,-1G@2560M";

	fuzz_check(mu_machine_read_short(machine, nodes, sizeof(nodes) - 1,
					 NULL) == MU_OK);
	return mu_machine_apply_cmdline(machine, text, len, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(machine_and_cmdline, data, size);
	return 0;
}
