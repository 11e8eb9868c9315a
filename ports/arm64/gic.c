// SPDX-License-Identifier: MIT
/* gic: see gic.h. Offsets and bits are those of the two specifications. */
#include "ports/bare/bare.h"

enum {
	D_CTLR = 0x0,
	D_SGIR = 0xf00,
	/* Of the distributor in version 2, of the redistributor's second frame
	 * in version 3: for interrupts 0 to 31 of each CPU. */
	IGROUPR = 0x80,
	ISENABLER = 0x100,
	ICENABLER = 0x180,
	IPRIORITYR = 0x400,
	ITARGETSR = 0x800,
	/* The CPU interface of version 2. */
	C_CTLR = 0x0,
	C_PMR = 0x4,
	C_IAR = 0xc,
	C_EOIR = 0x10,
	/* A redistributor. */
	R_TYPER = 0x8,
	R_WAKER = 0x14,
	R_SECOND = 0x10000,
	R_BYTES = 0x20000
};

#define ENABLE_2   0x1u
#define ENABLE_3   0x13u /* both groups 1, and affinity routing */
#define SLEEP	   0x2u
#define ASLEEP	   0x4u
#define TYPER_LPIS 0x2u /* virtual ones: four frames and not two */
#define TYPER_LAST 0x10u
#define PRIORITY   0xa0a0a0a0u
#define OURS	   (1u << GIC_KICK | 1u << GIC_TIMER)

static void set(volatile uint32_t *base, unsigned offset, uint32_t value)
{
	base[offset / 4] = value;
}

void gic_init(const struct gic *gic)
{
	set(gic->distributor, D_CTLR, gic->version == 2 ? ENABLE_2 : ENABLE_3);
}

/* Interrupts 0 to 31 of this CPU, at @base. */
static void enable_own(volatile uint32_t *base)
{
	for (unsigned i = 0; i < 32; i += 4)
		set(base, IPRIORITYR + i, PRIORITY);
	set(base, ICENABLER, ~OURS);
	set(base, ISENABLER, OURS);
}

/* ---- Version 2 ---- */

static void enter_2(const struct gic *gic, struct mu_bare_cpu *cpu)
{
	/* What it says of interrupts of our own is our bit. */
	cpu->kick_mask = gic->distributor[ITARGETSR / 4] & 0xff;
	enable_own(gic->distributor);
	set(gic->cpu, C_PMR, 0xff);
	set(gic->cpu, C_CTLR, ENABLE_2);
}

/* ---- Version 3 ---- */

/* Affinities as the redistributor has them: 3, 2, 1, 0, a byte each. */
static uint32_t affinity_of(uint64_t mpidr)
{
	return (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 32 & 0xff)
						      << 24;
}

static volatile uint32_t *find_own(const struct gic *gic, uint32_t affinity)
{
	for (unsigned i = 0; i < gic->nr_regions; i++) {
		volatile uint32_t *at = gic->regions[i];
		uint64_t left = gic->region_bytes[i];

		while (left >= R_BYTES) {
			uint32_t typer = at[R_TYPER / 4];
			uint64_t bytes =
				typer & TYPER_LPIS ? 2 * R_BYTES : R_BYTES;

			if (at[R_TYPER / 4 + 1] == affinity)
				return at;
			if (typer & TYPER_LAST || bytes > left)
				break;
			at += bytes / 4;
			left -= bytes;
		}
	}
	return NULL;
}

static bool enter_3(const struct gic *gic)
{
	volatile uint32_t *own =
		find_own(gic, affinity_of(ARM64_READ("mpidr_el1")));

	if (!own)
		return false;
	set(own, R_WAKER, own[R_WAKER / 4] & ~SLEEP);
	while (own[R_WAKER / 4] & ASLEEP)
		arch_pause();
	set(own + R_SECOND / 4, IGROUPR, UINT32_MAX);
	enable_own(own + R_SECOND / 4);
	/* ICC_SRE, PMR, BPR1, CTLR, IGRPEN1. */
	ARM64_WRITE("s3_0_c12_c12_5", ARM64_READ("s3_0_c12_c12_5") | 1);
	__asm__ volatile("isb");
	ARM64_WRITE("s3_0_c4_c6_0", 0xff);
	ARM64_WRITE("s3_0_c12_c12_3", 0);
	ARM64_WRITE("s3_0_c12_c12_4", 0);
	ARM64_WRITE("s3_0_c12_c12_7", 1);
	__asm__ volatile("isb");
	return true;
}

bool gic_enter(const struct gic *gic, struct mu_bare_cpu *cpu)
{
	if (gic->version == 3)
		return enter_3(gic);
	enter_2(gic, cpu);
	return true;
}

/* ---- Interrupts ---- */

void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu)
{
	const struct gic *gic = &bare->arch.gic;
	uint64_t id = cpu->hw_id;

	/* What was written before is visible to the handler. */
	__asm__ volatile("dsb ishst" : : : "memory");
	if (gic->version == 2) {
		set(gic->distributor, D_SGIR, cpu->kick_mask << 16 | GIC_KICK);
		return;
	}
	/* ICC_SGI1R: affinities 3, 2 and 1, a range of 16 and a bit in it. */
	ARM64_WRITE("s3_0_c12_c11_5",
		    (id >> 32 & 0xff) << 48 | (id >> 4 & 0xf) << 44 |
			    (id >> 16 & 0xff) << 32 | (uint64_t)GIC_KICK << 24 |
			    (id >> 8 & 0xff) << 16 | UINT64_C(1) << (id & 0xf));
	__asm__ volatile("isb");
}

uint32_t gic_take(const struct gic *gic)
{
	uint32_t interrupt;

	if (gic->version == 2)
		return gic->cpu[C_IAR / 4];
	/* ICC_IAR1; the barrier: it is taken before what the handler does. */
	interrupt = (uint32_t)ARM64_READ("s3_0_c12_c12_0");
	__asm__ volatile("dsb sy" : : : "memory");
	return interrupt;
}

void gic_end(const struct gic *gic, uint32_t interrupt)
{
	if (gic->version == 2)
		set(gic->cpu, C_EOIR, interrupt);
	else
		ARM64_WRITE("s3_0_c12_c12_1", interrupt);
}
