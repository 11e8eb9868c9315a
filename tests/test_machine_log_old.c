// SPDX-License-Identifier: MIT
/* Maps that few kernels print: in page frames, of MIPS, Alpha and Xen. */
#include "tests/machine_util.h"

static void check(const char *text, const char *expected)
{
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	assert_ranges(machine, expected);
	free(machine);
}

static void refused(const char *text, enum mu_status status, unsigned line,
		    const char *why)
{
	struct mu_error error;

	assert_int_equal(machine_misread(mu_machine_read_log, text, &error),
			 status);
	assert_int_equal(error.line, line);
	assert_non_null(strstr(error.text, why));
}

#define MAP_OF "early_node_map["

/* Linux 2.6.19 to 3.4. */
static void page_frames(void **state)
{
	(void)state;
	check("[    1.154232] early_node_map[3] active PFN ranges\n"
	      "[    1.154234]     0: 0x00000001 -> 0x0000009f\n"
	      "Jun  1 12:00:00 host kernel: [    1.1]     0: 0x00000100 -> "
	      "0x00000200\r\n"
	      "    1: 0x00000200 -> 0x00000300\n"
	      /* The list is through. */
	      "    2: 0x00000400 -> 0x00000480\n"
	      /* None of these is a range. */
	      "x86 PAT enabled: cpu 0, old 0x7040600070406, new 0x7010600\n"
	      "  DMA      0x00000010 -> 0x00001000\n"
	      "map[0]: 0x00000010 -> 0x00001000 of something\n",
	      "1000-9efff usable 0\n"
	      "100000-1fffff usable 0\n"
	      "200000-2fffff usable 1\n");
	/* Pages of 16 KiB, which the log names later. */
	check(MAP_OF
	      "1] active PFN ranges\n    0: 0x00000001 -> 0x00000003\n"
	      "percpu: Embedded 2 pages/cpu s16384 r8192 d8192 u131072\n",
	      "4000-bfff usable 0\n");
	/* Of 8 KiB; the machine is of 4. */
	check(MAP_OF
	      "1] active PFN ranges\n    0: 0x00000001 -> 0x00000003\n"
	      "percpu: Embedded 8 pages/cpu s27648 r8192 d29696 u65536\n",
	      "2000-5fff usable 0\n");
	/* Firmware's map counts, and SRAT's nodes; else frames know the nodes.
	 */
	check("BIOS-e820: 0000000000000000 - 0000000000004000 (usable)\n" MAP_OF
	      "2] active PFN ranges\n"
	      "    0: 0x00000000 -> 0x00000002\n"
	      "    1: 0x00000002 -> 0x00000008\n",
	      "0-1fff usable 0\n"
	      "2000-3fff usable 1\n");
	check("SRAT: Node 3 PXM 0 0-1000\nSRAT: Node 2 PXM 1 1000-9000\n" MAP_OF
	      "1] active PFN ranges\n"
	      "    0: 0x00000000 -> 0x00000002\n",
	      "0-fff usable 3\n"
	      "1000-1fff usable 2\n");
	refused(MAP_OF "1] active PFN ranges\n"
		       "    0: 0x00000003 -> 0x00000002\n",
		MU_ERR_RANGE, 2, "page frames 0x3 to 0x2: not upwards");
	refused(MAP_OF "1] active PFN ranges\n"
		       "    0: 0x00000003 -> 0x20000000000\n",
		MU_ERR_RANGE, 2, "52 address bits");
	refused(MAP_OF "1] active PFN ranges\n    4000: 0x00000000 -> 0x80\n",
		MU_ERR_RANGE, 2, "node 4000");
	/* Without its title, it is some driver's list. */
	check("BIOS-e820: 0000000000000000 - 0000000000004000 (usable)\n"
	      " 2: 0xfeb00000 -> 0xfeb3ffff\n",
	      "0-3fff usable 0\n");
	/* A driver's line amid the list is none of it. */
	check(MAP_OF "2] active PFN ranges\n"
		     "    0: 0x00000001 -> 0x00000003\n"
		     "fb0: bar 2: 0x00000100 -> 0x00000200\n"
		     "    0: 0x00000004 -> 0x00000005\n"
		     "    0: 0x00000100 -> 0x00000200\n",
	      "1000-2fff usable 0\n"
	      "4000-4fff usable 0\n");
}

static void mips(void **state)
{
	static const char map[] =
		"Determined physical RAM map:\n"
		" memory: 0000000000004000 @ 0000000000000000 (reserved)\n"
		" memory: 0000000001000000 @ 0000000020000000 (usable)\n"
		" memory: 000000000000d000 @ 0000000020004000 (reserved)\n"
		" memory: 0000000000100000 @ 0000000021000000 (ROM data)\n"
		" memory: 0000000000010000 @ 0000000021100000 (usable after "
		"init)\n"
		" memory: 0123 @ nowhere\n";

	(void)state;
	check(map, "0-3fff reserved 0\n"
		   "20000000-20003fff usable 0\n"
		   "20004000-20010fff reserved 0\n"
		   "20011000-20ffffff usable 0\n"
		   "21000000-210fffff reserved 0\n"
		   "21100000-2110ffff usable 0\n");
	refused(" memory: 1000 @ ffffffffffffffff (usable)\n", MU_ERR_RANGE, 1,
		"0x1000 bytes at 0xffffffffffffffff");
}

static void alpha(void **state)
{
	(void)state;
	check("memcluster 0, usage 1, start        0, end     1984\n"
	      "memcluster 1, usage 0, start     1984, end  1048576\n"
	      "memcluster 2, usage 2, start  2097152, end  2097224\n"
	      /* Less is known here. */
	      "  node   0: [mem 0x0000000000f80000-0x0000000000ffffff]\n",
	      "0-f7ffff reserved 0\n"
	      "f80000-1ffffffff usable 0\n"
	      "400000000-40008ffff reserved 0\n");
	refused("memcluster 0, usage 1, start 0\n", MU_ERR_SYNTAX, 1,
		"no usage, start and end in memcluster \"0, usage 1");
	refused("memcluster 0, usage 1, start 7, end 3\n", MU_ERR_RANGE, 1,
		"page frames 0x7 to 0x3");
}

/* What the hypervisor says is of the host: for its own log alone. */
static void xen(void **state)
{
	static const char host[] =
		"(XEN) Command line: mem=1K dom0_mem=760M\n"
		"(XEN) SRAT: Node 0 PXM 0 0-80000\n"
		"(XEN) SRAT: Node 1 PXM 1 [0000000000080000, "
		"00000000000fffff]\n"
		"(XEN) Xen-e820 RAM map:\n"
		"(XEN)  [0000000000000000, 000000000009fbff] (usable)\n"
		"(XEN)  [000000000009fc00, 000000000009ffff] (reserved)\n"
		"(XEN)  0000000000100000 - 0000000000200000 (usable)\n"
		"(XEN) System RAM: 2MB (2047kB)\n";
	static const char dom0[] =
		"Linux version 6.1\n"
		"Command line: mem=4G\n"
		"BIOS-provided physical RAM map:\n"
		"Xen: [mem 0x0000000000000000-0x0000000000003fff] usable\n";
	struct mu_machine *machine = machine_read(mu_machine_read_log, host);
	char both[1024];

	(void)state;
	assert_ranges(machine, "0-7ffff usable 0\n"
			       "80000-9fbff usable 1\n"
			       "9fc00-9ffff reserved 1\n"
			       "100000-1fffff usable 1\n");
	assert_string_equal(machine->cmdline, "");
	free(machine);
	snprintf(both, sizeof(both), "%s%s", host, dom0);
	machine = machine_read(mu_machine_read_log, both);
	assert_ranges(machine, "0-3fff usable 0\n");
	assert_int_equal(machine->nr_nodes, 1);
	assert_string_equal(machine->cmdline, "mem=4G");
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_frames),
		cmocka_unit_test(mips),
		cmocka_unit_test(alpha),
		cmocka_unit_test(xen),
	};

	return cmocka_run_group_tests_name("machine_log_old", tests, NULL,
					   NULL);
}
