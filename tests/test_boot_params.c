// SPDX-License-Identifier: MIT
/* e820 in binary: Linux's boot_params, and entries of other sizes. */
#include "memup/loader.h"
#include "tests/machine_util.h"

/* Physical memory: the page, and setup_data behind it. */
static uint8_t phys[0x3000];

static void put(size_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		phys[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_entry(size_t at, uint64_t base, uint64_t size, uint32_t type)
{
	put(at, base, 8);
	put(at + 8, size, 8);
	put(at + 16, type, 4);
}

static void put_page(void)
{
	memset(phys, 0, sizeof(phys));
	put(0x1fe, 0xaa55, 2);
	put(0x202, 0x53726448, 4); /* "HdrS" */
	put(0x1e8, 2, 1);
	put_entry(0x2d0, 0, 0x9f000, 1);
	put_entry(0x2d0 + 20, 0x9f000, 0x1000, 2);
}

static void put_data(size_t at, uint64_t next, uint32_t type, uint32_t len)
{
	put(at, next, 8);
	put(at + 8, type, 4);
	put(at + 12, len, 4);
}

static const void *at_phys(void *arg, mu_phys_t at, size_t size)
{
	(void)arg;
	return at <= sizeof(phys) && size <= sizeof(phys) - at ? phys + at
							       : NULL;
}

static void map_and_extension(void **state)
{
	struct mu_machine *machine = machine_new(16, 4);
	struct mu_error error = {.text = ""};

	(void)state;
	put_page();
	put(0x250, 0x1001, 8);
	put_data(0x1001, 0x2000, 9, 100);
	put_data(0x2000, 0, 1, 40);
	put_entry(0x2010, 0x100000, 0x100000, 1);
	put_entry(0x2024, 0x200000, 0x1000, 4);
	if (mu_machine_read_boot_params(machine, phys, 4096, at_phys, NULL,
					&error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s", error.text);
	assert_ranges(machine, "0-9efff usable 0\n"
			       "9f000-9ffff reserved 0\n"
			       "100000-1fffff usable 0\n"
			       "200000-200fff ACPI NVS 0\n");
	free(machine);
	/* Nobody can reach it: the page alone. */
	machine = machine_new(16, 4);
	assert_int_equal(mu_machine_read_boot_params(machine, phys, 4096, NULL,
						     NULL, &error),
			 MU_OK);
	assert_int_equal(machine->nr_ranges, 2);
	free(machine);
}

static void misread(size_t len, enum mu_status status, const char *why)
{
	struct mu_machine *machine = machine_new(4, 4);
	struct mu_error error = {.text = ""};

	assert_int_equal(mu_machine_read_boot_params(machine, phys, len,
						     at_phys, NULL, &error),
			 status);
	assert_string_equal(error.text, why);
	assert_int_equal(machine->nr_ranges, 0);
	free(machine);
}

static void lies(void **state)
{
	(void)state;
	put_page();
	misread(4095, MU_ERR_CORRUPT,
		"4095 bytes of boot_params, expected 4096");
	put(0x202, 0, 1);
	misread(4096, MU_ERR_CORRUPT,
		"no boot_params: 0xaa55 at 0x1fe and 0x53726400 at 0x202, "
		"expected 0xaa55 and 0x53726448");
	put_page();
	put(0x1e8, 129, 1);
	misread(4096, MU_ERR_CORRUPT,
		"boot_params with 129 entries of e820, there is room for 128");
	put_page();
	put_entry(0x2d0 + 20, UINT64_MAX - 1, 2, 1);
	misread(4096, MU_ERR_RANGE,
		"entry 1 of the e820 map: 0x2 bytes at 0xfffffffffffffffe pass "
		"the limit of 52 address bits");
	put_page();
	put(0x250, 0x2ff8, 8);
	misread(4096, MU_ERR_CORRUPT,
		"setup_data 0, 0 bytes at 0x2ff8, cannot be reached");
	put(0x250, 0x1000, 8);
	put_data(0x1000, 0, 1, 0xffffffff);
	misread(4096, MU_ERR_CORRUPT,
		"setup_data 0, 4294967295 bytes at 0x1000, cannot be reached");
	put_data(0x1000, 0, 1, 19);
	misread(4096, MU_ERR_CORRUPT,
		"setup_data 0: 19 bytes of e820 are no multiple of 20");
	/* Two that name each other. */
	put_data(0x1000, 0x2000, 9, 0);
	put_data(0x2000, 0x1000, 9, 0);
	misread(4096, MU_ERR_CORRUPT, "more than 64 setup_data: a circle?");
	put_data(0x1000, 0, 1, 60);
	for (size_t i = 0; i < 3; i++)
		put_entry(0x1010 + i * 20, 0x100000 + i * 0x2000, 0x1000, 1);
	misread(4096, MU_ERR_FULL,
		"3 entries of the e820 map are more than the machine's 4 "
		"memory ranges");
}

static void entry_sizes(void **state)
{
	(void)state;
	for (size_t size = 20; size <= 32; size += 4) {
		struct mu_machine *machine = machine_new(4, 4);

		memset(phys, 0xee, sizeof(phys));
		put_entry(0, 0, 0x1000, 1);
		put_entry(size, 0x1000, 0x1000, 7);
		assert_int_equal(
			mu_machine_read_e820(machine, phys, 2, size, NULL),
			MU_OK);
		assert_int_equal(machine->ranges[1].base, 0x1000);
		assert_int_equal(machine->ranges[1].type, MU_RANGE_PMEM);
		assert_int_equal(
			mu_machine_read_e820(machine, phys, 2, 19, NULL),
			MU_ERR_INVALID);
		free(machine);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_and_extension),
		cmocka_unit_test(lies),
		cmocka_unit_test(entry_sizes),
	};

	return cmocka_run_group_tests_name("boot_params", tests, NULL, NULL);
}
