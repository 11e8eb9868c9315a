// SPDX-License-Identifier: MIT
/* A host's /proc and /sys as a tree of files, and the loader. */
#include <unistd.h>

#include "ports/hosted/machine.h"
#include "tests/machine_util.h"
#include "tests/root.h"

static void put_memmap(unsigned entry, const char *start, const char *end,
		       const char *type)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/start",
		       entry);
	root_put(path, start);
	(void)snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/end",
		       entry);
	root_put(path, end);
	(void)snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/type",
		       entry);
	root_put(path, type);
}

static void put_zoneinfo(void)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "Node 0, zone Normal\n spanned 16\n present 8\n"
		       " start_pfn: 0\n"
		       "Node 3, zone Normal\n spanned 16\n present 16\n"
		       " start_pfn: 16\n");
	root_put("/proc/zoneinfo", text);
}

static struct mu_machine *read_host(void)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;

	if (mu_host_machine(machine, root, &error) ||
	    mu_machine_finish(machine, &error))
		fail_msg("%s", error.text);
	return machine;
}

static void from_memmap(void **state)
{
	struct mu_machine *machine;

	(void)state;
	put_memmap(0, "0x0\n", "0xfff\n", "System RAM\n");
	put_memmap(10, "0x9fc00\n", "0x9ffff\n", "Reserved\n");
	put_memmap(2, "0x100000\n", "0x1fffff\n", "System RAM\n");
	put_memmap(3, "0x200000\n", "0x200fff\n", "Unknown E820 type\n");
	put_zoneinfo();
	root_put("/proc/iomem", "0-ffffff : System RAM\n");
	machine = read_host();
	/* Nodes are those of the zones: everything up to 16 pages is 0. */
	assert_int_equal(machine->ranges[0].base, 0);
	assert_int_equal(machine->ranges[0].size, 0x1000);
	assert_int_equal(machine->ranges[0].nid, 0);
	assert_int_equal(mu_machine_ram(machine), 0x101000);
	assert_int_equal(machine->ranges[machine->nr_ranges - 1].type,
			 MU_RANGE_RESERVED);
	assert_int_equal(machine->ranges[machine->nr_ranges - 1].base,
			 0x200000);
	assert_true(machine->nodes[3].present);
	free(machine);
}

static void from_iomem_and_blocks(void **state)
{
	struct mu_machine *machine;

	(void)state;
	root_put("/proc/iomem", "0-7fff : System RAM\n");
	root_put("/sys/devices/system/memory/block_size_bytes", "1000\n");
	root_put("/sys/devices/system/node/node0/memory0", "");
	root_put("/sys/devices/system/node/node0/memory1", "");
	root_put("/sys/devices/system/node/node0/memory10", "");
	root_put("/sys/devices/system/node/node0/memory_failure", "");
	root_put("/sys/devices/system/node/node5/memory2", "");
	root_put("/sys/devices/system/node/node5/memory7", "");
	root_put("/sys/devices/system/node/node0/cpulist", "0-3,8-9\n");
	root_put("/sys/devices/system/node/node5/cpulist", "\n");
	root_put("/sys/devices/system/node/node0/distance", "10 17\n");
	root_put("/sys/devices/system/node/node5/distance", "28 10\n");
	root_put("/sys/devices/system/node/online", "0,5\n");
	root_put("/proc/cmdline", "quiet kernelcore=1G\n");
	root_put("/sys/devices/system/node/node5/access0/initiators/"
		 "read_latency",
		 "120\n");
	root_put("/sys/devices/system/node/node5/access0/initiators/"
		 "write_bandwidth",
		 "9000\n");
	root_put("/sys/devices/system/node/node5/access0/initiators/node0/x",
		 "");
	machine = read_host();
	assert_string_equal(machine->cmdline, "quiet kernelcore=1G");
	assert_int_equal(mu_machine_perf(machine, 0, 5, MU_PERF_READ_LATENCY),
			 120);
	assert_int_equal(
		mu_machine_perf(machine, 0, 5, MU_PERF_WRITE_BANDWIDTH), 9000);
	assert_int_equal(mu_machine_perf(machine, 5, 5, MU_PERF_READ_LATENCY),
			 0);
	assert_ranges(machine, "0-1fff usable 0\n"
			       "2000-7fff usable 5\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 6);
	assert_int_equal(machine->nodes[5].nr_cpus, 0);
	assert_int_equal(machine->distances[5], 17);
	assert_int_equal(machine->distances[(size_t)5 * 16], 28);
	free(machine);
}

static void from_zoneinfo(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct mu_machine *machine;

	(void)state;
	root_put("/proc/iomem", "00000000-00000000 : System RAM\n");
	put_zoneinfo();
	root_put("/sys/devices/system/cpu/online", "0-2\n");
	machine = read_host();
	assert_int_equal(machine->nr_ranges, 2);
	assert_int_equal(machine->ranges[0].size, 8 * page);
	assert_int_equal(machine->ranges[1].base, 16 * page);
	assert_int_equal(machine->ranges[1].nid, 3);
	assert_int_equal(machine->nodes[0].nr_cpus, 2);
	assert_int_equal(machine->nodes[3].nr_cpus, 1);
	free(machine);
}

static void misread_host(enum mu_status status, const char *text)
{
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;
	const char *got;

	assert_int_equal(mu_host_machine(machine, root, &error), status);
	got = error.text;
	if (strncmp(got, root, strlen(root)) == 0)
		got += strlen(root);
	assert_string_equal(got, text);
	free(machine);
}

static void bad_hosts(void **state)
{
	(void)state;
	misread_host(MU_ERR_NOT_FOUND,
		     "no memory in /sys/firmware/memmap, /proc/iomem or "
		     "/proc/zoneinfo, or not to be read");
	root_put("/proc/zoneinfo",
		 "Node 0, zone DMA\n present 1\n spanned 1\n");
	misread_host(
		MU_ERR_SYNTAX,
		"/proc/zoneinfo:1: Node 0, zone DMA: pages, but no start_pfn");
	root_put("/proc/iomem", "\n9-8 : System RAM\n");
	misread_host(MU_ERR_RANGE, "/proc/iomem:2: System RAM at 0x9-0x8 ends "
				   "before it begins or past 52 address bits");
	root_put("/proc/iomem", "0-ffff : System RAM\n");
	root_put("/sys/devices/system/node/node0/cpulist", "0-4096\n");
	misread_host(MU_ERR_RANGE, "4097 more CPUs are over the limit of 4096");
	root_put("/sys/devices/system/node/node0/cpulist", "0\n");
	root_put("/sys/devices/system/node/node0/distance", "11\n");
	misread_host(MU_ERR_RANGE,
		     "/sys/devices/system/node/node0/distance: the distance "
		     "from node 0 to node 0 cannot be 11: it is 10 to itself, "
		     "10 to 255 to others");
	root_put("/sys/devices/system/node/node0/distance", "10\n");
	root_put("/sys/devices/system/memory/block_size_bytes", "8000000\n");
	root_put("/sys/devices/system/node/node0/memory99999999", "");
	misread_host(MU_ERR_RANGE,
		     "/sys/devices/system/node/node0/memory99999999: past the "
		     "limit of 52 address bits with blocks of 0x8000000 bytes");
	root_put("/sys/devices/system/node/node16/cpulist", "0\n");
	root_put("/sys/devices/system/memory/block_size_bytes", "1000\n");
	misread_host(MU_ERR_RANGE, "node 16 is not one of 0 to 15");
}

static void load_host(void **state)
{
	struct mu_machine *machine = NULL;
	struct mu_error error;

	(void)state;
	if (mu_machine_load(&machine, NULL, &error))
		fail_msg("%s", error.text);
	assert_true(machine->finished);
	assert_string_equal(machine->source, "this host");
	assert_true(mu_machine_ram(machine) >= MU_MIB);
	assert_true(mu_machine_cpus(machine) >= 1);
	mu_machine_unload(machine);
	mu_machine_unload(NULL);
}

static void load_text(void **state)
{
	struct mu_machine *machine = NULL;
	struct mu_error error;
	const char *path;
	char expected[256];

	(void)state;
	assert_int_equal(mu_machine_load(&machine, "2x4G/6", &error), MU_OK);
	assert_int_equal(mu_machine_cpus(machine), 6);
	assert_string_equal(machine->source, "2x4G/6");
	mu_machine_unload(machine);

	path = root_put("/boot.log", "BIOS-e820: [mem 0x0-0xfff] usable\n");
	assert_int_equal(mu_machine_load(&machine, path, &error), MU_OK);
	assert_string_equal(machine->source, path);
	assert_int_equal(mu_machine_ram(machine), 4096);
	mu_machine_unload(machine);

	machine = NULL;
	root_put("/boot.log", "\nBIOS-e820: [mem 0x2000-0x2fff] usable\n"
			      "BIOS-e820: [mem 0x3000-0xfff] usable\n");
	assert_int_equal(mu_machine_load(&machine, path, &error), MU_ERR_RANGE);
	(void)snprintf(expected, sizeof(expected),
		       "%s:3: range 0x3000-0xfff ends before it begins", path);
	assert_string_equal(error.text, expected);
	assert_int_equal(error.line, 3);
	assert_int_equal(mu_machine_load(&machine, path, NULL), MU_ERR_RANGE);

	assert_int_equal(mu_machine_load(&machine, "/nowhere/boot.log", &error),
			 MU_ERR_SYNTAX);
	assert_string_equal(error.text,
			    "/nowhere/boot.log: expected a size or a count of "
			    "nodes at character 1 (and there is no file of "
			    "that name)");
	assert_int_equal(mu_machine_load(&machine, "64", &error), MU_ERR_RANGE);
	assert_string_equal(error.text,
			    "64: not a multiple of 4 KiB at character 1");
	assert_null(machine);
}

/* More ranges than the loader makes room for at first. */
static void load_grows(void **state)
{
	struct mu_machine *machine = NULL;
	const char *path;
	char *text = malloc((size_t)5000 * 64);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 5000; i++)
		len += (size_t)sprintf(
			text + len, "BIOS-e820: [mem 0x%x000-0x%xfff] usable\n",
			2 * i, 2 * i);
	path = root_put("/boot.log", text);
	free(text);
	assert_int_equal(mu_machine_load(&machine, path, NULL), MU_OK);
	assert_int_equal(machine->nr_ranges, 5000);
	mu_machine_unload(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		root_test(from_memmap),	  root_test(from_iomem_and_blocks),
		root_test(from_zoneinfo), root_test(bad_hosts),
		root_test(load_host),	  root_test(load_text),
		root_test(load_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
