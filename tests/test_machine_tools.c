// SPDX-License-Identifier: MIT
/* What lsmem and numactl print, and telling one text from another. */
#include "tests/machine_util.h"

/* Columns as lsmem -a -o +ZONES,NODE has them, one cell empty. */
static void lsmem_table(void **state)
{
	static const char text[] =
		"$ lsmem -a -o RANGE,SIZE,STATE,REMOVABLE,ZONES,NODE,BLOCK\n"
		"RANGE                                  SIZE   STATE REMOVABLE "
		" ZONES NODE BLOCK\n"
		"0x0000000000000000-0x0000000007ffffff  128M  online       yes "
		"  None    0     0\n"
		"0x0000000008000000-0x000000000fffffff  128M  online       yes "
		" DMA32   12     1\n"
		"0x0000000010000000-0x0000000017ffffff  128M offline           "
		" DMA32    3     2\n"
		"0x0000000018000000-0x000000001fffffff  128M  online       yes "
		" DMA32    0    12\n"
		"\n"
		"Memory block size:       128M\n"
		"Total online memory:     384M\n";
	struct mu_machine *machine = machine_read(mu_machine_read_lsmem, text);

	(void)state;
	assert_ranges(machine, "0-7ffffff usable 0\n"
			       "8000000-fffffff usable 12\n"
			       "18000000-1fffffff usable 0\n");
	assert_true(machine->nodes[3].present);
	free(machine);
}

static void lsmem_states(void **state)
{
	static const char text[] =
		" RANGE                                  SIZE        STATE  "
		"BLOCK ALTMAP\r\n"
		" 0x0000000000000000-0x00000002ffffffff  12G       online   "
		"0-95      0\r\n"
		" 0x0000000300000000-0x00000003ffffffff   4G deconfigured "
		"96-127      -\r\n"
		"RANGE SIZE\n"
		"0x0000000400000000-0x00000004ffffffff 4G\n";
	struct mu_machine *machine = machine_read(mu_machine_read_lsmem, text);

	(void)state;
	assert_ranges(machine, "0-2ffffffff usable 0\n"
			       "400000000-4ffffffff usable 0\n");
	free(machine);
}

static void lsmem_json(void **state)
{
	static const char text[] =
		"{\n   \"memory\": [\n"
		"      {\n"
		"         \"range\": "
		"\"0x0000000000000000-0x0000000007ffffff\",\n"
		"         \"size\": \"128M\",\n"
		"         \"state\": \"online\",\n"
		"         \"removable\": true,\n"
		"         \"node\": 1,\n"
		"         \"block\": \"0\"\n"
		"      },{\"range\":\"0x8000000-0xfffffff\",\"state\":"
		"\"offline\",\"node\":1},"
		"{\"node\":\"2\",\"state\":\"online\",\"range\":"
		"\"0x10000000-0x17ffffff\"}\n"
		"   ]\n}\n";
	struct mu_machine *machine = machine_read(mu_machine_read_lsmem, text);

	(void)state;
	assert_ranges(machine, "0-7ffffff usable 1\n"
			       "10000000-17ffffff usable 2\n");
	free(machine);
}

/* With wrapped and joined lines, as people paste them. */
static void numactl(void **state)
{
	static const char text[] = "# numactl --hardware\n"
				   "available: 3 nodes (0,2,5)\n"
				   "node 0 cpus: 0 1 2\n3 4\n"
				   "node 0 size: 1024 MB\n"
				   "node 0 free: 12 MB\n"
				   "node 2 cpus:\n"
				   "node 2 size: 0 MB\n"
				   "node 5 cpus: 5 6 node 5 size: 2048 MB\n"
				   "node distances:\n"
				   "node   0   2   5\n"
				   "  0:  10  20  40\n"
				   "  2:  21  10  41\n"
				   "  5:  42  43  10\n";
	struct mu_machine *machine =
		machine_read(mu_machine_read_numactl, text);

	(void)state;
	assert_ranges(machine, "0-3fffffff usable 0\n"
			       "40000000-bfffffff usable 5\n");
	assert_int_equal(machine->nodes[0].nr_cpus, 5);
	assert_int_equal(machine->nodes[2].nr_cpus, 0);
	assert_true(machine->nodes[2].present);
	assert_int_equal(machine->nodes[5].nr_cpus, 2);
	assert_int_equal(machine->distances[2 * 64 + 0], 21);
	assert_int_equal(machine->distances[0 * 64 + 5], 40);
	assert_int_equal(machine->distances[5 * 64 + 2], 43);
	free(machine);
}

struct bad {
	const char *text, *error;
	uint32_t line;
	enum mu_status status;
};

static void check_bad(mu_text_reader *reader, const struct bad *cases,
		      size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct mu_error error;

		assert_int_equal(machine_misread(reader, cases[i].text, &error),
				 cases[i].status);
		assert_string_equal(error.text, cases[i].error);
		assert_int_equal(error.line, cases[i].line);
	}
}

static void bad_lsmem(void **state)
{
	static const struct bad cases[] = {
		{"", "no range of memory that is online", 0, MU_ERR_NOT_FOUND},
		{"RANGE SIZE STATE\n0x0-0xfff 4K offline\n",
		 "no range of memory that is online", 0, MU_ERR_NOT_FOUND},
		{"RANGE SIZE STATE\n0x0-0xfffg 4K online\n",
		 "no range of addresses: \"0x0-0xfffg\"", 2, MU_ERR_SYNTAX},
		{"RANGE SIZE STATE\n0x2000-0x1fff 4K online\n",
		 "range 0x2000-0x1fff ends before it begins or past 52 address "
		 "bits",
		 2, MU_ERR_RANGE},
		{"RANGE NODE\n0x0-0xf 64\n", "node 64 is not one of 0 to 63", 2,
		 MU_ERR_RANGE},
		{"{\"memory\":[\n{\"range\":\n\"all\"}]}",
		 "no range of addresses: \"all\"", 3, MU_ERR_SYNTAX},
		{"{\"memory\":[{\"range\":\"0x0-0xfff\",\"state\":\"offline\"}]"
		 "}",
		 "no range of memory that is online", 0, MU_ERR_NOT_FOUND},
		{"{\"memory\":[\n{\"range\":\"0x0-0xfff\"},\n",
		 "the JSON ends with 2 brackets open", 3, MU_ERR_SYNTAX},
		{"{\"memory\":[{\"range", "the JSON ends with 3 brackets open",
		 1, MU_ERR_SYNTAX},
		{"{\"memory\":[\n{\"range\":\"0x0-0xf\",\"node\":\"x\"}]}",
		 "no node: \"x\"", 2, MU_ERR_SYNTAX},
	};

	(void)state;
	check_bad(mu_machine_read_lsmem, cases,
		  sizeof(cases) / sizeof(cases[0]));
}

static void bad_numactl(void **state)
{
	static const struct bad cases[] = {
		{"", "no line such as \"node 0 size: 1024 MB\"", 0,
		 MU_ERR_NOT_FOUND},
		{"\nnode 0 size: lots\n", "node 0: no number after \"size:\"",
		 2, MU_ERR_SYNTAX},
		{"node 0 size: 4294967296 MB\n",
		 "node 0: 4294967296 MB are past the limit of 52 address bits",
		 1, MU_ERR_RANGE},
		{"node 0 size: 4294967295 MB\nnode 1 size: 2 MB\n",
		 "0x200000 bytes at 0xffffffff00000 pass the limit of 52 "
		 "address bits",
		 2, MU_ERR_RANGE},
		{"node 64 cpus: 1\n", "node 64 is not one of 0 to 63", 1,
		 MU_ERR_RANGE},
		{"node 0 size: 1 MB\nnode distances:\n0: 11\n",
		 "the distance from node 0 to node 0 cannot be 11: it is 10 to "
		 "itself, 10 to 255 to others",
		 3, MU_ERR_RANGE},
	};

	(void)state;
	check_bad(mu_machine_read_numactl, cases,
		  sizeof(cases) / sizeof(cases[0]));
}

static void any(void **state)
{
	static const struct {
		const char *text;
		mu_phys_t ram;
	} cases[] = {
		{"hello\nBIOS-e820: [mem 0x0-0xfff] usable\n", 0x1000},
		{"# cat /proc/iomem\n0-1fff : System RAM\n", 0x2000},
		{"Node 0, zone DMA\n spanned 3\n present 3\n start_pfn: 0\n",
		 0x3000},
		{"$ lsmem\nRANGE SIZE\n0x0-0x3fff 16K\n", 0x4000},
		{"{\"memory\":[{\"range\": \"0x0-0x4fff\"}]}", 0x5000},
		{"# numactl -H\nnode 0 cpus: 0\nnode 0 size: 6 MB\n",
		 6 * MU_MIB},
		{"SRAT: Node 0 PXM 0 [mem 0x0-0x6fff]\n", 0x7000},
	};
	struct mu_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine =
			machine_read(mu_machine_read_any, cases[i].text);

		assert_int_equal(mu_machine_ram(machine), cases[i].ram);
		free(machine);
	}
	assert_int_equal(
		machine_misread(mu_machine_read_any,
				"Node 0, zone      DMA      1      2\n",
				&error),
		MU_ERR_NOT_FOUND);
	assert_non_null(strstr(error.text, "free pages"));
	assert_int_equal(machine_misread(mu_machine_read_any, "", &error),
			 MU_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lsmem_table), cmocka_unit_test(lsmem_states),
		cmocka_unit_test(lsmem_json),  cmocka_unit_test(numactl),
		cmocka_unit_test(bad_lsmem),   cmocka_unit_test(bad_numactl),
		cmocka_unit_test(any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
