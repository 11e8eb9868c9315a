// SPDX-License-Identifier: MIT
/* trap_riscv64: interrupts, probes, and the report of an exception. */
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "kernel/platform.h"
#include "kernel/trap.h"

/* What vectors.S stores. */
struct frame {
	uint64_t x[32]; /* x0 is unused */
	uint64_t epc, status, value;
	uint64_t
		overflow; /* the stack pointer that was below its stack, or 0 */
};
_Static_assert(sizeof(struct frame) == 288, "see vectors.S");
_Static_assert(offsetof(struct mu_bare_cpu, client) == 40, "see vectors.S");
_Static_assert(offsetof(struct kernel_cpu, fault_stack_end) == 8,
	       "see vectors.S");
_Static_assert(STACK_BYTES == 1 << 14, "see vectors.S");

#define INTERRUPT (UINT64_C(1) << 63)
#define SOFTWARE  1u
#define TIMER	  5u
#define SSIP	  0x2u /* of sip */

/* Exceptions: table 4.2 of the manual. */
enum { INSTRUCTION_FAULT = 12, LOAD_FAULT = 13, STORE_FAULT = 15 };

enum { RA = 1, S0 = 8 };

extern const char vectors[];
extern const char probe_from[], probe_to[], probe_call_back[],
	probe_call_fault[], probe_fault[];

/* vectors.S calls it, with interrupts off. */
void trap(struct frame *frame, uint64_t cause);

void platform_take_traps(struct kernel_cpu *cpu)
{
	(void)cpu;
	RISCV_WRITE("stvec", (uintptr_t)vectors);
}

static bool is_page_fault(uint64_t cause)
{
	return cause == INSTRUCTION_FAULT || cause == LOAD_FAULT ||
	       cause == STORE_FAULT;
}

static bool resume_probe(struct frame *frame, uint64_t cause)
{
	if (is_page_fault(cause) && frame->epc >= (uintptr_t)probe_from &&
	    frame->epc < (uintptr_t)probe_to)
		frame->epc = (uintptr_t)probe_fault;
	else if (cause == INSTRUCTION_FAULT &&
		 frame->x[RA] == (uintptr_t)probe_call_back)
		frame->epc = (uintptr_t)probe_call_fault;
	else
		return false;
	return true;
}

/*
 * An entry may be kept as "not present" when another CPU has made it present
 * since (4.2.1): then look again.
 */
static bool is_stale(const struct frame *frame, uint64_t cause)
{
	uint64_t size, entry;

	if (!is_page_fault(cause) || !kernel.tables.root)
		return false;
	entry = bare_lookup(&kernel.tables, frame->value, &size);
	if (!(entry & (cause == INSTRUCTION_FAULT ? RISCV_PTE_X
		       : cause == LOAD_FAULT	  ? RISCV_PTE_R
						  : RISCV_PTE_W)))
		return false;
	arch_flush_page(frame->value);
	return true;
}

static const char *name_of(uint64_t cause)
{
	static const char *const names[] = {
		"unaligned instruction", "instruction access fault",
		"illegal instruction",	 "breakpoint",
		"unaligned load",	 "load access fault",
		"unaligned store",	 "store access fault",
	};

	if (is_page_fault(cause))
		return "page fault";
	return cause < sizeof(names) / sizeof(names[0]) ? names[cause]
							: "exception";
}

static void tell_fault(const struct frame *frame, uint64_t cause)
{
	uint64_t size;
	bool present = bare_lookup(&kernel.tables, frame->value, &size);

	log_err("  %s of 0x%lx (%s): %s",
		cause == INSTRUCTION_FAULT ? "execution"
		: cause == STORE_FAULT	   ? "write"
					   : "read",
		frame->value, trap_place(frame->value),
		present ? "not allowed" : "not present");
	if (!present)
		trap_tell_descriptor(frame->value);
}

static _Noreturn void report(const struct frame *frame, uint64_t cause)
{
	log_break();
	log_err("exception %lu, %s, on CPU %u", cause, name_of(cause),
		mu_bare_this_cpu()->id);
	if (frame->overflow)
		log_err("  the stack pointer is 0x%lx (%s)", frame->x[2],
			trap_place(frame->x[2] - 1));
	else if (is_page_fault(cause) && kernel.tables.root)
		tell_fault(frame, cause);
	for (unsigned i = 1; i < 31; i += 3)
		log_err("  x%u %016lx x%u %016lx x%u %016lx", i, frame->x[i],
			i + 1, frame->x[i + 1], i + 2, frame->x[i + 2]);
	log_err("  x31 %016lx pc %016lx sstatus %lx stval %lx", frame->x[31],
		frame->epc, frame->status, frame->value);
	trap_tell_calls(frame->epc, frame->x[S0], -2);
	kernel_exit(EXIT_PANIC);
}

static void take_interrupt(uint64_t cause)
{
	if (cause == TIMER) {
		cpu_tick();
	} else if (cause == SOFTWARE) {
		__asm__ volatile("csrc sip, %0" : : "r"((uint64_t)SSIP));
		mu_bare_interrupt();
	} else {
		log_warn("interrupt %lu, which nobody asked for, on CPU %u; "
			 "passed over",
			 cause, mu_bare_this_cpu()->id);
		__asm__ volatile("csrc sie, %0" : : "r"(UINT64_C(1) << cause));
	}
}

void trap(struct frame *frame, uint64_t cause)
{
	if (cause & INTERRUPT)
		take_interrupt(cause & ~INTERRUPT);
	else if (frame->overflow ||
		 (!is_stale(frame, cause) && !resume_probe(frame, cause)))
		report(frame, cause);
}
