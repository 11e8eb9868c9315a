// SPDX-License-Identifier: MIT
/*
 * What an exception reports: which, where, why, and the call chain. For
 * addresses of code: addr2line -f -e build/kernel.elf ADDRESS.
 */
#include "kernel/cpu.h"
#include "kernel/exit.h"
#include "kernel/trap.h"
#include "kernel/x86_64/interrupt.h"
#include "kernel/kernel.h"
#include "kernel/log.h"
#include "ports/bare/arch.h"

extern const char probe_read_at[], probe_write_at[], probe_call_back[],
	probe_fault[];

static const char *name_of(uint64_t vector)
{
	static const char *const names[NR_EXCEPTIONS] = {
		[0] = "division by zero",
		[1] = "debug",
		[2] = "non-maskable interrupt",
		[3] = "breakpoint",
		[4] = "overflow",
		[5] = "bound range exceeded",
		[6] = "invalid opcode",
		[7] = "device not available",
		[8] = "double fault",
		[10] = "invalid TSS",
		[11] = "segment not present",
		[12] = "stack segment fault",
		[13] = "general protection fault",
		[14] = "page fault",
		[16] = "x87 error",
		[17] = "alignment check",
		[18] = "machine check",
		[19] = "SIMD error",
		[21] = "control protection",
	};

	return names[vector] ? names[vector] : "reserved exception";
}

/* ---- Probes: faults on purpose ---- */

static bool resume_probe(struct frame *frame)
{
	uint64_t *stack = (uint64_t *)frame->rsp;

	if (frame->vector != VECTOR_PAGE_FAULT)
		return false;
	if (frame->rip == (uintptr_t)probe_read_at ||
	    frame->rip == (uintptr_t)probe_write_at) {
		frame->rip = (uintptr_t)probe_fault;
		return true;
	}
	/* A call that faulted at its target: CR2 is the target, and the return
	 * address is on the stack. */
	if (frame->rip == x86_read_cr2() &&
	    *stack == (uintptr_t)probe_call_back) {
		frame->rsp += sizeof(*stack);
		frame->rip = (uintptr_t)probe_fault;
		return true;
	}
	return false;
}

/* ---- The report ---- */

static void tell_fault(const struct frame *frame)
{
	uintptr_t at = x86_read_cr2();
	uint64_t error = frame->error;

	log_err("  %s of 0x%lx (%s): %s",
		error & 0x10  ? "execution"
		: error & 0x2 ? "write"
			      : "read",
		at, trap_place(at),
		error & 0x8   ? "a reserved bit is set on the way there"
		: error & 0x1 ? "not allowed"
			      : "not present");
	if (!(error & 1))
		trap_tell_descriptor(at);
}

static void tell_registers(const struct frame *f)
{
	log_err("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx,
		f->rcx, f->rdx);
	log_err("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx", f->rsi, f->rdi,
		f->rbp, f->rsp);
	log_err("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx", f->r8, f->r9,
		f->r10, f->r11);
	log_err("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx", f->r12, f->r13,
		f->r14, f->r15);
	log_err("  rip %016lx cs %lx rflags %lx cr3 %lx", f->rip, f->cs,
		f->rflags, x86_read_cr3());
}

void exception(struct frame *frame)
{
	if (resume_probe(frame))
		return;
	if (frame->vector == VECTOR_NMI && kernel_is_over())
		x86_halt();
	log_break();
	log_err("exception %lu, %s, on CPU %u (error code 0x%lx)",
		frame->vector, name_of(frame->vector), mu_bare_this_cpu()->id,
		frame->error);
	if (frame->vector == VECTOR_PAGE_FAULT)
		tell_fault(frame);
	/* Most are page faults that found no usable stack. */
	if (frame->vector == VECTOR_DOUBLE_FAULT)
		log_err("  the last page fault was at 0x%lx (%s)",
			x86_read_cr2(), trap_place(x86_read_cr2()));
	tell_registers(frame);
	trap_tell_calls(frame->rip, frame->rbp, 0);
	kernel_exit(EXIT_PANIC);
}
