// SPDX-License-Identifier: MIT
/* Boot logs without an e820 map, and what logs say besides the map. */
#include "tests/machine_util.h"

static void check(const char *text, const char *ranges)
{
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	assert_ranges(machine, ranges);
	free(machine);
}

/*
 * HiSilicon PhosphorV660, shortened: two nodes have no memory. From the list
 * linux-arm-kernel, "PSCI checker query", 5 December 2019.
 */
static void early_ranges_and_srat(void **state)
{
	static const char text[] =
		"[    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem "
		"0x00000000-0x3fffffff]\n"
		"[    0.000000] ACPI: SRAT: Node 2 PXM 2 [mem "
		"0x41000000000-0x41fffffffff]\n"
		"[    0.000000] NUMA: Initmem setup node 1 [<memory-less "
		"node>]\n"
		"[    0.000000] Early memory node ranges\n"
		"[    0.000000]   node   0: [mem "
		"0x0000000000000000-0x000000003188afff]\n"
		"[    0.000000]   node   0: [mem "
		"0x000000003188b000-0x000000003188efff]\n"
		"[    0.000000]   node   0: [mem "
		"0x0000000031890000-0x000000003992ffff]\n"
		"[    0.000000]   node   2: [mem "
		"0x0000041000000000-0x0000041ffbffffff]\n"
		"[    0.000000] Initmem setup node 3 [mem\n"
		"0x0000000000000000-0x0000000000000000]\n"
		"[    0.000000] Initmem setup node 3 [mem "
		"0x0000000000000000-0x0000000000000000]\n"
		"[    0.000000] Initmem setup node 4 [mem "
		"0x0000000000000000-0x000000000000ffff]\n"
		"[    0.000000] ACPI: NUMA: SRAT: PXM 0 -> MPIDR 0x10000 -> "
		"Node 0\n";
	struct mu_machine *machine = machine_read(mu_machine_read_log, text);

	(void)state;
	assert_ranges(machine, "0-3188efff usable 0\n"
			       "31890000-3992ffff usable 0\n"
			       "41000000000-41ffbffffff usable 2\n");
	assert_int_equal(machine->nr_nodes, 4);
	assert_true(machine->nodes[1].present);
	assert_true(machine->nodes[3].present);
	assert_int_equal(mu_machine_cpus(machine), 1);
	free(machine);
}

/*
 * IBM S822LC (POWER8), shortened and made worse: sparse nodes, 64 KiB pages.
 * After a log on the list linux-crypto of 6 May 2026.
 */
static void early_ranges_with_nodes(void **state)
{
	static const char text[] =
		"OF: reserved mem: 0x0000000039c00000..0x000000003a7801ff "
		"(11776 KiB) map non-reusable ibm,firmware@39c00000\n"
		"OF: reserved mem: 0x0000000030000000..0x00000000300fffff "
		"(1024 "
		"KiB) nomap non-reusable x@30000000\n"
		"OF: reserved mem: 0x0000000032000000..0x00000000320fffff "
		"(1024 "
		"KiB) map reusable linux,cma\n"
		"OF: reserved mem: 0xffff000000000000..0xffffffffffffffff (0 "
		"KiB) broken\n"
		"OF: reserved mem: 0x0000010000000000..0x000001000fffffff (0 "
		"KiB) nomap non-reusable not memory@10000000000\n"
		"Early memory node ranges\n"
		"  node   0: [mem 0x0000000000000000-0x0000007fffffffff]\n"
		"  node   8: [mem 0x0000008000000000-0x000000ffffffffff]\n"
		"Initmem setup node 9 as memoryless\n"
		"percpu: Embedded 3 pages/cpu s126744 r0 d69864 u262144\n"
		"smp: Brought up 2 nodes, 160 CPUs\n"
		"numa: Node 0 CPUs: 0-7 16-23\n"
		"numa: Node 8 CPUs: 8-15,24\n";
	struct mu_machine *machine = machine_new(64, 16);
	struct mu_error error;

	(void)state;
	assert_int_equal(
		mu_machine_read_log(machine, text, strlen(text), &error),
		MU_ERR_RANGE);
	assert_int_equal(error.line, 4);
	assert_string_equal(error.text, "0x1000000000000 bytes at "
					"0xffff000000000000 pass the limit of "
					"52 address bits");
	free(machine);
	machine = machine_new(64, 16);
	/* Without the broken line. */
	{
		char good[sizeof(text)];
		const char *from = strstr(text, "OF: reserved mem: 0xffff");
		const char *rest = strchr(from, '\n') + 1;

		(void)snprintf(good, sizeof(good), "%.*s%s", (int)(from - text),
			       text, rest);
		assert_int_equal(mu_machine_read_log(machine, good,
						     strlen(good), &error),
				 MU_OK);
	}
	assert_int_equal(mu_machine_finish(machine, NULL), MU_OK);
	assert_ranges(machine, "0-2fffffff usable 0\n"
			       "30000000-300fffff usable 0 flags 4\n"
			       "30100000-39bfffff usable 0\n"
			       "39c00000-3a7801ff usable 0 flags 10\n"
			       "3a780200-7fffffffff usable 0\n"
			       "8000000000-ffffffffff usable 8\n");
	assert_int_equal(machine->page_shift, 16);
	assert_int_equal(machine->nodes[0].nr_cpus, 16);
	assert_int_equal(machine->nodes[8].nr_cpus, 9);
	assert_false(machine->nodes[9].present);
	free(machine);
}

static void efi_maps(void **state)
{
	(void)state;
	check("efi: mem00: [Boot Code   |   |  |  |  |WB|WT|WC|UC] "
	      "range=[0x0000-0x0fff] (0MB)\n"
	      "efi: mem01: [Reserved    |   |  |  |  |WB|WT|WC|UC] "
	      "range=[0x1000-0x1fff] (0MB)\n"
	      "efi: mem02: [Conventional Memory|   |MR|  |  |WB|WT|WC|UC] "
	      "range=[0x2000-0x2fff] (0MB)\n"
	      "efi: mem03: [Conventional|   |  |SP|  |WB|WT|WC|UC] "
	      "range=[0x3000-0x3fff] (0MB)\n"
	      "efi: mem04: [ACPI Reclaim Memory|   |  |  |  |WB|WT|WC|UC] "
	      "range=[0x4000-0x4fff] (0MB)\n"
	      "efi: mem05: [ACPI Memory NVS    |   |  |  |  |WB|WT|WC|UC] "
	      "range=[0x5000-0x5fff] (0MB)\n"
	      "efi: mem06: [Runtime Data       |RUN|  |  |  |WB|WT|WC|UC] "
	      "range=[0x6000-0x6fff] (0MB)\n"
	      "efi: mem07: [Persistent Memory  |   |NV|  |  |WB|WT|WC|UC] "
	      "range=[0x7000-0x7fff] (0MB)\n"
	      "efi: mem08: [Unusable Memory    |   |  |  |  |WB|WT|WC|UC] "
	      "range=[0x8000-0x8fff] (0MB)\n"
	      /* Broken in two by a mail program. */
	      "efi: mem09: [Loader Data        |   |  |  |  |  |  |WB|\n"
	      "\t|  |  ] range=[0x0000000000009000-0x0000000000009fff] (27MB)\n"
	      /* Before Linux 3.19. */
	      "EFI: mem10: type=7, attr=0xf, range=[0xa000-0xb000) (0MB)\n"
	      "EFI: mem11: type=7, attr=0x1000f, range=[0xb000-0xc000) (0MB)\n"
	      "efi: memattr: Processing EFI Memory Attributes table:\n",
	      "0-fff usable 0\n"
	      "1000-1fff reserved 0\n"
	      "2000-2fff usable 0 flags 2\n"
	      "3000-3fff soft reserved 0\n"
	      "4000-4fff ACPI data 0\n"
	      "5000-5fff ACPI NVS 0\n"
	      "6000-6fff reserved 0\n"
	      "7000-7fff persistent 0 flags 8\n"
	      "8000-8fff unusable 0\n"
	      "9000-afff usable 0\n"
	      "b000-bfff usable 0 flags 2\n");
}

static void memblock_dump(void **state)
{
	(void)state;
	check("MEMBLOCK configuration:\n"
	      " memory size = 0x4000 reserved size = 0x1000\n"
	      " memory.cnt  = 0x3\n"
	      " memory[0x0]\t[0x0000000000001000-0x0000000000001fff], "
	      "0x0000000000001000 bytes on node 0 flags: 0x0\n"
	      " memory[0x1]\t[0x0000000000002000-0x0000000000002fff], "
	      "0x0000000000001000 bytes on node 1 flags: 0x4\n"
	      " memory[0x2]\t[0x0000000000003000-0x0000000000004fff], "
	      "0x0000000000002000 bytes flags: 0x8\n"
	      " reserved[0x0]\t[0x0000000000001000-0x0000000000001fff], "
	      "0x0000000000001000 bytes flags: 0x0\n"
	      "  node   0: [mem 0x0000000000001000-0x0000000000001fff]\n",
	      "1000-1fff usable 0\n"
	      "2000-2fff usable 1 flags 4\n"
	      "3000-4fff usable 1\n");
}

static void srat_alone(void **state)
{
	(void)state;
	check("ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]\n"
	      "ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x1ffffffff]\n"
	      "ACPI: SRAT: Node 2 PXM 6 [mem 0x200000000-0x2ffffffff] "
	      "hotplug\n",
	      "0-7fffffff usable 0\n100000000-1ffffffff usable 1\n");
}

/* The map of the firmware, and nodes that only the early ranges tell. */
static void nodes_of_early_ranges(void **state)
{
	(void)state;
	check("BIOS-e820: [mem 0x0000-0x1fff] usable\n"
	      "BIOS-e820: [mem 0x2000-0x2fff] reserved\n"
	      "BIOS-e820: [mem 0x3000-0x3fff] usable\n"
	      "  node   0: [mem 0x1000-0x1fff]\n"
	      "  node   1: [mem 0x3000-0x3fff]\n",
	      "0-1fff usable 0\n"
	      "2000-2fff reserved 0\n"
	      "3000-3fff usable 1\n");
}

/* Changes count from where the map was printed. */
static void changes(void **state)
{
	(void)state;
	check("e820: remove [mem 0x0000-0xffff] usable\n"
	      "BIOS-e820: [mem 0x0000-0x9fff] usable\n"
	      "BIOS-e820: [mem 0xa000-0xafff] reserved\n"
	      "e820: update [mem 0x0000-0x0fff] usable ==> reserved\n"
	      "e820: update [mem 0x1000-0x1fff] usable ==> usable\n"
	      "e820: update [mem 0x9000-0xffff] usable ==> reserved\n"
	      "e820: update [mem 0x8000-0x8fff] usable ==> wonderful\n"
	      "e820: remove [mem 0x2000-0x2fff] usable\n"
	      "e820: remove [mem 0x3000-0x3fff] reserved\n"
	      "e820: remove [mem 0xa800-0xafff]\n"
	      "e820 update range: 0000000000004000 - 0000000000005000 (usable) "
	      "==> (reserved)\n"
	      "e820 remove range: 0000000000005000 - 0000000000006000 "
	      "(usable)\n"
	      "e820: reserve RAM buffer [mem 0x6000-0x6fff]\n",
	      "0-fff reserved 0\n"
	      "1000-1fff usable 0\n"
	      "3000-3fff usable 0\n"
	      "4000-4fff reserved 0\n"
	      "6000-8fff usable 0\n"
	      "9000-a7ff reserved 0\n"
	      /* Whatever it was: the kernel lies there itself. */
	      "a800-afff usable 0\n");
}

static void too_many_changes(void **state)
{
	static const char map[] = "BIOS-e820: [mem 0x0-0xffff] usable\n";
	static const char change[] =
		"e820: update [mem 0x0-0xfff] usable ==> reserved\n";
	size_t len = sizeof(map) - 1, step = sizeof(change) - 1;
	char *text = malloc(len + 4097 * step);
	struct mu_machine *machine = machine_new(16, 1);
	struct mu_error error;

	(void)state;
	assert_non_null(text);
	memcpy(text, map, len);
	for (unsigned i = 0; i < 4097; i++, len += step)
		memcpy(text + len, change, step);
	assert_int_equal(mu_machine_read_log(machine, text, len, &error),
			 MU_ERR_RANGE);
	assert_string_equal(error.text,
			    "4097 changes to the map, more than 4096");
	free(machine);
	machine = machine_new(16, 1);
	assert_int_equal(mu_machine_read_log(machine, text, len - step, &error),
			 MU_OK);
	free(machine);
	free(text);
}

static void page_sizes(void **state)
{
	static const struct {
		const char *line;
		unsigned shift;
	} cases[] = {
		{"", 12},
		{"percpu: Embedded 20 pages/cpu s44600 r0 d37320 u81920\n", 12},
		{"PERCPU: Embedded 2 pages/cpu @(____ptrval____) s44832 r0 "
		 "d86240 u131072\n",
		 16},
		{"percpu: Embedded 2 pages/cpu s16384 r8192 d8192 u131072\n",
		 14},
		/* Alpha: 8 KiB is a size that memup does not know. */
		{"percpu: Embedded 8 pages/cpu s27648 r8192 d29696 u65536\n",
		 12},
		{"percpu: Embedded 0 pages/cpu s0 r0 d0 u0\n", 12},
		{"Dentry cache hash table entries: 33554432 (order: 12, "
		 "268435456 bytes, vmalloc)\n",
		 16},
		{"Dentry cache hash table entries: 1 (order: 64, 1 bytes)\n",
		 12},
		{"On node 0 totalpages: 16\n", 16},
		{"On node 0 totalpages: 60\n", 14},
		{"On node 0 totalpages: 0\n", 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine;
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "  node   0: [mem 0x0-0xfffff]\n%s",
			       cases[i].line);
		machine = machine_read(mu_machine_read_log, text);
		assert_int_equal(machine->page_shift, cases[i].shift);
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
		{"\n  node   0: [mem 0x2000-0x1000]\n",
		 "range 0x2000-0x1000 ends before it begins", 2, MU_ERR_RANGE},
		{"  node   64: [mem 0x2000-0x2fff]\n",
		 "node 64 is not one of 0 to 63", 1, MU_ERR_RANGE},
		{"efi: mem00: [Magic   |  ] range=[0x0-0xfff]\n",
		 "no EFI memory descriptor in \"00: [Magic   |  ] range=", 1,
		 MU_ERR_SYNTAX},
		{"efi: mem00: [Boot Code|  ] range=[0x2000-0xfff]\n",
		 "range 0x2000-0x1000 ends before it begins", 1, MU_ERR_RANGE},
		{"efi: mem00: [Boot Code|  ] range=[0x0-0xffffffffffffffff]\n",
		 "0xffffffffffffffff bytes at 0x0 pass the limit of 52", 1,
		 MU_ERR_RANGE},
		{"efi: mem00: type=16, attr=0xf, range=[0x0-0x1000)\n",
		 "no EFI memory descriptor in \"00: type=16, attr=", 1,
		 MU_ERR_SYNTAX},
		{" memory[0x0]\t[0x2000-0x1000], 0x1000 bytes\n",
		 "no range below 2^52 at \"0x2000-0x1000], 0x1000 bytes\"", 1,
		 MU_ERR_SYNTAX},
		{"  node   0: [mem 0x0-0xfff]\n"
		 "e820: remove [mem 0x2000-0x1000] usable\n",
		 "range 0x2000-0x1000 ends before it begins", 2, MU_ERR_RANGE},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_ranges_and_srat),
		cmocka_unit_test(early_ranges_with_nodes),
		cmocka_unit_test(efi_maps),
		cmocka_unit_test(memblock_dump),
		cmocka_unit_test(srat_alone),
		cmocka_unit_test(nodes_of_early_ranges),
		cmocka_unit_test(changes),
		cmocka_unit_test(too_many_changes),
		cmocka_unit_test(page_sizes),
		cmocka_unit_test(bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
