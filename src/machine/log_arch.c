// SPDX-License-Identifier: MIT
/*
 * log_arch: no line of a boot log names the architecture on all of them, but
 * some lines exist only on one, and compilers have its name in theirs. Both
 * kinds of x86 have the same map; the 32-bit kind is recognised by its low
 * memory.
 */
#include "base/bits.h"
#include "machine/log.h"

static const struct {
	const char *words;
	enum mu_arch arch;
	bool sure;
} marks[] = {
	{"LOWMEM available.", MU_ARCH_X86, true},
	{"BIOS-e820:", MU_ARCH_X86_64, true},
	{"max_arch_pfn = ", MU_ARCH_X86_64, true},
	{"aarch64", MU_ARCH_ARM64, true},
	{"arm64", MU_ARCH_ARM64, true},
	{"CPU features: detected", MU_ARCH_ARM64, true},
	{"started at EL", MU_ARCH_ARM64, true},
	{"ARMv7 Processor", MU_ARCH_ARM, true},
	{"arm-linux-gnueabi", MU_ARCH_ARM, true},
	{"riscv", MU_ARCH_RISCV, true},
	{"SBI specification", MU_ARCH_RISCV, true},
	{"ppc64", MU_ARCH_PPC64, true},
	{"powerpc64", MU_ARCH_PPC64, true},
	{"hash-mmu: ", MU_ARCH_PPC64, true},
	{"radix-mmu: ", MU_ARCH_PPC64, true},
	{"vmemmap start ", MU_ARCH_PPC64, true},
	{"phys_mem_size ", MU_ARCH_PPC, false},
	{"powerpc-linux", MU_ARCH_PPC, false},
	{"s390", MU_ARCH_S390, true},
	{"setup: Linux is running", MU_ARCH_S390, true},
	{"setup: Reserving ", MU_ARCH_S390, true},
	{"SALsystab=", MU_ARCH_IA64, true},
	{"Determined physical RAM map:", MU_ARCH_MIPS, true},
	{"MIPS: machine is ", MU_ARCH_MIPS, true},
	{"sparc64", MU_ARCH_SPARC64, true},
	{"PROMLIB: ", MU_ARCH_SPARC64, true},
	{"memcluster ", MU_ARCH_ALPHA, true},
	{"loongarch64", MU_ARCH_LOONGARCH, true},
};

enum mu_arch mu_log_arch(struct mu_text line, bool *sure)
{
	for (unsigned i = 0; i < MU_ARRAY_SIZE(marks); i++) {
		struct mu_text rest = line;

		if (mu_text_find(&rest, marks[i].words)) {
			*sure = marks[i].sure;
			return marks[i].arch;
		}
	}
	return MU_ARCH_UNKNOWN;
}
