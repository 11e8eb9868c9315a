// SPDX-License-Identifier: MIT
/*
 * What a boot log tells of the kernel that wrote it: architecture, zones,
 * parameters, whether it used nodes; and what it read in ACPI's HMAT.
 */
#include "tests/machine_util.h"

#define EARLY "  node   0: [mem 0x0-0xffffff]\n"

static void arch(void **state)
{
	static const struct {
		const char *text;
		enum mu_arch arch;
	} cases[] = {
		{"", MU_ARCH_UNKNOWN},
		{"BIOS-e820: [mem 0x0-0xffffff] usable\n", MU_ARCH_X86_64},
		{"BIOS-e820: [mem 0x0-0xffffff] usable\n"
		 "760MB LOWMEM available.\n",
		 MU_ARCH_X86},
		{"BIOS-e820: [mem 0x0-0xffffff] usable\nZone ranges:\n"
		 "  HighMem  empty\n",
		 MU_ARCH_X86},
		/* A word in some driver's line means nothing by then. */
		{"BIOS-e820: [mem 0x0-0xffffff] usable\nfoo: arm64 bar\n",
		 MU_ARCH_X86_64},
		{"gcc aarch64-linux-gnu\n", MU_ARCH_ARM64},
		{"SBI specification v2.0 detected\n", MU_ARCH_RISCV},
		{"phys_mem_size     = 0x9000000\n", MU_ARCH_PPC},
		{"phys_mem_size     = 0x9000000\nradix-mmu: x\n",
		 MU_ARCH_PPC64},
		{"setup: Linux is running under KVM in 64-bit mode\n",
		 MU_ARCH_S390},
		{"MIPS: machine is SGI\n", MU_ARCH_MIPS},
		{"PROMLIB: Sun\n", MU_ARCH_SPARC64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		struct mu_machine *machine;

		snprintf(text, sizeof(text), EARLY "%s", cases[i].text);
		machine = machine_read(mu_machine_read_log, text);
		assert_int_equal(machine->arch, cases[i].arch);
		free(machine);
	}
	for (unsigned i = 0; i < MU_NR_ARCHS; i++)
		assert_true(strlen(mu_arch_str((enum mu_arch)i)) > 2);
	assert_string_equal(mu_arch_str(MU_NR_ARCHS), "unknown");
}

static void zones(void **state)
{
	static const struct {
		const char *text;
		mu_phys_t dma, dma32;
	} cases[] = {
		/* Nobody told: as on x86-64. */
		{EARLY, 16 * MU_MIB, 4 * MU_GIB},
		/* They end where they may, not where memory does. */
		{"BIOS-e820: [mem 0x0-0xffffff] usable\nZone ranges:\n"
		 "  DMA      [mem 0x0000000000001000-0x00000000007fffff]\n"
		 "  DMA32    empty\n",
		 16 * MU_MIB, 4 * MU_GIB},
		/* A kernel without DMA. */
		{"BIOS-e820: [mem 0x0-0xffffff] usable\nZone ranges:\n"
		 "  DMA32    [mem 0x0000000000001000-0x00000000007fffff]\n"
		 "  Normal   empty\n",
		 0, 4 * MU_GIB},
		{"BIOS-e820: 0000000000000000 - 0000000001000000 (usable)\n"
		 "Zone PFN ranges:\n"
		 "  DMA      0x00000000 -> 0x00001000\n"
		 "  HighMem  0x0002f800 -> 0x0002f800\n",
		 16 * MU_MIB, 0},
		/* The platform's: as the log says. */
		{EARLY "KASLR: aarch64\n"
		       "Zone ranges:\n"
		       "  DMA      [mem 0x0-0x000000003fffffff]\n"
		       "  DMA32    [mem 0x40000000-0x00000000ffffffff]\n",
		 MU_GIB, 4 * MU_GIB},
		{EARLY "KASLR: aarch64\n"
		       "Zone ranges:\n"
		       "  DMA      [mem 0x0-0x000000003fffffff]\n"
		       "  DMA32    empty\n",
		 MU_GIB, 0},
		{EARLY "aarch64\n", 4 * MU_GIB, 0},
		{EARLY "Zone PFN ranges:\n"
		       "  DMA      0x00000000 -> 0x00000004\n"
		       "percpu: Embedded 2 pages/cpu s16384 r8192 d8192\n",
		 65536, 0},
		{EARLY "Zone ranges:\n  Normal   [mem 0x0-0xfff]\n", 0, 0},
		{EARLY "SBI specification\nZone ranges:\n"
		       "  DMA32    [mem 0x0000000080200000-0x8fffffff]\n",
		 0, 4 * MU_GIB},
		/* A vendor's, below the zone above it. */
		{EARLY "SBI specification\nZone ranges:\n"
		       "  DMA32    [mem 0x0-0x7fffffff]\n"
		       "  Normal   [mem 0x80000000-0x27fffffff]\n",
		 0, 2 * MU_GIB},
		/* Of two boots the last counts. */
		{EARLY "setup: Linux is running\nZone ranges:\n"
		       "  DMA32    [mem 0x0-0xfff]\n"
		       "Zone ranges:\n  DMA      [mem 0x0-0xfff]\n",
		 2 * MU_GIB, 0},
		/* No kernel has such. */
		{EARLY "Zone ranges:\n  DMA      [mem 0x0-0xfffffff]\n"
		       "  DMA32    [mem 0x0-0xfff]\n",
		 16 * MU_MIB, 4 * MU_GIB},
		{EARLY "Zone ranges:\n"
		       "  DMA      [mem 0x0-0xffffffffffffffff]\n",
		 MU_PHYS_MAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mu_machine *machine =
			machine_read(mu_machine_read_log, cases[i].text);
		mu_phys_t dma = 1, dma32 = 1;

		mu_machine_zones(machine, &dma, &dma32);
		if (dma != cases[i].dma || dma32 != cases[i].dma32)
			fail_msg("%s: %llx %llx", cases[i].text,
				 (unsigned long long)dma,
				 (unsigned long long)dma32);
		free(machine);
	}
}

static void parameters(void **state)
{
	struct mu_machine *machine =
		machine_read(mu_machine_read_log, EARLY
			     "Command line: a=1 b\r\nKernel command line: c\n");
	const char begin[] = EARLY "command line: ";
	char *text = malloc(8192 + sizeof(EARLY));

	(void)state;
	assert_string_equal(machine->cmdline, "c");
	free(machine);
	assert_non_null(text);
	memcpy(text, begin, sizeof(begin));
	memset(text + sizeof(begin) - 1, 'x', 8000);
	text[sizeof(EARLY) + 8000] = '\0';
	machine = machine_read(mu_machine_read_log, text);
	assert_int_equal(strlen(machine->cmdline), MU_MACHINE_CMDLINE_MAX);
	free(machine);
	machine = machine_read(mu_machine_read_log, EARLY);
	assert_string_equal(machine->cmdline, "");
	free(machine);
	free(text);
}

/* Nodes that firmware names and the kernel has no use for. */
static void numa_off(void **state)
{
	static const char *const says[] = {
		"NUMA turned off\n",
		"NUMA: Faking a node at [mem 0x0-0x7fff]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		struct mu_machine *machine;
		char text[1024];

		snprintf(text, sizeof(text),
			 "BIOS-e820: 0000000000000000 - 0000000000008000 "
			 "(usable)\n"
			 "SRAT: PXM 0 -> APIC 0 -> Node 0\n"
			 "SRAT: PXM 1 -> APIC 1 -> Node 1\n"
			 "SRAT: Node 0 PXM 0 0-4000\n"
			 "SRAT: Node 1 PXM 1 4000-8000\n%s",
			 says[i]);
		machine = machine_read(mu_machine_read_log, text);
		assert_ranges(machine, "0-7fff usable 0\n");
		assert_int_equal(machine->nr_nodes, 1);
		assert_int_equal(machine->nodes[0].nr_cpus, 2);
		free(machine);
	}
	/* They still tell what there is, when nothing else does. */
	{
		struct mu_machine *machine = machine_read(
			mu_machine_read_log, "SRAT: Node 0 PXM 0 0-4000\n"
					     "NUMA turned off\n");

		assert_ranges(machine, "0-3fff usable 0\n");
		free(machine);
	}
}

static void hmat(void **state)
{
	struct mu_machine *machine = machine_read(
		mu_machine_read_log, EARLY
		"acpi/hmat:   Initiator-Target[0-0]:9 nsec\n"
		"acpi/hmat: Locality: Flags:00 Type:Access Latency Initiator "
		"Domains:1 Target Domains:2 Base:1000\n"
		"acpi/hmat:   Initiator-Target[0-0]:110 nsec\n"
		"acpi/hmat:   Initiator-Target[0-2]:250 nsec\n"
		"acpi/hmat:   Initiator-Target[0-2]:\n"
		"acpi/hmat: Locality: Flags:01 Type:Read Latency\n"
		"acpi/hmat:   Initiator-Target[0-0]:7 nsec\n"
		"acpi/hmat: Locality: Flags:00 Type:Write Bandwidth\n"
		"acpi/hmat:   Initiator-Target[0-0]:2000 MB/s\n"
		"acpi/hmat: Locality: Flags:00 Type:Gossip\n"
		"acpi/hmat:   Initiator-Target[0-0]:5 nsec\n");

	(void)state;
	assert_int_equal(mu_machine_perf(machine, 0, 0, MU_PERF_READ_LATENCY),
			 110);
	assert_int_equal(mu_machine_perf(machine, 0, 2, MU_PERF_WRITE_LATENCY),
			 250);
	assert_int_equal(
		mu_machine_perf(machine, 0, 0, MU_PERF_WRITE_BANDWIDTH), 2000);
	assert_int_equal(mu_machine_perf(machine, 0, 0, MU_PERF_READ_BANDWIDTH),
			 0);
	assert_int_equal(mu_machine_perf(machine, 2, 0, MU_PERF_READ_LATENCY),
			 0);
	free(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arch),	      cmocka_unit_test(zones),
		cmocka_unit_test(parameters), cmocka_unit_test(numa_off),
		cmocka_unit_test(hmat),
	};

	return cmocka_run_group_tests_name("machine_log_kernel", tests, NULL,
					   NULL);
}
