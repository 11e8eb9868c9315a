// SPDX-License-Identifier: MIT
/* The texts of /proc/zoneinfo and /proc/iomem. */
#include "tests/machine_util.h"

static const char zones[] = "Node 0, zone      DMA\n"
			    "  per-node stats\n"
			    "      nr_inactive_anon 50\n"
			    "  pages free     3975\n"
			    "        min      33\n"
			    "        spanned  4095\n"
			    "        present  3999\n"
			    "        managed  3977\n"
			    "        protection: (0, 3828, 7894, 7894, 7894)\n"
			    "  pagesets\n"
			    "    cpu: 0\n"
			    "              count: 0\n"
			    "  node_unreclaimable:  0\n"
			    "  start_pfn:           1\n"
			    "Node 0, zone  Movable\n"
			    "  pages free     0\n"
			    "        spanned  0\n"
			    "        present  0\n"
			    "Node 1, zone   Normal\n"
			    "        spanned  4096\n"
			    "        present  4096\n"
			    "  start_pfn:           8192\n";

static void zoneinfo(void **state)
{
	struct mu_machine *machine =
		machine_read(mu_machine_read_zoneinfo, zones);

	(void)state;
	assert_ranges(machine, "1000-f9ffff usable 0\n"
			       "2000000-2ffffff usable 1\n");
	assert_int_equal(mu_machine_ram(machine) / 4096, 3999 + 4096);
	free(machine);
}

static void zoneinfo_of_64k_pages(void **state)
{
	struct mu_machine *machine = machine_new(8, 4);

	(void)state;
	machine->page_shift = 16;
	assert_int_equal(
		mu_machine_read_zoneinfo(machine, zones, strlen(zones), NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "10000-f9fffff usable 0\n"
			       "20000000-2fffffff usable 1\n");
	free(machine);
}

static void zoneinfo_for_nodes(void **state)
{
	struct mu_machine *machine = machine_new(8, 4);

	(void)state;
	assert_int_equal(mu_machine_read_zoneinfo_nodes(machine, zones,
							strlen(zones), NULL),
			 MU_OK);
	assert_int_equal(
		mu_machine_add(machine, 0, 0x4000000, MU_RANGE_RAM, 0, NULL),
		MU_OK);
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "0-1ffffff usable 0\n"
			       "2000000-3ffffff usable 1\n");
	free(machine);
}

static void bad_zoneinfo(void **state)
{
	static const struct {
		const char *text, *error;
		uint32_t line;
		enum mu_status status;
	} cases[] = {
		{"", "no zone with pages", 0, MU_ERR_NOT_FOUND},
		{"Node 0, zone DMA\n spanned 0\n present 0\n",
		 "no zone with pages", 0, MU_ERR_NOT_FOUND},
		{"\nNode 0, zone DMA\n spanned 1\n present 1\n",
		 "Node 0, zone DMA: pages, but no start_pfn", 2, MU_ERR_SYNTAX},
		{"Node 0, zone DMA\n spanned 1\n present 2\n start_pfn: 0\n",
		 "Node 0, zone DMA: 2 pages present, 1 spanned", 1,
		 MU_ERR_RANGE},
		{"Node 0, zone DMA\n spanned 1099511627777\n",
		 "spanned is not a number of pages below 2^40: \" spanned "
		 "1099511627777\"",
		 2, MU_ERR_RANGE},
		{"Node 0, zone DMA\n present x\n",
		 "present is not a number of pages below 2^40: \" present x\"",
		 2, MU_ERR_SYNTAX},
		{"Node 64, zone DMA\n spanned 1\n present 1\n start_pfn: 0\n",
		 "node 64 is not one of 0 to 63", 1, MU_ERR_RANGE},
		{"Node 0, zone DMA\n spanned 1\n present 1\n start_pfn: "
		 "1099511627776\n",
		 "0x1000 bytes at 0x10000000000000 pass the limit of 52 "
		 "address bits",
		 1, MU_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_zoneinfo,
						 cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, cases[i].line);
	}
}

static void iomem(void **state)
{
	static const char text[] =
		"00000000-00000fff : Reserved\n"
		"00001000-0009fbff : System RAM\n"
		"000a0000-000bffff : PCI Bus 0000:00\n"
		"00100000-bffdbfff : System RAM\n"
		"  4b600000-4c400e80 : Kernel code\n"
		"  50000000-50ffffff : Reserved\n"
		"bffdc000-bfffffff : ACPI Tables\n"
		"c0000000-febfffff : PCI Bus 0000:00\n"
		"  f4000000-f7ffffff : Reserved\n"
		"febff000-febfffff : ACPI Non-volatile Storage\n"
		"fec00000-fec003ff : IOAPIC 0\n"
		"ff000000-ff000fff : Unusable memory\n"
		"100000000-13fffffff : Persistent Memory (legacy)\n"
		"  100000000-11fffffff : dax0.0\n"
		"    110000000-11fffffff : System RAM (kmem)\n"
		"a90000000-b8fffffff : CXL Window 0\n"
		"  a90000000-b8fffffff : Soft Reserved\n"
		"ffffffffffff0000-ffffffffffffffff : far away\n";
	struct mu_machine *machine = machine_read(mu_machine_read_iomem, text);

	(void)state;
	assert_ranges(machine, "0-fff reserved 0\n"
			       "1000-9fbff usable 0\n"
			       "100000-bffdbfff usable 0\n"
			       "bffdc000-bfffffff ACPI data 0\n"
			       "febff000-febfffff ACPI NVS 0\n"
			       "ff000000-ff000fff unusable 0\n"
			       "100000000-10fffffff persistent 0\n"
			       "110000000-11fffffff usable 0\n"
			       "120000000-13fffffff persistent 0\n"
			       "a90000000-b8fffffff soft reserved 0\n");
	free(machine);
}

/* Parts of what was kept: at its start, in it, at its end, not in order. */
static void onlined_parts(void **state)
{
	static const char text[] = "1000-8fff : Persistent Memory\n"
				   "  1000-1fff : System RAM (kmem)\n"
				   "  4000-4fff : System RAM (kmem)\n"
				   "  8000-8fff : System RAM (kmem)\n"
				   "  3000-3fff : System RAM (kmem)\n"
				   "a000-afff : Soft Reserved\n"
				   "  a000-afff : System RAM (kmem)\n";
	struct mu_machine *machine = machine_read(mu_machine_read_iomem, text);

	(void)state;
	assert_ranges(machine, "1000-1fff usable 0\n"
			       "2000-3fff persistent 0\n"
			       "4000-4fff usable 0\n"
			       "5000-7fff persistent 0\n"
			       "8000-8fff usable 0\n"
			       "a000-afff usable 0\n");
	free(machine);
}

static void bad_iomem(void **state)
{
	static const struct {
		const char *text, *error;
		uint32_t line;
		enum mu_status status;
	} cases[] = {
		/* What a reader without privilege is given. */
		{"00000000-00000000 : Reserved\n"
		 "00000000-00000000 : System RAM\n",
		 "no System RAM with an address", 0, MU_ERR_NOT_FOUND},
		{"", "no System RAM with an address", 0, MU_ERR_NOT_FOUND},
		{"\n2000-1fff : System RAM\n",
		 "System RAM at 0x2000-0x1fff ends before it begins or past 52 "
		 "address bits",
		 2, MU_ERR_RANGE},
		{"2000-10000000000000 : System RAM\n",
		 "System RAM at 0x2000-0x10000000000000 ends before it begins "
		 "or past 52 address bits",
		 1, MU_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_iomem,
						 cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zoneinfo),
		cmocka_unit_test(zoneinfo_of_64k_pages),
		cmocka_unit_test(zoneinfo_for_nodes),
		cmocka_unit_test(bad_zoneinfo),
		cmocka_unit_test(iomem),
		cmocka_unit_test(onlined_parts),
		cmocka_unit_test(bad_iomem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
