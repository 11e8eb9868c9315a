// SPDX-License-Identifier: MIT
#include "kernel/cpu.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/x86_64/interrupt.h"
#include "ports/bare/arch.h"

/* SDM vol. 3, "64-Bit Mode IDT". */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "the hardware's");

#define INTERRUPT_GATE 0x8e /* present; interrupts are off inside */
#define VECTOR_BYTES   16   /* of code each: vectors.S */

extern const char vectors[];

static struct gate gates[256];

/* The two legacy 8259s: moved out of the exceptions' way, then masked. */
static void mask_pics(void)
{
	static const uint16_t commands[] = {0x20, 0xa0};

	for (unsigned i = 0; i < 2; i++) {
		uint16_t command = commands[i];
		uint16_t data = (uint16_t)(command + 1);

		x86_outb(command, 0x11);
		x86_outb(data, (uint8_t)(VECTOR_PIC + 8 * i));
		x86_outb(data, i ? 2 : 4);
		x86_outb(data, 0x01);
		x86_outb(data, 0xff);
	}
}

static void interrupt_init(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uintptr_t offset =
			(uintptr_t)vectors + (uintptr_t)i * VECTOR_BYTES;

		gates[i] = (struct gate){
			.offset_low = (uint16_t)offset,
			.selector = CODE_SELECTOR,
			/* It may come on a broken stack, so it has its own. */
			.ist = i == VECTOR_DOUBLE_FAULT,
			.type = INTERRUPT_GATE,
			.offset_middle = (uint16_t)(offset >> 16),
			.offset_high = (uint32_t)(offset >> 32),
		};
	}
	mask_pics();
}

void interrupt_load(void)
{
	if (!gates[0].type)
		interrupt_init();

	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {
		.limit = sizeof(gates) - 1,
		.base = (uintptr_t)gates,
	};

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void platform_set_timer(uint64_t ns)
{
	x86_apic_timer(&kernel.bare.arch.apic, VECTOR_TIMER, ns);
}

void platform_start_interrupts(void)
{
	struct x86_apic *apic = &kernel.bare.arch.apic;

	kernel.bare.arch.wake_vector = VECTOR_WAKE;
	x86_apic_init(apic, (volatile uint32_t *)DEVICES);
	x86_apic_enable(apic, VECTOR_SPURIOUS);
	x86_apic_timer_calibrate(apic, kernel.bare.clock.hz);
}

void platform_enter_interrupts(void)
{
	x86_apic_enable(&kernel.bare.arch.apic, VECTOR_SPURIOUS);
}

const char *platform_controller(void)
{
	return kernel.bare.arch.apic.x2 ? "x2APICs" : "xAPICs";
}

/* This kernel asks for no such interrupts: one was left over from before, and
 * was taken when interrupts were turned on. */
static void pass_over(const struct frame *frame)
{
	log_warn("interrupt 0x%lx, which nobody asked for, on CPU %u; passed "
		 "over",
		 frame->vector, mu_bare_this_cpu()->id);
	x86_apic_eoi(&kernel.bare.arch.apic);
}

void interrupt(struct frame *frame)
{
	switch (frame->vector) {
	case VECTOR_TIMER:
		cpu_tick();
		x86_apic_eoi(&kernel.bare.arch.apic);
		return;
	case VECTOR_WAKE:
		mu_bare_interrupt();
		x86_apic_eoi(&kernel.bare.arch.apic);
		return;
	case VECTOR_SPURIOUS:
	case VECTOR_PIC + 7:
	case VECTOR_PIC + 15:
		/* Not in service: no EOI. */
		return;
	default:
		if (frame->vector < NR_EXCEPTIONS)
			exception(frame);
		else
			pass_over(frame);
	}
}
