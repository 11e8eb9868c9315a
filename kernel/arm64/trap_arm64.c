// SPDX-License-Identifier: MIT
/* trap_arm64: interrupts, probes, and the report of an exception. */
#include "kernel/arm64/semihosting.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/trap.h"

/* What vectors.S stores. */
struct frame {
	uint64_t x[31];
	uint64_t sp, elr, spsr, esr, far, kind, unused;
};
_Static_assert(sizeof(struct frame) == 304, "see vectors.S");
_Static_assert(offsetof(struct mu_bare_cpu, client) == 40, "see vectors.S");
_Static_assert(offsetof(struct kernel_cpu, fault_stack_end) == 8,
	       "see vectors.S");

enum { SYNCHRONOUS, INTERRUPT, FAST, ERROR, OVERFLOW };

/* ESR_EL1.EC: Arm ARM, D19.2.37. */
enum { UNKNOWN = 0x0, INSTRUCTION_ABORT = 0x21, DATA_ABORT = 0x25 };

#define WRITE	    0x40u /* of a data abort's ISS */
#define FAULT(x)    ((x)&0x3c)
#define TRANSLATION 0x04u
#define PERMISSION  0x0cu

extern const char vectors[];
extern const char probe_from[], probe_to[], probe_call_back[],
	probe_call_fault[], probe_fault[];
extern const char semihosting_at[], semihosting_back[];

/* vectors.S calls it, with interrupts off. */
void trap(struct frame *frame);

void platform_take_traps(struct kernel_cpu *cpu)
{
	(void)cpu;
	ARM64_WRITE("vbar_el1", (uintptr_t)vectors);
	__asm__ volatile("isb");
}

static unsigned class_of(const struct frame *frame)
{
	return frame->esr >> 26 & 0x3f;
}

static bool resume_probe(struct frame *frame)
{
	unsigned class = class_of(frame);

	if (class == DATA_ABORT && frame->elr >= (uintptr_t)probe_from &&
	    frame->elr < (uintptr_t)probe_to)
		frame->elr = (uintptr_t)probe_fault;
	else if (class == INSTRUCTION_ABORT &&
		 frame->x[30] == (uintptr_t)probe_call_back)
		frame->elr = (uintptr_t)probe_call_fault;
	else if (class == UNKNOWN && frame->elr == (uintptr_t)semihosting_at)
		frame->elr = (uintptr_t)semihosting_back;
	else
		return false;
	return true;
}

static const char *name_of(const struct frame *frame)
{
	switch (class_of(frame)) {
	case UNKNOWN:
		return "undefined instruction";
	case INSTRUCTION_ABORT:
	case DATA_ABORT:
		return "page fault";
	case 0x26:
		return "unaligned stack";
	case 0x3c:
		return "breakpoint";
	default:
		return "exception";
	}
}

static void tell_fault(const struct frame *frame)
{
	bool present = FAULT(frame->esr) != TRANSLATION;

	log_err("  %s of 0x%lx (%s): %s",
		class_of(frame) == INSTRUCTION_ABORT ? "execution"
		: frame->esr & WRITE		     ? "write"
						     : "read",
		frame->far, trap_place(frame->far),
		!present			  ? "not present"
		: FAULT(frame->esr) == PERMISSION ? "not allowed"
						  : "no such access");
	if (!present)
		trap_tell_descriptor(frame->far);
}

static _Noreturn void report(const struct frame *frame)
{
	static const char *const kinds[] = {"", "interrupt", "fast interrupt",
					    "error of the system", ""};
	bool is_abort = class_of(frame) == DATA_ABORT ||
			class_of(frame) == INSTRUCTION_ABORT;

	log_break();
	log_err("exception, %s, on CPU %u (ESR 0x%lx)",
		frame->kind == FAST || frame->kind == ERROR ? kinds[frame->kind]
							    : name_of(frame),
		mu_bare_this_cpu()->id, frame->esr);
	if (frame->kind == OVERFLOW)
		log_err("  the stack pointer is 0x%lx (%s)", frame->sp,
			trap_place(frame->sp - 1));
	else if (is_abort)
		tell_fault(frame);
	for (unsigned i = 0; i < 30; i += 3)
		log_err("  x%u %016lx x%u %016lx x%u %016lx", i, frame->x[i],
			i + 1, frame->x[i + 1], i + 2, frame->x[i + 2]);
	log_err("  x30 %016lx sp %016lx pc %016lx pstate %lx", frame->x[30],
		frame->sp, frame->elr, frame->spsr);
	trap_tell_calls(frame->elr, frame->x[29], 0);
	kernel_exit(EXIT_PANIC);
}

static void take_interrupt(void)
{
	const struct gic *gic = &kernel.bare.arch.gic;
	uint32_t interrupt = gic_take(gic), id = interrupt & 0xffffff;

	if (gic->version == 2)
		id = interrupt & 0x3ff;
	if (id == GIC_TIMER)
		cpu_tick();
	else if (id == GIC_KICK)
		mu_bare_interrupt();
	else if (id >= GIC_NOTHING)
		return;
	else
		log_warn("interrupt %u, which nobody asked for, on CPU %u; "
			 "passed over",
			 id, mu_bare_this_cpu()->id);
	gic_end(gic, interrupt);
}

void trap(struct frame *frame)
{
	if (frame->kind == INTERRUPT)
		take_interrupt();
	else if (frame->kind != SYNCHRONOUS || !resume_probe(frame))
		report(frame);
}
