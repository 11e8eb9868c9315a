// SPDX-License-Identifier: MIT
/* What Linux on x86 does to the map after it has printed it. */
#include "tests/machine_util.h"

#define MAP                                                               \
	"Linux version 6.1.0 (gcc 12)\n"                                  \
	"BIOS-provided physical RAM map:\n"                               \
	"BIOS-e820: [mem 0x0000000000000000-0x00000000000fffff] usable\n" \
	"BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable\n" \
	"BIOS-e820: [mem 0x0000000100000000-0x000000013fffffff] usable\n"

static void assert_log(const char *text, const char *ranges)
{
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	assert_ranges(machine, ranges);
	free(machine);
}

/* mem=3G: "and all that is above", to the end of 64 bits. */
static void removal_past_the_limit(void **state)
{
	(void)state;
	assert_log(MAP "e820: remove [mem 0xc0000000-0xfffffffffffffffe] "
		       "usable\n",
		   "0-3fffffff usable 0\n");
	assert_log(MAP "e820: remove [mem 0x10000000000000-0xfffffffffffffffe] "
		       "usable\n",
		   "0-3fffffff usable 0\n100000000-13fffffff usable 0\n");
	assert_log(MAP "e820 remove range: 00000000c0000000 - "
		       "ffffffffffffffff (usable)\n",
		   "0-3fffffff usable 0\n");
}

static void nonsense_stays_an_error(void **state)
{
	struct mu_error error;

	(void)state;
	assert_int_equal(machine_misread(mu_machine_read_log,
					 MAP "e820: remove [mem 0x2000-0x1000] "
					     "usable\n",
					 &error),
			 MU_ERR_RANGE);
	assert_int_equal(error.line, 6);
}

/*
 * Once it has the last page frame Linux has its memory: what it finds reserved
 * later (EFI's tables, ESRT) is memory, but taken.
 */
static void late_reservations(void **state)
{
	(void)state;
	assert_log(MAP "e820: update [mem 0x3f000000-0x3fffffff] usable ==> "
		       "reserved\n"
		       "last_pfn = 0x140000 max_arch_pfn = 0x400000000\n"
		       "last_pfn = 0x40000 max_arch_pfn = 0x400000000\n"
		       "e820: update [mem 0x20000000-0x20000fff] usable ==> "
		       "reserved\n",
		   "0-fff reserved 0\n1000-9ffff usable 0\n"
		   "100000-1fffffff usable 0\n"
		   "20000000-20000fff usable 0 flags 10\n"
		   "20001000-3effffff usable 0\n"
		   "3f000000-3fffffff reserved 0\n"
		   "100000000-13fffffff usable 0\n");
}

/*
 * Page 0 and what is below 1 MiB on a PC go in every kernel that prints "[mem";
 * the lines that say so are of level debug, which many logs do without.
 */
static void first_megabyte(void **state)
{
	(void)state;
	assert_log(MAP "last_pfn = 0x140000 max_arch_pfn = 0x400000000\n",
		   "0-fff reserved 0\n1000-9ffff usable 0\n"
		   "100000-3fffffff usable 0\n"
		   "100000000-13fffffff usable 0\n");
	/* A piece of a log, that need not be a log of Linux: as it stands. */
	assert_log(MAP, "0-3fffffff usable 0\n100000000-13fffffff usable 0\n");
	/* Linux 2.6.32 does not. */
	assert_log(" BIOS-e820: 0000000000000000 - 0000000000100000 (usable)\n"
		   "last_pfn = 0x100 max_arch_pfn = 0x10000000\n",
		   "0-fffff usable 0\n");
}

#define LAST_PFN "last_pfn = 0x140000 max_arch_pfn = 0x400000000\n"

/* A map that Linux prints again counts if that is before it has its memory. */
static void modified_maps(void **state)
{
	(void)state;
	assert_log(MAP "modified physical RAM map:\n"
		       "modified: [mem 0x0000000000100000-0x00000000001fffff] "
		       "reserved\n" LAST_PFN "modified physical RAM map:\n"
		       "modified: [mem 0x0000000000200000-0x00000000002fffff] "
		       "usable\n" LAST_PFN,
		   "200000-2fffff usable 0\n");
	assert_log(MAP "modified: [mem 0x0000000000100000-0x00000000001fffff] "
		       "usable\n" LAST_PFN
		       "modified: [mem 0x0000000000100000-0x0000000000100fff] "
		       "ACPI NVS\n"
		       "modified: [mem 0x0000000000300000-0x0000000000300fff] "
		       "usable\n",
		   "100000-100fff usable 0 flags 10\n"
		   "101000-1fffff usable 0\n");
	/* No log of x86 without that line, but pieces of one. */
	assert_log(MAP "modified: [mem 0x0000000000100000-0x00000000001fffff] "
		       "usable\n",
		   "100000-1fffff usable 0\n");
}

static void ramdisk(void **state)
{
	(void)state;
	assert_log(MAP "RAMDISK: [mem 0x3f000000-0x3f000fff]\n"
		       "RAMDISK: in words\n",
		   "0-3effffff usable 0\n3f000000-3f000fff usable 0 flags "
		   "10\n3f001000-3fffffff usable 0\n"
		   "100000000-13fffffff usable 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removal_past_the_limit),
		cmocka_unit_test(nonsense_stays_an_error),
		cmocka_unit_test(late_reservations),
		cmocka_unit_test(first_megabyte),
		cmocka_unit_test(modified_maps),
		cmocka_unit_test(ramdisk),
	};

	return cmocka_run_group_tests_name("machine_log_late", tests, NULL,
					   NULL);
}
