// SPDX-License-Identifier: MIT
/* The UEFI memory map, then a table of unaccepted memory: two bytes of the
 * descriptors' size, one of the entries, then both. */
#include "memup/efi.h"
#include "tests/fuzz/fuzz.h"

static enum mu_status read_both(struct mu_machine *machine, const char *text,
				size_t len, struct mu_error *error)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t desc_size, bytes;
	enum mu_status status;

	if (len < 3)
		return mu_machine_read_efi(machine, at, len, 40, 1, error);
	desc_size = at[0] | (size_t)at[1] << 8;
	bytes = desc_size * at[2];
	if (bytes > len - 3)
		bytes = len - 3;
	status = mu_machine_read_efi(machine, at + 3, bytes, desc_size, 1,
				     error);
	fuzz_check(!status || !machine->nr_ranges);
	if (!status && bytes < len - 3)
		(void)!mu_machine_read_unaccepted(machine, at + 3 + bytes,
						  len - 3 - bytes, error);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reader(read_both, data, size);
	return 0;
}
