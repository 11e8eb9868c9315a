// SPDX-License-Identifier: MIT
/*
 * log_zones: where the zones of the kernel that wrote a log end. If the
 * architecture determines that, it is not taken from the log: Linux prints a
 * zone that ends with memory, and memup should find that out for itself.
 */
#include "base/bits.h"
#include "machine/log.h"

/* "[mem 0x1000-0xffffff]", "0x00000001 -> 0x00001000", "empty": the end. */
static uint64_t read_end(struct mu_text line, bool *frames)
{
	uint64_t first, end;

	if (mu_text_skip(&line, "[mem ")) {
		if (mu_text_number(&line, 16, &first) ||
		    !mu_text_skip(&line, "-") ||
		    mu_text_number(&line, 16, &end))
			return 0;
		return MU_MIN(end, MU_PHYS_MAX - 1) + 1;
	}
	if (mu_text_number(&line, 16, &first) || !mu_text_skip(&line, " -> ") ||
	    mu_text_number(&line, 16, &end))
		return 0;
	*frames = true;
	return end > first ? MU_MIN(end, MU_PHYS_MAX) : 0;
}

void mu_log_zone(struct mu_log_zones *zones, enum mu_log_kind kind,
		 struct mu_text line)
{
	switch (kind) {
	case MU_LOG_ZONE_DMA:
		zones->has_dma = true;
		zones->dma = read_end(line, &zones->frames);
		break;
	case MU_LOG_ZONE_DMA32:
		zones->has_dma32 = true;
		zones->dma32 = read_end(line, &zones->frames);
		break;
	case MU_LOG_ZONE_NORMAL:
		zones->has_normal = read_end(line, &zones->frames);
		break;
	case MU_LOG_ZONE_HIGHMEM:
		zones->has_highmem = true;
		break;
	default:
		*zones = (struct mu_log_zones){.told = true};
		break;
	}
}

/*
 * Does Linux on @arch have zones end at the same addresses everywhere? On
 * RISC-V vendors' kernels have a lower DMA32: seen where another zone begins
 * there.
 */
static bool is_fixed(enum mu_arch arch, const struct mu_log_zones *zones)
{
	switch (arch) {
	case MU_ARCH_RISCV:
		return !zones->has_normal;
	case MU_ARCH_X86_64:
	case MU_ARCH_X86:
	case MU_ARCH_S390:
	case MU_ARCH_LOONGARCH:
		return true;
	default:
		return false;
	}
}

void mu_log_set_zones(struct mu_machine *machine,
		      const struct mu_log_zones *zones, unsigned shift)
{
	mu_phys_t dma, dma32;

	if (!zones->told)
		return;
	if (is_fixed(machine->arch, zones)) {
		mu_machine_zones(machine, &dma, &dma32);
		dma = zones->has_dma ? dma : 0;
		dma32 = zones->has_dma32 ? dma32 : 0;
	} else {
		uint64_t most = MU_PHYS_MAX >> (zones->frames ? shift : 0);

		dma = MU_MIN(zones->dma, most) << (zones->frames ? shift : 0);
		dma32 = MU_MIN(zones->dma32, most)
			<< (zones->frames ? shift : 0);
	}
	/* Ignore a list that is not in order. */
	if (dma32 && dma > dma32)
		return;
	machine->zones_told = true;
	machine->dma_limit = dma;
	machine->dma32_limit = dma32;
}
