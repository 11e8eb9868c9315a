// SPDX-License-Identifier: MIT
/* Linux's boot_params at 0 of a memory that is the input; its setup_data. */
#include "memup/loader.h"
#include "tests/fuzz/fuzz.h"

struct memory {
	const uint8_t *at;
	size_t len;
};

static const void *at_phys(void *arg, mu_phys_t phys, size_t size)
{
	const struct memory *memory = arg;

	return phys <= memory->len && size <= memory->len - phys
		       ? memory->at + phys
		       : NULL;
}

static enum mu_status read_params(struct mu_machine *machine, const char *text,
				  size_t len, struct mu_error *error)
{
	struct memory memory = {(const uint8_t *)text, len};
	enum mu_status status = mu_machine_read_boot_params(
		machine, text, len, at_phys, &memory, error);

	fuzz_check(!status || !machine->nr_ranges);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(read_params, data, size);
	return 0;
}
