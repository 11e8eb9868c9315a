// SPDX-License-Identifier: MIT
/* Boot logs with an e820 map: x86, 2.6 to today. */
#include "tests/machine_util.h"

/* Sun Fire V40z, 2.6.17, shortened; from an Ubuntu forum, January 2007. */
static const char old_log[] =
	"[    0.000000] Linux version 2.6.17-10-generic (gcc version 4.1.2)\n"
	"[    0.000000] BIOS-provided physical RAM map:\n"
	"[    0.000000]  BIOS-e820: 0000000000000000 - 000000000009b000 "
	"(usable)\n"
	"[    0.000000]  BIOS-e820: 000000000009b000 - 00000000000a0000 "
	"(reserved)\n"
	"[    0.000000]  BIOS-e820: 0000000000100000 - 00000000fbf70000 "
	"(usable)\n"
	"[    0.000000]  BIOS-e820: 00000000fbf70000 - 00000000fbf77000 (ACPI "
	"data)\n"
	"[    0.000000]  BIOS-e820: 00000000fbf77000 - 00000000fbf80000 (ACPI "
	"NVS)\n"
	"[    0.000000]  BIOS-e820: 0000000100000000 - 0000000200000000 "
	"(usable)\n"
	"[    0.000000] SRAT: PXM 0 -> APIC 0 -> Node 0\n"
	"[    0.000000] SRAT: PXM 0 -> APIC 1 -> Node 0\n"
	"[    0.000000] SRAT: PXM 1 -> APIC 2 -> Node 1\n"
	"[    0.000000] SRAT: Node 0 PXM 0 0-a0000\n"
	"[    0.000000] SRAT: Node 0 PXM 0 0-fc000000\n"
	"[    0.000000] SRAT: Node 1 PXM 1 100000000-200000000\n"
	"[    0.000000] SMP: Allowing 8 CPUs, 0 hotplug CPUs\n"
	"[  124.728933] Brought up 8 CPUs\n";

static void linux_2_6(void **state)
{
	struct mu_machine *machine = machine_read(mu_machine_read_log, old_log);

	(void)state;
	assert_ranges(machine, "0-9afff usable 0\n"
			       "9b000-9ffff reserved 0\n"
			       "100000-fbf6ffff usable 0\n"
			       "fbf70000-fbf76fff ACPI data 0\n"
			       "fbf77000-fbf7ffff ACPI NVS 0\n"
			       "100000000-1ffffffff usable 1\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(machine->nodes[1].nr_cpus, 1);
	free(machine);
}

/* Syslog and console prefixes, CRLF, other lines between, all types. */
static void linux_today(void **state)
{
	static const char text[] =
		"<6>[    0.000000] BIOS-e820: [mem "
		"0x0000000000000000-0x0000000000000fff] usable\r\n"
		"Jan  1 00:00:00 host kernel: BIOS-e820: [mem "
		"0x0000000000001000-0x0000000000001fff] reserved\r\n"
		"kern  :info  : [    0.000000] BIOS-e820: [gap "
		"0x0000000000002000-0x0000000000002fff]\n"
		"usb 1-1: new high-speed USB device\n"
		"[    T0] BIOS-e820: [mem 0x3000-0x3fff] ACPI data\n"
		"BIOS-e820: [mem 0x4000-0x4fff] ACPI NVS\n"
		"\n"
		"BIOS-e820: [mem 0x5000-0x5fff] unusable\n"
		"BIOS-e820: [mem 0x6000-0x6fff] persistent (type 7)\n"
		"BIOS-e820: [mem 0x7000-0x7fff] persistent (type 12)\n"
		"BIOS-e820: [mem 0x9000-0x9fff] type 20\n"
		"BIOS-e820: [mem 0xa000-0xafff] soft reserved\n"
		"BIOS-e820: [mem 0xb000-0xbfff] Soft Reserved\n"
		"BIOS-e820: [mem 0xd000-0xdfff] type 7\n"
		"BIOS-e820: [mem 0xe000-0xdfff] usable\n"
		"ACPI: SRAT: Node 0 PXM 0 [mem 0x0-0x3fff]\n"
		"ACPI: SRAT: Node 2 PXM 6 [mem 0x4000-0x6fff] hotplug\n"
		"ACPI: SRAT: Node 1 PXM 1 [mem 0x7000-0xffff] hotplug "
		"non-volatile\n"
		"ACPI: NUMA: SRAT: PXM 0 -> MPIDR 0x10000 -> Node 0\n"
		"SRAT: PXM 1 -> APIC 0x00 -> Node 1\n"
		"SRAT: PXM 1 -> ITS 1 -> Node 1\n"
		"no newline at the end";
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	(void)state;
	assert_ranges(machine, "0-fff usable 0\n"
			       "1000-1fff reserved 0\n"
			       "3000-3fff ACPI data 0\n"
			       "4000-4fff ACPI NVS 2 flags 1\n"
			       "5000-5fff unusable 2 flags 1\n"
			       "6000-6fff persistent 2 flags 1\n"
			       "7000-7fff persistent 1 flags 9\n"
			       "9000-9fff reserved 1 flags 9\n"
			       "a000-bfff soft reserved 1 flags 9\n"
			       "d000-dfff persistent 1 flags 9\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 1);
	assert_int_equal(machine->nodes[1].nr_cpus, 1);
	assert_int_equal(machine->nodes[2].nr_cpus, 0);
	assert_true(machine->nodes[2].present);
	free(machine);
}

/* The map that the kernel went on with. */
static void several_maps(void **state)
{
	static const char *const lines[] = {
		"BIOS-e820: [mem 0x1000-0x1fff] usable\n",
		"reserve setup_data: [mem 0x2000-0x2fff] usable\n",
		"user: [mem 0x3000-0x3fff] usable\n",
		" modified: 0000000000004000 - 0000000000005000 (usable)\n",
	};
	static const char *const expected[] = {
		"1000-1fff usable 0\n",
		"2000-2fff usable 0\n",
		"3000-3fff usable 0\n",
		"4000-4fff usable 0\n",
	};

	(void)state;
	for (unsigned set = 1; set < 16; set++) {
		struct mu_machine *machine;
		char text[512] = "";
		unsigned best = 0;
		size_t len = 0;

		for (unsigned i = 4; i-- > 0;) {
			if (!(set & (1u << i)))
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s", lines[i]);
			best = i > best ? i : best;
		}
		machine = machine_read(mu_machine_read_log, text);
		assert_ranges(machine, expected[best]);
		free(machine);
	}
}

static void words_alike(void **state)
{
	static const char text[] =
		"user: root logged in\n"
		"Xen: version 4.14\n"
		"modified: 12 files\n"
		"Xen: [mem 0x1000-0x1fff] usable\n"
		"Xen: 0000000000002000 - 0000000000003000 (reserved)\n";
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	(void)state;
	assert_ranges(machine, "1000-1fff usable 0\n2000-2fff reserved 0\n");
	free(machine);
}

/* The last boot that has a map, with what belongs to it. */
static void several_boots(void **state)
{
	static const char text[] = "Linux version 5.0\n"
				   "BIOS-e820: [mem 0x1000-0x1fff] usable\n"
				   "SRAT: PXM 0 -> APIC 0x00 -> Node 0\n"
				   "Linux version 6.0\n"
				   "BIOS-provided physical RAM map:\n"
				   "BIOS-e820: [mem 0x2000-0x2fff] usable\n"
				   "SRAT: PXM 0 -> APIC 0x00 -> Node 0\n"
				   "SRAT: PXM 0 -> APIC 0x01 -> Node 0\n"
				   "Linux version 7.0\n"
				   "SRAT: PXM 0 -> APIC 0x00 -> Node 0\n";
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	(void)state;
	assert_ranges(machine, "2000-2fff usable 0\n");
	assert_int_equal(mu_machine_cpus(machine), 2);
	free(machine);
}

static void cpus(void **state)
{
	static const struct {
		const char *lines;
		unsigned node0, node1;
	} cases[] = {
		{"", 1, 0},
		{"smpboot: Allowing 8 CPUs, 2 hotplug CPUs\n", 3, 3},
		{"CPU topo: Allowing 7 present CPUs plus 2 hotplug CPUs\n", 4,
		 3},
		{"smpboot: Allowing 8 CPUs, 0 hotplug CPUs\n"
		 "smp: Brought up 2 nodes, 5 CPUs\n",
		 3, 2},
		{"Brought up 4 CPUs\n", 2, 2},
		{"smp: Brought up 1 node, 4 CPUs\n", 2, 2},
		{".... node  #0, CPUs:        #1  #2\n"
		 ".... node  #1, CPUs:    #3  #4\n"
		 "smp: Brought up 2 nodes, 5 CPUs\n",
		 3, 2},
		{"smpboot: Booting Node   0, Processors  #1 #2 #3\n"
		 "smpboot: Booting Node   1, Processors  #4\n",
		 4, 1},
		{"SRAT: PXM 0 -> APIC 0x00 -> Node 1\n"
		 ".... node  #0, CPUs:        #1  #2\n"
		 "Brought up 3 CPUs\n",
		 0, 1},
		{"Brought up some CPUs\n.... node #x\n", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine;
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "BIOS-e820: [mem 0x0-0xfff] usable\n"
			       "SRAT: Node 0 PXM 0 [mem 0x0-0x7ff]\n"
			       "SRAT: Node 1 PXM 1 [mem 0x800-0xfff]\n%s",
			       cases[i].lines);
		machine = machine_read(mu_machine_read_log, text);
		assert_int_equal(machine->nodes[0].nr_cpus, cases[i].node0);
		assert_int_equal(machine->nodes[1].nr_cpus, cases[i].node1);
		free(machine);
	}
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text, *error;
		uint32_t line;
		enum mu_status status;
	} cases[] = {
		{"\n\nBIOS-e820: \n", "no address at \"\"", 3, MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x]\n", "no address at \"0x]\"", 1,
		 MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x1000]\n", "no \"-\" at \"]\"", 1,
		 MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x1000-0x1fff usable\n",
		 "no \"]\" at \" usable\"", 1, MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x1000-0x1fff]\n",
		 "range 0x1000+0x1000 is of no known type: \"\"", 1,
		 MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x1000-0x1fff] type x\n",
		 "range 0x1000+0x1000 is of no known type: \"type x\"", 1,
		 MU_ERR_SYNTAX},
		{"\r\nBIOS-e820: [mem 0x2000-0x1000] usable\n",
		 "range 0x2000-0x1000 ends before it begins", 2, MU_ERR_RANGE},
		{"BIOS-e820: 2000 - 1fff (usable)\n",
		 "range 0x2000-0x1fff ends before it begins", 1, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0x10000000000000] usable\n",
		 "range 0x0-0x10000000000000 passes the limit of 52 address "
		 "bits",
		 1, MU_ERR_RANGE},
		{"BIOS-e820: 0 - 10000000000001 (usable)\n",
		 "range 0x0-0x10000000000001 passes the limit of 52 address "
		 "bits",
		 1, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0xffffffffffffffff] usable\n",
		 "range 0x0-0xffffffffffffffff passes the limit of 52 address "
		 "bits",
		 1, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x10000000000000000-0x1] usable\n",
		 "address past 64 bits: \"0x10000000000000000-0x1] usable\"", 1,
		 MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0xfff] usable\n"
		 "SRAT: Node 64 PXM 1 [mem 0x0-0xfff]\n",
		 "node 64 is not one of 0 to 63", 2, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0xfff] usable\n"
		 "SRAT: Node 4294967296 PXM 1 [mem 0x0-0xfff]\n",
		 "node 2147483647 is not one of 0 to 63", 2, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0xfff] usable\n"
		 "SRAT: Node 0 [mem 0x0-0xfff]\n",
		 "no node and proximity domain in \" [mem 0x0-0xfff]\"", 2,
		 MU_ERR_SYNTAX},
		{"BIOS-e820: [mem 0x0-0xfff] usable\n"
		 "SRAT: Node 0 PXM 0 [mem 0xfff-0x0]\n",
		 "range 0xfff-0x0 ends before it begins", 2, MU_ERR_RANGE},
		{"BIOS-e820: [mem 0x0-0xfff] usable\n"
		 "Brought up 4097 CPUs\n",
		 "4097 more CPUs are over the limit of 4096", 0, MU_ERR_RANGE},
		{"Linux version 6.0\nnothing of use\n",
		 "no memory map in this log", 0, MU_ERR_NOT_FOUND},
		{"", "no memory map in this log", 0, MU_ERR_NOT_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_log,
						 cases[i].text, &error),
				 cases[i].status);
		error.text[strlen(cases[i].error)] = '\0';
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, cases[i].line);
	}
}

/* Every beginning of a good log is good or refused, never read past. */
static void truncated(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(old_log) - 1; len++) {
		char text[sizeof(old_log)];
		struct mu_error error;
		enum mu_status status;

		memcpy(text, old_log, len);
		text[len] = '\0';
		status = machine_misread(mu_machine_read_log, text, &error);
		assert_true(status == MU_OK || status == MU_ERR_NOT_FOUND ||
			    status == MU_ERR_SYNTAX || status == MU_ERR_RANGE);
		if (status == MU_ERR_SYNTAX)
			assert_int_not_equal(error.line, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_2_6),	 cmocka_unit_test(linux_today),
		cmocka_unit_test(several_maps),	 cmocka_unit_test(words_alike),
		cmocka_unit_test(several_boots), cmocka_unit_test(cpus),
		cmocka_unit_test(bad_lines),	 cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
