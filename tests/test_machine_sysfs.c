// SPDX-License-Identifier: MIT
/* Files of sysfs in one text. */
#include "tests/machine_util.h"

static struct mu_machine *read_any(const char *text)
{
	assert_int_equal(mu_machine_kind(text, strlen(text)), MU_KIND_SYSFS);
	return machine_read(mu_machine_read_any, text);
}

/* As `grep -r . /sys/firmware/memmap` prints it: entries in any order. */
static void firmware_map(void **state)
{
	static const char *const texts[] = {
		"/sys/firmware/memmap/10/end:0x9ffff\n"
		"/sys/firmware/memmap/10/start:0x9fc00\n"
		"/sys/firmware/memmap/10/type:Reserved\n"
		"/sys/firmware/memmap/0/end:0x9fbff\r\n"
		"/sys/firmware/memmap/0/start:0x0\r\n"
		"/sys/firmware/memmap/0/type:System RAM\r\n"
		"/sys/firmware/memmap/1/type:ACPI Non-volatile Storage\n"
		"/sys/firmware/memmap/1/start:0x100000\n"
		"/sys/firmware/memmap/1/end:0x1fffff\n",
		"==> ./0/end <==\n0x9fbff\n\n"
		"==> ./0/start <==\n0x0\n\n"
		"==> ./0/type <==\nSystem RAM\n\n"
		"==> 10/end <==\n0x9ffff\n\n"
		"==> 10/start <==\n0x9fc00\n"
		"==> 10/type <==\nReserved\n"
		"==> memmap/1/end <==\n0x1fffff\n"
		"==> memmap/1/start <==\n0x100000\n"
		"==> memmap/1/type <==\nACPI Non-volatile Storage\n"
		/* Of EFI's run time, and nothing to us. */
		"==> /sys/firmware/efi/runtime-map/0/type <==\n0x5\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mu_machine *machine = read_any(texts[i]);

		assert_ranges(machine, "0-9fbff usable 0\n"
				       "9fc00-9ffff reserved 0\n"
				       "100000-1fffff ACPI NVS 0\n");
		free(machine);
	}
}

static void nodes(void **state)
{
	struct mu_machine *machine =
		read_any("==> devices/system/node/has_cpu <==\n0,2\n"
			 "==> devices/system/node/node0/meminfo <==\n"
			 "Node 0 MemTotal:        1024 kB\n"
			 "Node 0 MemFree:         1000 kB\n"
			 "==> devices/system/node/node0/cpulist <==\n"
			 "0-2,8\n"
			 "==> devices/system/node/node0/cpumap <==\n"
			 "ffffffff\n"
			 "==> devices/system/node/node0/distance <==\n"
			 "10 31\n"
			 "==> devices/system/node/node2/distance <==\n"
			 "21 10\n"
			 "==> devices/system/node/node2/cpulist <==\n"
			 "\n"
			 "==> devices/system/node/node2/meminfo <==\n"
			 "Node 2 MemTotal:        2048 kB\n");

	(void)state;
	assert_ranges(machine, "0-fffff usable 0\n"
			       "100000-2fffff usable 2\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 4);
	assert_int_equal(machine->nodes[2].nr_cpus, 0);
	assert_int_equal(machine->distances[0 * 64 + 2], 31);
	assert_int_equal(machine->distances[2 * 64 + 0], 21);
	assert_false(machine->nodes[1].present);
	free(machine);

	/* CPUs as masks; a row of all nodes, some of which have no files. */
	machine = read_any(
		"/sys/devices/system/node/node1/meminfo:Node 1 MemTotal: "
		"4 kB\n"
		"/sys/devices/system/node/node1/cpumap:00000003,8000000f\n"
		"/sys/devices/system/node/node1/distance:33 10\n");
	assert_int_equal(machine->nodes[1].nr_cpus, 7);
	assert_int_equal(machine->distances[1 * 64 + 0], 33);
	free(machine);
	/* A row that says nothing of which nodes. */
	machine = read_any("node1/meminfo:Node 1 MemTotal: 4 kB\n"
			   "node1/distance:33 10 44\n");
	assert_int_equal(machine->distances[1 * 64 + 0], 20);
	free(machine);
	/* With a map beside them nodes have no place. */
	machine = read_any("memmap/0/start:0x0\nmemmap/0/end:0xfff\n"
			   "memmap/0/type:System RAM\n"
			   "node1/meminfo:Node 1 MemTotal: 4096 kB\n"
			   "node1/cpulist:0-1\n");
	assert_ranges(machine, "0-fff usable 0\n");
	assert_int_equal(machine->nodes[1].nr_cpus, 2);
	free(machine);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
		enum mu_status status;
		unsigned line;
	} cases[] = {
		{"memmap/0/start:0x0\nmemmap/0/type:System RAM\n",
		 "range 0 has no start, end and type", MU_ERR_SYNTAX, 1},
		{"memmap/0/start:0x0\nmemmap/1/end:0x0\n",
		 "range 0 has no start, end and type", MU_ERR_SYNTAX, 1},
		{"memmap/0/start:zero\n", "expected an address, not \"zero\"",
		 MU_ERR_SYNTAX, 1},
		{"\nmemmap/0/type:Gold\n",
		 "expected a type such as System RAM, not \"Gold\"",
		 MU_ERR_SYNTAX, 2},
		{"memmap/0/start:0x8\nmemmap/0/end:0x7\n"
		 "memmap/0/type:System RAM\n",
		 "range 0, 0x8-0x7, ends before it begins", MU_ERR_RANGE, 1},
		{"memmap/0/start:0x8\nmemmap/0/end:0xffffffffffffffff\n"
		 "memmap/0/type:System RAM\n",
		 "52 address bits", MU_ERR_RANGE, 1},
		{"node0/meminfo:Node 0 MemTotal: many kB\n",
		 "expected MemTotal in kB", MU_ERR_SYNTAX, 1},
		{"node0/meminfo:Node 0 MemTotal: 99999999999999999 kB\n",
		 "52 address bits", MU_ERR_RANGE, 1},
		{"node0/cpulist:0-3,x\n", "expected a list of CPUs",
		 MU_ERR_SYNTAX, 1},
		{"node0/cpulist:0-99999\n", "4097 more CPUs", MU_ERR_RANGE, 1},
		{"node0/cpumap:0g\n", "expected a mask of CPUs", MU_ERR_SYNTAX,
		 1},
		{"node0/distance:near\n", "expected distances", MU_ERR_SYNTAX,
		 1},
		{"node0/distance:11\n", "cannot be 11", MU_ERR_RANGE, 1},
		{"node4096/cpulist:0\n", "node 4096 is not one of",
		 MU_ERR_RANGE, 1},
		{"node99999999999/cpulist:0\n", "node 2147483647 is not one of",
		 MU_ERR_RANGE, 1},
		{"nothing of it\n", "no memmap/N/start", MU_ERR_NOT_FOUND, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_sysfs,
						 cases[i].text, &error),
				 cases[i].status);
		if (!strstr(error.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_int_equal(error.line, cases[i].line);
	}
}

/* What people have that does not do is told by its name. */
static void no_description(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"/dts-v1/;\n/ {\n};\n", "a device tree's source"},
		{"Node 0, zone      DMA      1      1\n", "/proc/buddyinfo"},
		{"\x1f\x8b\x08rest", "compressed"},
		{"\xfd"
		 "7zXZ",
		 "compressed"},
		{"\x28\xb5\x2f\xfd\x04", "compressed"},
		{"BZh91AY", "compressed"},
		{"\xff\xfe[ ", "UTF-16"},
		{"MemTotal:       16384 kB\n", "/proc/meminfo"},
		{"Hello\n", "no boot log"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(mu_machine_read_any,
						 cases[i].text, &error),
				 MU_ERR_NOT_FOUND);
		assert_non_null(strstr(error.text, cases[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_map),
		cmocka_unit_test(nodes),
		cmocka_unit_test(refused),
		cmocka_unit_test(no_description),
	};

	return cmocka_run_group_tests_name("machine_sysfs", tests, NULL, NULL);
}
