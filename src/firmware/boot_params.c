// SPDX-License-Identifier: MIT
/*
 * boot_params: e820 maps in binary, and the page in which loaders of Linux on
 * x86 hand one over, with more of it in a list behind it.
 */
#include "base/bytes.h"
#include "base/fmt.h"
#include "machine/checks.h"
#include "memup/loader.h"

/* An entry; and offsets in the page and in a setup_data. */
#define ENTRY 20u
enum { E820_NR = 0x1e8, BOOT_FLAG = 0x1fe, HEADER = 0x202 };
enum { SETUP_DATA = 0x250, E820_TABLE = 0x2d0 };
enum { DATA_NEXT = 0, DATA_TYPE = 8, DATA_LEN = 12, DATA = 16 };

#define E820_MOST      128u
#define SETUP_E820_EXT 1u

enum mu_status mu_machine_read_e820(struct mu_machine *machine, const void *map,
				    size_t nr, size_t entry_size,
				    struct mu_error *error)
{
	enum mu_status status = mu_machine_check_range(machine, 0, 0, error);
	const uint8_t *at = map;
	size_t needed = 0;

	if (!status && (entry_size < ENTRY || entry_size > 4096))
		status = mu_fail(error, MU_ERR_INVALID, 0,
				 "entries of an e820 map of %zu bytes, "
				 "expected %u to 4096",
				 entry_size, ENTRY);
	for (size_t i = 0; !status && i < nr; i++) {
		uint64_t base = mu_le64(at + i * entry_size);
		uint64_t size = mu_le64(at + i * entry_size + 8);

		if (mu_machine_check_range(machine, base, size, NULL))
			status =
				mu_fail(error, MU_ERR_RANGE, 0,
					"entry %zu of the e820 map: 0x%llx "
					"bytes at 0x%llx pass the limit of %d "
					"address bits",
					i, (unsigned long long)size,
					(unsigned long long)base, MU_PHYS_BITS);
		needed += size != 0;
	}
	if (!status && needed > machine->max_ranges - machine->nr_ranges)
		status = mu_fail(error, MU_ERR_FULL, 0,
				 "%zu entries of the e820 map are more than "
				 "the machine's %u memory ranges",
				 needed, machine->max_ranges);
	for (size_t i = 0; !status && i < nr; i++, at += entry_size)
		status = mu_machine_add(machine, mu_le64(at), mu_le64(at + 8),
					mu_range_type_e820(mu_le32(at + 16)), 0,
					error);
	return status;
}

static enum mu_status check_page(const uint8_t *page, size_t len,
				 struct mu_error *error)
{
	if (len < MU_BOOT_PARAMS_BYTES)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "%zu bytes of boot_params, expected %zu", len,
			       MU_BOOT_PARAMS_BYTES);
	if (page[BOOT_FLAG] != 0x55 || page[BOOT_FLAG + 1] != 0xaa ||
	    mu_le32(page + HEADER) != 0x53726448)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "no boot_params: 0x%x at 0x%x and 0x%x at 0x%x, "
			       "expected 0xaa55 and 0x53726448",
			       mu_le16(page + BOOT_FLAG), (unsigned)BOOT_FLAG,
			       mu_le32(page + HEADER), (unsigned)HEADER);
	if (page[E820_NR] > E820_MOST)
		return mu_fail(error, MU_ERR_CORRUPT, 0,
			       "boot_params with %u entries of e820, there is "
			       "room for %u",
			       page[E820_NR], E820_MOST);
	return MU_OK;
}

/* The setup_data at @phys, whole: its length is looked at first. */
static const uint8_t *
setup_data(const void *(*at_phys)(void *arg, mu_phys_t phys, size_t size),
	   void *arg, mu_phys_t phys, uint32_t *len)
{
	const uint8_t *head = at_phys(arg, phys, DATA);

	if (!head)
		return NULL;
	*len = mu_le32(head + DATA_LEN);
	return at_phys(arg, phys, DATA + (size_t)*len);
}

static enum mu_status
read_list(struct mu_machine *machine, mu_phys_t phys,
	  const void *(*at_phys)(void *arg, mu_phys_t phys, size_t size),
	  void *arg, struct mu_error *error)
{
	enum mu_status status = MU_OK;

	for (unsigned i = 0; !status && phys; i++) {
		const uint8_t *at;
		uint32_t len = 0;

		if (i == MU_SETUP_DATA_MOST)
			return mu_fail(error, MU_ERR_CORRUPT, 0,
				       "more than %u setup_data: a circle?",
				       MU_SETUP_DATA_MOST);
		at = setup_data(at_phys, arg, phys, &len);
		if (!at)
			return mu_fail(error, MU_ERR_CORRUPT, 0,
				       "setup_data %u, %u bytes at 0x%llx, "
				       "cannot be reached",
				       i, len, (unsigned long long)phys);
		if (mu_le32(at + DATA_TYPE) == SETUP_E820_EXT) {
			if (len % ENTRY)
				return mu_fail(error, MU_ERR_CORRUPT, 0,
					       "setup_data %u: %u bytes of "
					       "e820 are no multiple of %u",
					       i, len, ENTRY);
			status = mu_machine_read_e820(
				machine, at + DATA, len / ENTRY, ENTRY, error);
		}
		phys = mu_le64(at + DATA_NEXT);
	}
	return status;
}

enum mu_status mu_machine_read_boot_params(
	struct mu_machine *machine, const void *params, size_t len,
	const void *(*at_phys)(void *arg, mu_phys_t phys, size_t size),
	void *arg, struct mu_error *error)
{
	unsigned nr_ranges = machine->nr_ranges;
	const uint8_t *page = params;
	enum mu_status status = check_page(page, len, error);

	if (!status)
		status = mu_machine_read_e820(machine, page + E820_TABLE,
					      page[E820_NR], ENTRY, error);
	if (!status && at_phys)
		status = read_list(machine, mu_le64(page + SETUP_DATA), at_phys,
				   arg, error);
	/* Ranges were only added. */
	if (status)
		machine->nr_ranges = nr_ranges;
	return status;
}
