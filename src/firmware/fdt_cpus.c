// SPDX-License-Identifier: MIT
/*
 * fdt_cpus: the CPUs of a device tree: how many threads, on which node, of
 * which architecture; and each of them, for kernels that start them.
 */
#include "base/bits.h"
#include "base/fmt.h"
#include "firmware/fdt.h"

bool mu_fdt_is_cpu(const struct mu_fdt *fdt, uint32_t node)
{
	/* A CPU that waits for its enable-method is only asleep. */
	bool asleep = mu_fdt_says(fdt, node, "status", "disabled") &&
		      mu_fdt_prop(fdt, node, "enable-method", NULL);

	return mu_fdt_says(fdt, node, "device_type", "cpu") &&
	       (asleep || mu_fdt_available(fdt, node));
}

/* Architectures by the first letters of a CPU's "compatible". */
static const struct {
	const char *begins;
	enum mu_arch arch;
} compatibles[] = {
	{"arm,armv8", MU_ARCH_ARM64},	    {"arm,neoverse", MU_ARCH_ARM64},
	{"arm,cortex-x", MU_ARCH_ARM64},    {"apple,", MU_ARCH_ARM64},
	{"qcom,kryo", MU_ARCH_ARM64},	    {"cavium,thunder", MU_ARCH_ARM64},
	{"nvidia,denver", MU_ARCH_ARM64},   {"nvidia,carmel", MU_ARCH_ARM64},
	{"arm,arm", MU_ARCH_ARM},	    {"riscv", MU_ARCH_RISCV},
	{"loongson,la", MU_ARCH_LOONGARCH}, {"mips,", MU_ARCH_MIPS},
	{"brcm,bmips", MU_ARCH_MIPS},	    {"ingenic,xburst", MU_ARCH_MIPS},
	{"PowerPC,", MU_ARCH_PPC},
};

static enum mu_arch arch_of(const char *compatible)
{
	static const char cortex[] = "arm,cortex-a";
	unsigned number = 0;

	for (size_t i = 0; i < MU_ARRAY_SIZE(compatibles); i++)
		if (mu_fdt_begins(compatible, compatibles[i].begins))
			return compatibles[i].arch;
	if (!mu_fdt_begins(compatible, cortex))
		return MU_ARCH_UNKNOWN;
	/* Those of 64 bits have the numbers from 34 on. */
	for (compatible += sizeof(cortex) - 1;
	     *compatible >= '0' && *compatible <= '9' && number < 1000;
	     compatible++)
		number = number * 10 + (unsigned)(*compatible - '0');
	return number < 34 ? MU_ARCH_ARM : MU_ARCH_ARM64;
}

enum mu_arch mu_fdt_arch(const struct mu_fdt *fdt, uint32_t cpu)
{
	uint32_t len;
	const char *at =
		(const char *)mu_fdt_prop(fdt, cpu, "compatible", &len);
	enum mu_arch arch = MU_ARCH_UNKNOWN;

	if (len && at[len - 1])
		len = 0;
	for (uint32_t i = 0; !arch && i < len; i++) {
		arch = arch_of(at + i);
		while (at[i])
			i++;
	}
	if (!arch && mu_fdt_prop(fdt, cpu, "riscv,isa", NULL))
		arch = MU_ARCH_RISCV;
	/* Open Firmware has it in the name. */
	if (!arch)
		arch = arch_of(mu_fdt_name(fdt, cpu));
	if (arch == MU_ARCH_PPC && mu_fdt_prop(fdt, cpu, "64-bit", NULL))
		arch = MU_ARCH_PPC64;
	if (mu_fdt_prop(fdt, cpu, "ibm,ppc-interrupt-server#s", NULL))
		arch = MU_ARCH_PPC64;
	return arch;
}

/* Call @visit for the threads of @cpu: its interrupt servers, else the entries
 * of its "reg"; a CPU without either is one thread. */
static enum mu_status
each_thread(const struct mu_fdt *fdt, struct mu_fdt_cpu *cpu, uint32_t cells,
	    void (*visit)(void *arg, const struct mu_fdt_cpu *cpu), void *arg,
	    struct mu_error *error)
{
	const char *name = "ibm,ppc-interrupt-server#s";
	uint32_t len;
	const uint8_t *at = mu_fdt_prop(fdt, cpu->node, name, &len), *end;

	if (at) {
		cells = 1;
	} else {
		name = "reg";
		at = mu_fdt_prop(fdt, cpu->node, name, &len);
	}
	if (len % (cells * 4))
		return mu_fdt_ragged(fdt, cpu->node, name, len, cells * 4,
				     error);
	if (!len) {
		visit(arg, cpu);
		return MU_OK;
	}
	for (end = at + len; at < end;) {
		cpu->id = mu_fdt_take(&at, cells);
		visit(arg, cpu);
	}
	return MU_OK;
}

enum mu_status mu_fdt_cpus(const struct mu_fdt *fdt,
			   void (*visit)(void *arg,
					 const struct mu_fdt_cpu *cpu),
			   void *arg, struct mu_error *error)
{
	uint32_t cpus = mu_fdt_find(fdt, "/cpus"), cells, node, nid;
	enum mu_status status = MU_OK;
	bool any = false;

	if (!cpus || !mu_fdt_cell(fdt, cpus, "#address-cells", &cells))
		cells = cpus && !mu_fdt_prop(fdt, cpus, "#address-cells", NULL)
				? 2
				: 0;
	for (node = cpus ? mu_fdt_child(fdt, cpus) : 0; !status && node;
	     node = mu_fdt_sibling(fdt, node)) {
		struct mu_fdt_cpu cpu = {.nid = MU_NO_NODE, .node = node};

		if (!mu_fdt_is_cpu(fdt, node))
			continue;
		if (cells < 1 || cells > 2)
			return mu_fdt_at(fdt, cpus,
					 mu_fail(error, MU_ERR_UNSUPPORTED, 0,
						 "#address-cells is %u, "
						 "expected 1 or 2",
						 cells),
					 error);
		if (mu_fdt_cell(fdt, node, "numa-node-id", &nid))
			cpu.nid = mu_fdt_nid(nid);
		status = each_thread(fdt, &cpu, cells, visit, arg, error);
		any = true;
	}
	if (!status && !any)
		return mu_fail(error, MU_ERR_NOT_FOUND, 0,
			       "the device tree names no CPU");
	return status;
}
