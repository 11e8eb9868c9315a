// SPDX-License-Identifier: MIT
/*
 * arch: where zones end. On x86 DMA is what an ISA bus reaches, and DMA32 what
 * devices of 32 bits do; s390 has 31 bits for them; others have one of the two
 * for 32 bits, or reach everything.
 */
#include "base/bits.h"
#include "memup/machine.h"

static const struct {
	const char *name;
	mu_phys_t dma, dma32;
} archs[MU_NR_ARCHS] = {
	[MU_ARCH_UNKNOWN] = {"unknown", 16 * MU_MIB, 4 * MU_GIB},
	[MU_ARCH_X86_64] = {"x86-64", 16 * MU_MIB, 4 * MU_GIB},
	[MU_ARCH_X86] = {"x86", 16 * MU_MIB, 0},
	[MU_ARCH_ARM64] = {"arm64", 4 * MU_GIB, 0},
	[MU_ARCH_ARM] = {"arm", 0, 0},
	[MU_ARCH_RISCV] = {"riscv", 0, 4 * MU_GIB},
	[MU_ARCH_PPC64] = {"ppc64", 0, 0},
	[MU_ARCH_PPC] = {"ppc", 0, 0},
	[MU_ARCH_S390] = {"s390", 2 * MU_GIB, 0},
	[MU_ARCH_IA64] = {"ia64", 0, 4 * MU_GIB},
	[MU_ARCH_MIPS] = {"mips", 0, 4 * MU_GIB},
	[MU_ARCH_SPARC64] = {"sparc64", 0, 0},
	[MU_ARCH_ALPHA] = {"alpha", 0, 0},
	[MU_ARCH_LOONGARCH] = {"loongarch", 0, 4 * MU_GIB},
};

static enum mu_arch known(enum mu_arch arch)
{
	return (unsigned)arch < MU_NR_ARCHS ? arch : MU_ARCH_UNKNOWN;
}

const char *mu_arch_str(enum mu_arch arch)
{
	return archs[known(arch)].name;
}

void mu_machine_zones(const struct mu_machine *machine, mu_phys_t *dma_limit,
		      mu_phys_t *dma32_limit)
{
	enum mu_arch arch = known(machine->arch);

	*dma_limit = archs[arch].dma;
	*dma32_limit = archs[arch].dma32;
	if (machine->zones_told) {
		*dma_limit = machine->dma_limit;
		*dma32_limit = machine->dma32_limit;
	}
}
