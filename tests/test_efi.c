// SPDX-License-Identifier: MIT
/* The UEFI memory map in binary, and Linux's table of unaccepted memory. */
#include "memup/efi.h"
#include "tests/machine_util.h"

#define MAX_ENTRIES 16

static uint8_t map[MAX_ENTRIES * 64];
static size_t map_len, desc_size;

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static void map_begin(size_t size)
{
	memset(map, 0xee, sizeof(map));
	map_len = 0;
	desc_size = size;
}

static void map_add(uint32_t type, uint64_t base, uint64_t pages,
		    uint64_t attributes)
{
	uint8_t *at = map + map_len;

	assert_true(map_len + desc_size <= sizeof(map));
	put(at, type, 4);
	put(at + 8, base, 8);
	put(at + 16, 0, 8);
	put(at + 24, pages, 8);
	put(at + 32, attributes, 8);
	map_len += desc_size;
}

/* Read from one byte behind an aligned buffer of exactly that length. */
static enum mu_status read_map(struct mu_machine *machine, size_t size,
			       uint32_t version, struct mu_error *error)
{
	uint8_t *copy = malloc(map_len + 1);
	enum mu_status status;

	assert_non_null(copy);
	memcpy(copy + 1, map, map_len);
	status = mu_machine_read_efi(machine, copy + 1, map_len, size, version,
				     error);
	free(copy);
	return status;
}

static void all_types(void **state)
{
	(void)state;
	/* Today's size, what firmware uses, and more. */
	for (size_t size = 40; size <= 64; size += 8) {
		struct mu_machine *machine = machine_new(64, 4);
		struct mu_error error = {.text = ""};

		map_begin(size);
		map_add(7, 0, 0x10, 0xf);
		map_add(0, 0x10000, 0x10, 0xf);
		map_add(1, 0x20000, 0x10, 0xf);
		map_add(3, 0x30000, 0x10, 0xf);
		map_add(4, 0x40000, 0x10, 0xf);
		map_add(5, 0x50000, 0x10, UINT64_C(0x800000000000000f));
		map_add(9, 0x60000, 0x10, 0xf);
		map_add(10, 0x70000, 0x10, 0xf);
		map_add(8, 0x80000, 0x10, 0xf);
		map_add(14, 0x90000, 0x10, 0x800f);
		map_add(15, 0xa0000, 0x10, 0xf);
		map_add(7, 0xb0000, 0x10, 0x1000f);
		map_add(7, 0xc0000, 0x10, 0x4000f);
		map_add(7, 0xd0000, 0x10, 0x1);
		map_add(0x80000001, 0xe0000, 0x10, 0xf);
		map_add(7, 0xf0000, 0, 0xf);
		if (read_map(machine, size, 1, &error) ||
		    mu_machine_finish(machine, &error))
			fail_msg("%s", error.text);
		assert_ranges(machine, "0-ffff usable 0\n"
				       "10000-1ffff reserved 0\n"
				       "20000-2ffff usable 0\n"
				       "30000-4ffff usable 0 flags 50\n"
				       "50000-5ffff reserved 0\n"
				       "60000-6ffff ACPI data 0\n"
				       "70000-7ffff ACPI NVS 0\n"
				       "80000-8ffff unusable 0\n"
				       "90000-9ffff persistent 0 flags 8\n"
				       "a0000-affff usable 0 flags 20\n"
				       "b0000-bffff usable 0 flags 2\n"
				       "c0000-cffff soft reserved 0\n"
				       "d0000-effff reserved 0\n");
		free(machine);
	}
}

static void misread(size_t size, uint32_t version, enum mu_status status,
		    const char *why)
{
	struct mu_machine *machine = machine_new(8, 4);
	struct mu_error error = {.text = ""};

	assert_int_equal(read_map(machine, size, version, &error), status);
	assert_int_equal(error.status, status);
	assert_string_equal(error.text, why);
	assert_int_equal(machine->nr_ranges, 0);
	assert_int_equal(read_map(machine, size, version, NULL), status);
	free(machine);
}

static void lies(void **state)
{
	(void)state;
	map_begin(48);
	map_add(7, 0, 0x10, 0xf);
	misread(0, 1, MU_ERR_INVALID,
		"EFI memory descriptors of 0 bytes, expected 40 to 4096");
	misread(39, 1, MU_ERR_INVALID,
		"EFI memory descriptors of 39 bytes, expected 40 to 4096");
	misread(1 << 20, 1, MU_ERR_INVALID,
		"EFI memory descriptors of 1048576 bytes, expected 40 to 4096");
	misread(48, 2, MU_ERR_INVALID,
		"EFI memory descriptors of version 2, expected 1");
	misread(40, 1, MU_ERR_CORRUPT,
		"an EFI memory map of 48 bytes is no multiple of its "
		"descriptors' 40");
	map_add(7, 0x100000, UINT64_C(0x10000000000001), 0xf);
	misread(48, 1, MU_ERR_RANGE,
		"entry 1 of the EFI memory map: 0x10000000000001 pages at "
		"0x100000 pass the limit of 52 address bits");
	map_len -= 48;
	map_add(7, UINT64_C(0xfffffffffffff000), 2, 0xf);
	misread(48, 1, MU_ERR_RANGE,
		"entry 1 of the EFI memory map: 0x2 pages at "
		"0xfffffffffffff000 pass the limit of 52 address bits");
	map_len -= 48;
	map_add(7, 0x100800, 1, 0xf);
	misread(48, 1, MU_ERR_RANGE,
		"entry 1 of the EFI memory map begins at 0x100800, not at a "
		"page of 4 KiB");
	map_begin(48);
	misread(48, 1, MU_ERR_NOT_FOUND, "the EFI memory map has no entries");
	for (unsigned i = 0; i < 9; i++)
		map_add(7, i * UINT64_C(0x2000), 1, 0xf);
	misread(48, 1, MU_ERR_FULL,
		"9 entries of the EFI memory map are more than the machine's "
		"8 memory ranges");
}

/* ---- Unaccepted memory ---- */

static uint8_t table[64];

static size_t put_table(uint32_t version, uint32_t unit, uint64_t base,
			uint64_t size)
{
	memset(table, 0, sizeof(table));
	put(table, version, 4);
	put(table + 4, unit, 4);
	put(table + 8, base, 8);
	put(table + 16, size, 8);
	return 24 + (size < 8 ? (size_t)size : 8);
}

/* The map says what was unaccepted when the loader got it, the table what still
 * is: units of 2 MiB from 2 MiB on. */
static void unaccepted(void **state)
{
	struct mu_machine *machine = machine_new(64, 4);
	struct mu_error error = {.text = ""};
	size_t len = put_table(1, 0x200000, 0x200000, 2);

	(void)state;
	map_begin(40);
	map_add(7, 0, 0x400, 0xf);
	map_add(15, 0x400000, 0x2000, 0xf);
	table[24] = 0x1e; /* units 1 to 4 */
	table[25] = 0x80; /* unit 15: past all memory but the last piece */
	if (read_map(machine, 40, 1, &error) ||
	    mu_machine_read_unaccepted(machine, table, len, &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s", error.text);
	assert_ranges(machine, "0-3fffff usable 0\n"
			       "400000-bfffff usable 0 flags 20\n"
			       "c00000-1ffffff usable 0\n"
			       "2000000-23fffff usable 0 flags 20\n");
	free(machine);
}

static void table_misread(size_t len, enum mu_status status, const char *why)
{
	struct mu_machine *machine = machine_new(8, 4);
	struct mu_error error = {.text = ""};

	assert_int_equal(
		mu_machine_add(machine, 0, 0x10000000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(
		mu_machine_read_unaccepted(machine, table, len, &error),
		status);
	assert_string_equal(error.text, why);
	assert_int_equal(machine->nr_ranges, 1);
	assert_int_equal(machine->ranges[0].size, 0x10000000);
	assert_int_equal(machine->ranges[0].flags, 0);
	free(machine);
}

static void table_lies(void **state)
{
	size_t len;

	(void)state;
	table_misread(23, MU_ERR_CORRUPT,
		      "23 bytes are less than the head of a table of "
		      "unaccepted memory, 24");
	len = put_table(2, 0x200000, 0, 8);
	table_misread(len, MU_ERR_INVALID,
		      "a table of unaccepted memory of version 2, expected 1");
	len = put_table(1, 0, 0, 8);
	table_misread(len, MU_ERR_INVALID,
		      "unaccepted memory in units of 0 bytes, expected a power "
		      "of two of at least 4096");
	len = put_table(1, 0x201000, 0, 8);
	table_misread(len, MU_ERR_INVALID,
		      "unaccepted memory in units of 2101248 bytes, expected a "
		      "power of two of at least 4096");
	len = put_table(1, 0x200000, 0, UINT64_MAX);
	table_misread(len, MU_ERR_CORRUPT,
		      "a bitmap of unaccepted memory of 18446744073709551615 "
		      "bytes, 8 are there");
	len = put_table(1, 0x200000, UINT64_C(0xfffffffffff00000), 8);
	table_misread(len, MU_ERR_RANGE,
		      "0x8000000 bytes at 0xfffffffffff00000 pass the end of "
		      "64 bits");
	/* Every other unit: more pieces than the machine has ranges. */
	len = put_table(1, 0x200000, 0, 8);
	memset(table + 24, 0x55, 8);
	table_misread(len, MU_ERR_FULL, "more than 8 memory ranges");
}

/* Against a byte for each unit, with marks that the map made before. */
static void random_tables(void **state)
{
	(void)state;
	for (machine_seed = 1; machine_seed <= 200; machine_seed++) {
		uint64_t random = machine_seed;
		struct mu_machine *machine = machine_new(512, 4);
		bool marked[96] = {false};
		uint64_t first = next_random(&random) % 16;
		struct mu_error error = {.text = ""};
		size_t len = put_table(1, 0x1000, first * 0x1000, 8);

		map_begin(40);
		for (uint64_t at = 0, pages; at < 96 && map_len < 600;
		     at += pages) {
			bool is = next_random(&random) % 2;

			pages = 1 + next_random(&random) % 30;
			if (pages > 96 - at || map_len >= 560)
				pages = 96 - at;
			map_add(is ? 15 : 7, at * 0x1000, pages, 0xf);
			memset(marked + at, is, (size_t)pages);
		}
		for (unsigned i = 0; i < 8; i++)
			table[24 + i] = (uint8_t)next_random(&random);
		for (unsigned i = 0; i < 64; i++)
			marked[first + i] = table[24 + i / 8] >> i % 8 & 1;
		if (read_map(machine, 40, 1, &error) ||
		    mu_machine_read_unaccepted(machine, table, len, &error) ||
		    mu_machine_finish(machine, &error))
			fail_msg("%s", error.text);
		assert_int_equal(mu_machine_ram(machine), 96 * 0x1000);
		for (unsigned i = 0; i < machine->nr_ranges; i++) {
			const struct mu_range *range = &machine->ranges[i];

			for (uint64_t at = range->base;
			     at < range->base + range->size; at += 0x1000)
				assert_int_equal(
					!!(range->flags & MU_RANGE_UNACCEPTED),
					marked[at / 0x1000]);
		}
		free(machine);
	}
	machine_seed = 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_types),
		cmocka_unit_test(lies),
		cmocka_unit_test(unaccepted),
		cmocka_unit_test(table_lies),
		cmocka_unit_test_teardown(random_tables, machine_print_seed),
	};

	return cmocka_run_group_tests_name("efi", tests, NULL, NULL);
}
