// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stddef.h>
#include "ports/bare/arch.h"
#include "ports/x86_64/tsc.h"

#define NSEC	   UINT64_C(1000000000)
#define GIVE_UP	   ((uint64_t)1 << 32) /* ticks: a second, or most of one */
#define NR_WINDOWS 3
#define NR_LOOKS   5

/* A clock of known speed that counts up to @mask and starts over. */
struct reference {
	const char *name;
	uint32_t hz;
	uint32_t mask;
	uint16_t port;
	void (*start)(void);
	uint32_t (*read)(const struct reference *reference);
};

/* ---- The ACPI power management timer (ACPI 6.5, 4.8.2.1) ---- */

static uint32_t pm_read(const struct reference *reference)
{
	return x86_inl(reference->port);
}

/* ---- Channel 2 of the programmable interval timer (Intel 8254) ---- */

#define PIT_CHANNEL_2 0x42
#define PIT_COMMAND   0x43
#define PIT_GATE      0x61 /* bit 0: count; bit 1: be heard */

static void pit_start(void)
{
	x86_outb(PIT_GATE, (uint8_t)((x86_inb(PIT_GATE) & ~2) | 1));
	/* Channel 2, low then high byte, mode 0: down once, then round. */
	x86_outb(PIT_COMMAND, 0xb0);
	x86_outb(PIT_CHANNEL_2, 0xff);
	x86_outb(PIT_CHANNEL_2, 0xff);
}

static uint32_t pit_read(const struct reference *reference)
{
	uint32_t low;

	(void)reference;
	x86_outb(PIT_COMMAND, 0x80); /* latch */
	low = x86_inb(PIT_CHANNEL_2);
	return 0xffff - (low | (uint32_t)x86_inb(PIT_CHANNEL_2) << 8);
}

/* ---- Calibration ---- */

struct look {
	uint64_t tsc;
	uint32_t count;
};

/* Read both at one moment: take the shortest of several attempts, since an
 * interruption (by the hypervisor, say) makes an attempt longer. */
static struct look look_at(const struct reference *reference)
{
	struct look best = {0};
	uint64_t shortest = UINT64_MAX;

	for (unsigned i = 0; i < NR_LOOKS; i++) {
		uint64_t before = arch_ticks();
		uint32_t count = reference->read(reference);
		uint64_t after = arch_ticks();

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best.tsc = before + shortest / 2;
		best.count = count;
	}
	return best;
}

/* Ticks per second, measured over 5 ms; 0 when the reference does not run. */
static uint64_t measure(const struct reference *reference)
{
	struct look from, to;
	uint32_t passed;

	if (reference->start)
		reference->start();
	from = look_at(reference);
	do {
		to = look_at(reference);
		passed = (to.count - from.count) & reference->mask;
		if (!passed && to.tsc - from.tsc > GIVE_UP)
			return 0;
	} while (passed < reference->hz / 200);
	return (to.tsc - from.tsc) * reference->hz / passed;
}

static uint64_t median(const uint64_t *hz)
{
	uint64_t low = hz[0] < hz[1] ? hz[0] : hz[1];
	uint64_t high = hz[0] < hz[1] ? hz[1] : hz[0];

	return hz[2] < low ? low : hz[2] > high ? high : hz[2];
}

static bool calibrate_against(struct bare_clock *clock,
			      const struct reference *reference)
{
	uint64_t hz[NR_WINDOWS];

	for (unsigned i = 0; i < NR_WINDOWS; i++) {
		hz[i] = measure(reference);
		if (!hz[i])
			return false;
	}
	clock->hz = median(hz);
	clock->how = reference->name;
	return true;
}

static bool calibrate_from_cpuid(struct bare_clock *clock)
{
	uint32_t most = x86_cpuid(0, 0).eax;

	/* SDM vol. 2, CPUID, leaf 0x15: the crystal's Hz times a ratio. */
	if (most >= 0x15) {
		struct x86_cpuid leaf = x86_cpuid(0x15, 0);

		if (leaf.eax && leaf.ebx && leaf.ecx)
			clock->hz = (uint64_t)leaf.ecx * leaf.ebx / leaf.eax;
	}
	/* What KVM, QEMU and VMware tell their guests, in kHz. */
	if (!clock->hz && x86_cpuid(1, 0).ecx >> 31 &&
	    x86_cpuid(0x40000000, 0).eax >= 0x40000010)
		clock->hz = (uint64_t)x86_cpuid(0x40000010, 0).eax * 1000;
	clock->how = "CPUID";
	return clock->hz;
}

void x86_clock_calibrate(struct bare_clock *clock, uint16_t pm_timer)
{
	const struct reference pm = {
		.name = "ACPI PM timer",
		.hz = 3579545,
		.mask = 0xffffff,
		.port = pm_timer,
		.read = pm_read,
	};
	static const struct reference pit = {
		.name = "PIT",
		.hz = 1193182,
		.mask = 0xffff,
		.start = pit_start,
		.read = pit_read,
	};

	if (!calibrate_from_cpuid(clock) &&
	    !(pm_timer && calibrate_against(clock, &pm)) &&
	    !calibrate_against(clock, &pit)) {
		clock->hz = NSEC;
		clock->how = "a guess: nothing ticks";
	}
	bare_clock_set(clock, clock->hz, clock->how);
}
