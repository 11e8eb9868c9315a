// SPDX-License-Identifier: MIT
#include "ports/x86_64/apic.h"
#include "ports/bare/bare.h"

/* Offsets of registers (SDM vol. 3, table "Local APIC Register Address Map").
 */
enum {
	ID = 0x20,
	TPR = 0x80,
	EOI = 0xb0,
	SVR = 0xf0,
	ICR = 0x300,
	ICR_HIGH = 0x310,
	LVT_TIMER = 0x320,
	LVT_LINT0 = 0x350,
	LVT_LINT1 = 0x360,
	LVT_ERROR = 0x370,
	TIMER_INITIAL = 0x380,
	TIMER_CURRENT = 0x390,
	TIMER_DIVIDE = 0x3e0
};

#define BASE_ENABLE 0x800u /* of X86_MSR_APIC_BASE */
#define BASE_X2	    0x400u
#define SVR_ENABLE  0x100u
#define MASKED	    0x10000u /* of an LVT register */
#define DIVIDE_BY_1 0xbu

#define ICR_NMI	    0x400u
#define ICR_INIT    0x500u
#define ICR_STARTUP 0x600u
#define ICR_PENDING 0x1000u
#define ICR_ASSERT  0x4000u
#define ICR_OTHERS  0xc0000u

static uint32_t read_register(const struct x86_apic *apic, unsigned offset)
{
	if (apic->x2)
		return (uint32_t)x86_rdmsr(X86_MSR_X2APIC + offset / 16);
	return apic->mmio[offset / 4];
}

static void write_register(const struct x86_apic *apic, unsigned offset,
			   uint32_t value)
{
	if (apic->x2)
		x86_wrmsr(X86_MSR_X2APIC + offset / 16, value);
	else
		apic->mmio[offset / 4] = value;
}

bool x86_apic_has_x2(void)
{
	return x86_cpuid(1, 0).ecx >> 21 & 1;
}

void x86_apic_init(struct x86_apic *apic, volatile uint32_t *mmio)
{
	apic->x2 = x86_apic_has_x2();
	apic->mmio = mmio;
	apic->timer_hz = 0;
}

void x86_apic_enable(const struct x86_apic *apic, uint8_t spurious_vector)
{
	uint64_t base = x86_rdmsr(X86_MSR_APIC_BASE) | BASE_ENABLE;

	/* One step at a time: there is no way from off to x2APIC. */
	x86_wrmsr(X86_MSR_APIC_BASE, base);
	if (apic->x2)
		x86_wrmsr(X86_MSR_APIC_BASE, base | BASE_X2);
	write_register(apic, TPR, 0);
	write_register(apic, LVT_TIMER, MASKED);
	write_register(apic, LVT_LINT0, MASKED);
	write_register(apic, LVT_LINT1, MASKED);
	write_register(apic, LVT_ERROR, MASKED);
	write_register(apic, SVR, SVR_ENABLE | spurious_vector);
}

uint32_t x86_hw_id(const struct x86_apic *apic)
{
	uint32_t id = read_register(apic, ID);

	return apic->x2 ? id : id >> 24;
}

void x86_apic_eoi(const struct x86_apic *apic)
{
	write_register(apic, EOI, 0);
}

static void send(const struct x86_apic *apic, uint32_t id, uint32_t command)
{
	uintptr_t flags = arch_irq_save();

	if (apic->x2) {
		/* A write to these MSRs waits for no store before it (SDM vol.
		 * 3, "MSR Access in x2APIC Mode"). */
		__asm__ volatile("mfence; lfence" : : : "memory");
		x86_wrmsr(X86_MSR_X2APIC + ICR / 16,
			  (uint64_t)id << 32 | command);
	} else {
		while (apic->mmio[ICR / 4] & ICR_PENDING)
			arch_pause();
		apic->mmio[ICR_HIGH / 4] = id << 24;
		apic->mmio[ICR / 4] = command;
	}
	arch_irq_restore(flags);
}

void x86_apic_send(const struct x86_apic *apic, uint32_t id, uint8_t vector)
{
	send(apic, id, ICR_ASSERT | vector);
}

void x86_apic_send_init(const struct x86_apic *apic, uint32_t id)
{
	send(apic, id, ICR_ASSERT | ICR_INIT);
}

void x86_apic_send_startup(const struct x86_apic *apic, uint32_t id,
			   uint8_t page)
{
	send(apic, id, ICR_ASSERT | ICR_STARTUP | page);
}

void x86_apic_send_nmi_to_others(const struct x86_apic *apic)
{
	send(apic, 0, ICR_ASSERT | ICR_NMI | ICR_OTHERS);
}

void x86_apic_timer_calibrate(struct x86_apic *apic, uint64_t tsc_hz)
{
	uint64_t began, ticks = tsc_hz / 500;
	uint32_t left;

	write_register(apic, TIMER_DIVIDE, DIVIDE_BY_1);
	write_register(apic, TIMER_INITIAL, UINT32_MAX);
	began = arch_ticks();
	while (arch_ticks() - began < ticks)
		arch_pause();
	left = read_register(apic, TIMER_CURRENT);
	ticks = arch_ticks() - began;
	write_register(apic, TIMER_INITIAL, 0);
	/* Both below 2^32 and 2^35: no overflow. */
	apic->timer_hz = (UINT32_MAX - left) * (tsc_hz >> 5) / (ticks >> 5);
}

void x86_apic_timer(const struct x86_apic *apic, uint8_t vector, uint64_t ns)
{
	/* Up to a second: below 2^30 and 2^34. */
	uint64_t count = (ns < 1000000000 ? ns : 1000000000) *
			 (apic->timer_hz >> 10) / (1000000000 >> 10);

	if (ns && !count)
		count = 1;
	if (count > UINT32_MAX)
		count = UINT32_MAX;
	write_register(apic, TIMER_DIVIDE, DIVIDE_BY_1);
	write_register(apic, LVT_TIMER, ns ? vector : MASKED);
	write_register(apic, TIMER_INITIAL, (uint32_t)count);
}

void arch_kick(const struct mu_bare *bare, const struct mu_bare_cpu *cpu)
{
	x86_apic_send(&bare->arch.apic, (uint32_t)cpu->hw_id,
		      bare->arch.wake_vector);
}
